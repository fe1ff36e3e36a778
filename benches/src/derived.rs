//! A page of history as structs that derive serde's traits: code as written without this SDK. They have the same
//! fields as the types; they neither keep unknown fields nor accept a string for a number.

use serde::{Deserialize, Serialize};

/// The reply.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct History {
    complete: i64,
    msg_cnt: u64,
    last_msg_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_msg_key: Option<String>,
    msg_list: Vec<Msg>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_display: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Msg {
    #[serde(rename = "From_Account")]
    from_account: String,
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_random: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_time_stamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_client_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_flag_bits: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_peer_read: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_key: Option<String>,
    msg_body: Vec<Elem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "MsgType", content = "MsgContent")]
enum Elem {
    #[serde(rename = "TIMTextElem", rename_all = "PascalCase")]
    Text { text: String },
    #[serde(rename = "TIMLocationElem", rename_all = "PascalCase")]
    Location {
        #[serde(skip_serializing_if = "Option::is_none")]
        desc: Option<String>,
        latitude: f64,
        longitude: f64,
    },
    #[serde(rename = "TIMFaceElem", rename_all = "PascalCase")]
    Face {
        index: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<String>,
    },
    #[serde(rename = "TIMCustomElem", rename_all = "PascalCase")]
    Custom {
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        desc: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ext: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sound: Option<String>,
    },
    #[serde(rename = "TIMSoundElem", rename_all = "PascalCase")]
    Sound {
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(rename = "UUID", skip_serializing_if = "Option::is_none")]
        uuid: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<u64>,
        #[serde(rename = "Download_Flag", skip_serializing_if = "Option::is_none")]
        download_flag: Option<i64>,
    },
    #[serde(rename = "TIMImageElem", rename_all = "PascalCase")]
    Image {
        #[serde(rename = "UUID", skip_serializing_if = "Option::is_none")]
        uuid: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        image_format: Option<i64>,
        image_info_array: Vec<ImageInfo>,
    },
    #[serde(rename = "TIMFileElem", rename_all = "PascalCase")]
    File {
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(rename = "UUID", skip_serializing_if = "Option::is_none")]
        uuid: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_size: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
        #[serde(rename = "Download_Flag", skip_serializing_if = "Option::is_none")]
        download_flag: Option<i64>,
    },
    #[serde(rename = "TIMVideoFileElem")]
    Video(Video),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageInfo {
    r#type: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u64>,
    #[serde(rename = "URL", skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Video {
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<String>,
    #[serde(rename = "VideoUUID", skip_serializing_if = "Option::is_none")]
    video_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_second: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_download_flag: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_url: Option<String>,
    #[serde(rename = "ThumbUUID", skip_serializing_if = "Option::is_none")]
    thumb_uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_width: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_height: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_download_flag: Option<i64>,
}
