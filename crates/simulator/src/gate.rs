//! What every request must pass before a command looks at it.

use crate::{
    refusal::{Because, Refusal},
    settings::{Quotas, Settings},
};
use percent_encoding::percent_decode_str;
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tencent_chat_types::{ENDPOINTS, ErrorCode, Meta, Quota, protocol::query};
use tencent_chat_usersig::VerifyError;
use tokio::time::Instant;

/// Who calls.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) identifier: String,
    pub(crate) random: u32,
}

/// Checks the query as the service does.
pub(crate) fn check(settings: &Settings, query_string: &str) -> Result<Caller, Refusal> {
    let query_values = parse(query_string);
    let value = |name: &str| {
        query_values
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    };
    match value(query::SDK_APP_ID) {
        "" => return Err(ErrorCode::SDK_APP_ID_MISSING.because("sdkappid is missing")),
        app if app.parse() != Ok(settings.sdk_app_id) => {
            return Err(ErrorCode::SDK_APP_ID_INVALID.because("no such app here"));
        }
        _ => {}
    }
    if value(query::CONTENT_TYPE) != query::CONTENT_TYPE_VALUE {
        return Err(ErrorCode::HTTP_REQUEST_UNPARSABLE.because("contenttype must be json"));
    }
    let Ok(random) = value(query::RANDOM).parse() else {
        return Err(
            ErrorCode::HTTP_REQUEST_UNPARSABLE.because("random must be a number of 32 bits")
        );
    };
    let identifier = value(query::IDENTIFIER);
    if identifier.is_empty() {
        return Err(ErrorCode::ACCOUNT_OR_SIGNATURE_WRONG.because("identifier is missing"));
    }
    let sig = value(query::USER_SIG);
    if sig.is_empty() {
        return Err(ErrorCode::USER_SIG_EMPTY.because("usersig is empty"));
    }
    settings
        .signer
        .verify_for(sig, identifier)
        .map_err(|error| {
            let code = match error {
                VerifyError::Expired { .. } => ErrorCode::USER_SIG_EXPIRED,
                VerifyError::WrongApp { .. } => ErrorCode::USER_SIG_WRONG_APP,
                VerifyError::WrongUser => ErrorCode::USER_SIG_WRONG_USER,
                VerifyError::SignatureMismatch => ErrorCode::USER_SIG_WRONG_KEY,
                VerifyError::NotYetValid { .. } => ErrorCode::USER_SIG_UNVERIFIABLE,
                _ => ErrorCode::USER_SIG_INVALID,
            };
            code.because(error.to_string())
        })?;
    if !settings.admins.iter().any(|admin| admin == identifier) {
        return Err(ErrorCode::ADMIN_REQUIRED.because("identifier is not an administrator"));
    }
    Ok(Caller {
        identifier: identifier.to_owned(),
        random,
    })
}

/// What each command has used of its quotas, by the place of the quota among the command's.
#[derive(Debug, Default)]
pub(crate) struct Meter(HashMap<(&'static str, usize), VecDeque<(Instant, u32)>>);

/// What is used of a quota.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    pub(crate) command: &'static str,
    pub(crate) quota: &'static Quota,
    /// Length of the window, as scaled.
    pub(crate) window: Duration,
    pub(crate) used: u64,
}

impl Quotas {
    fn of(self, meta: &'static Meta) -> impl Iterator<Item = (usize, &'static Quota)> + Clone {
        (meta.quotas.iter().enumerate())
            .filter(move |(_, quota)| quota.holds_in(self.edition) && quota.seconds > 0)
    }

    fn window(self, quota: &Quota) -> Duration {
        Duration::from_secs(quota.seconds.into()).mul_f64(self.scale)
    }
}

impl Meter {
    /// Counts a call at a time, unless one of the quotas that the spec has for its command leaves no
    /// room: then nothing is counted.
    pub(crate) fn pass(
        &mut self,
        quotas: Quotas,
        path: &str,
        body: &[u8],
        now: Instant,
    ) -> Result<(), Refusal> {
        let Some(meta) = ENDPOINTS.iter().find(|meta| meta.path == path) else {
            return Ok(());
        };
        let items = meta.counted_in(body).unwrap_or_default();
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        let held = quotas.of(meta);
        for (place, quota) in held.clone() {
            let window = quotas.window(quota);
            let used = self.used((meta.path, place), window, now);
            if used + u64::from(quota.unit.of_call(items)) > u64::from(quota.amount) {
                let code = quota.code.unwrap_or(ErrorCode::CALL_RATE_LIMITED);
                let text = format!("{used} of {} in {window:?} are used", quota.amount);
                return Err(code.because(text));
            }
        }
        for (place, quota) in held {
            let units = quota.unit.of_call(items);
            // What takes nothing would only make the log longer.
            if units > 0 {
                let log = self.0.entry((meta.path, place)).or_default();
                log.push_back((now, units));
            }
        }
        Ok(())
    }

    /// What was used within the window before a time; what is older is forgotten.
    fn used(&mut self, key: (&'static str, usize), window: Duration, now: Instant) -> u64 {
        let Some(log) = self.0.get_mut(&key) else {
            return 0;
        };
        while (log.front()).is_some_and(|(time, _)| now.duration_since(*time) >= window) {
            log.pop_front();
        }
        log.iter().map(|(_, units)| u64::from(*units)).sum()
    }

    /// What is used of each quota of the commands.
    pub(crate) fn usage(&mut self, quotas: Quotas, commands: &[&str], now: Instant) -> Vec<Usage> {
        let mut all = Vec::new();
        for meta in ENDPOINTS
            .iter()
            .filter(|meta| commands.contains(&meta.path))
        {
            for (place, quota) in quotas.of(meta) {
                let window = quotas.window(quota);
                all.push(Usage {
                    command: meta.path,
                    quota,
                    window,
                    used: self.used((meta.path, place), window, now),
                });
            }
        }
        all
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Names and values of a query string, percent-decoded. The first of a duplicate name counts.
fn parse(query_string: &str) -> HashMap<String, String> {
    let mut values = HashMap::new();
    for pair in query_string.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
        values.entry(name.to_owned()).or_insert(decoded);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use tencent_chat_types::{Edition, QuotaUnit};

    #[test]
    fn calls_without_items_take_nothing_of_a_quota_of_items_and_no_memory() {
        let of_items = |quota: &Quota| quota.unit == QuotaUnit::Items;
        let counts = |meta: &&&Meta| meta.quotas.iter().any(of_items);
        let edition = Edition::Paid;
        let quotas = Quotas {
            edition,
            scale: 1.0,
        };
        let now = Instant::now();
        for meta in ENDPOINTS.iter().filter(counts) {
            let mut meter = Meter::default();
            let calls = (quotas.of(meta).filter(|(_, quota)| !of_items(quota)))
                .map(|(_, quota)| quota.amount)
                .min();
            for _ in 0..calls.unwrap_or(1_000) {
                let passed = meter.pass(quotas, meta.path, b"{}", now);
                assert!(passed.is_ok(), "{}", meta.path);
            }
            for (place, _) in quotas.of(meta).filter(|(_, quota)| of_items(quota)) {
                assert!(!meter.0.contains_key(&(meta.path, place)), "{}", meta.path);
            }
        }
    }
}
