//! Typed requests and replies of the Tencent Cloud Chat server API (formerly Tencent IM).
//!
//! This crate does no I/O. It holds, for every command, a request type, a reply type and the
//! facts that a client needs ([`Meta`]): path, quota, whether a repeat is safe, error codes.
//!
//! [`decode`] reads what the service says. One odd value does not sink the rest: what does not fit
//! its field is kept as it came, reads as missing and can be asked for. What was decoded is written
//! back the same: that, unknown fields, unknown enum values, unknown message elements and odd number
//! formats are kept (see [`wire`]).

mod batch;
mod duplicates;
mod endpoint;
mod envelope_ext;
mod error_code;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod paging;
pub mod text;
pub mod validate;
pub mod webhook;
pub mod wire;

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
