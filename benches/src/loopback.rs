//! A server of fixed replies and calls to it, for what clients cost.

use serde::{Serialize, de::DeserializeOwned};
use std::{
    error::Error,
    io::{self, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// A reply to `sendmsg`.
pub const SENT: &str = r#"{"ActionStatus":"OK","ErrorInfo":"","ErrorCode":0,"MsgTime":1700000100,"MsgKey":"7_2837_1700000100"}"#;

/// A connection that has been quiet for this long is looked at only once every [`TURNS`] turns: polling the hundreds
/// that a client keeps idle would take longer than its calls.
const QUIET: Duration = Duration::from_millis(10);
const TURNS: u32 = 64;

/// A connection of the server.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    heard: Instant,
}

/// A server that always sends the same reply, on its own thread. It never sleeps: the time to wake it would
/// count as the client's, and more often the longer the client takes.
///
/// # Errors
///
/// There is no free port.
pub fn serve(reply: &str) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let reply = format!(
        "HTTP/1.1 200 OK\r\nServer: loopback\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{reply}",
        reply.len()
    );
    thread::spawn(move || {
        let mut connections: Vec<Connection> = Vec::new();
        for turn in (0..TURNS).cycle() {
            let now = Instant::now();
            if let Ok((stream, _)) = listener.accept()
                && stream.set_nonblocking(true).is_ok()
                && stream.set_nodelay(true).is_ok()
            {
                connections.push(Connection {
                    stream,
                    request: Vec::new(),
                    heard: now,
                });
            }
            connections.retain_mut(|connection| {
                let skipped = turn > 0 && now.duration_since(connection.heard) > QUIET;
                skipped || connection.answer(&reply, now)
            });
        }
    });
    Ok(address)
}

impl Connection {
    /// Reads the available bytes, and replies once they are a whole request. False when the connection is closed.
    fn answer(&mut self, reply: &str, now: Instant) -> bool {
        let mut read = [0; 4096];
        match self.stream.read(&mut read) {
            Ok(0) => return false,
            Ok(count) => self.request.extend(&read[..count]),
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
        self.heard = now;
        let text = String::from_utf8_lossy(&self.request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return true;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse().ok());
        if length.is_some_and(|length: usize| body.len() < length) {
            return true;
        }
        self.request.clear();
        self.stream.write_all(reply.as_bytes()).is_ok()
    }
}

/// Runs so many calls, spread over the tasks.
pub async fn spread<F: Future<Output = ()> + 'static>(
    count: u64,
    tasks: u64,
    call: impl Fn(u64) -> F,
) {
    let set = tokio::task::LocalSet::new();
    for task in 0..tasks {
        let share = count / tasks + u64::from(task < count % tasks);
        set.spawn_local(call(share));
    }
    set.await;
}

/// Calls of one command as written without this SDK: a reqwest client with the settings of this SDK's client, and a
/// prepared address.
#[derive(Debug)]
pub struct Bare {
    http: reqwest::Client,
    address: String,
}

impl Bare {
    /// Calls to `server`, whose query is that of an administrator with this UserSig.
    ///
    /// # Errors
    ///
    /// Those of reqwest.
    pub fn new(
        server: SocketAddr,
        command: &str,
        app: u64,
        admin: &str,
        sig: &str,
    ) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("tencent-chat-rust/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .no_proxy()
            .build()?;
        let address = format!(
            "http://{server}/{command}?sdkappid={app}&identifier={admin}&usersig={sig}&contenttype=json&random="
        );
        Ok(Self { http, address })
    }

    /// Sends a request, and reads its reply.
    ///
    /// # Errors
    ///
    /// There is no reply, or not one of this type.
    pub async fn call<R: DeserializeOwned>(
        &self,
        request: &impl Serialize,
    ) -> Result<R, Box<dyn Error>> {
        let response = self
            .http
            .post(format!("{}{}", self.address, fastrand::u32(..)))
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(serde_json::to_vec(request)?)
            .send()
            .await?
            .error_for_status()?;
        Ok(serde_json::from_slice(&response.bytes().await?)?)
    }
}
