//! Typed requests and replies of the Tencent Cloud Chat server API (formerly Tencent IM).
//!
//! This crate does no I/O. For every command it has a request type, a reply type and the
//! facts that a client needs ([`Meta`]): path, quota, whether a repeat is safe, error codes.
//!
//! [`decode`] reads the service's replies. One odd value doesn't fail the rest: a value that doesn't fit
//! its field is kept unchanged, reads as missing and can be retrieved. Encoding a decoded value gives the
//! same JSON: such values, unknown fields, unknown enum values, unknown message elements and odd number
//! formats are kept (see [`wire`]).
//!
//! [`prelude`] has the names that most programs use.
//!
//! # Constructing objects
//!
//! `new` takes the required fields, and `with_…` sets the others. Up to three values are positional arguments. If there
//! are more, or if two neighbors of the same type could be swapped unnoticed, such as sender and recipient, `new` takes
//! a struct that names them. It has no default, so no value can be forgotten:
//!
//! ```
//! use tencent_chat_types::message::{RecallC2cMsg, RecallC2cMsgRequired, SendMsg};
//! use tencent_chat_types::prelude::*;
//!
//! let message = SendMsg::new("mei", ["Dinner at seven?"]).with_msg_life_time(3600);
//! let recall = RecallC2cMsg::new(RecallC2cMsgRequired {
//!     from_account: "lin".into(),
//!     to_account: "mei".into(),
//!     msg_key: "31906_833502_1572869830".into(),
//! });
//! assert_eq!((message.to_account, recall.to_account), ("mei".to_owned(), "mei".to_owned()));
//! ```
//!
//! ```compile_fail,E0063
//! use tencent_chat_types::message::{RecallC2cMsg, RecallC2cMsgRequired};
//!
//! RecallC2cMsg::new(RecallC2cMsgRequired {
//!     from_account: "lin".into(),
//!     msg_key: "31906_833502_1572869830".into(),
//! });
//! ```

//! # Conversions
//!
//! A string converts into every object that needs nothing else, and a tuple into every object that assigns a value to a
//! key. Lists accept either in place of the objects. [`MsgBody`](model::MsgBody) builds messages of several elements:
//!
//! ```
//! use tencent_chat_types::prelude::*;
//!
//! let invited = group::AddGroupMembers::new("chess", ["lin", "mei"]);
//! let club = group::CreateGroup::new(GroupType::PUBLIC, "chess").with_app_defined_data([("level", "3")]);
//! let result = MsgBody::new().text("You won").custom(CustomElem::new().with_data(r#"{"rating":1830}"#));
//! let message = message::SendGroupMsg::new("chess", result);
//! # assert!(invited.validate().is_ok() && club.validate().is_ok() && message.validate().is_ok());
//! ```
//!
//! An array has one type of items, so `[TextElem::new("…").into(), CustomElem::new().into()]` does not compile: Rust
//! can't infer the target type. Where a neighboring argument accepts strings, too ([`message::SendMsgToMany`]), a
//! constructor accepts only the objects.
//!
//! # Profiles and friends
//!
//! Their fields are items by tag. [`ProfileFields`](model::ProfileFields) and [`FriendFields`](model::FriendFields)
//! read them by their types, from a list or from an object that contains one. Items are created with the same names:
//!
//! ```
//! use tencent_chat_types::prelude::*;
//!
//! let items = [
//!     ProfileItem::nick("Lin"),
//!     ProfileItem::birthday(Date::new(1990, 4, 1)?),
//!     ProfileItem::custom("Club", "chess"),
//! ];
//! assert_eq!(items.birthday().unwrap().year(), 1990);
//! let request = profile::SetProfile::new("lin", items);
//! # Ok::<(), tencent_chat_types::NotADate>(())
//! ```

mod batch;
mod conversions;
mod date;
mod duplicates;
mod endpoint;
mod envelope_ext;
mod error_code;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod paging;
pub mod prelude;
pub mod text;
pub mod validate;
pub mod webhook;
pub mod wire;

pub use conversions::{KeyValue, KeyValues, TaggedFields};
pub use date::{Date, NotADate};
pub use endpoint::{
    Advance, Batched, BatchedVisitor, Edition, Endpoint, EndpointVisitor, ItemReport, Meta, Paged,
    PagedVisitor, Quota, QuotaUnit, Repeat, Reply,
};
pub use envelope_ext::RawReply;
pub use error_code::{ErrorClass, ErrorCode, ErrorCodeInfo, ErrorRepeat, Setting};
pub use generated::{
    catalogue::{BATCHED, ENDPOINTS, PAGED, visit_batched, visit_endpoint, visit_paged},
    protocol::{ActionStatus, Envelope},
    *,
};
pub use wire::{Decoded, Misfit, Misfits, decode, from_slice, misfits, to_vec};

/// The examples in the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
