//! Reading and writing a page of history, 20 messages of mixed elements, with the types of this SDK and with
//! structs that derive serde's traits. Those have the same fields; they neither keep unknown fields nor accept
//! a string for a number.

use serde::{Deserialize, Serialize};
use std::{error::Error, hint::black_box};
use tencent_chat_benches::{Contender, Goal, Harness, samples};
use tencent_chat_types::{from_slice, message::GetC2cHistoryReply, to_vec};

/// Code as written without this SDK.
mod derived {
    use super::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    pub(super) struct History {
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

    #[derive(Serialize, Deserialize)]
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

    #[derive(Serialize, Deserialize)]
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

    #[derive(Serialize, Deserialize)]
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

    #[derive(Serialize, Deserialize)]
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
}

#[allow(
    clippy::unwrap_used,
    reason = "a reply that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    let page = samples::page(20);
    let ours: GetC2cHistoryReply = serde_json::from_value(page.clone())?;
    let derived: derived::History = serde_json::from_value(page.clone())?;
    // Both read all of it.
    assert_eq!(serde_json::to_value(&ours)?, page);
    assert_eq!(serde_json::to_value(&derived)?, page);

    // In the order of the documentation, not that of `Value`.
    let text = serde_json::to_vec(&derived)?;
    let mut read_derived = |count: u64| {
        for _ in 0..count {
            black_box(serde_json::from_slice::<derived::History>(black_box(&text)).unwrap());
        }
    };
    let mut read_ours = |count: u64| {
        for _ in 0..count {
            black_box(from_slice::<GetC2cHistoryReply>(black_box(&text)).unwrap());
        }
    };
    harness.compare(
        &format!("Reading a page of history, {} bytes", text.len()),
        &mut [
            Contender {
                name: "derived",
                goal: Goal::None,
                work: &mut read_derived,
            },
            Contender {
                name: "types of this SDK",
                goal: Goal::Speed(1.3),
                work: &mut read_ours,
            },
        ],
    );

    let mut write_derived = |count: u64| {
        for _ in 0..count {
            black_box(serde_json::to_vec(black_box(&derived)).unwrap());
        }
    };
    let mut write_ours = |count: u64| {
        for _ in 0..count {
            black_box(to_vec(black_box(&ours)).unwrap());
        }
    };
    harness.compare(
        "Writing it",
        &mut [
            Contender {
                name: "derived",
                goal: Goal::None,
                work: &mut write_derived,
            },
            Contender {
                name: "types of this SDK",
                goal: Goal::Speed(1.2),
                work: &mut write_ours,
            },
        ],
    );
    Ok(())
}
