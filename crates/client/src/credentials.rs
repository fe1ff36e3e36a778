//! The administrator's UserSig: signed once, and renewed in time by one task.

use crate::redact::Redactor;
use arc_swap::{ArcSwap, ArcSwapOption};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
    time::Duration,
};
use tencent_chat_types::{Meta, protocol::query};
use tencent_chat_usersig::{FixedClock, SecretKey, SignError, Signer, UserSig};
use zeroize::Zeroizing;

/// Characters that need no escape in a query value.
const UNESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The caller, and the signature that authenticates it.
pub(crate) struct Credentials {
    signer: Signer,
    /// A copy of the signer's key, to redact it.
    key: SecretKey,
    identifier: String,
    valid_for: Duration,
    current: ArcSwapOption<Signed>,
    /// Held while signing. Others continue with the old signature as long as it is valid.
    renewing: Mutex<()>,
}

/// A signature and the query that contains it.
pub(crate) struct Signed {
    /// Everything except `random`, which differs from call to call.
    query: Zeroizing<String>,
    /// The addresses of commands that were called, with the query: making one takes longer than anything
    /// else that this client does for a call.
    addresses: ArcSwap<HashMap<Destination, Arc<Address>>>,
    sig: UserSig,
    issued_at: u64,
    renew_at: u64,
    expires_at: u64,
}

/// Index of the host, and path of the command.
type Destination = (usize, &'static str);

/// An address with the query. Its memory is zeroed when it is dropped.
struct Address(Option<Url>);

impl Drop for Address {
    fn drop(&mut self) {
        drop(self.0.take().map(|url| Zeroizing::new(String::from(url))));
    }
}

impl Signed {
    /// The address of a call: the base at that index, the path of the command, the query. `meta` is that of the
    /// command, unless it is known by its path only.
    pub(crate) fn address(
        &self,
        bases: &[Url],
        index: usize,
        path: &str,
        meta: Option<&'static Meta>,
        random: u32,
    ) -> Option<Url> {
        let base = bases.get(index)?;
        let mut address = match meta {
            Some(meta) => self.known(base, (index, meta.path))?,
            // Not kept, because an app can call any number of such paths.
            None => self.with_query(base, path),
        };
        (address.query_pairs_mut()).append_pair(query::RANDOM, &random.to_string());
        Some(address)
    }

    /// The address of a command that has a type, kept for the next call.
    fn known(&self, base: &Url, destination: Destination) -> Option<Url> {
        if let Some(address) = self.addresses.load().get(&destination) {
            return address.0.clone();
        }
        let url = self.with_query(base, destination.1);
        let address = Arc::new(Address(Some(url.clone())));
        self.addresses.rcu(|addresses| {
            let mut addresses = HashMap::clone(addresses);
            addresses.insert(destination, Arc::clone(&address));
            addresses
        });
        Some(url)
    }

    fn with_query(&self, base: &Url, path: &str) -> Url {
        let mut address = base.clone();
        match base.path() {
            "/" => address.set_path(path),
            prefix => address.set_path(&[prefix, path].concat()),
        }
        address.set_query(Some(&self.query));
        address
    }

    fn is_fresh(&self, now: u64, leeway: u64) -> bool {
        // A signature from the future was made with a clock that has been set back since.
        now < self.renew_at && self.issued_at <= now.saturating_add(leeway)
    }
}

impl Credentials {
    pub(crate) fn new(
        signer: Signer,
        key: SecretKey,
        identifier: String,
        valid_for: Duration,
    ) -> Self {
        Self {
            signer,
            key,
            identifier,
            valid_for,
            current: ArcSwapOption::empty(),
            renewing: Mutex::new(()),
        }
    }

    /// The current signature, whether or not it is still fresh.
    pub(crate) fn latest(&self) -> Option<Arc<Signed>> {
        self.current.load_full()
    }

    /// Redacts the key and a signature, or any identifying part of them, in text from outside.
    pub(crate) fn redactor(&self, signed: &Signed) -> Redactor {
        Redactor::new([self.key.expose(), signed.sig.expose()])
    }

    pub(crate) fn identifier(&self) -> &str {
        &self.identifier
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    pub(crate) fn sdk_app_id(&self) -> u64 {
        self.signer.sdk_app_id()
    }

    /// The signature to use now.
    pub(crate) fn current(&self) -> Result<Arc<Signed>, SignError> {
        let leeway = Signer::DEFAULT_LEEWAY.as_secs();
        let now = self.now();
        let old = self.current.load_full();
        match &old {
            Some(signed) if signed.is_fresh(now, leeway) => return Ok(Arc::clone(signed)),
            _ => {}
        }
        let usable = |signed: &Arc<Signed>| {
            now < signed.expires_at && signed.issued_at <= now.saturating_add(leeway)
        };
        let _guard = match (old.filter(usable), self.renewing.try_lock()) {
            (_, Ok(guard)) => guard,
            (_, Err(TryLockError::Poisoned(poisoned))) => poisoned.into_inner(),
            // Another task is already renewing it.
            (Some(old), Err(TryLockError::WouldBlock)) => return Ok(old),
            (None, Err(TryLockError::WouldBlock)) => self.lock(),
        };
        if let Some(signed) = self
            .current
            .load_full()
            .filter(|signed| signed.is_fresh(now, leeway))
        {
            return Ok(signed);
        }
        let signed = Arc::new(self.sign(now)?);
        self.current.store(Some(Arc::clone(&signed)));
        Ok(signed)
    }

    /// Replaces a signature that the service found expired. If many callers ask at once, only one signs.
    pub(crate) fn renew(&self, stale: &Arc<Signed>) -> Result<(), SignError> {
        let now = self.now();
        let _guard = self.lock();
        let current = self.current.load_full();
        if current.is_some_and(|current| !Arc::ptr_eq(&current, stale)) {
            return Ok(());
        }
        let signed = Arc::new(self.sign(now)?);
        self.current.store(Some(signed));
        Ok(())
    }

    /// None of the app's code runs while the lock is held, and the data is never half updated.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.renewing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time for signing.
    pub(crate) fn now(&self) -> u64 {
        self.signer.now()
    }

    fn sign(&self, now: u64) -> Result<Signed, SignError> {
        // The caller has asked the app's clock: it must not run under the lock.
        let signer = self.signer.clone().with_clock(FixedClock::new(now));
        let sig = signer.sign(&self.identifier, self.valid_for)?;
        let valid_for = self.valid_for.as_secs();
        let query = format!(
            "{}={}&{}={}&{}={}&{}={}",
            query::SDK_APP_ID,
            self.signer.sdk_app_id(),
            query::IDENTIFIER,
            utf8_percent_encode(&self.identifier, UNESCAPED),
            query::USER_SIG,
            // Its alphabet was chosen for queries.
            sig.expose(),
            query::CONTENT_TYPE,
            query::CONTENT_TYPE_VALUE,
        );
        Ok(Signed {
            query: Zeroizing::new(query),
            addresses: ArcSwap::default(),
            sig,
            issued_at: now,
            // When a fifth of its time is left, so that there is room for retries if renewing fails.
            renew_at: now.saturating_add(valid_for - valid_for / 5),
            expires_at: now.saturating_add(valid_for),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("sdk_app_id", &self.sdk_app_id())
            .field("identifier", &self.identifier)
            .field("user_sig", &"[redacted]")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::HashSet,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::{AtomicBool, Ordering},
        thread,
    };
    use tencent_chat_types::{Endpoint as _, message::SendMsg, profile::GetProfiles};
    use tencent_chat_usersig::Clock;

    const START: u64 = 1_700_000_000;
    const DAY: u64 = 86_400;

    fn credentials(clock: Arc<FixedClock>) -> Credentials {
        let signer = Signer::new(1_400_000_000, "key").with_clock(clock);
        Credentials::new(
            signer,
            "key".into(),
            "admin #1&2".to_owned(),
            Duration::from_secs(DAY),
        )
    }

    #[test]
    fn signed_once_and_renewed_in_time() {
        let clock = Arc::new(FixedClock::new(START));
        let credentials = credentials(Arc::clone(&clock));
        let first = credentials.current().unwrap();
        assert!(first.query.contains("identifier=admin%20%231%262&"));
        clock.set(START + DAY * 4 / 5 - 1);
        assert!(Arc::ptr_eq(&first, &credentials.current().unwrap()));
        clock.set(START + DAY * 4 / 5);
        let second = credentials.current().unwrap();
        assert_ne!(first.query, second.query);
        assert!(Arc::ptr_eq(&second, &credentials.current().unwrap()));
    }

    #[test]
    fn addresses_are_those_of_the_documentation() {
        let credentials = credentials(Arc::new(FixedClock::new(START)));
        let signed = credentials.current().unwrap();
        let bases = ["https://a.example/", "http://127.0.0.1:8080/chat/"];
        let bases = bases.map(|base| Url::parse(base).unwrap());
        for base in 0..2 {
            for meta in [SendMsg::META, GetProfiles::META] {
                let query = &*signed.query;
                let expected = format!("{}{}?{query}&random=4294967295", bases[base], meta.path);
                // Made, kept, taken from those that were kept, and made for a call without a type.
                for known in [Some(meta), Some(meta), None] {
                    let address = signed.address(&bases, base, meta.path, known, u32::MAX);
                    assert_eq!(address.unwrap().as_str(), expected);
                }
            }
        }
        assert_eq!(signed.addresses.load().len(), 4);
        let path = SendMsg::META.path;
        assert!(signed.address(&bases, 2, path, None, 0).is_none());
    }

    #[test]
    fn a_clock_that_was_set_back_is_followed() {
        let clock = Arc::new(FixedClock::new(START + 10 * DAY));
        let credentials = credentials(Arc::clone(&clock));
        credentials.current().unwrap();
        clock.set(START);
        assert_eq!(credentials.current().unwrap().issued_at, START);
    }

    #[test]
    fn many_threads_sign_once() {
        let clock = Arc::new(FixedClock::new(START));
        let credentials = credentials(Arc::clone(&clock));
        for round in 0..20 {
            clock.set(START + round * 2 * DAY);
            let seen: HashSet<usize> = thread::scope(|scope| {
                let threads: Vec<_> = (0..16)
                    .map(|_| scope.spawn(|| Arc::as_ptr(&credentials.current().unwrap()) as usize))
                    .collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().unwrap())
                    .collect()
            });
            assert_eq!(seen.len(), 1);
        }
    }

    /// A clock that calls back on every use, and panics on demand.
    #[derive(Clone, Default)]
    struct Broken(Arc<AtomicBool>);

    impl Clock for Broken {
        fn unix_seconds(&self) -> u64 {
            assert!(!self.0.swap(false, Ordering::SeqCst), "on purpose");
            START
        }
    }

    #[test]
    fn a_clock_that_panics_leaves_the_lock_free() {
        let clock = Broken::default();
        let signer = Signer::new(1_400_000_000, "key").with_clock(clock.clone());
        let credentials = Credentials::new(
            signer,
            "key".into(),
            "admin".to_owned(),
            Duration::from_secs(DAY),
        );
        let panics = |credentials: &Credentials, stale: Option<&Arc<Signed>>| {
            clock.0.store(true, Ordering::SeqCst);
            let run = || match stale {
                None => credentials.current().map(drop),
                Some(stale) => credentials.renew(stale),
            };
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            assert!(credentials.renewing.try_lock().is_ok());
        };
        panics(&credentials, None);
        let signed = credentials.current().unwrap();
        panics(&credentials, Some(&signed));
        credentials.renew(&signed).unwrap();
        assert!(!Arc::ptr_eq(&signed, &credentials.current().unwrap()));
    }

    #[test]
    fn a_poisoned_lock_is_still_a_lock() {
        let credentials = credentials(Arc::new(FixedClock::new(START)));
        let poison = || {
            let _guard = credentials.renewing.lock();
            panic!("on purpose");
        };
        assert!(catch_unwind(AssertUnwindSafe(poison)).is_err());
        assert!(credentials.renewing.is_poisoned());
        let signed = credentials.current().unwrap();
        credentials.renew(&signed).unwrap();
    }

    #[test]
    fn others_continue_while_one_renews() {
        let clock = Arc::new(FixedClock::new(START));
        let credentials = credentials(Arc::clone(&clock));
        let old = credentials.current().unwrap();
        clock.set(START + DAY * 9 / 10);
        let guard = credentials.renewing.lock().unwrap();
        assert!(Arc::ptr_eq(&old, &credentials.current().unwrap()));
        drop(guard);
        assert!(!Arc::ptr_eq(&old, &credentials.current().unwrap()));
    }
}
