//! The names that most apps use: the receiver, every event with its answer and their traits, and the types' prelude.
//!
//! ```
//! use tencent_chat_webhook::prelude::*;
//!
//! /// One function for messages to users and for messages to groups.
//! async fn moderate<E: MsgToSend>(event: Received<E>) -> E::Answer {
//!     let mut texts = event.msg_body().iter().filter_map(MsgElement::as_text);
//!     match texts.any(|elem| elem.text.contains("casino")) {
//!         true => E::Answer::refuse_saying("no advertising, please"),
//!         false => E::Answer::allow(),
//!     }
//! }
//!
//! let webhooks = Webhooks::new(Receiver::new(1400000000, "token"))
//!     .on(moderate::<C2cBeforeSendMsg>)
//!     .on(moderate::<GroupBeforeSendMsg>);
//! # drop(webhooks);
//! ```

pub use crate::{
    Delivery, EventKey, HttpAnswer, Late, Origin, ReceiveError, Received, Receiver, Token, Webhooks,
};
pub use tencent_chat_types::{prelude::*, webhook::prelude::*};
