//! Compares JSON that may contain invalid text, so that no difference goes unnoticed.

use serde_json::Value;

/// JSON as a value in which what is not valid text shows: half an emoji as `\ud83d`, a byte that is not
/// UTF-8 as `\xff`. None for what serde_json does not read even so: deep nesting, large numbers.
pub fn exact(json: &[u8]) -> Option<Value> {
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    let mut clean = String::new();
    let mut rest = json;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        clean.push_str(std::str::from_utf8(&rest[..quote]).ok()?);
        rest = &rest[quote + 1..];
        let mut end = 0;
        while *rest.get(end)? != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        clean.push_str(&Value::from(visible(&rest[..end])).to_string());
        rest = &rest[end + 1..];
    }
    clean.push_str(std::str::from_utf8(rest).ok()?);
    serde_json::from_str(&clean).ok()
}

/// The text of a string, with invalid parts made visible.
fn visible(raw: &[u8]) -> String {
    let mut bytes = Vec::new();
    let mut at = 0;
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    while at < raw.len() {
        if raw[at] != b'\\' {
            bytes.push(raw[at]);
            at += 1;
        } else if let Some(first) = unit(at) {
            let pair: Vec<u16> = [Some(first), unit(at + 6)].into_iter().flatten().collect();
            let (text, length) = match char::decode_utf16(pair).next() {
                Some(Ok(character)) => (character.to_string(), 6 * character.len_utf16()),
                _ => (format!("\\u{first:04x}"), 6),
            };
            bytes.extend_from_slice(text.as_bytes());
            at += length;
        } else {
            let escape = [b'"', raw[at], raw[at + 1], b'"'];
            let text = serde_json::from_slice::<String>(&escape);
            let text = text.unwrap_or_else(|_| format!("\\{}", char::from(raw[at + 1])));
            bytes.extend_from_slice(text.as_bytes());
            at += 2;
        }
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[test]
fn what_is_invalid_shows() {
    let one = exact(b"{\"a\":\"\\ud83dx\\ud83d\\ude00\\n\xFF\",\"b\":[1]}").unwrap_or_default();
    let shown = serde_json::json!({ "a": "\\ud83dx\u{1F600}\n\\xff", "b": [1] });
    assert_eq!(one, shown);
    assert_eq!(exact(b"\"\xC3\xA9\""), exact(br#""\u00e9""#));
    assert_ne!(exact(b"\"\xC3\""), exact(b"\"\xA9\""));
}
