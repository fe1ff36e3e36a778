//! The scripts that run in Redis. All keys of a script share a hash tag, so that a cluster keeps them on one node.

use crate::limit::{FAR, Turn, Window};
use redis::{Cmd, Script as Hashed};
use std::time::Duration;
use tencent_chat_types::QuotaUnit;

/// Time by the clock of Redis, so that the clocks of other machines don't matter. It never goes back: if the
/// clock of Redis does, because of an adjustment or a failover to another node, time continues from where it
/// was, `ahead` of that clock. Otherwise nobody would get a turn until the clock has caught up.
const CLOCK: &str = r"
local time = redis.call('TIME')
local clock = redis.call('HMGET', KEYS[1], 'now', 'ahead')
local seen, ahead = tonumber(clock[1] or '0'), tonumber(clock[2] or '0')
local now = time[1] * 1000000 + time[2] + ahead
if now < seen then
  ahead = ahead + seen - now
  now = seen
end
local function text(number)
  return string.format('%.0f', number)
end
local function keep_clock(kept)
  redis.call('HSET', KEYS[1], 'now', text(now), 'ahead', text(ahead))
  if redis.call('PTTL', KEYS[1]) < kept + 86400000 then
    redis.call('PEXPIRE', KEYS[1], kept + 86400000)
  end
end
";

/// Reserves the next turn that fits all of some windows, or none at all, so that a window loses
/// nothing to another that is used up. If the turn of the command's windows comes later than the app's,
/// only the former is reserved: otherwise the app's windows would be blocked until then, for all callers.
///
/// For each window, one key holds its turns, in microseconds, and another until when its owner is blocked. For a
/// window that is spread evenly, `amount` is zero and the key holds when the next turn is, a `length` after
/// the previous one. For others it is a sorted set: one entry per turn, `total:time`, by the total of what
/// was used up to and including it. A call that exceeds the amount gets its turn when enough of the oldest have left
/// the window. Nobody overtakes, so that large calls get their turn, too.
///
/// Returns the microseconds to wait and for how many windows a turn is reserved; for none if the wait
/// is longer than the patience of the caller.
const RESERVE: &str = r"
local patience, own, count = tonumber(ARGV[1]), tonumber(ARGV[2]), (#KEYS - 1) / 2
local command, app, kept, totals = now, now, 0, {}
for i = 1, count do
  local key, shut = KEYS[2 * i], KEYS[2 * i + 1]
  local length, amount, units = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local turn = tonumber(redis.call('GET', shut) or '0')
  if amount == 0 then
    turn = math.max(turn, tonumber(redis.call('GET', key) or '0'))
  else
    local total, last = 0, redis.call('ZRANGE', key, -1, -1)[1]
    if last then
      local used, at = string.match(last, '(%d+):(%d+)')
      total, turn = tonumber(used), math.max(turn, tonumber(at))
    end
    if total + units > amount then
      local over = text(total + units - amount)
      local oldest = redis.call('ZRANGEBYSCORE', key, over, '+inf', 'LIMIT', 0, 1)[1]
      if oldest then
        turn = math.max(turn, tonumber(string.match(oldest, ':(%d+)')) + length)
      end
    end
    totals[i] = total + units
  end
  if i <= own then
    command = math.max(command, turn)
  else
    app = math.max(app, turn)
  end
end
local turn = math.max(command, app)
local reserved = count
if turn - now > patience then
  reserved = 0
elseif own > 0 and command > app then
  reserved = own
end
for i = 1, reserved do
  local key, length, amount = KEYS[2 * i], tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local expires = math.ceil((turn - now + length) / 1000) + 1000
  kept = math.max(kept, expires)
  if amount == 0 then
    redis.call('SET', key, text(turn + length), 'PX', expires)
  else
    redis.call('ZADD', key, text(totals[i]), text(totals[i]) .. ':' .. text(turn))
    redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. text(totals[i] + 1 - amount))
    redis.call('PEXPIRE', key, expires)
  end
end
keep_clock(kept)
return {math.ceil(turn - now), reserved}
";

/// Nobody gets a turn before the given number of microseconds from now.
const SHUT: &str = r"
local pause = tonumber(ARGV[1])
local kept = math.ceil(pause / 1000) + 1000
for i = 2, #KEYS do
  if now + pause > tonumber(redis.call('GET', KEYS[i]) or '0') then
    redis.call('SET', KEYS[i], text(now + pause), 'PX', kept)
  end
end
keep_clock(kept)
return {0, 0}
";

/// A script, with the hash by which Redis identifies it.
#[derive(Debug)]
pub(super) struct Script {
    code: String,
    hash: String,
}

impl Script {
    fn new(code: &str) -> Self {
        let code = format!("{CLOCK}{code}");
        let hash = Hashed::new(&code).get_hash().to_owned();
        Self { code, hash }
    }

    pub(super) fn reserve() -> Self {
        Self::new(RESERVE)
    }

    pub(super) fn shut() -> Self {
        Self::new(SHUT)
    }
}

/// One run of a script: its keys and arguments.
#[derive(Clone, Debug)]
pub(super) struct Run {
    keys: Vec<String>,
    arguments: Vec<String>,
}

impl Run {
    /// Includes the key of the clock.
    fn new(keys: &Keys) -> Self {
        Self {
            keys: vec![keys.of("clock")],
            arguments: Vec::new(),
        }
    }

    /// For `reserve`: how long a caller can wait, and the windows of the command and of the app.
    pub(super) fn reserve(
        keys: &Keys,
        patience: Duration,
        own: &[Limit<'_>],
        app: &[Limit<'_>],
    ) -> Self {
        let mut run = Self::new(keys);
        run.arguments.push(micros(patience).to_string());
        run.arguments.push(own.len().to_string());
        for limit in own.iter().chain(app) {
            let (length, amount) = match limit.window.spacing() {
                Some(spacing) => (spacing, 0),
                None => (limit.window.kept(), limit.window.amount),
            };
            let micros = length.as_nanos() as f64 / 1_000.0;
            run.arguments.push(micros.to_string());
            run.arguments.push(amount.to_string());
            run.arguments.push(limit.units.to_string());
            run.keys.push(keys.of_window(limit));
            run.keys.push(keys.of_shut(limit.name));
        }
        run
    }

    /// For `shut`: whose turns, and for how long.
    pub(super) fn shut<'a>(
        keys: &Keys,
        names: impl Iterator<Item = &'a str>,
        pause: Duration,
    ) -> Self {
        let mut run = Self::new(keys);
        run.arguments.push(micros(pause).to_string());
        run.keys.extend(names.map(|name| keys.of_shut(name)));
        run
    }

    /// By its hash, or by its text if Redis does not know it.
    pub(super) fn command(&self, script: &Script, by_hash: bool) -> Cmd {
        let mut command = match by_hash {
            true => redis::cmd("EVALSHA"),
            false => redis::cmd("EVAL"),
        };
        command.arg(match by_hash {
            true => &script.hash,
            false => &script.code,
        });
        command
            .arg(self.keys.len())
            .arg(&self.keys)
            .arg(&self.arguments);
        command
    }
}

/// A window of a command or of the app, and what a call uses of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit<'a> {
    pub(super) name: &'a str,
    pub(super) window: Window,
    pub(super) units: u32,
}

impl<'a> Limit<'a> {
    pub(super) fn new(name: &'a str, window: Window, turn: &Turn<'_>) -> Self {
        Self {
            name,
            window,
            units: window.units(turn),
        }
    }
}

/// Names of keys, after the same prefix in braces: its hash tag puts them on one node of a cluster.
#[derive(Debug)]
pub(super) struct Keys(pub(super) String);

impl Keys {
    fn of(&self, name: &str) -> String {
        format!("{{{}}}:{name}", self.0)
    }

    /// A window with a different length, unit or representation must not use what
    /// was stored before.
    fn of_window(&self, limit: &Limit<'_>) -> String {
        let kind = match (limit.window.spacing(), limit.window.unit) {
            (Some(_), _) => "next",
            (None, QuotaUnit::Items) => "items",
            (None, _) => "turns",
        };
        let length = limit.window.length.as_millis();
        self.of(&format!("{}:{length}ms:{kind}", limit.name))
    }

    fn of_shut(&self, name: &str) -> String {
        self.of(&format!("{name}:shut"))
    }
}

/// As scripts represent time: they have no numbers for more than a few centuries.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.min(FAR).as_micros()).unwrap_or(u64::MAX)
}
