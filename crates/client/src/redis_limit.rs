//! One quota for a fleet: the limiter's state in Redis.

use crate::limit::{LimitFuture, Limited, Limiter, Turn};
use redis::{Client as Redis, RedisError, Script, aio::ConnectionManager};
use std::{collections::HashMap, fmt, time::Duration};
use tencent_chat_types::Quota;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

/// By how much windows are kept longer than the service's; see [`LocalLimiter`](crate::LocalLimiter).
const MARGIN: f64 = 0.005;

/// Longest wait for Redis itself.
const REDIS_TIMEOUT: Duration = Duration::from_millis(500);

/// Reserves the next turn, by the clock of Redis, so that no machine's own clock matters.
///
/// The key holds when the next turn is, in microseconds. Windows of a second are spread evenly:
/// then a turn is `spacing` after the one before. Longer windows may be used up at once: then the
/// key may run ahead of the time by all but one turn of a window. Answers the microseconds to wait,
/// or, as a negative number, that there is no turn within `patience`.
const RESERVE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local spacing, ahead, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local shut = tonumber(redis.call('GET', KEYS[2]) or '0')
local next = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local turn = math.max(next - ahead, now, shut)
if turn - now > patience then
  return now - turn
end
next = math.max(next, turn) + spacing
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
return turn - now
";

/// Nobody gets a turn before the given number of microseconds from now.
const SHUT: &str = r"
local time = redis.call('TIME')
local open = time[1] * 1000000 + time[2] + tonumber(ARGV[1])
local shut = tonumber(redis.call('GET', KEYS[1]) or '0')
if open > shut then
  redis.call('SET', KEYS[1], string.format('%.0f', open), 'PX', math.ceil(ARGV[1] / 1000) + 1000)
end
";

/// A [`Limiter`] whose state is in Redis: all processes of an app that use the same Redis and prefix
/// keep one quota together.
///
/// A turn is reserved by one round trip and then waited for here. When Redis cannot be reached,
/// calls go out unlimited rather than not at all, and [`on_failure`](Self::on_failure) is told: the
/// service itself still refuses what is too much, and refused calls are repeated.
pub struct RedisLimiter {
    redis: Redis,
    connection: OnceCell<ConnectionManager>,
    prefix: String,
    quotas: HashMap<String, Option<Quota>>,
    app: Option<Quota>,
    reserve: Script,
    shut: Script,
    on_failure: Option<Box<OnFailure>>,
}

type OnFailure = dyn Fn(&RedisError) + Send + Sync;

impl RedisLimiter {
    /// With the quotas of the spec, at an address such as `redis://127.0.0.1/`, under a prefix of
    /// keys: one for each app.
    ///
    /// # Errors
    ///
    /// A malformed address. The connection is made with the first call.
    pub fn new(address: &str, prefix: impl Into<String>) -> Result<Self, RedisError> {
        Ok(Self {
            redis: Redis::open(address)?,
            connection: OnceCell::new(),
            prefix: prefix.into(),
            quotas: HashMap::new(),
            app: None,
            reserve: Script::new(RESERVE),
            shut: Script::new(SHUT),
            on_failure: None,
        })
    }

    /// Another quota for a command than the spec's: `calls` in any window of `seconds`.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>, calls: u32, seconds: u32) -> Self {
        let quota = Quota { calls, seconds };
        self.quotas.insert(command.into(), Some(quota));
        self
    }

    /// No quota for a command.
    #[must_use]
    pub fn unlimited(mut self, command: impl Into<String>) -> Self {
        self.quotas.insert(command.into(), None);
        self
    }

    /// A quota for all commands together.
    #[must_use]
    pub fn app(mut self, calls: u32, seconds: u32) -> Self {
        self.app = Some(Quota { calls, seconds });
        self
    }

    /// Tells of every time that Redis could not be asked.
    #[must_use]
    pub fn on_failure(mut self, tell: impl Fn(&RedisError) + Send + Sync + 'static) -> Self {
        self.on_failure = Some(Box::new(tell));
        self
    }

    async fn connection(&self) -> Result<ConnectionManager, RedisError> {
        let connect = || self.redis.get_connection_manager();
        self.connection.get_or_try_init(connect).await.cloned()
    }

    /// Waits for a turn under a key.
    async fn pass(&self, key: &str, quota: Quota, patience: Duration) -> Result<(), Limited> {
        if quota.seconds == 0 {
            return Ok(());
        }
        if quota.calls == 0 {
            return Err(Limited::new(Duration::from_secs(quota.seconds.into())));
        }
        let window = f64::from(quota.seconds) * (1.0 + MARGIN) * 1e6;
        let spacing = window / f64::from(quota.calls);
        let ahead = match quota.seconds {
            1 => 0.0,
            _ => window - spacing,
        };
        let patience = patience.as_micros();
        let reserve = async {
            let mut connection = self.connection().await?;
            let mut call = self.reserve.key(format!("{}:{key}", self.prefix));
            call.key(format!("{}:{key}:shut", self.prefix));
            call.arg(spacing)
                .arg(ahead)
                .arg(u64::try_from(patience).unwrap_or(u64::MAX));
            call.invoke_async::<f64>(&mut connection).await
        };
        let wait = match tokio::time::timeout(REDIS_TIMEOUT, reserve).await {
            Ok(Ok(wait)) => wait,
            Ok(Err(error)) => {
                self.tell(&error);
                return Ok(());
            }
            Err(_) => {
                self.tell(&RedisError::from(std::io::Error::from(
                    std::io::ErrorKind::TimedOut,
                )));
                return Ok(());
            }
        };
        if wait < 0.0 {
            return Err(Limited::new(Duration::from_secs_f64(-wait / 1e6)));
        }
        if wait > 0.0 {
            sleep(Duration::from_secs_f64(wait / 1e6)).await;
        }
        Ok(())
    }

    fn tell(&self, error: &RedisError) {
        if let Some(tell) = &self.on_failure {
            tell(error);
        }
    }
}

/// Key of the quota of all commands together.
const APP: &str = "app";

impl Limiter for RedisLimiter {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            let asked = Instant::now();
            let quota = self.quotas.get(turn.command).copied().unwrap_or(turn.quota);
            if let Some(quota) = quota {
                self.pass(turn.command, quota, turn.patience).await?;
            }
            // One patience for both.
            let patience = turn.patience.saturating_sub(asked.elapsed());
            match self.app {
                Some(quota) => self.pass(APP, quota, patience).await,
                None => Ok(()),
            }
        })
    }

    fn back_off(&self, command: &str, pause: Duration) {
        let keys = [Some(command), self.app.map(|_| APP)];
        let keys = keys
            .into_iter()
            .flatten()
            .map(|key| format!("{}:{key}:shut", self.prefix));
        let (keys, shut) = (keys.collect::<Vec<_>>(), self.shut.clone());
        let Some(mut connection) = self.connection.get().cloned() else {
            return;
        };
        // The caller pauses by itself meanwhile; the others learn of it a moment later.
        tokio::spawn(async move {
            for key in keys {
                let micros = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX);
                let mut call = shut.key(key);
                call.arg(micros);
                if call.invoke_async::<()>(&mut connection).await.is_err() {
                    break;
                }
            }
        });
    }
}

impl fmt::Debug for RedisLimiter {
    /// Without the address, which can hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLimiter")
            .field("prefix", &self.prefix)
            .field("quotas", &self.quotas)
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}
