//! The scripts that run in Redis. Each is atomic.

use redis::{Cmd, Script as Hashed, ToRedisArgs};
use std::sync::LazyLock;

/// A script to run, with its keys and arguments.
pub(super) struct Script<'a> {
    text: &'static Hashed,
    code: &'static str,
    keys: Vec<&'a str>,
    arguments: Vec<Vec<u8>>,
}

macro_rules! scripts {
    ($($(#[doc = $doc:literal])* $name:ident: $code:expr;)*) => {
        impl<'a> Script<'a> {
            $(
                $(#[doc = $doc])*
                pub(super) fn $name(keys: &[&'a str]) -> Self {
                    const CODE: &str = $code;
                    static TEXT: LazyLock<Hashed> = LazyLock::new(|| Hashed::new(CODE));
                    Self {
                        text: &TEXT,
                        code: CODE,
                        keys: keys.to_vec(),
                        arguments: Vec::new(),
                    }
                }
            )*
        }
    };
}

scripts! {
    #[doc = "Stores an event unless its key is remembered. Returns 1, 0 for a duplicate, or -1 if the queue is full."]
    #[doc = "Also removes some expired keys, and the oldest ones if there are too many."]
    store: r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = now - tonumber(ARGV[5])
local seen = redis.call('ZSCORE', KEYS[2], ARGV[1])
if seen and tonumber(seen) > oldest then
  return 0
end
if redis.call('XLEN', KEYS[1]) + redis.call('XLEN', KEYS[3]) >= tonumber(ARGV[7]) then
  return -1
end
redis.call('XADD', KEYS[1], '*', 'key', ARGV[1], 'query', ARGV[2], 'body', ARGV[3], 'received', ARGV[4])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local forgotten = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', oldest, 'LIMIT', 0, 4)
if #forgotten > 0 then
  redis.call('ZREM', KEYS[2], unpack(forgotten))
end
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[6])
if over > 0 then
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, math.min(over, 4) - 1)
end
return 1
";
    #[doc = "Claims events: those that are due again, those whose lease has run out, and new ones. The number of"]
    #[doc = "claims of an event is its delivery counter in the group; while it waits for its next attempt it is not pending,"]
    #[doc = "and the counter is in the member `id attempts` of the sorted set."]
    claim: r"
local group, consumer, most, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local claimed = {}
local function take(entries, attempt)
  for _, entry in ipairs(entries or {}) do
    if entry then
      claimed[#claimed + 1] = { entry[1], entry[2], attempt }
    end
  end
end
if most > 0 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, most)
  for _, member in ipairs(due) do
    local id, attempts = string.match(member, '^(%S+) (%d+)$')
    redis.call('ZREM', KEYS[2], member)
    if id then
      local attempt = tonumber(attempts) + 1
      take(redis.call('XCLAIM', KEYS[1], group, consumer, 0, id, 'RETRYCOUNT', attempt, 'FORCE'), attempt)
    end
  end
end
if #claimed < most then
  local pending = redis.call('XPENDING', KEYS[1], group, 'IDLE', lease, '-', '+', most - #claimed)
  for _, entry in ipairs(pending) do
    take(redis.call('XCLAIM', KEYS[1], group, consumer, lease, entry[1]), entry[4] + 1)
  end
end
if #claimed < most then
  local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', most - #claimed, 'STREAMS', KEYS[1], '>')
  if read then
    take(read[1][2], 1)
  end
end
return claimed
";
    #[doc = "What to wait for: the last entry that was delivered to the group, and in how many milliseconds the next"]
    #[doc = "of the others may be due."]
    next: r"
local group, lease = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then
  return redis.error_reply('NOGROUP there is no stream')
end
local last
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local found = {}
  for i = 1, #info, 2 do
    found[info[i]] = info[i + 1]
  end
  if found['name'] == group then
    last = found['last-delivered-id']
  end
end
if not last then
  return redis.error_reply('NOGROUP there is no such group')
end
local due = 3600000
local first = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if first[2] then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  due = math.max(0, math.min(due, tonumber(first[2]) - now))
end
local pending = redis.call('XPENDING', KEYS[1], group, '-', '+', 1)
if pending[1] then
  due = math.max(0, math.min(due, lease - pending[1][3]))
end
return { last, due }
";
    #[doc = "Removes events that have been handled."]
    finish: r"
local ids = { unpack(ARGV, 2) }
redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
redis.call('XDEL', KEYS[1], unpack(ids))
return redis.status_reply('OK')
";
    #[doc = "Delays an event until its next attempt, if its claim is still valid."]
    retry: r"
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if pending[1] and pending[1][4] == tonumber(ARGV[3]) then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), ARGV[2] .. ' ' .. ARGV[3])
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
end
return redis.status_reply('OK')
";
    #[doc = "Moves an event to the dead letters, if its claim is still valid."]
    bury: r"
local pending = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)
if pending[1] and pending[1][4] == tonumber(ARGV[3]) then
  local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
  if entry then
    local time = redis.call('TIME')
    local fields = entry[2]
    for _, more in ipairs({ 'attempts', ARGV[3], 'buried', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), 'reason', ARGV[4] }) do
      fields[#fields + 1] = more
    end
    redis.call('XADD', KEYS[2], '*', unpack(fields))
  end
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  redis.call('XDEL', KEYS[1], ARGV[2])
end
return redis.status_reply('OK')
";
    #[doc = "Counts unfinished, claimed, delayed and dead events, and returns when the oldest arrived."]
    stats: r"
local claimed = redis.pcall('XPENDING', KEYS[1], ARGV[1])
claimed = not claimed.err and claimed[1] or 0
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local oldest = false
if first then
  for i = 1, #first[2], 2 do
    if first[2][i] == 'received' then
      oldest = first[2][i + 1]
    end
  end
end
return { redis.call('XLEN', KEYS[1]), claimed, redis.call('ZCARD', KEYS[2]), redis.call('XLEN', KEYS[3]), oldest }
";
    #[doc = "Lists dead letters."]
    list: r"
return redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
";
    #[doc = "Puts dead letters back."]
    requeue: r"
local found = 0
for _, id in ipairs(ARGV) do
  local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
  if entry then
    local fields = {}
    for i = 1, #entry[2], 2 do
      local name = entry[2][i]
      if name ~= 'attempts' and name ~= 'buried' and name ~= 'reason' then
        fields[#fields + 1] = name
        fields[#fields + 1] = entry[2][i + 1]
      end
    end
    redis.call('XADD', KEYS[1], '*', unpack(fields))
    redis.call('XDEL', KEYS[2], id)
    found = found + 1
  end
end
return found
";
    #[doc = "Drops dead letters."]
    discard: r"
local found = 0
for _, id in ipairs(ARGV) do
  found = found + redis.call('XDEL', KEYS[1], id)
end
return found
";
}

impl Script<'_> {
    pub(super) fn arg(&mut self, argument: impl ToRedisArgs) -> &mut Self {
        self.arguments.extend(argument.to_redis_args());
        self
    }

    /// By its hash, or with its text if the server does not know it yet. Both pass the keys, so that the script reaches
    /// their node in a cluster.
    pub(super) fn command(&self, by_hash: bool) -> Cmd {
        let mut command = match by_hash {
            true => redis::cmd("EVALSHA"),
            false => redis::cmd("EVAL"),
        };
        match by_hash {
            true => command.arg(self.text.get_hash()),
            false => command.arg(self.code),
        };
        command.arg(self.keys.len());
        for key in &self.keys {
            command.arg(*key);
        }
        for argument in &self.arguments {
            command.arg(&argument[..]);
        }
        command
    }
}
