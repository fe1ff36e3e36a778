//! The names that most programs use: the modules of requests, the types in their fields, codes and traits.
//!
//! ```
//! use tencent_chat_types::prelude::*;
//!
//! let message = message::SendMsg::new("mei", ["Dinner at seven?"]);
//! let club = group::CreateGroup::new(GroupType::PUBLIC, "chess");
//! assert!(message.validate().is_ok() && club.validate().is_ok());
//! ```
//!
//! A request is in the module of its family (`message::SendMsg`), together with the types that only it uses; types that
//! several families share can be used by their names.

pub use crate::{
    Batched, Date, Endpoint, ErrorClass, ErrorCode, ErrorRepeat, KeyValue, KeyValues, Paged, Reply,
    TaggedFields,
    generated::prelude::*,
    validate::Validate,
    wire::{Extra, Flag, TagValue},
};
