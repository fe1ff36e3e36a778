//! When a call is sent again, and after which pause.

use crate::{
    Error,
    error::{Cause, FailedTry},
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tencent_chat_types::{ErrorClass, ErrorRepeat, Repeat};

/// When a call is sent again after it failed.
///
/// What may be repeated is not for the policy to say: it follows from the spec of the command and
/// from what went wrong. Reads and commands whose second run changes nothing are repeated; sends
/// with all the numbers by which the service drops doubles (`MsgRandom` and `MsgSeq`) are repeated
/// with the same numbers; everything else only when the request provably was not acted upon: no
/// connection came about, or the service refused it at the gate. A UserSig that the service finds
/// stale is renewed, once. All tries and pauses happen within the deadline of the call.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a policy does nothing until it is given to a client or a call"]
pub struct RetryPolicy {
    max_tries: u32,
    first_pause: Duration,
    longest_pause: Duration,
    pub(crate) quota_pause: Duration,
}

impl RetryPolicy {
    /// Up to four tries, with pauses of at most 0.1, 0.2 and 0.4 s; about a second where a quota is
    /// used up.
    pub const fn new() -> Self {
        Self {
            max_tries: 4,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
            quota_pause: Duration::from_secs(1),
        }
    }

    /// One try.
    pub const fn none() -> Self {
        let mut policy = Self::new();
        policy.max_tries = 1;
        policy
    }

    /// Most tries, the first included.
    pub const fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// Longest first pause; it doubles from try to try.
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Longest pause of all.
    pub const fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Middle of the pause after the service said that a quota is used up. Its windows are a second
    /// long for most commands.
    pub const fn quota_pause(mut self, pause: Duration) -> Self {
        self.quota_pause = pause;
        self
    }

    /// The pause after the given number of tries: anything up to the longest, so that callers who
    /// failed together do not come back together.
    fn pause(&self, tries: u32, quota: bool) -> Duration {
        if quota {
            let half = self.quota_pause / 2;
            return half.saturating_add(self.quota_pause.mul_f64(fastrand::f64()));
        }
        let doubled = 1_u32
            .checked_shl(tries.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let longest = self.first_pause.saturating_mul(doubled);
        longest.min(self.longest_pause).mul_f64(fastrand::f64())
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// What to do after a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing helps, or nothing may be done.
    GiveUp,
    /// Try again after this pause.
    Again(Duration),
    /// Try again at once, with a new UserSig.
    Renew,
}

/// The tries of one call.
pub(crate) struct Tries<'a> {
    policy: &'a RetryPolicy,
    until: Instant,
    made: u32,
    renewed: bool,
    /// Whether the service may have acted upon one of them.
    maybe_acted: bool,
    failed: Vec<FailedTry>,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(policy: &'a RetryPolicy, until: Instant) -> Self {
        Self {
            policy,
            until,
            made: 0,
            renewed: false,
            maybe_acted: false,
            failed: Vec::new(),
        }
    }

    /// How many tries were made and failed.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// What to do about the error of another try.
    pub(crate) fn failed(&mut self, error: &Error, body: &[u8], took: Duration) -> Next {
        self.made += 1;
        self.maybe_acted |= !error.was_not_acted_upon();
        self.failed.push(FailedTry {
            kind: error.kind(),
            code: error.code(),
            took,
        });
        if self.made >= self.policy.max_tries {
            return Next::GiveUp;
        }
        match error.repeat() {
            Some(ErrorRepeat::RenewUserSig) if !self.renewed => {
                self.renewed = true;
                Next::Renew
            }
            Some(ErrorRepeat::Later) if may_repeat(error, body) => {
                let quota = error.class() == Some(ErrorClass::Quota);
                let pause = self.policy.pause(self.made, quota);
                let left = self.until.saturating_duration_since(Instant::now());
                if pause < left {
                    Next::Again(pause)
                } else {
                    Next::GiveUp
                }
            }
            _ => Next::GiveUp,
        }
    }

    /// The last error, with the tries before it.
    pub(crate) fn give_up(self, error: Error) -> Error {
        error.after(self.failed, self.maybe_acted)
    }
}

/// Whether sending the same body again does no harm.
fn may_repeat(error: &Error, body: &[u8]) -> bool {
    if error.was_not_acted_upon() {
        return true;
    }
    match error.meta().map(|meta| meta.repeat) {
        Some(Repeat::Read | Repeat::Idempotent) => true,
        // Without one of its numbers the service cannot tell the second request from a new one.
        Some(Repeat::DeduplicatedBy(fields)) => {
            let here = top_level_keys(body);
            fields.iter().all(|field| here.contains(*field))
        }
        _ => false,
    }
}

/// The field names of a body. Read on the way to a repeat only.
fn top_level_keys(body: &[u8]) -> BTreeSet<String> {
    let object: Result<std::collections::BTreeMap<String, serde::de::IgnoredAny>, _> =
        serde_json::from_slice(body);
    object.map_or_else(|_| BTreeSet::new(), |object| object.into_keys().collect())
}

impl Cause {
    /// Whether the service has certainly not acted: it refused at the gate.
    pub(crate) fn is_refusal_at_the_gate(&self) -> bool {
        let Self::Api { envelope } = self else {
            return false;
        };
        matches!(
            envelope.code().class(),
            Some(ErrorClass::Quota | ErrorClass::Credential)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let policy = RetryPolicy::new().longest_pause(Duration::from_millis(300));
        for _ in 0..1_000 {
            for (tries, most) in [
                (1, 100),
                (2, 200),
                (3, 300),
                (4, 300),
                (40, 300),
                (u32::MAX, 300),
            ] {
                assert!(policy.pause(tries, false) <= Duration::from_millis(most));
            }
            let quota = policy.pause(1, true);
            assert!((Duration::from_millis(500)..=Duration::from_millis(1_500)).contains(&quota));
            let long = policy
                .clone()
                .first_pause(Duration::MAX)
                .longest_pause(Duration::MAX)
                .quota_pause(Duration::MAX);
            assert!(long.pause(1, true) >= Duration::MAX / 2);
            assert!(long.pause(40, false) < Duration::MAX);
        }
    }

    #[test]
    fn keys_of_a_body() {
        let keys = top_level_keys(br#"{"MsgRandom":1,"MsgBody":[{"MsgSeq":2}]}"#);
        assert_eq!(
            keys.into_iter().collect::<Vec<_>>(),
            ["MsgBody", "MsgRandom"]
        );
        assert!(top_level_keys(b"no json").is_empty());
    }
}
