//! The connection to Redis, with a circuit breaker.
//!
//! While it is closed, calls use Redis. The first failure opens it, even for calls that are waiting for a response.
//! While it is open, only a background task tries, until it gets a response.

use super::{
    script::{Keys, Run, Script},
    server::{Address, Connection, Server},
};
use arc_swap::ArcSwap;
use futures_util::future::{Either, select};
use redis::RedisError;
use std::{
    pin::pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tencent_chat_types::text::quoted;
use tokio::{
    runtime::Handle,
    sync::{OnceCell, watch},
    time::{Instant, sleep, timeout},
};

/// Maximum time to wait for Redis itself.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Minimum time, for callers with no time left: a network round trip.
const SHORTEST: Duration = Duration::from_millis(50);

/// Pauses between attempts to reach Redis while it is not available: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

pub(super) type OnFailure = dyn Fn(&RedisError) + Send + Sync;

/// An app's settings for outages.
#[derive(Clone, Default)]
pub(super) struct Policy {
    /// Whether calls are refused rather than sent.
    pub(super) fails_closed: bool,
    pub(super) on_failure: Option<Arc<OnFailure>>,
}

pub(super) struct Link {
    server: Server,
    policy: Policy,
    /// Replaced when it breaks.
    connection: ArcSwap<OnceCell<Connection>>,
    /// `None` while Redis responds.
    outage: watch::Sender<Option<Arc<Outage>>>,
    /// Whether a task is checking if Redis responds.
    is_probing: AtomicBool,
    reserve: Script,
    shut: Script,
    probe: Run,
}

/// Why Redis is not available, and since when.
struct Outage {
    cause: RedisError,
    since: Instant,
    /// How many calls were sent without it.
    calls: AtomicU64,
}

impl Link {
    pub(super) fn new(address: &Address, keys: &Keys, policy: Policy) -> Result<Self, RedisError> {
        Ok(Self {
            server: address.server(TIMEOUT)?,
            policy,
            connection: ArcSwap::default(),
            outage: watch::Sender::new(None),
            is_probing: AtomicBool::new(false),
            reserve: Script::reserve(),
            shut: Script::shut(),
            probe: Run::reserve(keys, Duration::ZERO, &[], &[]),
        })
    }

    /// Runs the script that reserves turns, within the caller's time.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        run: &Run,
        patience: Duration,
    ) -> Result<(u64, usize), RedisError> {
        let mut outage = self.outage.subscribe();
        if let Some(outage) = &*outage.borrow_and_update() {
            // If its task has ended with its runtime, this starts another.
            self.find_out();
            outage.calls.fetch_add(1, Ordering::Relaxed);
            return Err(outage.cause.clone());
        }
        let time = patience.clamp(SHORTEST, TIMEOUT);
        let asked = pin!(timeout(time, self.run(&self.reserve, run)));
        let opened = pin!(outage.wait_for(Option::is_some));
        let error = match select(asked, opened).await {
            Either::Left((Ok(Ok(answer)), _)) => return Ok(answer),
            Either::Left((Ok(Err(error)), _)) if is_of_one_call(&error) => {
                self.tell(&error);
                let text = error.to_string();
                tracing::warn!(error = %quoted(&text), "Redis refused a script of the limiter");
                return Err(error);
            }
            Either::Left((Ok(Err(error)), _)) => {
                self.open(&error);
                error
            }
            Either::Left((Err(_), _)) => {
                let error = timed_out();
                if time == TIMEOUT {
                    self.open(&error);
                }
                error
            }
            // Another call detected the outage.
            Either::Right((Ok(outage), _)) => match &*outage {
                Some(outage) => outage.cause.clone(),
                None => timed_out(),
            },
            // Never: the sender is part of this.
            Either::Right((Err(_), _)) => timed_out(),
        };
        self.find_out();
        if let Some(outage) = &*self.outage.borrow() {
            outage.calls.fetch_add(1, Ordering::Relaxed);
        }
        Err(error)
    }

    /// Runs the script that delays all callers, in the background.
    pub(super) fn shut(self: &Arc<Self>, run: Run) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.outage.borrow().is_some() {
            return;
        }
        let link = Arc::clone(self);
        runtime.spawn(async move {
            let answered = timeout(TIMEOUT, link.run(&link.shut, &run)).await;
            if !matches!(answered, Ok(Ok(_))) {
                link.find_out();
            }
        });
    }

    /// Runs a script, on a new connection if the current one is broken.
    async fn run(&self, script: &Script, run: &Run) -> Result<(u64, usize), RedisError> {
        let connection = self.connection.load_full();
        let was_connected = connection.initialized();
        let answer = self.run_on(&connection, script, run).await;
        match answer {
            Err(error) if error.is_unrecoverable_error() => {
                self.forget(&connection);
                if !was_connected {
                    return Err(error);
                }
                // Redis was restarted, or an idle connection was closed. If the script has run, it
                // has reserved a turn that nobody takes.
                let connection = self.connection.load_full();
                let answer = self.run_on(&connection, script, run).await;
                if answer
                    .as_ref()
                    .is_err_and(RedisError::is_unrecoverable_error)
                {
                    self.forget(&connection);
                }
                answer
            }
            answer => answer,
        }
    }

    async fn run_on(
        &self,
        connection: &OnceCell<Connection>,
        script: &Script,
        run: &Run,
    ) -> Result<(u64, usize), RedisError> {
        let connect = || self.server.connect(TIMEOUT);
        let mut connection = connection.get_or_try_init(connect).await?.clone();
        let by_hash = run.command(script, true);
        match by_hash.query_async(&mut connection).await {
            // Sent along with its keys, it reaches the cluster node that lacks it.
            Err(error) if error.code() == Some("NOSCRIPT") => {
                let by_text = run.command(script, false);
                by_text.query_async(&mut connection).await
            }
            answer => answer,
        }
    }

    /// The next call opens a new connection, unless another has already done so.
    fn forget(&self, broken: &Arc<OnceCell<Connection>>) {
        let _ = self.connection.compare_and_swap(broken, Arc::default());
    }

    fn tell(&self, error: &RedisError) {
        if let Some(tell) = &self.policy.on_failure {
            tell(error);
        }
    }

    /// Redis is not available.
    fn open(&self, error: &RedisError) {
        self.tell(error);
        // Pending calls on it get no response any more.
        self.connection.store(Arc::default());
        let mut since = Instant::now();
        let mut is_new = true;
        self.outage.send_modify(|outage| {
            let mut calls = 0;
            if let Some(outage) = outage.as_ref() {
                (is_new, since) = (false, outage.since);
                calls = outage.calls.load(Ordering::Relaxed);
            }
            *outage = Some(Arc::new(Outage {
                cause: error.clone(),
                since,
                calls: AtomicU64::new(calls),
            }));
        });
        if is_new {
            let text = error.to_string();
            let error = quoted(&text);
            match self.policy.fails_closed {
                false => tracing::warn!(
                    %error,
                    "Redis is not available: calls are sent without its quota"
                ),
                true => tracing::warn!(%error, "Redis is not available: calls are refused"),
            }
        }
    }

    /// Redis responds.
    fn close(&self) {
        let Some(outage) = self.outage.send_replace(None) else {
            return;
        };
        let seconds = outage.since.elapsed().as_secs_f64();
        let calls = outage.calls.load(Ordering::Relaxed);
        match self.policy.fails_closed {
            false => tracing::info!(
                seconds,
                calls,
                "Redis is available again; calls were sent without it"
            ),
            true => tracing::info!(
                seconds,
                calls,
                "Redis is available again; calls were refused"
            ),
        }
    }

    /// Starts a task that checks whether Redis responds, unless one is running.
    fn find_out(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if self.is_probing.swap(true, Ordering::AcqRel) {
            return;
        }
        let probing = Probing(Arc::downgrade(self));
        runtime.spawn(async move {
            let mut pause = PAUSES.0;
            while let Some(link) = probing.0.upgrade() {
                let error = match timeout(TIMEOUT, link.run(&link.reserve, &link.probe)).await {
                    Ok(Ok(_)) => return link.close(),
                    Ok(Err(error)) => error,
                    Err(_) => timed_out(),
                };
                link.open(&error);
                drop(link);
                // So that the processes of a fleet do not retry all at once.
                sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
                pause = PAUSES.1.min(pause * 2);
            }
        });
    }
}

/// Marks a running check; when it is dropped, another can start.
struct Probing(Weak<Link>);

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(link) = self.0.upgrade() {
            link.is_probing.store(false, Ordering::Release);
        }
    }
}

fn timed_out() -> RedisError {
    RedisError::from(std::io::Error::new(
        std::io::ErrorKind::TimedOut,
        "Redis did not respond in time",
    ))
}

/// Whether the next call may succeed: the value of one key is not what it should be.
fn is_of_one_call(error: &RedisError) -> bool {
    matches!(error.code(), Some("WRONGTYPE" | "ERR"))
}
