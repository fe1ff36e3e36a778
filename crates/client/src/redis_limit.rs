//! One quota for a fleet: the limiter's state in Redis.

use crate::limit::{LimitFuture, Limited, Limiter, Turn};
use redis::{Client as Redis, RedisError, Script, aio::ConnectionManager};
use std::{collections::HashMap, fmt, time::Duration};
use tencent_chat_types::Quota;
use tokio::{sync::OnceCell, time::sleep};

/// By how much windows are kept longer than the service's; see [`LocalLimiter`](crate::LocalLimiter).
const MARGIN: f64 = 0.005;

/// Longest wait for Redis itself.
const REDIS_TIMEOUT: Duration = Duration::from_millis(500);

/// Reserves the next turn that all of some quotas have room for, by the clock of Redis, so that no
/// machine's own clock matters; or none at all, so that a quota loses nothing to another that is used up.
///
/// For each quota a key holds when its next turn is, in microseconds, and another until when it is
/// shut. Windows of a second are spread evenly: then a turn is `spacing` after the one before. Longer
/// windows may be used up at once: then the key may run `ahead` of the time by all but one turn of a
/// window. Answers the microseconds to wait, or, as a negative number, that there is no turn within
/// the patience of the caller.
const RESERVE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local turn = now
local nexts = {}
for i = 1, #KEYS / 2 do
  local ahead = tonumber(ARGV[2 * i + 1])
  local shut = tonumber(redis.call('GET', KEYS[2 * i]) or '0')
  nexts[i] = math.max(tonumber(redis.call('GET', KEYS[2 * i - 1]) or '0'), now)
  turn = math.max(turn, nexts[i] - ahead, shut)
end
if turn - now > tonumber(ARGV[1]) then
  return now - turn
end
for i, next in ipairs(nexts) do
  next = math.max(next, turn) + tonumber(ARGV[2 * i])
  redis.call('SET', KEYS[2 * i - 1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000) + 1000)
end
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
/// A turn is reserved by one round trip and then waited for here; one whose caller gives up meanwhile is
/// lost. When Redis cannot be reached,
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

    /// The keys of a quota: when the next turn is, until when it is shut. Behind the same prefix in
    /// braces, so that a cluster keeps them together.
    fn keys(&self, name: &str) -> [String; 2] {
        let key = format!("{{{}}}:{name}", self.prefix);
        let shut = format!("{key}:shut");
        [key, shut]
    }

    /// Waits for a turn that all of these quotas have room for.
    async fn pass(&self, quotas: &[(&str, Quota)], patience: Duration) -> Result<(), Limited> {
        let patience = u64::try_from(patience.as_micros()).unwrap_or(u64::MAX);
        let reserve = async {
            let mut connection = self.connection().await?;
            let mut call = self.reserve.prepare_invoke();
            call.arg(patience);
            for (name, quota) in quotas {
                let window = f64::from(quota.seconds) * (1.0 + MARGIN) * 1e6;
                let spacing = window / f64::from(quota.calls);
                let ahead = match quota.seconds {
                    1 => 0.0,
                    _ => window - spacing,
                };
                call.arg(spacing).arg(ahead);
                for key in self.keys(name) {
                    call.key(key);
                }
            }
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
            let quota = self.quotas.get(turn.command).copied().unwrap_or(turn.quota);
            let command = quota.map(|quota| (turn.command, quota));
            let app = self.app.map(|quota| (APP, quota));
            let all = command.into_iter().chain(app);
            // A window of no time holds any number.
            let quotas: Vec<_> = all.filter(|(_, quota)| quota.seconds > 0).collect();
            if let Some((_, never)) = quotas.iter().find(|(_, quota)| quota.calls == 0) {
                return Err(Limited::new(Duration::from_secs(never.seconds.into())));
            }
            match quotas.is_empty() {
                true => Ok(()),
                false => self.pass(&quotas, turn.patience).await,
            }
        })
    }

    fn back_off(&self, command: &str, pause: Duration) {
        let keys = [Some(command), self.app.map(|_| APP)];
        let keys = keys.into_iter().flatten().map(|name| {
            let [_, shut] = self.keys(name);
            shut
        });
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
