//! Limits of what is kept that are those of a request which could hold all of it. The spec has them there.

use tencent_chat_types::validate::{Limit, Validate};

/// Whether a list of this request has more entries than it may.
pub(crate) fn has_too_many(request: &impl Validate) -> bool {
    exceeds(request, |limit| matches!(limit, Limit::MaxItems(_)))
}

/// Whether a string in this request has more bytes than it may.
pub(crate) fn is_too_long(request: &impl Validate) -> bool {
    exceeds(request, |limit| matches!(limit, Limit::MaxBytes(_)))
}

fn exceeds(request: &impl Validate, kind: fn(&Limit) -> bool) -> bool {
    let found = request.validate();
    found.is_err_and(|found| found.iter().any(|violation| kind(&violation.limit)))
}
