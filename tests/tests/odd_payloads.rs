//! Payloads of old clients, gateways and buggy SDKs: each decodes, nothing in it is lost or changed, misfits
//! are named, and the order of keys makes no difference.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;
use std::fmt::Debug;
use tencent_chat_client::Client;
use tencent_chat_tests::exact_json::exact;
use tencent_chat_types::{
    Endpoint, EndpointVisitor, decode, from_slice, to_vec, visit_endpoint,
    webhook::{Webhook, WebhookVisitor, visit_webhook},
};
use tencent_chat_webhook::Receiver;

const APP: u64 = 1_400_000_000;

/// Command, body, and the pointers of misfits.
type Payload = (&'static str, &'static [u8], &'static [&'static str]);

const SEND: &str = "v4/openim/sendmsg";
const TO_MANY: &str = "v4/openim/batchsendmsg";
const C2C: &str = "v4/openim/admin_getroammsg";
const GROUP: &str = "v4/group_open_http_svc/group_msg_get_simple";
const INFO: &str = "v4/group_open_http_svc/get_group_info";
const MEMBERS: &str = "v4/group_open_http_svc/get_group_member_info";
const JOINED: &str = "v4/group_open_http_svc/get_joined_group_list";
const ATTRS: &str = "v4/all_member_push/im_get_attr_name";
const ONLINE: &str = "v4/openim/query_online_status";
const FRIENDS: &str = "v4/sns/friend_get";
const PROFILE: &str = "v4/profile/portrait_get";
const CHECK: &str = "v4/im_open_login_svc/account_check";
const RECENT: &str = "v4/recentcontact/get_list";

/// Replies.
const REPLIES: &[Payload] = &[
    (SEND, br#"{"ActionStatus":"OK","ErrorCode":"0","ErrorInfo":null,"MsgTime":"1700000000","MsgKey":77}"#, &[]),
    (SEND, br#"{"actionStatus":"ok","errorcode":0,"ErrorINFO":"","MSGTIME":1,"msgkey":"k"}"#, &[]),
    (SEND, b"\xEF\xBB\xBF \r\n{\"ErrorCode\":0}\r\n", &[]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":1700000000.0,"MsgKey":true}"#, &["/MsgTime", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":1.7e9}"#, &["/MsgTime"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":-1,"MsgKey":18446744073709551616}"#, &["/MsgTime", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":1e999,"New":1e999,"Newer":-1E-999}"#, &["/MsgTime"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":"007","MsgKey":{}}"#, &["/MsgTime", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":"","MsgKey":[]}"#, &["/MsgTime", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":" 5","MsgKey":false}"#, &["/MsgTime", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":"+5"}"#, &["/MsgTime"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":-0}"#, &["/MsgTime"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":"0x5"}"#, &["/MsgTime"]),
    (SEND, br#"{"ErrorCode":0,"MsgTime":"\u0035"}"#, &[]),
    (SEND, br#"{"ErrorCode":0,"\u004dsgTime":5}"#, &[]),
    (SEND, br#"{"ErrorCode":0,"ErrorCode":1,"MsgKey":"a","MsgKey":"b"}"#, &["/ErrorCode", "/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgKey":null,"MsgKey":"b"}"#, &["/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgKey":{},"MsgKey":"b","MsgKey":null}"#, &["/MsgKey", "/MsgKey", "/MsgKey"]),
    (SEND, br#"{"errorcode":0,"ErrorCode":0,"ERRORCODE":null}"#, &["/ErrorCode", "/ERRORCODE"]),
    (SEND, br#"{"ErrorCode":0,"New":{"a":1,"a":2,"b":{"":[]}},"New":null}"#, &[]),
    (SEND, br#"{"ErrorCode":0,"":"","/~":{"~/":"\ud800"}}"#, &["/~1~0"]),
    (SEND, b"{\"ErrorCode\":0,\"MsgKey\":\"\xC7\xFB\",\"New\xFF\":1}", &["/MsgKey", "/New\u{FFFD}"]),
    (SEND, b"{\"ErrorCode\":0,\"MsgKey\":\"a\x01\tb\"}", &["/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgKey":"\x41 \u12"}"#, &["/MsgKey"]),
    (SEND, br#"{"ErrorCode":0,"MsgKey":"\ud83d\ude00 \u0000 \/ \u2028"}"#, &[]),
    (SEND, br#"{"ErrorCode":0,"MsgKey":"\ude00\ud83d"}"#, &["/MsgKey"]),
    (SEND, b"{\"ErrorCode\":0,\"MsgKey\":\"\xED\xA0\xBD\xED\xB8\x80 \xC0\x80 \xF8\"}", &["/MsgKey"]),
    (SEND, b"{ \"ErrorCode\" :\t0 ,\n\"New\" : [ 1 , { } , [ ] ] , \"MsgTime\" : 5 }", &[]),
    (SEND, br#"{"ErrorCode":0,"New":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{"a":[{}]}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}"#, &[]),
    (SEND, br#"{"ErrorCode":0,"New":[18446744073709551617,0.10000000000000000555,1e400,-0,-0.0,1E+2]}"#, &[]),
    (TO_MANY, br#"{"ErrorCode":0,"ErrorList":""}"#, &["/ErrorList"]),
    (TO_MANY, br#"{"ErrorCode":0,"ErrorList":{}}"#, &[]),
    (TO_MANY, br#"{"ErrorCode":0,"ErrorList":[null,{"To_Account":5,"ErrorCode":"70107"},"rong",[]]}"#, &["/ErrorList/0", "/ErrorList/2", "/ErrorList/3"]),
    (TO_MANY, br#"{"ErrorCode":0,"ErrorList":{"To_Account":"rong","ErrorCode":70107}}"#, &["/ErrorList"]),
    (C2C, br#"{"ErrorCode":0,"Complete":true,"MsgCnt":"2","LastMsgTime":0,"MsgList":[{"From_Account":"a","MsgBody":""},{"MsgBody":[null,1,"x",[],{}]}]}"#, &["/MsgList/0/MsgBody", "/MsgList/1/MsgBody/0", "/MsgList/1/MsgBody/1", "/MsgList/1/MsgBody/2", "/MsgList/1/MsgBody/3"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":{"0":{"MsgSeq":1}}}"#, &["/MsgList"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgContent":{"Text":"hi"},"MsgType":"TIMTextElem","New":1}]}]}"#, &[]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":"hi"}]}]}"#, &["/MsgList/0/MsgBody/0/MsgContent"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":7,"MsgContent":{"Text":"hi"}}]}]}"#, &["/MsgList/0/MsgBody/0/MsgType"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":null,"MsgContent":null}]}]}"#, &[]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":null},{"MsgType":"TIMTextElem"},{"MsgContent":{"Text":"x"}}]}]}"#, &[]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"msgtype":"TIMTextElem","msgcontent":{"text":"x"}}]}]}"#, &[]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMTextElem","MsgType":"TIMFaceElem","MsgContent":{"Text":"x"},"MsgContent":{"Index":1}}]}]}"#, &[]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMCustomElem","MsgContent":{"Data":{"a":[1,null]},"Desc":0,"Ext":null,"Sound":[]}}]}]}"#, &["/MsgList/0/MsgBody/0/MsgContent/Data", "/MsgList/0/MsgBody/0/MsgContent/Sound"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"half \ud83d"}}],"CloudCustomData":{"a":1}}]}"#, &["/MsgList/0/MsgBody/0/MsgContent/Text", "/MsgList/0/CloudCustomData"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMLocationElem","MsgContent":{"Desc":"x","Latitude":"29.34","Longitude":1e2}},{"MsgType":"TIMLocationElem","MsgContent":{"Latitude":90,"Longitude":"x"}}]}]}"#, &["/MsgList/0/MsgBody/1/MsgContent/Longitude"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMImageElem","MsgContent":{"UUID":1,"ImageFormat":"255","ImageInfoArray":{"Type":1,"URL":"u"}}},{"MsgType":"TIMImageElem","MsgContent":{"ImageInfoArray":[null,{"Type":"1","Size":1.5}]}}]}]}"#, &["/MsgList/0/MsgBody/0/MsgContent/ImageInfoArray", "/MsgList/0/MsgBody/1/MsgContent/ImageInfoArray/0", "/MsgList/0/MsgBody/1/MsgContent/ImageInfoArray/1/Size"]),
    (C2C, br#"{"ErrorCode":0,"MsgList":[{"MsgBody":[{"MsgType":"TIMRelayElem","MsgContent":{"Title":"t","MsgNum":"2","AbstractList":"a","MsgList":[{"From_Account":1,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":[]}}]}]}}]}]}"#, &["/MsgList/0/MsgBody/0/MsgContent/AbstractList", "/MsgList/0/MsgBody/0/MsgContent/MsgList/0/MsgBody/0/MsgContent/Text"]),
    (GROUP, br#"{"ErrorCode":0,"GroupId":"g","IsFinished":1,"RspMsgList":[{"IsSystemMsg":1,"MsgBody":{"OpType":2},"MsgSeq":3}]}"#, &["/RspMsgList/0/MsgBody"]),
    (GROUP, br#"{"ErrorCode":0,"GroupId":5,"IsFinished":"1","RspMsgList":[{"MsgBody":"deleted","MsgSeq":"3","IsPlaceMsg":true},{"MsgSeq":null},null,7]}"#, &["/RspMsgList/0/MsgBody", "/RspMsgList/0/IsPlaceMsg", "/RspMsgList/2", "/RspMsgList/3"]),
    (GROUP, br#"{"ErrorCode":0,"RspMsgList":[{"MsgSeq":9007199254740993,"MsgRandom":4294967296,"MsgTimeStamp":"99999999999999999999"}]}"#, &["/RspMsgList/0/MsgTimeStamp"]),
    (GROUP, br#"{"ErrorCode":0,"RspMsgList":[{"MsgSeq":1,"MsgSeq":2},{"MsgSeq":null,"MsgSeq":2}]}"#, &["/RspMsgList/0/MsgSeq", "/RspMsgList/1/MsgSeq"]),
    (GROUP, br#"{"ErrorCode":0,"RspMsgList":false}"#, &["/RspMsgList"]),
    (GROUP, b"{\"ErrorCode\":70009,\"ErrorInfo\":\"\xC7\xA9\xC3\xFB\"}", &["/ErrorInfo"]),
    (GROUP, br#"{"ErrorCode":10004,"ErrorInfo":{"code":1}}"#, &["/ErrorInfo"]),
    (INFO, br#"{"ErrorCode":0,"GroupInfo":{"GroupId":"g"}}"#, &["/GroupInfo"]),
    (INFO, br#"{"ErrorCode":0,"GroupInfo":[{"GroupId":null,"CreateTime":"1","MemberNum":2.0,"AppDefinedData":{},"MemberList":[{"Member_Account":1},null,"x"]}]}"#, &["/GroupInfo/0/MemberNum", "/GroupInfo/0/MemberList/1", "/GroupInfo/0/MemberList/2"]),
    (INFO, br#"{"ErrorCode":0,"GroupInfo":[{"AppDefinedData":[{"Key":"a","Value":1},{"Key":"b","Value":null},{"Key":"c"},null]}]}"#, &["/GroupInfo/0/AppDefinedData/3"]),
    (MEMBERS, br#"{"ErrorCode":0,"MemberNum":"3","MemberList":[{"Member_Account":"a","JoinTime":1e9,"Role":1,"ShutUpUntil":"0"},{"NameCard":"\udfff"}]}"#, &["/MemberList/0/JoinTime", "/MemberList/1/NameCard"]),
    (JOINED, br#"{"ErrorCode":0,"TotalCount":-1,"GroupIdList":[{"GroupId":"g"},{},null]}"#, &["/TotalCount", "/GroupIdList/2"]),
    (ATTRS, br#"{"ErrorCode":0,"AttrNames":{"0":"sex","1":null,"1":"city","2":{},"2":"x","3":7,"":"e"}}"#, &["/AttrNames/1", "/AttrNames/1", "/AttrNames/2", "/AttrNames/2"]),
    (ATTRS, br#"{"ErrorCode":0,"AttrNames":[]}"#, &[]),
    (ATTRS, br#"{"ErrorCode":0,"AttrNames":["sex"]}"#, &["/AttrNames"]),
    (ATTRS, br#"{"ErrorCode":0,"AttrNames":{"0":"\ud83d","\ud83d":"x","\ude00":"y"}}"#, &["/AttrNames/0", "/AttrNames/\u{FFFD}", "/AttrNames/\u{FFFD}"]),
    (ONLINE, br#"{"ErrorCode":0,"QueryResult":[{"To_Account":"a","Status":0,"Detail":{"Platform":"iPhone"}},{"Status":"Dancing"}]}"#, &["/QueryResult/0/Detail"]),
    (FRIENDS, br#"{"ErrorCode":0,"UserDataItem":[{"To_Account":"a","ValueItem":[{"Tag":"Tag_Profile_IM_Nick","Value":"\ud83d"},{"Tag":"Tag_Profile_IM_BirthDay","Value":18446744073709551616},{"Tag":"Tag_SNS_IM_Group","Value":["a",1]},{"Tag":5,"Value":null},{"Value":{}}]}]}"#, &["/UserDataItem/0/ValueItem/0/Value"]),
    (PROFILE, br#"{"ErrorCode":0,"UserProfileItem":[{"To_Account":"a","ResultCode":"0","ProfileItem":{}}],"CurrentStandardSequence":"x"}"#, &[]),
    (CHECK, br#"{"ErrorCode":0,"ResultItem":[{"UserID":"a","ResultCode":"","ResultInfo":7,"AccountStatus":null}]}"#, &["/ResultItem/0/ResultCode"]),
    (RECENT, br#"{"ErrorCode":0,"SessionItem":[{"Type":"1","To_Account":7,"MsgTime":null},{"Type":{}}],"CompleteFlag":1,"TimeStamp":[]}"#, &["/SessionItem/1/Type", "/TimeStamp"]),
];

const BEFORE_C2C: &str = "C2C.CallbackBeforeSendMsg";
const AFTER_C2C: &str = "C2C.CallbackAfterSendMsg";
const BEFORE_GROUP: &str = "Group.CallbackBeforeSendMsg";
const JOIN: &str = "Group.CallbackAfterNewMemberJoin";
const STATE: &str = "State.StateChange";

/// Events.
const EVENTS: &[Payload] = &[
    (BEFORE_C2C, br#"{"CallbackCommand":"C2C.CallbackBeforeSendMsg","From_Account":7,"To_Account":null,"MsgSeq":"5","MsgRandom":"x","MsgBody":{"MsgType":"TIMTextElem"}}"#, &["/MsgRandom", "/MsgBody"]),
    (BEFORE_C2C, br#"{"CallbackCommand":"C2C.CallbackBeforeSendMsg","MsgBody":[],"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"x"}}]}"#, &["/MsgBody"]),
    (BEFORE_C2C, b"{\"CallbackCommand\":\"C2C.CallbackBeforeSendMsg\",\"MsgBody\":[{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{\"Text\":\"\xB2\xE2\xCA\xD4\"}}]}", &["/MsgBody/0/MsgContent/Text"]),
    (BEFORE_C2C, b"\xEF\xBB\xBF{\"CallbackCommand\":\"C2C.CallbackBeforeSendMsg\"}\n", &[]),
    (BEFORE_C2C, br#"{"CallbackCommand":"C2C.CallbackBeforeSendMsg","CallbackCommand":"Other","From_Account":"a"}"#, &["/CallbackCommand"]),
    (AFTER_C2C, br#"{"CallbackCommand":"C2C.CallbackAfterSendMsg","SendMsgResult":"0","ErrorInfo":{},"UnreadMsgNum":-1,"MsgKey":"","OnlineOnlyFlag":false,"SupportMessage":[]}"#, &["/ErrorInfo"]),
    (AFTER_C2C, br#"{"CallbackCommand":"C2C.CallbackAfterSendMsg","MsgTime":1700000000.5,"CloudCustomData":"\ud83d\ud83d"}"#, &["/MsgTime", "/CloudCustomData"]),
    (BEFORE_GROUP, br#"{"CallbackCommand":"Group.CallbackBeforeSendMsg","GroupId":["g"],"Type":0,"Operator_Account":true,"Random":4294967296,"MsgBody":"[{\"MsgType\":\"TIMTextElem\"}]"}"#, &["/GroupId", "/Operator_Account", "/Random", "/MsgBody"]),
    (JOIN, br#"{"CallbackCommand":"Group.CallbackAfterNewMemberJoin","NewMemberList":["jared",{"Member_Account":"tommy"},{"Member_Account":7},null]}"#, &["/NewMemberList/0", "/NewMemberList/3"]),
    (JOIN, br#"{"CallbackCommand":"Group.CallbackAfterNewMemberJoin","NewMemberList":"","EventTime":"1670574414123","JoinType":[]}"#, &["/NewMemberList", "/JoinType"]),
    (STATE, br#"{"CallbackCommand":"State.StateChange","EventTime":1629883332497,"Info":[],"KickedDevice":{}}"#, &["/Info"]),
    (STATE, br#"{"CallbackCommand":"State.StateChange","Info":{"Action":1,"To_Account":"t","Reason":null,"New":{"z":"\ud83d","a":[1e400]}},"KickedDevice":[{"Platform":5},1]}"#, &["/Info/New", "/KickedDevice/1"]),
];

/// The body with the keys of each object reversed, except that equal keys keep their order.
fn backwards(json: &[u8]) -> Vec<u8> {
    fn space(json: &[u8], at: &mut usize) {
        while json.get(*at).is_some_and(u8::is_ascii_whitespace) {
            *at += 1;
        }
    }
    fn string(json: &[u8], at: &mut usize) -> Vec<u8> {
        let start = *at;
        *at += 1;
        while json[*at] != b'"' {
            *at += if json[*at] == b'\\' { 2 } else { 1 };
        }
        *at += 1;
        json[start..*at].to_vec()
    }
    fn value(json: &[u8], at: &mut usize) -> Vec<u8> {
        space(json, at);
        match json[*at] {
            b'"' => string(json, at),
            open @ (b'{' | b'[') => {
                *at += 1;
                let mut parts = Vec::new();
                loop {
                    space(json, at);
                    match json[*at] {
                        b'}' | b']' => break *at += 1,
                        b',' => *at += 1,
                        _ if open == b'{' => {
                            let key = string(json, at);
                            space(json, at);
                            *at += 1;
                            let part = [key.as_slice(), b" : ", &value(json, at)].concat();
                            parts.push((key, part));
                        }
                        _ => parts.push((Vec::new(), value(json, at))),
                    }
                }
                // Stable. Keys of a reply's head are the same in any case.
                parts.sort_by_key(|(key, _)| std::cmp::Reverse(key.to_ascii_lowercase()));
                let parts: Vec<Vec<u8>> = parts.into_iter().map(|(_, part)| part).collect();
                [&[open], &parts.join(&b" ,\n"[..])[..], &[open + 2]].concat()
            }
            _ => {
                let start = *at;
                while json.get(*at).is_some_and(|b| !b",]} \t\r\n".contains(b)) {
                    *at += 1;
                }
                json[start..*at].to_vec()
            }
        }
    }
    let json = json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json);
    value(json, &mut 0)
}

/// Decodes a body and compares the result with it.
fn check<T: DeserializeOwned + Serialize>(
    (command, body, misfits): &Payload,
    same: impl Fn(&T, &T) -> bool,
) {
    let shown = format!("{command} {}", String::from_utf8_lossy(body));
    let decoded = decode::<T>(body).unwrap();
    let found: Vec<_> = decoded.misfits.list(usize::MAX);
    let pointers: Vec<&str> = found.iter().map(|misfit| misfit.pointer.as_str()).collect();
    assert_eq!(pointers, *misfits, "{shown}");
    // The log names fields, but none of their content.
    let log = format!("{} {:?}", decoded.misfits, decoded.misfits);
    assert!(!log.contains('"') && !log.contains('{'), "{log}");

    let again = to_vec(&decoded.value).unwrap();
    if let Some(exactly) = exact(body) {
        assert_eq!(exact(&again), Some(exactly), "{shown}");
    }
    let second = from_slice::<T>(&again).unwrap();
    assert!(same(&second, &decoded.value), "{shown} is not itself");
    assert_eq!(to_vec(&second).unwrap(), again, "{shown}");
    let other_order = backwards(body);
    let third = from_slice::<T>(&other_order).unwrap();
    assert!(same(&third, &decoded.value), "{shown} in another order");
    // With serde_json the result is the same, in valid text.
    let text = serde_json::to_vec(&decoded.value).unwrap();
    assert!(serde_json::from_slice::<&serde_json::value::RawValue>(&text).is_ok());
}

struct Reply(&'static Payload);

impl EndpointVisitor for Reply {
    type Output = Vec<u8>;
    fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> Vec<u8> {
        check::<E::Reply>(self.0, |one, other| {
            tencent_chat_types::wire::canonical(&to_vec(one).unwrap())
                == tencent_chat_types::wire::canonical(&to_vec(other).unwrap())
        });
        to_vec(&from_slice::<E::Reply>(self.0.1).unwrap()).unwrap()
    }
}

#[test]
fn odd_replies_decode_whole_and_come_back() {
    assert!(REPLIES.len() + EVENTS.len() > 80);
    for payload in REPLIES {
        visit_endpoint(payload.0, Reply(payload)).unwrap();
    }
}

struct Events(&'static Payload);

impl WebhookVisitor for Events {
    type Output = ();
    fn visit<E: Webhook>(self) {
        check::<E>(self.0, PartialEq::eq);
    }
}

/// An event reaches the app, and two encodings of the same event have one key.
#[test]
fn odd_events_arrive_and_their_key_depends_on_what_they_say_alone() {
    let receiver = Receiver::unauthenticated(APP);
    let mut keys = std::collections::BTreeSet::new();
    for payload in EVENTS {
        visit_webhook(payload.0, Events(payload)).unwrap();
        let query = format!("SdkAppid={APP}&CallbackCommand={}", payload.0);
        let delivery = receiver.receive(&query, payload.1).unwrap();
        let again = receiver.receive(&query, &backwards(payload.1)).unwrap();
        assert_eq!(again, delivery);
        assert_eq!(again.key(), delivery.key());
        assert!(keys.insert(delivery.key()), "{}", delivery.key());
    }
}

/// A response that is not an answer at all: the client reports it, and keeps what came.
#[test]
fn what_is_not_json_is_an_error_with_a_place() {
    for body in [
        &b""[..],
        b"{",
        br#"{"ErrorCode":0,}"#,
        br#"{"ErrorCode":0}}"#,
        br#"{"ErrorCode":0} x"#,
        br#"{"ErrorCode":00}"#,
        br#"{"ErrorCode":+1}"#,
        br#"{"ErrorCode":.5}"#,
        br#"{"ErrorCode":NaN}"#,
        br#"{'ErrorCode':0}"#,
        br#"{ErrorCode:0}"#,
        br#"{"ErrorCode":0 "New":1}"#,
        br#"{"New":[1,]}"#,
        br#"{"New":"a}"#,
        b"{\"ErrorCode\":0}\0",
        b"\xFE\xFF\0{\0}",
        b"\xEF\xBB{}",
        br#"callback({"ErrorCode":0})"#,
    ] {
        struct Decodes<'a>(&'a [u8]);
        impl EndpointVisitor for Decodes<'_> {
            type Output = bool;
            fn visit<E: Endpoint + Clone + PartialEq + Debug>(self) -> bool {
                decode::<E::Reply>(self.0).is_ok()
            }
        }
        let shown = String::from_utf8_lossy(body);
        assert!(!visit_endpoint(SEND, Decodes(body)).unwrap(), "{shown}");
        assert!(
            serde_json::from_slice::<serde_json::Value>(body).is_err(),
            "{shown}"
        );
    }
}

/// The same over HTTP: a success for the service is a success here, with everything that came.
#[tokio::test]
async fn odd_replies_reach_the_caller_whole() {
    use axum::{Router, body::Bytes, routing::post};
    let mut app = Router::new();
    for (index, (path, body, _)) in REPLIES.iter().enumerate() {
        let answer = move |_: Bytes| async move { Bytes::from_static(body) };
        app = app.route(&format!("/{index}/{path}"), post(answer));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let http = tencent_chat_client::reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap();
    for (index, payload) in REPLIES.iter().enumerate() {
        let client = Client::builder(APP, "administrator", "key")
            .base_url(format!("{base}/{index}"))
            .http_client(http.clone())
            .unlimited()
            .build()
            .unwrap();
        let (path, body, _) = payload;
        let reply = client.send_raw(path, json!({})).await;
        let shown = String::from_utf8_lossy(body);
        match reply {
            Ok(reply) => {
                if let Some(exactly) = exact(body) {
                    assert_eq!(exact(&to_vec(&reply).unwrap()), Some(exactly), "{shown}");
                }
            }
            Err(error) => {
                assert!(
                    error.code().is_some_and(|code| !code.is_ok()),
                    "{shown}: {error}"
                );
                assert_eq!(error.raw_body(), Some(*body));
            }
        }
    }
}
