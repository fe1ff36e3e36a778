//! Redis servers for a test, without files except those that a cluster needs.

use redis::{Client, FromRedisValue};
use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_client::RedisLimiter;

pub(crate) struct Redis {
    server: Option<Child>,
    pub(crate) port: u16,
    /// For other nodes of a cluster.
    pub(crate) bus: u16,
    /// Empty if it needs none.
    pub(crate) password: String,
    dir: PathBuf,
    options: Vec<String>,
}

/// Each part between two spaces is one option.
fn words(options: &str) -> Vec<String> {
    options.split_whitespace().map(str::to_owned).collect()
}

/// A free port that no other test of this process was given.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

impl Redis {
    pub(crate) async fn start() -> Self {
        Self::with("").await
    }

    /// With further options; `{port}` and `{bus}` stand for free ports, instead of the default port.
    pub(crate) async fn with(options: &str) -> Self {
        // A port that is free now may be taken a moment later.
        for _ in 0..10 {
            let (port, bus) = (free_port(), free_port());
            let dir =
                std::env::temp_dir().join(format!("redis-test-{}-{port}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            let mut all = words(options);
            for option in &mut all {
                *option = option.replace("{port}", &port.to_string());
                *option = option.replace("{bus}", &bus.to_string());
            }
            if !options.contains("{port}") {
                all.extend(words(&format!("--port {port}")));
            }
            let mut redis = Self {
                server: None,
                port,
                bus,
                password: String::new(),
                dir,
                options: all,
            };
            if redis.go_on().await {
                return redis;
            }
        }
        panic!("redis-server did not start");
    }

    /// Starts it on the same port as before; returns whether it listens.
    pub(crate) async fn go_on(&mut self) -> bool {
        let mut server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(&self.dir)
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server must be on the path: {error}"));
        for _ in 0..500 {
            if server.try_wait().unwrap().is_some() {
                return false;
            }
            let connected = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await;
            if connected.is_ok() {
                self.server = Some(server);
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let _ = server.kill();
        let _ = server.wait();
        false
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Connections stay open without any response.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn wake(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.server.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn address(&self) -> String {
        match self.password.as_str() {
            "" => format!("redis://127.0.0.1:{}/", self.port),
            password => format!("redis://:{password}@127.0.0.1:{}/", self.port),
        }
    }

    /// A connection that must always work.
    pub(crate) fn limiter(&self) -> Arc<RedisLimiter> {
        let limiter = RedisLimiter::new(&self.address(), "app").unwrap();
        Arc::new(limiter.on_failure(|error| panic!("{error}")))
    }

    /// Its response to a command.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &str) -> T {
        let mut words = words(command).into_iter();
        let mut command = redis::cmd(&words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        self.run(&command).await
    }

    async fn run<T: FromRedisValue>(&self, command: &redis::Cmd) -> T {
        let client = Client::open(self.address()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        command.query_async(&mut connection).await.unwrap()
    }

    /// Its clock jumps by this many seconds, as far as scripts and keys can tell: instead of the clock,
    /// all times that the limiter stores there move the other way, and so does the expiry of keys.
    pub(crate) async fn jump(&self, seconds: i64) {
        const MOVE: &str = r"
local by = tonumber(ARGV[1])
local function moved(time)
  return string.format('%.0f', tonumber(time) - by * 1000000)
end
local keys = redis.call('KEYS', '*')
for _, key in ipairs(keys) do
  local left, kind = redis.call('PTTL', key), redis.call('TYPE', key).ok
  if kind == 'hash' then
    redis.call('HSET', key, 'now', moved(redis.call('HGET', key, 'now')))
  elseif kind == 'string' then
    redis.call('SET', key, moved(redis.call('GET', key)), 'PX', left)
  else
    local turns = redis.call('ZRANGE', key, 0, -1)
    redis.call('DEL', key)
    for _, turn in ipairs(turns) do
      local total, time = string.match(turn, '(%d+):(%d+)')
      redis.call('ZADD', key, total, total .. ':' .. moved(time))
    end
  end
  redis.call('PEXPIRE', key, left - by * 1000)
end
return #keys
";
        let mut command = redis::cmd("EVAL");
        command.arg(MOVE).arg(0).arg(seconds);
        let moved: usize = self.run(&command).await;
        assert!(moved > 0, "there is nothing that could move");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        remove(&self.dir);
    }
}

fn remove(dir: &Path) {
    let _ = fs::remove_dir_all(dir);
}

/// Three nodes, with a third of the slots each.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Redis>,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            let options = "--cluster-enabled yes --cluster-node-timeout 2000 \
                           --port {port} --cluster-port {bus}";
            nodes.push(Redis::with(options).await);
        }
        let slots = ["0 5460", "5461 10922", "10923 16383"];
        for (number, (node, slots)) in nodes.iter().zip(slots).enumerate() {
            let epoch = format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1);
            let _: String = node.ask(&epoch).await;
            let _: String = node.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")).await;
        }
        // Epochs are only given to nodes that do not know others yet.
        for node in &nodes {
            for other in &nodes {
                let meet = format!("CLUSTER MEET 127.0.0.1 {} {}", other.port, other.bus);
                let _: String = node.ask(&meet).await;
            }
        }
        let cluster = Self { nodes };
        for node in &cluster.nodes {
            cluster.wait_until(node, "cluster_state:ok").await;
            cluster.wait_until(node, "cluster_known_nodes:3").await;
        }
        cluster
    }

    async fn wait_until(&self, node: &Redis, state: &str) {
        for _ in 0..1_000 {
            let info: String = node.ask("CLUSTER INFO").await;
            if info.contains(state) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the cluster did not come about");
    }

    pub(crate) fn limiter(&self) -> RedisLimiter {
        let addresses: Vec<_> = self.nodes.iter().map(Redis::address).collect();
        RedisLimiter::cluster(addresses.iter().map(String::as_str), "app").unwrap()
    }

    /// Moves the slot of the limiter's keys to the next node, with everything in it.
    pub(crate) async fn move_slot(&self) {
        let slot: u16 = self.nodes[0].ask("CLUSTER KEYSLOT {app}").await;
        let owner = usize::from(slot / 5_462);
        let mut ids = Vec::new();
        for node in &self.nodes {
            ids.push(node.ask::<String>("CLUSTER MYID").await);
        }
        // Wherever it is after earlier moves.
        let owner = match self.nodes[owner].ask::<String>("CLUSTER NODES").await {
            nodes
                if nodes
                    .lines()
                    .any(|line| line.contains("myself") && holds(line, slot)) =>
            {
                owner
            }
            _ => (owner + 1) % 3,
        };
        let next = (owner + 1) % 3;
        let (from, to) = (&self.nodes[owner], &self.nodes[next]);
        let set = |what: &str, node: usize| format!("CLUSTER SETSLOT {slot} {what} {}", ids[node]);
        let _: String = to.ask(&set("IMPORTING", owner)).await;
        let _: String = from.ask(&set("MIGRATING", next)).await;
        loop {
            let list = format!("CLUSTER GETKEYSINSLOT {slot} 100");
            let keys: Vec<String> = from.ask(&list).await;
            if keys.is_empty() {
                break;
            }
            let mut command = redis::cmd("MIGRATE");
            command
                .arg("127.0.0.1")
                .arg(to.port)
                .arg("")
                .arg(0)
                .arg(5_000);
            let _: String = from.run(command.arg("KEYS").arg(keys)).await;
        }
        for node in [to, from, &self.nodes[(next + 1) % 3]] {
            let _: String = node.ask(&set("NODE", next)).await;
        }
    }
}

/// Whether a line of `CLUSTER NODES` has a slot.
fn holds(line: &str, slot: u16) -> bool {
    line.split(' ').skip(8).any(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        match (first.parse::<u16>(), last.parse::<u16>()) {
            (Ok(first), Ok(last)) => (first..=last).contains(&slot),
            _ => false,
        }
    })
}
