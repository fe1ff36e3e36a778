//! Typed requests and replies of the Tencent Cloud Chat server API (formerly Tencent IM).
//!
//! This crate does no I/O. It holds, for every command, a request type, a reply type and the
//! facts that a client needs ([`Meta`]): path, quota, whether a repeat is safe, error codes.
//!
//! [`decode`] reads what the service says. One odd value does not sink the rest: what does not fit
//! its field is kept as it came, reads as missing and can be asked for. What was decoded is written
//! back the same: that, unknown fields, unknown enum values, unknown message elements and odd number
//! formats are kept (see [`wire`]).
//!
//! [`prelude`] has what most programs name.
//!
//! # Making objects
//!
//! `new` takes what must be there, `with_…` sets the rest. Up to three values are told apart by their places; where there
//! are more, or where two neighbours could change places unnoticed, such as sender and recipient, `new` takes a struct that
//! names them. It has no default, so that a value cannot be forgotten:
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

//! # What objects are made of
//!
//! A text makes every object that needs nothing else, a tuple every object that gives a value to a key, and lists take
//! either in place of the objects. [`MsgBody`](model::MsgBody) makes messages of several elements:
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
//! An array has one type of items, so `[TextElem::new("…").into(), CustomElem::new().into()]` does not compile: Rust cannot
//! tell what each is to become. Where a neighbour would take the same texts ([`message::SendMsgToMany`]), a constructor takes
//! the objects alone.
//!
//! # Profiles and friends
//!
//! Their fields are items by tag. [`ProfileFields`](model::ProfileFields) and [`FriendFields`](model::FriendFields) read them
//! as what they are, from a list and from what holds one; items are made in the same words:
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
pub use error_code::{ErrorClass, ErrorCode, ErrorCodeInfo, ErrorRepeat};
pub use generated::{
    catalogue::{BATCHED, ENDPOINTS, PAGED, visit_batched, visit_endpoint, visit_paged},
    protocol::{ActionStatus, Envelope},
    *,
};
pub use wire::{Decoded, Misfit, Misfits, decode, from_slice, misfits, to_vec};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
