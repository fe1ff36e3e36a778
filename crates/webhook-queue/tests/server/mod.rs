//! Redis servers for a test.
#![allow(dead_code, reason = "not every test file uses all of it")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

pub(crate) struct Redis {
    server: Option<Child>,
    pub(crate) port: u16,
    folder: TempDir,
    options: Vec<String>,
}

impl Redis {
    /// Writes are on disk before they are acknowledged.
    pub(crate) const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

    pub(crate) fn start(options: &[&str]) -> Self {
        // A port that is free now may be taken a moment later.
        for _ in 0..10 {
            // The cluster bus would use the port plus 10,000, which may be taken.
            let [port, bus] = {
                let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
                listeners.map(|listener| listener.local_addr().unwrap().port())
            };
            let mut options: Vec<_> = options.iter().map(|option| (*option).to_owned()).collect();
            if options.iter().any(|option| option == "--cluster-enabled") {
                options.extend(["--cluster-port".to_owned(), bus.to_string()]);
            }
            let mut redis = Self {
                server: None,
                port,
                folder: TempDir::new().unwrap(),
                options,
            };
            if redis.listens() {
                return redis;
            }
        }
        panic!("redis-server did not start");
    }

    /// Restarts it on the same port.
    pub(crate) fn go_on(&mut self) {
        assert!(self.listens(), "redis-server did not start again");
    }

    fn listens(&mut self) -> bool {
        let mut server = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server must be on the path: {error}"));
        for _ in 0..3_000 {
            if server.try_wait().unwrap().is_some() {
                return false;
            }
            // A cluster node resets connections that arrive too early.
            let answers = TcpStream::connect(("127.0.0.1", self.port)).and_then(answers);
            if answers.is_ok_and(|answers| answers) {
                self.server = Some(server);
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = server.kill();
        let _ = server.wait();
        false
    }

    /// Kills it with `SIGKILL`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its response to a command.
    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, command: &str) -> T {
        let client = redis::Client::open(self.address()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        command.query_async(&mut connection).await.unwrap()
    }
}

/// Whether Redis is what listens.
fn answers(mut stream: TcpStream) -> std::io::Result<bool> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    // The second while it is still loading its files.
    Ok(answer == *b"+PONG\r\n" || answer == *b"-LOADIN")
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
