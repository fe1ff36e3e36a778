//! The only place that turns a wire name into a Rust name.

use proc_macro2::{Ident, Span};

/// Words that stay one word despite their capitals.
const WHOLE_WORDS: &[&str] = &["iOS", "IPs", "IDs"];

/// `From_Account` → `from_account`, `SDKAppID` → `sdk_app_id`, `C2CUnreadMsgNum` →
/// `c2c_unread_msg_num`, `TLS.ver` → `tls_ver`. Without keyword escaping.
pub fn snake_case(wire: &str) -> String {
    words(wire)
        .iter()
        .map(|word| word.to_lowercase())
        .collect::<Vec<_>>()
        .join("_")
}

/// `get_contact_group` → `GetContactGroup`.
pub fn camel_case(name: &str) -> String {
    words(name).iter().map(|word| capitalise(word)).collect()
}

/// `AVChatRoom` → `AV_CHAT_ROOM`.
pub fn const_case(wire: &str) -> String {
    let name = words(wire)
        .iter()
        .map(|word| word.to_uppercase())
        .collect::<Vec<_>>()
        .join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("V{name}")
    } else {
        name
    }
}

/// Suffix of the structs that name a constructor's arguments; no type of a spec has it.
pub const REQUIRED: &str = "Required";

/// The struct that names the arguments of an object's constructor. `other` is the field of a constructor
/// besides `new`.
pub fn required(object: &str, other: Option<&str>) -> String {
    let other = other.map(|field| camel_case(bare(field)));
    format!("{object}{}{REQUIRED}", other.unwrap_or_default())
}

/// The identifier for a field or module: keywords are escaped.
pub fn field_name(wire: &str) -> String {
    let name = snake_case(wire);
    match name.as_str() {
        "self" | "super" | "crate" => format!("{name}_"),
        "" => "empty".to_owned(),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("n{name}"),
        _ if syn::parse_str::<syn::Ident>(&name).is_err() => format!("r#{name}"),
        _ => name,
    }
}

/// An identifier as it appears in documentation and in longer names: without keyword escaping.
pub fn bare(name: &str) -> &str {
    name.trim_start_matches("r#")
}

/// Hand-written types and traits of webhooks that apps name.
pub const WEBHOOK_RUNTIME: [&str; 9] = [
    "Acknowledged",
    "Answer",
    "CanDrop",
    "CanRefuse",
    "CodeOutOfRange",
    "Effect",
    "Refusal",
    "Webhook",
    "When",
];

/// Name of an unsuccessful reply in the published document.
pub const FAILURE: &str = "Failure";
/// Name of the answer to an "after" event in the published document.
pub const ACKNOWLEDGEMENT: &str = "Acknowledgement";
/// Suffix of the name of an answer, for each kind of answer.
pub const ALLOW: &str = "Allow";
/// See [`ALLOW`].
pub const REFUSE: &str = "Refuse";
/// See [`ALLOW`].
pub const DROP: &str = "Drop";
/// Suffix of the name of a union, for the variants of later versions.
pub const UNKNOWN_VARIANT: &str = "Unknown";

/// Name of a type of a command's file in the published document. It follows from that file alone, so a new file
/// renames nothing.
pub fn definition_of_command(family: &str, request: &str, name: &str) -> String {
    let family = camel_case(family);
    match name.starts_with(request) {
        true => format!("{family}{name}"),
        false => format!("{family}{request}{name}"),
    }
}

/// Name of a type of a webhook's file in the published document.
pub fn definition_of_webhook(event: &str, name: &str) -> String {
    match name.starts_with(event) {
        true => format!("Webhook{name}"),
        false => format!("Webhook{event}{name}"),
    }
}

/// Name in the published document of everything that an app may answer to a webhook.
pub fn definition_of_answer(event: &str) -> String {
    format!("Webhook{event}Answer")
}

/// A Rust name as a token.
pub fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

fn capitalise(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first
            .to_uppercase()
            .chain(letters.flat_map(char::to_lowercase))
            .collect()
    })
}

/// Splits at separators, at a lower-to-upper step, and before the last capital of a run that a lower-case
/// letter follows. Digits belong to the word before them, and a capital after a digit continues the word if the
/// word so far consists of capitals and digits (`C2C`, `GB2312Code`).
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for part in name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
    {
        if WHOLE_WORDS.contains(&part) {
            words.push(part.to_owned());
            continue;
        }
        let letters: Vec<char> = part.chars().collect();
        let mut word = String::new();
        for (i, &c) in letters.iter().enumerate() {
            let before = i.checked_sub(1).map(|i| letters[i]);
            let after = letters.get(i + 1).copied();
            let step = match before {
                _ if !c.is_ascii_uppercase() => false,
                Some(b) if b.is_ascii_lowercase() => true,
                Some(b) if b.is_ascii_digit() => {
                    word.chars().any(|w| w.is_ascii_lowercase())
                        || after.is_some_and(|a| a.is_ascii_lowercase())
                }
                Some(_) => {
                    after.is_some_and(|a| a.is_ascii_lowercase())
                        && word.chars().any(|w| w.is_ascii_alphabetic())
                }
                None => false,
            };
            if step && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.push(c);
        }
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_wire() {
        for (wire, rust) in [
            ("From_Account", "from_account"),
            ("SDKAppID", "sdk_app_id"),
            ("TLS.ver", "tls_ver"),
            ("UUID", "uuid"),
            ("Type", "r#type"),
            ("self", "self_"),
            ("C2CUnreadMsgNum", "c2c_unread_msg_num"),
            ("ToGroupid", "to_groupid"),
            ("IPList", "ip_list"),
            (
                "AppDefinedDataFilter_GroupMember",
                "app_defined_data_filter_group_member",
            ),
            ("MsgCnt", "msg_cnt"),
            ("2ndField", "n2nd_field"),
            ("ImageURL", "image_url"),
            ("OPPOChannelID", "oppo_channel_id"),
        ] {
            assert_eq!(field_name(wire), rust, "{wire}");
        }
        assert_eq!(camel_case("get_contact_group"), "GetContactGroup");
        assert_eq!(camel_case("send_c2c_msg"), "SendC2cMsg");
        assert_eq!(const_case("AVChatRoom"), "AV_CHAT_ROOM");
        assert_eq!(const_case("Tag_Profile_IM_Nick"), "TAG_PROFILE_IM_NICK");
        assert_eq!(const_case("iOS"), "IOS");
    }
}
