//! One quota for a fleet: the limiter's state in Redis.

use crate::limit::{FAR, LimitFuture, Limited, Limiter, MARGIN, SPREAD_UP_TO_SECONDS, Turn, after};
use redis::{Client as Redis, RedisError, Script, aio::ConnectionManager};
use std::{collections::HashMap, fmt, time::Duration};
use tencent_chat_types::Quota;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep, timeout},
};

/// Longest wait for Redis itself.
const REDIS_TIMEOUT: Duration = Duration::from_millis(500);

/// Reserves the next turn that all of some quotas have room for, by the clock of Redis, so that no
/// machine's own clock matters; or none at all, so that a quota loses nothing to another that is used up.
/// Where the first quota has its turn later than the last, that one's alone is reserved: the other would
/// stand still until then, for everybody.
///
/// For each quota a key holds its turns, in microseconds, and another until when it is shut. Windows of
/// a second are spread evenly: then `calls` is zero, and the key holds when the next turn is, a `step`
/// after the one before. Longer windows may be used up at once: then it holds as many turns as the
/// window has calls, newest first, and the next is a `step` after the oldest. Answers the microseconds
/// to wait and for how many quotas a turn is reserved; for none where the wait is longer than the
/// patience of the caller.
const RESERVE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local turns = {}
local turn = now
for i = 1, #KEYS / 2 do
  local step, calls = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local next
  if calls == 0 then
    next = tonumber(redis.call('GET', KEYS[2 * i - 1]) or '0')
  else
    local oldest = redis.call('LINDEX', KEYS[2 * i - 1], calls - 1)
    next = oldest and tonumber(oldest) + step or 0
  end
  turns[i] = math.max(now, next, tonumber(redis.call('GET', KEYS[2 * i]) or '0'))
  turn = math.max(turn, turns[i])
end
if turn - now > tonumber(ARGV[1]) then
  return {turn - now, 0}
end
local reserved = #turns
if turns[1] > turns[reserved] then
  reserved = 1
end
for i = 1, reserved do
  local key, step, calls = KEYS[2 * i - 1], tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local kept = math.ceil((turn - now + step) / 1000) + 1000
  if calls == 0 then
    redis.call('SET', key, string.format('%.0f', turn + step), 'PX', kept)
  else
    redis.call('LPUSH', key, string.format('%.0f', turn))
    redis.call('LTRIM', key, 0, calls - 1)
    redis.call('PEXPIRE', key, kept)
  end
end
return {turn - now, reserved}
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
/// lost. Where a command's turn comes later than the app's, the app's is reserved once the command's has
/// come, by another round trip; when there is none in time then, the command's is lost too. When Redis
/// cannot be reached, calls go out unlimited rather than not at all, and [`on_failure`](Self::on_failure) is told: the
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

    /// The keys of a quota: its turns, until when it is shut. Behind the same prefix in braces, so that
    /// a cluster keeps them together.
    fn keys(&self, name: &str, is_spread: bool) -> [String; 2] {
        let key = format!("{{{}}}:{name}", self.prefix);
        let shut = format!("{key}:shut");
        // A quota that gets another window must not find what is kept otherwise.
        match is_spread {
            true => [key, shut],
            false => [format!("{key}:log"), shut],
        }
    }

    /// Waits for a turn that all of these quotas have room for.
    async fn pass(&self, mut quotas: &[(&str, Quota)], patience: Duration) -> Result<(), Limited> {
        let until = after(patience);
        while !quotas.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            let (wait, reserved) = match timeout(REDIS_TIMEOUT, self.reserve(quotas, left)).await {
                Ok(Ok(answer)) => answer,
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
            let wait = Duration::from_micros(wait);
            if reserved == 0 {
                return Err(Limited::new(wait));
            }
            if !wait.is_zero() {
                sleep(wait).await;
            }
            quotas = quotas.get(reserved..).unwrap_or_default();
        }
        Ok(())
    }

    /// How many microseconds it takes until the turn, and for how many of the quotas it is reserved.
    async fn reserve(
        &self,
        quotas: &[(&str, Quota)],
        patience: Duration,
    ) -> Result<(u64, usize), RedisError> {
        let mut connection = self.connection().await?;
        let mut call = self.reserve.prepare_invoke();
        call.arg(micros(patience));
        for (name, quota) in quotas {
            let window = f64::from(quota.seconds) * (1.0 + MARGIN) * 1e6;
            let is_spread = quota.seconds <= SPREAD_UP_TO_SECONDS;
            match is_spread {
                true => call.arg(window / f64::from(quota.calls)).arg(0),
                false => call.arg(window).arg(quota.calls),
            };
            for key in self.keys(name, is_spread) {
                call.key(key);
            }
        }
        call.invoke_async(&mut connection).await
    }

    fn tell(&self, error: &RedisError) {
        if let Some(tell) = &self.on_failure {
            tell(error);
        }
    }
}

/// As scripts count time: they have no numbers for more than a few centuries.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.min(FAR).as_micros()).unwrap_or(u64::MAX)
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
            let [_, shut] = self.keys(name, true);
            shut
        });
        let (keys, shut) = (keys.collect::<Vec<_>>(), self.shut.clone());
        let Some(mut connection) = self.connection.get().cloned() else {
            return;
        };
        // The caller pauses by itself meanwhile; the others learn of it a moment later.
        tokio::spawn(async move {
            for key in keys {
                let mut call = shut.key(key);
                call.arg(micros(pause));
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
