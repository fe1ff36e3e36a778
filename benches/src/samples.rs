//! What is measured.

use serde_json::{Value, json};

/// A webhook of usual size: a message.
pub const WEBHOOK: &str = r#"{
  "CallbackCommand": "C2C.CallbackBeforeSendMsg",
  "From_Account": "mei",
  "To_Account": "lin",
  "MsgSeq": 91027,
  "MsgRandom": 3391827720,
  "MsgTime": 1764150123,
  "MsgKey": "91027_3391827720_1764150123",
  "MsgId": "144115200001234567-1764150123-3391827720",
  "OnlineOnlyFlag": 0,
  "MsgBody": [
    { "MsgType": "TIMTextElem", "MsgContent": { "Text": "Dinner at seven? The usual place by the harbour." } },
    { "MsgType": "TIMCustomElem", "MsgContent": { "Data": "{\"table\":12}", "Desc": "a table", "Ext": "", "Sound": "" } }
  ],
  "CloudCustomData": "mood=hungry"
}"#;

/// The query of that webhook.
pub fn webhook_query(app: u64, sign: &str, now: u64) -> String {
    format!(
        "SdkAppid={app}&CallbackCommand=C2C.CallbackBeforeSendMsg&contenttype=json\
         &ClientIP=192.0.2.7&OptPlatform=Android&Sign={sign}&RequestTime={now}"
    )
}

/// The sample of `spec/endpoints/message/get_c2c_history.toml` with so many messages of mixed
/// elements.
pub fn page(messages: u64) -> Value {
    let uuid = "1853095_D61040894AC3DE44CDFFFB3EC7EB720F";
    let url = |kind: &str| format!("https://cos.ap-singapore.example.com/1400000000/{uuid}.{kind}");
    let image = |kind: u64, width: u64| json!({ "Type": kind, "Size": width * 160, "Width": width, "Height": width * 3 / 4, "URL": url("jpg") });
    let element = |number: u64| match number % 10 {
        0 | 3 | 5 | 8 => {
            json!({ "MsgType": "TIMTextElem", "MsgContent": { "Text": "Dinner at seven?" } })
        }
        1 => json!({ "MsgType": "TIMImageElem", "MsgContent": {
            "UUID": uuid, "ImageFormat": 1, "ImageInfoArray": [image(1, 1920), image(2, 720), image(3, 198)],
        } }),
        2 => json!({ "MsgType": "TIMCustomElem", "MsgContent": {
            "Data": "{\"order\":7301,\"state\":\"paid\"}", "Desc": "Order 7301", "Ext": "https://shop.example.com/7301", "Sound": "",
        } }),
        4 => json!({ "MsgType": "TIMSoundElem", "MsgContent": {
            "Url": url("m4a"), "UUID": uuid, "Size": 62351, "Second": 12, "Download_Flag": 2,
        } }),
        6 => json!({ "MsgType": "TIMFileElem", "MsgContent": {
            "Url": url("pdf"), "UUID": uuid, "FileSize": 1773552, "FileName": "menu.pdf", "Download_Flag": 2,
        } }),
        7 => json!({ "MsgType": "TIMFaceElem", "MsgContent": { "Index": 6, "Data": "[smile]" } }),
        _ if number < 10 => json!({ "MsgType": "TIMLocationElem", "MsgContent": {
            "Desc": "Garden by the bay", "Latitude": 1.281_568, "Longitude": 103.863_613,
        } }),
        _ => json!({ "MsgType": "TIMVideoFileElem", "MsgContent": {
            "VideoUrl": url("mp4"), "VideoUUID": uuid, "VideoSize": 1194603, "VideoSecond": 5, "VideoFormat": "mp4",
            "VideoDownloadFlag": 2, "ThumbUrl": url("jpg"), "ThumbUUID": uuid, "ThumbSize": 13907, "ThumbWidth": 720,
            "ThumbHeight": 1280, "ThumbFormat": "JPG", "ThumbDownloadFlag": 2,
        } }),
    };
    let message = |number: u64| {
        let (from, to) = if number.is_multiple_of(2) {
            ("lin", "mei")
        } else {
            ("mei", "lin")
        };
        let (sequence, random, time) = (
            7000 + number,
            4_294_967_295 - number * 7919,
            1_700_000_100 + number * 60,
        );
        json!({
            "From_Account": from, "To_Account": to, "MsgSeq": sequence, "MsgRandom": random, "MsgTimeStamp": time,
            "MsgFlagBits": 0, "IsPeerRead": number % 2, "MsgKey": format!("{sequence}_{random}_{time}"),
            "MsgBody": [element(number)], "CloudCustomData": if number.is_multiple_of(4) { "{\"thread\":12}" } else { "" },
        })
    };
    json!({
        "ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "Complete": 0, "MsgCnt": messages, "LastMsgTime": 1_700_000_100,
        "LastMsgKey": "7000_4294967295_1700000100", "MsgList": (0..messages).map(message).collect::<Vec<_>>(),
    })
}
