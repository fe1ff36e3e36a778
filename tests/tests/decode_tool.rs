//! The `decode` tool on payloads seen in place of the documented ones.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Runs the tool on lines of bytes and returns a report for each.
fn decode(lines: &[Vec<u8>]) -> Vec<Value> {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_decode"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    tool.stdin
        .take()
        .unwrap()
        .write_all(&lines.join(&b'\n'))
        .unwrap();
    let output = tool.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const HISTORY: &str = "v4/group_open_http_svc/group_msg_get_simple";

#[test]
fn misfits_are_findings_of_their_own_and_nothing_is_lost() {
    let history = |message: &[u8]| {
        [
            br#"{"ActionStatus":"OK","ErrorCode":0,"GroupId":"g","RspMsgList":[{"MsgSeq":1},"#,
            message,
            b"]}",
        ]
        .concat()
    };
    let body = |content: &[u8]| {
        let element: &[u8] =
            br#"{"MsgSeq":3,"MsgBody":[{"MsgType":"TIMCustomElem","MsgContent":{"Data":"#;
        history(&[element, content, b"}}]}"].concat())
    };
    let data = "/RspMsgList/1/MsgBody/0/MsgContent/Data";
    let cases: Vec<(Vec<u8>, Vec<&str>)> = vec![
        (
            br#"{"RspMsgList":[{"IsSystemMsg":1,"MsgBody":{"OpType":2},"MsgSeq":3}]}"#.to_vec(),
            vec!["/RspMsgList/0/MsgBody"],
        ),
        (history(br#"{"MsgBody":""}"#), vec!["/RspMsgList/1/MsgBody"]),
        (history(b"null"), vec!["/RspMsgList/1"]),
        (history(br#"{"MsgSeq":""}"#), vec!["/RspMsgList/1/MsgSeq"]),
        (history(br#"{"MsgSeq":1.0}"#), vec!["/RspMsgList/1/MsgSeq"]),
        (
            history(br#"{"MsgSeq":"007"}"#),
            vec!["/RspMsgList/1/MsgSeq"],
        ),
        (history(br#"{"MsgSeq":true}"#), vec!["/RspMsgList/1/MsgSeq"]),
        (
            br#"{"RspMsgList":{"MsgSeq":1}}"#.to_vec(),
            vec!["/RspMsgList"],
        ),
        (body(br#"{"a":1}"#), vec![data]),
        (body(br#""\ud83d""#), vec![data]),
        (body(b"\"\xED\xA0\xBD\xED\xB8\x80\""), vec![data]),
        (
            b"{\"ErrorInfo\":\"\xC7\xA9\xC3\xFB\",\"ErrorCode\":70009}".to_vec(),
            vec!["/ErrorInfo"],
        ),
        (b"\xEF\xBB\xBF{\"ErrorCode\":0}".to_vec(), vec![]),
        (
            br#"{"errorcode":70009,"ERRORINFO":"bad sig","actionStatus":"FAIL"}"#.to_vec(),
            vec![],
        ),
    ];
    let lines: Vec<Vec<u8>> = cases
        .iter()
        .map(|(json, _)| {
            let head = format!(r#"{{"command":"{HISTORY}","side":"reply","json":"#);
            // A byte order mark precedes a text and is not within it.
            let (mark, json) = match json.strip_prefix(b"\xEF\xBB\xBF") {
                Some(json) => (&b"\xEF\xBB\xBF"[..], json),
                None => (&b""[..], json.as_slice()),
            };
            [mark, head.as_bytes(), json, b"}"].concat()
        })
        .collect();
    let reports = decode(&lines);
    assert_eq!(reports.len(), cases.len());
    for (report, (json, misfit)) in reports.iter().zip(&cases) {
        let expected = json!({
            "command": HISTORY, "side": "reply", "ok": true, "error": null,
            "misfit": misfit, "lost": [], "changed": [],
        });
        assert_eq!(*report, expected, "{}", String::from_utf8_lossy(json));
    }
}

#[test]
fn a_byte_order_mark_is_skipped_before_a_line_and_before_its_body_only() {
    let mark = b"\xEF\xBB\xBF";
    let (head, body): (&[u8], &[u8]) = (
        br#"{"side":"reply","command":"v4/openim/sendmsg","json":"#,
        br#"{"ErrorCode":0,"MsgKey":"k"}}"#,
    );
    let within = body.to_vec();
    let within = [&within[..24], mark, &within[24..]].concat();
    let reports = decode(&[
        [mark, head, body].concat(),
        [head, mark, body].concat(),
        [mark, head, b" ", mark, b" ", body].concat(),
        // Part of a text, where it is an ordinary character.
        [head, &within].concat(),
    ]);
    assert_eq!(reports.len(), 4);
    for report in reports {
        let findings = [&report["misfit"], &report["lost"], &report["changed"]];
        assert_eq!(
            (&report["ok"], findings),
            (&json!(true), [&json!([]); 3]),
            "{report}"
        );
    }
}

#[test]
fn events_and_what_is_no_json_are_told() {
    let event = br#"{"command":"C2C.CallbackBeforeSendMsg","side":"event","json":{"CallbackCommand":"C2C.CallbackBeforeSendMsg","MsgBody":{"a":1}}}"#;
    let reports = decode(&[
        event.to_vec(),
        b"{".to_vec(),
        br#"{"command":"v4/no/such","side":"reply","json":{}}"#.to_vec(),
    ]);
    assert_eq!(
        (&reports[0]["ok"], &reports[0]["misfit"]),
        (&json!(true), &json!(["/MsgBody"]))
    );
    assert_eq!(
        (&reports[1]["ok"], &reports[2]["ok"]),
        (&json!(false), &json!(false))
    );
}
