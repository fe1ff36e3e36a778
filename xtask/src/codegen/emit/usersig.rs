//! Parameters of the UserSig document.

use super::docs::doc;
use crate::codegen::spec::{At, Page};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use schemars::JsonSchema;
use serde::Deserialize;

/// `spec/usersig.toml`: the UserSig document, its encoding and the userbuf layout.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSigSpec {
    /// The vendor's page that this file was written from.
    pub page: At<Page>,
    /// Value of the document's version field.
    pub version: String,
    /// Most bytes of a signature that are looked at.
    pub max_encoded_bytes: u32,
    /// Most bytes that a signature may inflate to.
    pub max_document_bytes: u32,
    /// Names in the document.
    pub fields: Fields,
    /// Characters of base64 that are replaced, because they mean something in a URL.
    pub alphabet: Vec<Replacement>,
    /// The binary block that a document may carry.
    pub userbuf: Userbuf,
    /// Rights that a userbuf can grant.
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
    /// Character that stands for it.
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

/// A right.
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

/// The items of `params.rs`.
pub fn emit(spec: &UserSigSpec) -> TokenStream {
    let UserSigSpec {
        version,
        max_encoded_bytes,
        max_document_bytes,
        fields,
        alphabet,
        userbuf,
        ..
    } = spec;
    let Fields {
        version: f_version,
        identifier,
        sdk_app_id,
        time,
        expire,
        userbuf: f_userbuf,
        signature,
    } = fields;
    let Userbuf {
        integer_room_version,
        string_room_version,
        account_type,
    } = userbuf;
    let pairs = alphabet.iter().map(|pair| {
        let (from, to) = (pair.base64.value, pair.wire);
        quote! { (#from, #to) }
    });
    let privileges = spec.privileges.iter().map(|privilege| {
        let name = format_ident!("{}", privilege.name.value);
        let docs = doc(&privilege.doc);
        let value = Literal::u32_unsuffixed(
            1_u32
                .checked_shl(u32::from(privilege.bit))
                .unwrap_or_default(),
        );
        quote! { #docs pub const #name: Self = Self(#value); }
    });
    let all = spec.privileges.iter().fold(0_u32, |all, p| {
        all | 1_u32.checked_shl(u32::from(p.bit)).unwrap_or(0)
    });
    let (encoded, document) = (
        Literal::u32_unsuffixed(*max_encoded_bytes),
        Literal::u32_unsuffixed(*max_document_bytes),
    );
    let (integer, string) = (
        Literal::u8_unsuffixed(*integer_room_version),
        Literal::u8_unsuffixed(*string_room_version),
    );
    let account_type = Literal::u32_unsuffixed(*account_type);
    let all = Literal::u32_unsuffixed(all);
    quote! {
        /// Version of the document.
        pub(crate) const VERSION: &str = #version;

        /// Most bytes of a signature that are looked at.
        pub const MAX_ENCODED_BYTES: usize = #encoded;

        /// Most bytes that a signature may inflate to.
        pub const MAX_DOCUMENT_BYTES: usize = #document;

        /// Names in the document.
        pub(crate) mod field {
            pub(crate) const VERSION: &str = #f_version;
            pub(crate) const IDENTIFIER: &str = #identifier;
            pub(crate) const SDK_APP_ID: &str = #sdk_app_id;
            pub(crate) const TIME: &str = #time;
            pub(crate) const EXPIRE: &str = #expire;
            pub(crate) const USERBUF: &str = #f_userbuf;
            pub(crate) const SIGNATURE: &str = #signature;
        }

        /// Characters of base64 and what stands for them on the wire.
        pub(crate) const ALPHABET: &[(char, char)] = &[#(#pairs),*];

        /// First byte of a userbuf with a room number.
        pub(crate) const INTEGER_ROOM_VERSION: u8 = #integer;

        /// First byte of a userbuf with a room name.
        pub(crate) const STRING_ROOM_VERSION: u8 = #string;

        /// Account type of every userbuf.
        pub(crate) const ACCOUNT_TYPE: u32 = #account_type;

        impl crate::Privileges {
            #(#privileges)*
            /// Every right.
            pub const ALL: Self = Self(#all);
        }
    }
}
