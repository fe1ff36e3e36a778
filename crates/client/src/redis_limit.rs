//! One quota for a fleet: a limiter with its state in Redis.

mod link;
mod script;
mod server;

use self::{
    link::{Link, Policy},
    script::{Keys, Limit, Run},
    server::Address,
};
use crate::limit::{LimitFuture, Limited, Limiter, Plan, Turn, Window, after, plan_setters};
use redis::RedisError;
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tencent_chat_types::Quota;
use tokio::time::{Instant, sleep};

/// A [`Limiter`] whose state is in Redis: all processes of an app that use the same Redis and prefix
/// share one quota.
///
/// A turn is reserved with one round trip, and then waited for here; if the caller gives up meanwhile, the turn is
/// lost. If a command's turn comes later than the app's, the app's is reserved once the command's has
/// come, with another round trip; if none is available in time then, the command's is lost, too.
///
/// # Outages
///
/// A call waits for Redis for at most half a second, and no longer than its own time. The first one that gets
/// no response opens a circuit breaker: all other calls, including those that are waiting, continue without Redis at
/// once, while a background task tries to reach it, and closes the breaker when it does. Without
/// Redis, calls are sent without a limit rather than not at all: the service itself still refuses what exceeds the
/// quota, and refused calls are retried. With [`fail_closed`](Self::fail_closed) they are refused instead. The
/// beginning and the end of an outage are `tracing` events, and [`on_failure`](Self::on_failure) is called for
/// each failed attempt with the reason.
///
/// When Redis loses its state, such as in a restart without persistence, windows start again: up to one additional
/// quota can be used. The same holds when the clock of Redis jumps forward by more than a window. When it
/// jumps back, nothing changes.
///
/// # Cluster and TLS
///
/// [`cluster`](Self::cluster) takes some nodes of a Redis Cluster, finds the others and follows keys that
/// move. All keys of a prefix are on one node. Addresses that begin with `rediss://` use TLS,
/// with the feature `rustls` or `rustls-ring`.
pub struct RedisLimiter {
    address: Address,
    keys: Keys,
    plan: Plan,
    app: Option<Window>,
    policy: Policy,
    /// Created with the first call, when all of the settings above are final.
    link: OnceLock<Arc<Link>>,
}

impl RedisLimiter {
    /// Creates a limiter with the quotas of the spec, at an address such as `redis://127.0.0.1/` or
    /// `rediss://user:password@redis.example.com:6380/`, with a prefix of keys: one for each app.
    ///
    /// # Errors
    ///
    /// A malformed address. It connects with the first call.
    pub fn new(address: &str, prefix: impl Into<String>) -> Result<Self, RedisError> {
        Self::at(Address::one(address)?, prefix)
    }

    /// Creates a limiter with the quotas of the spec on a Redis Cluster, given the addresses of some of its nodes.
    ///
    /// # Errors
    ///
    /// A malformed address, no address, or addresses with different passwords. It connects
    /// with the first call.
    pub fn cluster<'a>(
        nodes: impl IntoIterator<Item = &'a str>,
        prefix: impl Into<String>,
    ) -> Result<Self, RedisError> {
        Self::at(Address::cluster(nodes)?, prefix)
    }

    fn at(address: Address, prefix: impl Into<String>) -> Result<Self, RedisError> {
        let limiter = Self {
            address,
            keys: Keys(prefix.into()),
            plan: Plan::default(),
            app: None,
            policy: Policy::default(),
            link: OnceLock::new(),
        };
        limiter.checked()
    }

    /// Checks the settings for Redis before the first call needs them.
    fn checked(self) -> Result<Self, RedisError> {
        Link::new(&self.address, &self.keys, Policy::default())?;
        Ok(self)
    }

    /// Trusts the CA with this certificate, in PEM format, instead of those that the machine trusts.
    ///
    /// # Errors
    ///
    /// The text is not a PEM certificate, or the address doesn't use TLS.
    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Result<Self, RedisError> {
        self.address = self.address.with_root_certificate(pem.into());
        self.checked()
    }

    plan_setters!();

    /// Sets a quota for all commands together.
    #[must_use]
    pub fn app(mut self, calls: u32, seconds: u32) -> Self {
        self.app = Window::new(Quota::calls(calls, seconds));
        self
    }

    /// Refuses calls while Redis is not available, with an error of kind
    /// [`Limited`](crate::ErrorKind::Limited) whose source has the reason, instead of sending them without a limit.
    #[must_use]
    pub fn fail_closed(mut self) -> Self {
        self.policy.fails_closed = true;
        self
    }

    /// Sets a callback for every failed attempt to reach Redis: a call's or, during an outage, the background task's.
    #[must_use]
    pub fn on_failure(mut self, tell: impl Fn(&RedisError) + Send + Sync + 'static) -> Self {
        self.policy.on_failure = Some(Arc::new(tell));
        self
    }

    fn link(&self) -> Result<&Arc<Link>, RedisError> {
        if let Some(link) = self.link.get() {
            return Ok(link);
        }
        let link = Link::new(&self.address, &self.keys, self.policy.clone())?;
        Ok(self.link.get_or_init(|| Arc::new(link)))
    }

    /// Waits for a turn that fits the windows of the command and of the app.
    async fn pass(
        &self,
        mut own: &[Limit<'_>],
        app: &[Limit<'_>],
        patience: Duration,
    ) -> Result<(), Limited> {
        let until = after(patience);
        let link = match self.link() {
            Ok(link) => link,
            Err(error) => return self.without(error),
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let run = Run::reserve(&self.keys, left, own, app);
            let (wait, reserved) = match link.reserve(&run, left).await {
                Ok(answer) => answer,
                Err(error) => return self.without(error),
            };
            let wait = Duration::from_micros(wait);
            // Regardless of Redis's response, and of how long it took.
            if reserved == 0 || wait > until.saturating_duration_since(Instant::now()) {
                return Err(Limited::new(wait));
            }
            if !wait.is_zero() {
                sleep(wait).await;
            }
            if reserved == own.len() + app.len() || own.is_empty() {
                return Ok(());
            }
            own = &[];
        }
    }

    /// What happens to a call for which Redis is not available.
    fn without(&self, error: RedisError) -> Result<(), Limited> {
        match self.policy.fails_closed {
            true => Err(Limited::unknown(error)),
            false => Ok(()),
        }
    }
}

/// Key of the quota for all commands together.
const APP: &str = "app";

impl Limiter for RedisLimiter {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            let own = self.plan.command(&turn);
            let own = own.iter().flat_map(|windows| windows.iter());
            let own: Vec<_> = own
                .map(|window| Limit::new(turn.command, *window, &turn))
                .collect();
            let app: Vec<_> = self
                .app
                .iter()
                .map(|window| Limit::new(APP, *window, &turn))
                .collect();
            let never = |limit: &&Limit<'_>| limit.units > limit.window.amount;
            if let Some(limit) = own.iter().chain(&app).find(never) {
                return Err(Limited::new(limit.window.length));
            }
            match own.is_empty() && app.is_empty() {
                true => Ok(()),
                false => self.pass(&own, &app, turn.patience).await,
            }
        })
    }

    fn back_off(&self, command: &str, pause: Duration) {
        // A caller that was refused has reached Redis before.
        let Some(link) = self.link.get() else {
            return;
        };
        let app = self.app.map(|_| APP);
        let names = std::iter::once(command).chain(app);
        // The caller pauses by itself meanwhile; the others learn about it a moment later.
        link.shut(Run::shut(&self.keys, names, pause));
    }
}

impl fmt::Debug for RedisLimiter {
    /// Omits the address, which can contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("prefix", &self.keys.0)
            .field("plan", &self.plan)
            .field("app", &self.app)
            .field("fails_closed", &self.policy.fails_closed)
            .finish_non_exhaustive()
    }
}
