//! The guarantees of the codec, on types with every kind of field.

use super::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Debug};

#[derive(Clone, PartialEq, Default)]
struct Inner {
    text: String,
    extra: Extra,
}
wire_object!(Inner { 0: required "Text" => text, });

#[derive(Clone, PartialEq, Default)]
struct Names {
    names: Vec<String>,
    extra: Extra,
}
wire_object!(Names { 0: required "Names" => names, });

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
    json: Option<Raw>,
    extra: Extra,
}
wire_object!(Everything {
    0: required "Count" => count,
    1: optional "Seq" => seq,
    2: optional "Name" => name,
    3: optional "Ratio" => ratio,
    4: optional "Yes" => yes,
    5: optional "Flag" => flag,
    6: optional "Kind" => kind,
    7: optional "Code" => code,
    8: optional "Value" => value,
    9: required "List" => list,
    10: optional "Children" => children,
    11: optional "Body" => body,
    12: optional "Map" => map,
    13: optional "Json" => json,
});

fn round_trip<T: DeserializeOwned + Serialize + Debug + PartialEq>(json: &Value) -> T {
    let text = json.to_string();
    let decoded = decode::<T>(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert!(decoded.misfits.is_empty(), "{text}: {:?}", decoded.misfits);
    let again: Value = serde_json::from_slice(&to_vec(&decoded.value).unwrap()).unwrap();
    assert_eq!(&again, json, "{:?}", decoded.value);
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
    assert_eq!(decoded.value, from_text);
    assert_eq!(decoded.value, from_value);
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
fn odd_forms_round_trip() {
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
fn an_empty_list_may_be_an_object_and_vice_versa() {
    let odd: Everything = round_trip(&json!({ "Count": 0, "List": {}, "Children": {}, "Map": [] }));
    assert_eq!(
        (odd.list.len(), odd.children, odd.map),
        (0, Some(Vec::new()), Some(BTreeMap::new()))
    );
    kept::<Everything>(r#"{"List":{"a":1},"Map":[1]}"#, &["/List", "/Map"]);
    kept::<Everything>(
        r#"{"Count":1,"List":"","Children":""}"#,
        &["/List", "/Children"],
    );
    let mut filled: Everything = serde_json::from_value(json!({ "List": {} })).unwrap();
    filled.list.push(7);
    assert_eq!(serde_json::to_value(&filled).unwrap()["List"], json!([7]));
}

#[test]
fn unknown_elements_and_additional_keys_are_kept() {
    for element in [
        json!({ "MsgType": "TIMNewElem", "MsgContent": { "A": [1] } }),
        json!({ "MsgContent": { "Text": "late tag" }, "MsgType": "TIMTextElem" }),
        json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi", "New": 1 }, "Sibling": { "x": 1 } }),
        json!({ "MsgType": "TIMTextElem" }),
        json!({ "MsgType": "TIMTextElem", "MsgContent": null }),
        json!({ "MsgType": null, "MsgContent": { "Text": "hi" } }),
        json!({}),
    ] {
        round_trip::<Element>(&element);
    }
    for element in [
        r#"{"MsgType":7,"MsgContent":"x"}"#,
        r#"{"MsgContent":[],"MsgType":["a",{}]}"#,
    ] {
        kept::<Element>(element, &["/MsgType"]);
    }
    let late: Element =
        serde_json::from_str(r#"{"MsgContent":{"Text":"late tag"},"MsgType":"TIMTextElem"}"#)
            .unwrap();
    assert!(matches!(&late, Element::Text(inner) if inner.text == "late tag"));
    assert_eq!(late.tag(), "TIMTextElem");
}

#[test]
fn canonical_json_preserves_exactly_the_significant_differences() {
    let canonical = |json: &[u8]| super::canonical(json).unwrap();
    for (one, other) in [
        (
            &br#"{"b":[1,{}],"a":"x"}"#[..],
            &b" {\"a\" : \"\\u0078\",\n\"b\":[1 ,{ }]}\t"[..],
        ),
        (br#"{"":1,"\/":2}"#, br#"{"/":2,"":1}"#),
        (
            br#"{"a":{"y":"\ud83d","x":1e400},"b":1}"#,
            br#"{"b":1,"a":{"x":1E+400,"y":"\ud83d"}}"#,
        ),
        (b"{\"x\":\"\xFF\",\"a\":1}", b"{\"a\":1,\"x\":\"\xFF\"}"),
        (b"[1.50,0.0,1e2,-2.5e-1]", b"[15e-1,0e5,100.0,-0.25]"),
        (b"\xEF\xBB\xBF1", b"1"),
    ] {
        assert_eq!(
            canonical(one),
            canonical(other),
            "{}",
            String::from_utf8_lossy(one)
        );
        assert_eq!(Raw::new(one), Raw::new(other));
    }
    let different: [&[u8]; 26] = [
        b"1",
        b"1.0",
        b"-1",
        b"\"1\"",
        b"[1]",
        b"0",
        b"-0",
        b"-0.0",
        b"null",
        b"{}",
        b"[]",
        b"[[]]",
        b"\"\"",
        b"18446744073709551616",
        b"18446744073709551617",
        b"0.12345678901234567890",
        b"0.12345678901234567891",
        br#"{"a":1,"a":2}"#,
        br#"{"a":2,"a":1}"#,
        br#"{"a":2}"#,
        br#""\ud83d""#,
        br#""\ud83e""#,
        b"\"\xFF\"",
        b"\"\xFE\"",
        "\"\u{FFFD}\"".as_bytes(),
        br#"{"\ud83d":1}"#,
    ];
    for (index, one) in different.iter().enumerate() {
        for other in &different[index + 1..] {
            assert_ne!(
                canonical(one),
                canonical(other),
                "{} {}",
                String::from_utf8_lossy(one),
                String::from_utf8_lossy(other)
            );
        }
    }
    for broken in [&b""[..], b"{", b"[1,]", b"{\"a\":1}}", b"nul"] {
        assert_eq!(super::canonical(broken), None);
    }
    // As deep as a text can be, without recursion.
    let deep = "{\"b\":[".repeat(50_000) + "1" + &"],\"a\":0}".repeat(50_000);
    assert_eq!(canonical(deep.as_bytes()).len(), deep.len());
}

/// The first is used, whatever its type, and their order is kept.
#[test]
fn a_duplicate_key_of_a_map_is_treated_as_that_of_an_object() {
    for first in ["null", "{}", "\"x\"", "1"] {
        let text = format!(r#"{{"List":[],"Map":{{"a":{first},"a":2,"b":3}}}}"#);
        let decoded = decode::<Everything>(text.as_bytes()).unwrap();
        let map = decoded.value.map.clone().unwrap();
        assert_eq!(map.get("a"), (first == "1").then_some(&1), "{text}");
        assert_eq!(map.get("b"), Some(&3));
        let again = to_vec(&decoded.value).unwrap();
        assert_eq!(from_slice::<Everything>(&again).unwrap(), decoded.value);
        let again = String::from_utf8(again).unwrap();
        assert!(
            again.find(&format!("\"a\":{first}")) < again.find("\"a\":2"),
            "{again}"
        );
    }
}

#[test]
fn a_custom_element_with_a_text_key_stays_custom() {
    let custom: Element =
        round_trip(&json!({ "MsgType": "TIMCustomElem", "MsgContent": { "Text": "x" } }));
    assert!(matches!(custom, Element::Unknown(_)));
}

/// Decodes bytes in which these fields don't fit; encoding gives the same bytes.
fn kept<T>(json: impl AsRef<[u8]>, pointers: &[&str]) -> T
where
    T: DeserializeOwned + Serialize + Debug + PartialEq,
{
    let json = json.as_ref();
    let shown = String::from_utf8_lossy(json);
    let decoded = decode::<T>(json).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let found = decoded.misfits.list(usize::MAX);
    let found: Vec<_> = found.iter().map(|misfit| misfit.pointer.as_str()).collect();
    assert_eq!(found, pointers, "{shown}");
    let again = to_vec(&decoded.value).unwrap();
    assert_eq!(again, json, "{shown} {}", String::from_utf8_lossy(&again));
    assert_eq!(from_slice::<T>(&again).unwrap(), decoded.value);
    let mut later: Vec<_> = misfits(&decoded.value).unwrap();
    later.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    assert_eq!(later.len(), pointers.len(), "{shown}");
    // The output of serde_json is always valid JSON, and decodes to the same value.
    let plain = serde_json::to_vec(&decoded.value).unwrap();
    serde_json::from_slice::<serde::de::IgnoredAny>(&plain).unwrap();
    from_slice::<T>(&plain).unwrap();
    decoded.value
}

#[test]
fn a_value_that_does_not_fit_reads_as_missing_and_is_kept() {
    for (text, pointer) in [
        (r#"{"Count":-1,"List":[]}"#, "/Count"),
        (r#"{"Count":"1x","List":[]}"#, "/Count"),
        (r#"{"Count":"007","List":[]}"#, "/Count"),
        (r#"{"Count":"","List":[]}"#, "/Count"),
        (r#"{"Count":1.0,"List":[]}"#, "/Count"),
        (r#"{"Count":1e2,"List":[]}"#, "/Count"),
        (r#"{"Count":true,"List":[]}"#, "/Count"),
        (r#"{"Count":-0,"List":[]}"#, "/Count"),
        (r#"{"Count":{"a":[1,{}]},"List":[]}"#, "/Count"),
        (r#"{"Count":18446744073709551616,"List":[]}"#, "/Count"),
        (r#"{"Count":1e999,"List":[]}"#, "/Count"),
        (r#"{"Count":5,"Seq":4294967296,"List":[]}"#, "/Seq"),
        (r#"{"Count":5,"Seq":"-0","List":[]}"#, "/Seq"),
        (r#"{"Count":5,"Name":{},"List":[]}"#, "/Name"),
        (r#"{"Count":5,"Name":true,"List":[]}"#, "/Name"),
        (r#"{"Count":5,"Ratio":1e999,"List":[]}"#, "/Ratio"),
        (r#"{"Count":5,"Yes":2,"List":[]}"#, "/Yes"),
        (
            r#"{"Count":5,"Flag":18446744073709551615,"List":[]}"#,
            "/Flag",
        ),
        (r#"{"Count":5,"Kind":[1],"List":[]}"#, "/Kind"),
        (r#"{"Count":5,"Code":0.5,"List":[]}"#, "/Code"),
        (r#"{"Count":5,"List":{"OpType":2}}"#, "/List"),
        (r#"{"Count":5,"List":""}"#, "/List"),
        (
            r#"{"Count":5,"List":[],"Children":{"Count":1}}"#,
            "/Children",
        ),
        (r#"{"Count":5,"List":[],"Map":7}"#, "/Map"),
    ] {
        let decoded: Everything = kept(text, &[pointer]);
        assert_eq!(decoded.extra.misfits()[0].pointer, pointer);
        let fits = if pointer == "/Count" { 0 } else { 5 };
        assert_eq!((decoded.count, decoded.seq), (fits, None), "{text}");
    }
    for text in [
        "[]",
        "null",
        "7",
        r#""x""#,
        "",
        "{",
        r#"{"Count":01}"#,
        r#"{"a":1,}"#,
        "{}{}",
    ] {
        assert!(from_slice::<Everything>(text.as_bytes()).is_err(), "{text}");
        assert!(serde_json::from_str::<Everything>(text).is_err(), "{text}");
    }
}

#[test]
fn items_that_do_not_fit_are_kept_apart_in_their_places() {
    let text = r#"{"Count":1,"List":[null,1,"x",2,{"a":null},3],"Children":[{"Count":1,"List":[]},null,[]]}"#;
    let pointers = [
        "/List/0",
        "/List/2",
        "/List/4",
        "/Children/1",
        "/Children/2",
    ];
    let decoded: Everything = kept(text, &pointers);
    assert_eq!(decoded.list, [1, 2, 3]);
    assert_eq!(decoded.children.as_ref().unwrap().len(), 1);
    let found = decoded.extra.misfits();
    assert_eq!(found.len(), pointers.len());
    assert_eq!(found[1].held, json!("x"));

    let mut shorter = decoded;
    shorter.list.truncate(1);
    let again = serde_json::to_value(&shorter).unwrap();
    assert_eq!(again["List"], json!([null, 1, "x", { "a": null }]));
    kept::<Everything>(
        r#"{"Count":1,"List":[],"Map":{"b":1,"a":null,"c":[]}}"#,
        &["/Map/a", "/Map/c"],
    );
}

#[test]
fn misfits_of_a_list_are_reported_by_position() {
    let names: Names = kept(
        r#"{"Names":[null,"a","\ud83d",null,null,"b","\udc00",{}]}"#,
        &[
            "/Names/0", "/Names/2", "/Names/3", "/Names/4", "/Names/6", "/Names/7",
        ],
    );
    assert_eq!(names.names, ["a", "\u{FFFD}", "b", "\u{FFFD}"]);
    let mut told: Vec<_> = (names.extra.misfits().into_iter())
        .map(|misfit| misfit.pointer)
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "/Names/0", "/Names/2", "/Names/3", "/Names/4", "/Names/6", "/Names/7"
        ]
    );
}

#[test]
fn lists_and_maps_with_mixed_forms_round_trip() {
    let mixed: Everything = round_trip(
        &json!({ "Count": 1, "List": [1, "2", 3], "Map": { "a": 1, "b": "2", "c": "3", "d": 4 } }),
    );
    assert_eq!(mixed.list, [1, 2, 3]);
    round_trip::<Everything>(&json!({ "Count": 1, "List": ["1", "2", 3] }));
}

#[test]
fn a_union_whose_content_does_not_fit_is_kept_whole() {
    for text in [
        r#"{"MsgType":"TIMTextElem","MsgContent":"x"}"#,
        r#"{"MsgContent":"x","MsgType":"TIMTextElem"}"#,
        r#"{"MsgContent":[1],"New":1,"MsgType":"TIMTextElem"}"#,
    ] {
        let element: Element = kept(text, &["/MsgContent"]);
        assert!(matches!(&element, Element::Unknown(_)), "{text}");
        assert_eq!(element.tag(), "TIMTextElem");
    }
    let element: Element = kept(
        r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":[1]}}"#,
        &["/MsgContent/Text"],
    );
    assert!(matches!(&element, Element::Text(inner) if inner.text.is_empty()));
    let page = r#"{"Count":1,"List":[],"Children":[{"Count":1,"List":[],"Body":{"OpType":2}},{"Count":2,"List":[],"Body":""},{"Count":3,"List":[],"Body":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]}]}"#;
    let page: Everything = kept(page, &["/Children/0/Body", "/Children/1/Body"]);
    let children = page.children.unwrap();
    assert_eq!((children[0].body.is_none(), children[2].count), (true, 3));
}

/// White space, any order and escapes in keys: none of it is what the search for keys expects first.
#[test]
fn known_keys_are_found_however_they_are_written() {
    let expected = Everything {
        count: 1,
        seq: Some(2),
        name: Some("three".to_owned()),
        list: vec![4],
        ..Everything::default()
    };
    for json in [
        r#"{"Count":1,"Seq":2,"Name":"three","List":[4]}"#,
        "{\r\n\t\"Count\" : 1 ,\n  \"Seq\"\t:2,\"Name\": \"three\",\n\n\"List\" :\n[4]\n}\n",
        r#"{ "List": [4], "Name": "three", "Seq": 2, "Count": 1 }"#,
        r#"{"Co\u0075nt":1,"\u0053\u0065\u0071":2,"Name":"three","L\u0069st":[4]}"#,
        r#"{"Seq":2,"Count":1,"List":[4],"N\u0061me":"three"}"#,
    ] {
        assert_eq!(
            from_slice::<Everything>(json.as_bytes()).unwrap(),
            expected,
            "{json}"
        );
    }
    // Nearly known ones are not.
    let near = r#"{"Count":1,"Seq ":2,"name":"x","List\n":[4],"Na":1,"Names":2,"":3}"#;
    let read: Everything = from_slice(near.as_bytes()).unwrap();
    assert_eq!((read.count, read.seq, &read.name), (1, None, &None));
    assert_eq!(read.extra.iter().count(), 6);
    for broken in [
        r#"{"Count" 1}"#,
        r#"{"Count""Seq":2}"#,
        r#"{"Count",}"#,
        r#"{"Count":1 "Seq":2}"#,
        r#"{,"Count":1}"#,
    ] {
        assert!(
            from_slice::<Everything>(broken.as_bytes()).is_err(),
            "{broken}"
        );
    }
}

#[test]
fn invalid_text_reads_with_replacement_characters_and_round_trips() {
    let in_fields = |text: &[u8]| {
        [
            &br#"{"Count":1,"Name":"a "#[..],
            text,
            br#" z","Kind":""#,
            text,
            br#"","Value":""#,
            text,
            br#"","List":[],"New":[""#,
            text,
            br#""]}"#,
        ]
        .concat()
    };
    for text in [
        &br"\ud83d"[..],
        br"\ude00",
        br"\ud83dx",
        br"\ud83d\ud83d",
        br"\x",
        br"\u12",
        b"\xED\xA0\xBD\xED\xB8\x80",
        b"\xC7\xA9\xC3\xFB",
        b"\xFF",
        b"line\nend",
    ] {
        let json = in_fields(text);
        let decoded: Everything = kept(&json, &["/Name", "/Kind", "/Value", "/New"]);
        let name = decoded.name.clone().unwrap();
        assert!(name.starts_with("a ") && name.ends_with(" z"), "{name}");
        assert!(name.contains(['\u{FFFD}', '\n']), "{name}");
        let held = &decoded.extra.misfits()[0].held;
        assert_eq!(held.as_bytes(), [b"\"a ", text, b" z\""].concat());

        let mut changed = decoded;
        changed.name = Some("new".to_owned());
        let again = to_vec(&changed).unwrap();
        assert!(again.windows(12).any(|window| window == br#""Name":"new""#));
    }
    // Half an emoji in an escape is valid JSON, so serde_json writes it, too.
    let json = in_fields(br"\ud83d");
    let decoded: Everything = from_slice(&json).unwrap();
    assert_eq!(serde_json::to_vec(&decoded).unwrap(), json);
    let whole: Everything = from_slice(br#"{"Name":"\ud83d\ude00"}"#).unwrap();
    assert_eq!(whole.name.as_deref(), Some("\u{1F600}"));
    assert!(
        !whole
            .extra
            .misfits()
            .iter()
            .any(|misfit| misfit.pointer == "/Name")
    );
}

#[test]
fn keys_with_invalid_text_round_trip() {
    for key in [&br"\ud83d"[..], b"\xFF", b"Count\xFF"] {
        let json = [br#"{"Count":1,"List":[],""#, key, br#"":{"a":1}}"#].concat();
        let decoded = decode::<Everything>(&json).unwrap();
        assert_eq!((decoded.value.count, decoded.misfits.len()), (1, 1));
        assert_eq!(to_vec(&decoded.value).unwrap(), json);
    }
}

#[test]
fn a_byte_order_mark_is_skipped() {
    let decoded = decode::<Everything>(b"\xEF\xBB\xBF{\"Count\":7,\"List\":[]}").unwrap();
    assert_eq!((decoded.value.count, decoded.misfits.is_empty()), (7, true));
    let user: BTreeMap<String, String> = from_slice(b"\xEF\xBB\xBF{\"a\":\"\xFF\"}").unwrap();
    assert_eq!(user["a"], "\u{FFFD}");
}

#[test]
fn a_duplicate_key_is_kept_whether_the_first_was_null_or_not() {
    for (text, count, seq) in [
        (
            r#"{"Count":1,"Seq":2,"List":[],"Count":null,"Seq":3}"#,
            1,
            Some(2),
        ),
        (
            r#"{"Count":null,"Seq":null,"List":[],"Count":1,"Seq":3}"#,
            0,
            None,
        ),
        (
            r#"{"Count":"x","Seq":{},"List":[],"Count":1,"Seq":3}"#,
            0,
            None,
        ),
    ] {
        let decoded = decode::<Everything>(text.as_bytes()).unwrap();
        assert_eq!(
            (decoded.value.count, decoded.value.seq),
            (count, seq),
            "{text}"
        );
        assert!(decoded.misfits.len() >= 2, "{text}");
        assert_eq!(to_vec(&decoded.value).unwrap(), text.as_bytes());
    }
    let unknown = r#"{"Count":1,"List":[],"New":null,"New":2}"#;
    let unknown: Everything = kept(unknown, &[]);
    assert_eq!(unknown.extra.get("New"), Some(Value::Null));
    kept::<Element>(
        r#"{"MsgType":"TIMTextElem","MsgContent":{"Text":"a"},"MsgType":"B","MsgContent":{}}"#,
        &[],
    );
}

#[test]
fn the_order_of_keys_is_not_significant() {
    for (one, other) in [
        (
            r#"{"New":1,"Other":{"a":1,"b":2}}"#,
            r#"{"Other":{"b":2, "a":1},"New":1}"#,
        ),
        (
            r#"{"Seq":"1","Flag":true,"Count":null}"#,
            r#"{"Count":null,"Flag":true,"Seq":"1"}"#,
        ),
        (r#"{"Seq":{},"Name":[]}"#, r#"{"Name":[],"Seq":{}}"#),
        (r#"{"Value":{"a":1,"b":2}}"#, r#"{"Value":{"b":2,"a":1}}"#),
        (
            r#"{"Body":[{"MsgType":"New","A":1,"B":2}]}"#,
            r#"{"Body":[{"B":2,"A":1,"MsgType":"New"}]}"#,
        ),
        (
            r#"{"Body":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"a"},"A":1,"B":2}]}"#,
            r#"{"Body":[{"B":2,"MsgContent":{"Text":"a"},"A":1,"MsgType":"TIMTextElem"}]}"#,
        ),
    ] {
        let both = [one, other].map(|text| from_slice::<Everything>(text.as_bytes()).unwrap());
        assert_eq!(both[0], both[1]);
    }
    let other: Everything = from_slice(br#"{"New":1}"#).unwrap();
    assert_ne!(from_slice::<Everything>(br#"{"New":2}"#).unwrap(), other);
}

#[test]
fn deeply_nested_values_are_kept_unchanged() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + "1" + &close.repeat(100_000);
    for json in [
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        deep(r#"{"Count":1,"List":[],"Children":["#, "]}"),
    ] {
        let json = format!(r#"{{"Count":1,"Name":{json},"List":[],"New":{json}}}"#);
        let decoded = decode::<Everything>(json.as_bytes()).unwrap();
        assert_eq!(decoded.value.count, 1);
        assert!(to_vec(&decoded.value).unwrap() == json.as_bytes());
        assert!(from_slice::<Everything>(json.as_bytes()).unwrap() == decoded.value);
    }
    let json = deep(r#"{"Count":1,"List":[],"Children":["#, "]}");
    let decoded = decode::<Everything>(json.as_bytes()).unwrap();
    assert_eq!((decoded.value.count, decoded.misfits.len()), (1, 1));
    assert!(to_vec(&decoded.value).unwrap() == json.as_bytes());
}

#[test]
fn the_display_of_misfits_is_short_and_names_no_contents() {
    let long = "k".repeat(1000);
    let json = format!(
        r#"{{"{long}\u001b[31m":"secret\ud83d","Count":"secret","List":["secret","secret","secret","secret","secret"]}}"#
    );
    let decoded = decode::<Everything>(json.as_bytes()).unwrap();
    let shown = decoded.misfits.to_string();
    assert!(
        shown.contains("/Count, /List/0") && shown.ends_with(" and 2 more"),
        "{shown}"
    );
    assert!(!shown.contains("secret") && shown.len() < 400, "{shown}");
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn debug_shows_present_fields() {
    let decoded: Everything =
        serde_json::from_value(json!({ "Count": 1, "List": [], "New": 1 })).unwrap();
    assert_eq!(
        format!("{decoded:?}"),
        r#"Everything { count: 1, list: [], extra: {"New": 1} }"#
    );
}
