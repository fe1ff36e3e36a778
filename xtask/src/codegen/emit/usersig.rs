//! Parameters of the UserSig document.

use super::{docs::doc, rust_file::RustFile};
use crate::codegen::{
    model::UserSig,
    names::ident,
    spec::usersig::{Fields, Userbuf},
};
use proc_macro2::Literal;
use quote::quote;

/// `generated/mod.rs`.
pub(super) fn index(usersig: &UserSig) -> Result<String, String> {
    let mut file = RustFile::new(&usersig.source);
    file.text("pub(crate) mod params;".to_owned());
    file.render()
}

/// `generated/params.rs`.
pub(super) fn params(usersig: &UserSig) -> Result<String, String> {
    let UserSig {
        source,
        version,
        max_encoded_bytes,
        max_document_bytes,
        fields,
        alphabet,
        userbuf,
        privileges,
    } = usersig;
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
    let pairs = alphabet.iter().map(|(from, to)| quote! { (#from, #to) });
    let constants = privileges.iter().map(|(name, bit, text)| {
        let (name, docs, bit) = (ident(name), doc(text), Literal::u32_unsuffixed(*bit));
        quote! { #docs pub const #name: Self = Self(#bit); }
    });
    let all = privileges.iter().fold(0, |all, (_, bit, _)| all | bit);
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
    let mut file = RustFile::new(source);
    file.items(quote! {
        /// Version of the document.
        pub(crate) const VERSION: &str = #version;

        /// Maximum size of a signature that is read, in bytes.
        pub const MAX_ENCODED_BYTES: usize = #encoded;

        /// Maximum size that a signature may inflate to, in bytes.
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

        /// Base64 characters and their replacements on the wire.
        pub(crate) const ALPHABET: &[(char, char)] = &[#(#pairs),*];

        /// First byte of a userbuf with a room number.
        pub(crate) const INTEGER_ROOM_VERSION: u8 = #integer;

        /// First byte of a userbuf with a room name.
        pub(crate) const STRING_ROOM_VERSION: u8 = #string;

        /// Account type of every userbuf.
        pub(crate) const ACCOUNT_TYPE: u32 = #account_type;

        impl crate::Privileges {
            #(#constants)*
            /// All privileges.
            pub const ALL: Self = Self(#all);
        }
    });
    file.render()
}
