//! The published description of the control API.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::{fs, path::Path};

/// `openapi/control.json` is what the types say. `UPDATE_CONTROL_DOCUMENT=1` writes it.
#[test]
fn the_published_description_of_the_control_api_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/control.json");
    let now = tencent_chat_simulator::control_document();
    if std::env::var_os("UPDATE_CONTROL_DOCUMENT").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == now,
        "openapi/control.json is old; write it with UPDATE_CONTROL_DOCUMENT=1 cargo test -p tencent-chat-simulator --test document"
    );
}

/// Every operation says what it does, has an id of its own, and can fail in the same way.
#[test]
fn every_operation_is_described() {
    let document: Value =
        serde_json::from_str(&tencent_chat_simulator::control_document()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/_control/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            count += 1;
            let name = format!("{method} {path}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{name}"
            );
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
            assert!(operation["responses"]["200"].is_object(), "{name}");
        }
    }
    assert!(count >= 40, "{count} operations");
}
