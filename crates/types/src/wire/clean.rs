//! JSON that may contain invalid text.

use super::reader::Reader;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// Parses JSON that may contain invalid text.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_str(&clean(json))
}

/// Replaces invalid text by replacement characters.
pub(crate) fn clean(json: &[u8]) -> Cow<'_, str> {
    let mut out = String::new();
    let mut reader = Reader::new(json);
    let mut copied = reader.offset();
    while reader.go_to_string() {
        let before = reader.offset();
        let Ok(string) = reader.string() else { break };
        let decoded = string.decode();
        if decoded.odd {
            out.push_str(&String::from_utf8_lossy(
                json.get(copied..before).unwrap_or_default(),
            ));
            out.push_str(&Value::from(&*decoded.text).to_string());
            copied = reader.offset();
        }
    }
    let rest = String::from_utf8_lossy(json.get(copied..).unwrap_or_default());
    if out.is_empty() {
        return rest;
    }
    out.push_str(&rest);
    Cow::Owned(out)
}
