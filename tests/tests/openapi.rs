//! The published documents are consistent, and every sample fits them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::Path};
use tencent_chat_client::{Client, RetryPolicy, SecretKey};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{ENDPOINTS, webhook::WEBHOOKS};

fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn document() -> Value {
    serde_json::from_str(&text("tencent-chat.json")).unwrap()
}

/// Calls `see` with every object, and with the pointer that leads to it.
fn walk(value: &Value, at: &str, see: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            see(at, object);
            for (key, value) in object {
                walk(value, &format!("{at}/{key}"), see);
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                walk(item, &format!("{at}/{place}"), see);
            }
        }
        _ => {}
    }
}

/// Every operation: its path or webhook, and its description.
fn operations(document: &Value) -> Vec<(&str, &Value)> {
    ["paths", "webhooks"]
        .into_iter()
        .flat_map(|part| document[part].as_object().unwrap())
        .map(|(name, item)| (name.as_str(), &item["post"]))
        .collect()
}

#[test]
fn every_command_and_every_webhook_is_an_operation_with_an_id_of_its_own() {
    let document = document();
    let names: BTreeSet<&str> = operations(&document)
        .iter()
        .map(|(name, _)| *name)
        .collect();
    let paths: Vec<String> = ENDPOINTS
        .iter()
        .map(|meta| format!("/{}", meta.path))
        .collect();
    let expected = paths.iter().map(String::as_str);
    let expected = expected.chain(WEBHOOKS.iter().map(|meta| meta.command));
    assert_eq!(names, expected.collect());
    let ids: Vec<&str> = (operations(&document).iter())
        .map(|(_, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    // Programs in other languages call by these names.
    insta::assert_snapshot!("operation_ids", ids.join("\n"));
}

#[test]
fn every_reference_leads_to_a_definition() {
    for name in ["tencent-chat.json", "tencent-chat.schema.json"] {
        let document: Value = serde_json::from_str(&text(name)).unwrap();
        let mut seen = 0;
        walk(&document, "", &mut |at, object| {
            if let Some(Value::String(reference)) = object.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(
                    document.pointer(pointer).is_some(),
                    "{name}{at}: {reference}"
                );
                seen += 1;
            }
        });
        assert!(seen > 500, "{name} has {seen}");
    }
}

#[test]
fn no_list_of_values_has_two_that_differ_by_case_alone() {
    let mut lists = 0;
    walk(&document(), "", &mut |at, object| {
        if at.contains("/examples/") {
            return;
        }
        if let Some(Value::Array(values)) = object.get("enum") {
            let folded: BTreeSet<String> = values
                .iter()
                .map(|value| value.to_string().to_lowercase())
                .collect();
            assert_eq!(folded.len(), values.len(), "{at}");
            lists += 1;
        }
    });
    assert!(lists > 30, "{lists}");
}

#[test]
fn the_two_forms_of_the_document_say_the_same() {
    let yaml: Value = serde_saphyr::from_str(&text("tencent-chat.yaml")).unwrap();
    assert_eq!(yaml, document());
}

/// The document as the target of references in schemas.
fn registry(document: &Value) -> Registry<'_> {
    let registry = Registry::new().add("urn:api", document.clone()).unwrap();
    registry.prepare().unwrap()
}

/// Checks bodies of one side of an operation.
fn validator(registry: &Registry<'_>, operation: &str, side: &str) -> Validator {
    let name = operation.replace('~', "~0").replace('/', "~1");
    let part = if operation.starts_with('/') {
        "paths"
    } else {
        "webhooks"
    };
    let pointer = format!("urn:api#/{part}/{name}/post/{side}/content/application~1json/schema");
    let schema = json!({ "$ref": pointer });
    jsonschema::options()
        .with_registry(registry)
        .build(&schema)
        .unwrap()
}

fn problems(validator: &Validator, body: &Value) -> Vec<String> {
    (validator.iter_errors(body))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_sample_fits_its_schema() {
    let document = document();
    let registry = registry(&document);
    let mut seen = 0;
    for (name, operation) in operations(&document) {
        for side in ["requestBody", "responses/200"] {
            let media = operation
                .pointer(&format!("/{side}/content/application~1json"))
                .unwrap();
            let validator = validator(&registry, name, side);
            for (sample, example) in media["examples"].as_object().into_iter().flatten() {
                let problems = problems(&validator, &example["value"]);
                assert!(problems.is_empty(), "{name}, {sample}: {problems:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 600, "{seen}");
}

#[test]
fn a_reply_of_another_shape_does_not_fit() {
    let document = document();
    let command = "/v4/recentcontact/get_contact_group";
    let registry = registry(&document);
    let validator = validator(&registry, command, "responses/200");
    let examples = "/post/responses/200/content/application~1json/examples";
    let examples = document["paths"][command].pointer(examples).unwrap();
    let mut reply = examples["two_conversations"]["value"].clone();
    assert!(validator.is_valid(&reply));
    reply["ContactItem"][0]["Type"] = json!({ "odd": true });
    assert!(!validator.is_valid(&reply));
    // A failure has nothing but the envelope.
    assert!(validator.is_valid(&json!({ "ErrorCode": 50001, "ActionStatus": "FAIL" })));
    assert!(!validator.is_valid(&json!({ "ErrorCode": 0, "ActionStatus": "OK" })));
}

/// The simulator's answer to a sample: a success if it accepts it, or a failure if the sample names users and
/// groups that do not exist.
#[tokio::test]
async fn what_the_simulator_answers_to_every_sample_fits_its_schema() {
    let document = document();
    let registry = registry(&document);
    let key = "any key will do";
    let simulator = Simulator::builder(1400000000, key).start().await.unwrap();
    let client = Client::builder(1400000000, "administrator", SecretKey::new(key))
        .base_url(simulator.base_url())
        .unlimited()
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let (mut went_well, mut refused) = (0, 0);
    for (name, item) in document["paths"].as_object().unwrap() {
        let media = &item["post"]["requestBody"]["content"]["application/json"];
        let validator = validator(&registry, name, "responses/200");
        for (sample, example) in media["examples"].as_object().into_iter().flatten() {
            let path = name.trim_start_matches('/');
            let reply = match client.send_raw(path, &example["value"]).await {
                Ok(reply) => {
                    went_well += 1;
                    serde_json::to_value(&reply).unwrap()
                }
                Err(error) => {
                    let code = error.code().unwrap_or_else(|| panic!("{name}: {error}"));
                    refused += 1;
                    json!({ "ActionStatus": "FAIL", "ErrorCode": code.0, "ErrorInfo": "" })
                }
            };
            let problems = problems(&validator, &reply);
            assert!(
                problems.is_empty(),
                "{name}, {sample}: {problems:?} of {reply}"
            );
        }
    }
    assert!(
        went_well > 100,
        "{went_well} went well, {refused} were refused"
    );
}

#[test]
fn what_a_reviewer_sees_of_a_command_and_of_a_webhook() {
    let document = document();
    let command = &document["paths"]["/v4/recentcontact/get_contact_group"];
    insta::assert_json_snapshot!("command", command);
    let webhook = &document["webhooks"]["C2C.CallbackBeforeSendMsg"];
    insta::assert_json_snapshot!("webhook", webhook);
}
