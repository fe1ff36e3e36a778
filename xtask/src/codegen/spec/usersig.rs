//! The file about UserSig.

use super::{At, Page};
use schemars::JsonSchema;
use serde::Deserialize;

/// `spec/usersig.toml`: the UserSig document, its encoding and the userbuf layout.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSigFile {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Value of the document's version field.
    pub version: String,
    /// Maximum size of a signature that is read, in bytes.
    pub max_encoded_bytes: u32,
    /// Maximum size that a signature may inflate to, in bytes.
    pub max_document_bytes: u32,
    /// Names in the document.
    pub fields: Fields,
    /// Characters of base64 that are replaced, because they have a meaning in URLs.
    pub alphabet: Vec<Replacement>,
    /// The binary block that a document may carry.
    pub userbuf: Userbuf,
    /// Privileges that a userbuf can grant.
    #[serde(rename = "privilege")]
    pub privileges: Vec<Privilege>,
}

/// Names in the document.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Version of the document.
    pub version: String,
    /// User.
    pub identifier: String,
    /// App.
    pub sdk_app_id: String,
    /// When it was signed, in seconds since 1970.
    pub time: String,
    /// For how many seconds it is valid.
    pub expire: String,
    /// The binary block.
    pub userbuf: String,
    /// The signature.
    pub signature: String,
}

/// A replaced character.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// Character of base64.
    pub base64: At<char>,
    /// Its replacement.
    pub wire: char,
}

/// Layout of the binary block.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Userbuf {
    /// First byte with a room number.
    pub integer_room_version: u8,
    /// First byte with a room name.
    pub string_room_version: u8,
    /// Value of the account type.
    pub account_type: u32,
}

/// A privilege.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Privilege {
    /// Constant: UPPER_SNAKE_CASE.
    pub name: At<String>,
    /// Bit, from 0.
    pub bit: u8,
    /// What it grants.
    pub doc: String,
}
