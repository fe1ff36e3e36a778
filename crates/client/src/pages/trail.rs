//! The requests of a listing so far, to detect a page that leads back to an earlier one.

use serde::Serialize;
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Number of requests that are remembered individually: a loop of up to that many pages is detected before any of them
/// is repeated.
const RECENT: usize = 64;

/// The requests so far, in constant memory. Loops of more pages than are remembered individually are
/// detected with Brent's algorithm, within three times their length or the path to them.
#[derive(Debug, Default)]
pub(super) struct Trail {
    recent: VecDeque<u64>,
    mark: Option<u64>,
    /// Requests since the mark was set, and after how many it is set again.
    since: u64,
    until: u64,
}

impl Trail {
    /// Adds a request; returns whether the listing has been there.
    pub(super) fn leads_back<E: Serialize>(&mut self, request: &E) -> bool {
        let Ok(bytes) = serde_json::to_vec(request) else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        self.has_been_at(hasher.finish())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    fn has_been_at(&mut self, place: u64) -> bool {
        if self.mark == Some(place) || self.recent.contains(&place) {
            return true;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(place);
        self.since += 1;
        if self.since >= self.until {
            self.until = (self.until * 2).max(1);
            self.since = 0;
            self.mark = Some(place);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A loop is detected after any path to it, at once if it is short.
        #[test]
        fn every_circle_is_noticed_and_nothing_else(way_in in 0_u64..300, length in 1_u64..300) {
            let mut trail = Trail::default();
            let place = |step: u64| match step < way_in {
                true => step,
                false => way_in + (step - way_in) % length,
            };
            let noticed = (0..10_000).find(|step| trail.has_been_at(place(*step)));
            let noticed = noticed.unwrap_or(u64::MAX);
            prop_assert!(noticed >= way_in + length, "{noticed}: nothing has come twice");
            match length <= RECENT as u64 {
                true => prop_assert_eq!(noticed, way_in + length),
                false => {
                    let bound = 2 * length.max(way_in + 1) + length;
                    prop_assert!(noticed < bound, "{} of {}", noticed, bound);
                }
            }
        }
    }
}
