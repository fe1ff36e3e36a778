//! The two promises of the codec, on types that have every kind of field.

use super::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Debug};

#[derive(Clone, PartialEq, Default)]
struct Inner {
    text: String,
    extra: Extra,
}
wire_object!(Inner { required "Text" => text, });

#[derive(Clone, Debug, PartialEq)]
enum Element {
    Text(Inner),
    Unknown(Unknown),
}
wire_union!(Element, "MsgType", "MsgContent" { "TIMTextElem" => Text(Inner), });

#[derive(Clone, PartialEq, Eq)]
struct Kind(super::Text);
impl Kind {
    const PUBLIC: Self = Self(super::Text::known("Public"));
}
wire_string_enum!(Kind { "Public", "Private", });

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Code(i64);
wire_integer_enum!(Code { 1 => ONE, });

#[derive(Clone, PartialEq, Default)]
struct Everything {
    count: u64,
    seq: Option<u32>,
    name: Option<String>,
    ratio: Option<f64>,
    yes: Option<bool>,
    flag: Option<Flag>,
    kind: Option<Kind>,
    code: Option<Code>,
    value: Option<TagValue>,
    list: Vec<u64>,
    children: Option<Vec<Everything>>,
    body: Option<Vec<Element>>,
    map: Option<BTreeMap<String, i64>>,
    json: Option<Value>,
    extra: Extra,
}
wire_object!(Everything {
    required "Count" => count,
    optional "Seq" => seq,
    optional "Name" => name,
    optional "Ratio" => ratio,
    optional "Yes" => yes,
    optional "Flag" => flag,
    optional "Kind" => kind,
    optional "Code" => code,
    optional "Value" => value,
    required "List" => list,
    optional "Children" => children,
    optional "Body" => body,
    optional "Map" => map,
    optional "Json" => json,
});

fn round_trip<T: DeserializeOwned + Serialize + Debug>(json: &Value) -> T {
    let text = json.to_string();
    let from_text: T = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(
        &serde_json::to_value(&from_text).unwrap(),
        json,
        "{from_text:?}"
    );
    let from_value: T = T::deserialize(json.clone()).unwrap();
    assert_eq!(
        &serde_json::to_value(&from_value).unwrap(),
        json,
        "{from_value:?}"
    );
    from_text
}

#[test]
fn documented_forms() {
    let all: Everything = round_trip(&json!({
        "Count": u64::MAX, "Seq": u32::MAX, "Name": "é", "Ratio": 29.340656774469956, "Yes": true, "Flag": 1,
        "Kind": "Public", "Code": 1, "Value": ["a"], "List": [1], "Children": [{ "Count": 1, "List": [] }],
        "Body": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }], "Map": { "a": -1 },
        "Json": [null, { "x": 1.5 }],
    }));
    assert!(all.extra.is_empty());
    assert!(matches!(all.kind, Some(Kind::PUBLIC)));
    assert_eq!(format!("{:?}", all.code), "Some(Code(1 ONE))");
}

#[test]
fn absent_null_empty_and_zero_differ() {
    for json in [
        json!({}),
        json!({ "Count": null, "List": null, "Seq": null, "Name": null, "Children": null, "Json": null }),
        json!({ "Count": 0, "List": [], "Seq": 0, "Name": "", "Children": [], "Map": {}, "Body": [] }),
        json!({ "Count": 0, "List": [], "Kind": "", "Code": 0, "Value": "" }),
    ] {
        let decoded: Everything = round_trip(&json);
        assert_eq!(decoded.count, 0);
    }
    let decoded: Everything = round_trip(&json!({ "List": null }));
    assert!(decoded.extra.was_absent("Count") && decoded.extra.was_null("List"));
}

#[test]
fn a_value_set_after_decoding_wins_over_the_form() {
    let mut decoded: Everything = serde_json::from_value(json!({ "Seq": null })).unwrap();
    decoded.count = 5;
    decoded.seq = Some(7);
    decoded.list = vec![1];
    assert_eq!(
        serde_json::to_value(&decoded).unwrap(),
        json!({ "Count": 5, "Seq": 7, "List": [1] })
    );
}

#[test]
fn odd_forms_decode_and_come_back() {
    let odd: Everything = round_trip(&json!({
        "Count": "9040992949", "Seq": "4294967295", "Name": 17, "Ratio": 29, "Yes": 1, "Flag": true,
        "Kind": 3, "Code": "77", "Value": 20240131, "List": ["1", "2"], "Map": { "a": "5" },
    }));
    assert_eq!(
        (odd.count, odd.seq, odd.name.as_deref()),
        (9_040_992_949, Some(u32::MAX), Some("17"))
    );
    assert_eq!(
        (odd.yes, odd.flag, odd.code),
        (Some(true), Some(Flag::ON), Some(Code(77)))
    );
    round_trip::<Everything>(
        &json!({ "Count": 0, "List": [], "Flag": "1", "Ratio": "0.5", "Yes": "true" }),
    );
    round_trip::<Everything>(
        &json!({ "Count": 0, "List": [], "Flag": 7, "Value": true, "Kind": "Later" }),
    );
    round_trip::<Everything>(&json!({ "Count": 0, "List": [], "Value": { "a": [1] }, "Code": -4 }));
    round_trip::<Everything>(
        &json!({ "Count": 0, "List": [], "Value": u64::MAX, "New": { "Field": [null] } }),
    );
}

#[test]
fn an_empty_list_may_come_as_an_object_and_the_other_way_round() {
    let odd: Everything = round_trip(&json!({ "Count": 0, "List": {}, "Children": {}, "Map": [] }));
    assert_eq!(
        (odd.list.len(), odd.children, odd.map),
        (0, Some(Vec::new()), Some(BTreeMap::new()))
    );
    for text in [r#"{"List":{"a":1}}"#, r#"{"Map":[1]}"#, r#"{"List":""}"#] {
        assert!(serde_json::from_str::<Everything>(text).is_err(), "{text}");
    }
    let mut filled: Everything = serde_json::from_value(json!({ "List": {} })).unwrap();
    filled.list.push(7);
    assert_eq!(serde_json::to_value(&filled).unwrap()["List"], json!([7]));
}

#[test]
fn unknown_elements_and_keys_beside_are_kept() {
    for element in [
        json!({ "MsgType": "TIMNewElem", "MsgContent": { "A": [1] } }),
        json!({ "MsgContent": { "Text": "late tag" }, "MsgType": "TIMTextElem" }),
        json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi", "New": 1 }, "Beside": { "x": 1 } }),
        json!({ "MsgType": "TIMTextElem" }),
        json!({ "MsgType": "TIMTextElem", "MsgContent": null }),
        json!({ "MsgType": null, "MsgContent": { "Text": "hi" } }),
        json!({ "MsgType": 7, "MsgContent": "x" }),
        json!({ "MsgType": ["a", {}], "MsgContent": [] }),
        json!({}),
    ] {
        round_trip::<Element>(&element);
    }
    let late: Element =
        serde_json::from_str(r#"{"MsgContent":{"Text":"late tag"},"MsgType":"TIMTextElem"}"#)
            .unwrap();
    assert!(matches!(&late, Element::Text(inner) if inner.text == "late tag"));
    assert_eq!(late.tag(), "TIMTextElem");
}

#[test]
fn a_custom_element_with_a_text_key_stays_custom() {
    let custom: Element =
        round_trip(&json!({ "MsgType": "TIMCustomElem", "MsgContent": { "Text": "x" } }));
    assert!(matches!(custom, Element::Unknown(_)));
}

#[test]
fn wrong_types_are_errors_wherever_the_tag_stands() {
    for text in [
        r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":[1]}}"#,
        r#"{"MsgContent":{"Text":[1]},"MsgType":"TIMTextElem"}"#,
        r#"{"MsgType":"TIMTextElem","MsgContent":"x"}"#,
        r#"{"MsgContent":"x","MsgType":"TIMTextElem"}"#,
    ] {
        assert!(serde_json::from_str::<Element>(text).is_err(), "{text}");
    }
    for text in [
        r#"{"Count":-1}"#,
        r#"{"Count":"1x"}"#,
        r#"{"Count":"007"}"#,
        r#"{"Count":1,"Count":2}"#,
        r#"{"Seq":4294967296}"#,
        r#"{"Name":{}}"#,
        r#"{"Children":[null]}"#,
        r#"[]"#,
        r#"null"#,
    ] {
        assert!(serde_json::from_str::<Everything>(text).is_err(), "{text}");
    }
}

#[test]
fn debug_shows_what_is_there() {
    let decoded: Everything =
        serde_json::from_value(json!({ "Count": 1, "List": [], "New": 1 })).unwrap();
    assert_eq!(
        format!("{decoded:?}"),
        r#"Everything { count: 1, list: [], extra: {"New": Number(1)} }"#
    );
}
