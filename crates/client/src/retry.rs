//! When a call is sent again, and after which pause.

use std::time::Duration;

/// When a call is sent again after it failed.
///
/// Which calls may be repeated is not up to the policy: that follows from the spec of the command and
/// from what went wrong. Reads and idempotent commands are repeated; messages
/// with all the numbers by which the service recognizes duplicates (`MsgRandom` and `MsgSeq`) are repeated
/// with the same numbers; anything else only if the service provably did not act on the request: the
/// connection failed, or the service refused it before acting. A UserSig that the service finds
/// expired is renewed, once. All attempts and pauses happen within the deadline of the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "a policy does nothing until it is given to a client or a call"]
pub struct RetryPolicy {
    pub(crate) max_tries: u32,
    first_pause: Duration,
    longest_pause: Duration,
    pub(crate) quota_pause: Duration,
}

impl RetryPolicy {
    /// Up to four attempts, with pauses of at most 0.1, 0.2 and 0.4 s; about a second if a quota is
    /// used up.
    pub const fn new() -> Self {
        Self {
            max_tries: 4,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(2),
            quota_pause: Duration::from_secs(1),
        }
    }

    /// A single attempt.
    pub const fn none() -> Self {
        let mut policy = Self::new();
        policy.max_tries = 1;
        policy
    }

    /// Sets the maximum number of attempts, including the first.
    pub const fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// Sets the maximum of the first pause; it doubles with each attempt.
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Sets the maximum of any pause.
    pub const fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Sets the average pause after the service said that a quota is used up. For most commands, its windows are one
    /// second long.
    pub const fn quota_pause(mut self, pause: Duration) -> Self {
        self.quota_pause = pause;
        self
    }

    /// The pause after the given number of attempts: anything up to the maximum, so that callers that
    /// failed together do not retry together.
    pub(crate) fn pause(&self, tries: u32, quota: bool) -> Duration {
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
}
