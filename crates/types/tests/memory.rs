//! Unknown content uses as much memory as its text, not as a tree.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic and print"
)]

use peak_alloc::PeakAlloc;
use tencent_chat_types::{
    decode,
    message::GetGroupHistoryReply,
    webhook::{GroupBeforeCreateGroup, UnknownEvent},
    wire::Raw,
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Bytes that a value uses, and the peak while creating it, as multiples of its text.
fn measure<T>(json: &str, make: impl FnOnce(&[u8]) -> T) -> (f64, f64) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let value = make(json.as_bytes());
    let kept = MEMORY.current_usage() - before;
    let peak = MEMORY.peak_usage() - before;
    drop(value);
    let share = |bytes: usize| bytes as f64 / json.len() as f64;
    (share(kept), share(peak))
}

/// An object of about a mebibyte, most of which is one part repeated.
fn filled(before: &str, part: &str, after: &str) -> String {
    let parts = vec![part; (1 << 20) / part.len()].join(",");
    format!("{{{before}{parts}{after}}}")
}

#[test]
fn unknown_content_uses_at_most_three_times_its_bytes() {
    let reply = |json: &[u8]| decode::<GetGroupHistoryReply>(json).unwrap().value;
    let event = |json: &[u8]| decode::<GroupBeforeCreateGroup>(json).unwrap().value;
    let raw = |json: &[u8]| UnknownEvent::new("Next.Year", decode::<Raw>(json).unwrap().value);
    let mut table = String::new();
    for (before, part, after) in [
        ("", r#""a":1"#, ""),
        ("", r#""New":[[],{},null,"x"]"#, ""),
        ("", r#""Other":{"a":{"b":[1.5,true]}}"#, ""),
        ("", r#""\ud83d":"\ud83d""#, ""),
        // In a known field, in a list, in an element, in a field of any JSON, twice.
        (r#""GroupId":{"#, r#""a":1"#, "}"),
        (r#""RspMsgList":["#, "null", "]"),
        (r#""RspMsgList":["#, "[]", "]"),
        (r#""MemberList":["#, "null", "]"),
        (
            r#""RspMsgList":[{"MsgBody":[{"MsgType":"Next","MsgContent":["#,
            "[]",
            "]}]}]",
        ),
        (r#""CreatedGroupNum":["#, "{}", "]"),
        ("", r#""GroupId":{}"#, ""),
        // Escapes, numbers that don't fit, depth, and keys without a name.
        ("", r#""\u0061":"\u0062""#, ""),
        ("", r#""":1e9"#, ""),
        (r#""GroupId":"x","GroupId":["#, "1e400", "]"),
        (r#""RspMsgList":["#, r#""\udfff""#, "]"),
        (r#""MemberList":["#, "[[],{}]", "]"),
    ] {
        let json = filled(before, part, after);
        for (kept, peak) in [
            measure(&json, reply),
            measure(&json, event),
            measure(&json, raw),
        ] {
            table += &format!("{before}{part}{after}: kept {kept:.2}, peak {peak:.2}\n");
            assert!(kept <= 3.0, "{table}");
        }
    }
    println!("{table}");
}
