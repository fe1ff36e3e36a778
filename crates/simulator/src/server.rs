//! The HTTP server.

use crate::{
    commands::{Commands, Refusal},
    gate::{self, Because},
    state::State,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract,
    http::{Method, Request, header},
    response::{IntoResponse, Response},
};
use std::{
    collections::VecDeque,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tencent_chat_types::{Envelope, ErrorCode, RawReply};
use tencent_chat_usersig::{Clock, SecretKey, Signer};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// Largest request body that is read. The service's own limits are per command and smaller.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Most requests that the journal remembers.
const JOURNAL_LENGTH: usize = 10_000;

/// What the server was set up with.
pub(crate) struct Settings {
    pub(crate) sdk_app_id: u64,
    pub(crate) admins: Vec<String>,
    pub(crate) signer: Signer,
    pub(crate) page_size: usize,
}

struct Shared {
    settings: Settings,
    commands: Commands,
    state: Mutex<State>,
    journal: Mutex<VecDeque<JournalEntry>>,
}

/// One request that the simulator answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The command, as in the address.
    pub path: String,
    /// Who called; empty when the request did not get that far.
    pub identifier: String,
    /// The request's random number.
    pub random: Option<u32>,
    /// The code that was answered; zero for success.
    pub code: ErrorCode,
}

/// Sets a [`Simulator`] up.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct SimulatorBuilder {
    sdk_app_id: u64,
    admins: Vec<String>,
    signer: Signer,
    page_size: usize,
    port: u16,
}

impl SimulatorBuilder {
    /// User ids that may call; only `administrator` unless set otherwise.
    pub fn admins(mut self, admins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.admins = admins.into_iter().map(Into::into).collect();
        self
    }

    /// Takes the time from another clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.signer = self.signer.with_clock(clock);
        self
    }

    /// Entries of a page, where a command leaves that to the service; 100 unless set otherwise.
    pub fn page_size(mut self, entries: usize) -> Self {
        self.page_size = entries.max(1);
        self
    }

    /// A port of your choice; any free one unless set.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Starts to listen, on loopback.
    ///
    /// # Errors
    ///
    /// The port is taken, or the machine has no loopback.
    pub async fn start(self) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(&self.admins)),
            settings: Settings {
                sdk_app_id: self.sdk_app_id,
                admins: self.admins,
                signer: self.signer,
                page_size: self.page_size,
            },
            commands: Commands::all(),
            journal: Mutex::default(),
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let until = async {
                // An error means that the simulator was dropped, which stops it as well.
                let _ = stopped.await;
            };
            axum::serve(listener, app)
                .with_graceful_shutdown(until)
                .await
        });
        Ok(Simulator {
            shared,
            address,
            stop: Some(stop),
            task,
        })
    }
}

/// A running simulator. Stops when it is dropped.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Begins a simulator of one app with its key.
    pub fn builder(sdk_app_id: u64, key: impl Into<SecretKey>) -> SimulatorBuilder {
        SimulatorBuilder {
            sdk_app_id,
            admins: vec!["administrator".to_owned()],
            signer: Signer::new(sdk_app_id, key),
            page_size: 100,
            port: 0,
        }
    }

    /// Address for clients.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last requests, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        lock(&self.shared.journal).iter().cloned().collect()
    }

    /// Lets a user be seen on a platform, with a status such as `Online` or `PushOnline`.
    pub fn set_online(&self, user: &str, platform: &str, status: &str) {
        lock(&self.shared.state).set_online(user, platform, status);
    }

    /// Pins a conversation of a user with another user to the top, or takes it off.
    pub fn pin(&self, user: &str, with: &str, pinned: bool) {
        lock(&self.shared.state).pin(user, with, pinned);
    }

    /// What a device does that joins a group. The server API cannot: an `AVChatRoom` is joined by its
    /// users.
    ///
    /// # Errors
    ///
    /// The code that the device gets: no such group or user, banned, or the group is full.
    pub fn join_group(&self, group: &str, user: &str) -> Result<(), ErrorCode> {
        let now = self.shared.settings.signer.now();
        lock(&self.shared.state).join_group(group, user, now)
    }

    /// What a device does that shows group messages: they are read up to this number.
    pub fn read_group_msgs(&self, group: &str, user: &str, up_to: u64) {
        lock(&self.shared.state).read_group_msgs(group, user, up_to);
    }

    /// Each command that it knows, with how it answers: `stateful` or `canned`.
    pub fn behaviours() -> Vec<(&'static str, &'static str)> {
        let commands = Commands::all();
        let canned = commands.canned();
        let behaviour = |path| match canned.contains(&path) {
            true => "canned",
            false => "stateful",
        };
        let paths = commands.paths().into_iter();
        paths.map(|path| (path, behaviour(path))).collect()
    }

    /// Paths of the commands that it knows.
    pub fn commands(&self) -> Vec<&'static str> {
        self.shared.commands.paths()
    }

    /// Paths of the commands that answer a sample of the spec instead of acting.
    pub fn canned_commands(&self) -> Vec<&'static str> {
        self.shared.commands.canned()
    }

    /// Stops, after requests in flight have been answered.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // The task may have ended already.
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A panic while the lock is held leaves the state as it was between two statements, which is
/// good enough for a simulator.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request: always with HTTP status 200, like the service.
async fn answer(
    extract::State(shared): extract::State<Arc<Shared>>,
    request: Request<Body>,
) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let mut entry = JournalEntry {
        path,
        identifier: String::new(),
        random: None,
        code: ErrorCode::OK,
    };
    let body = match handle(&shared, request, &mut entry).await {
        Ok(body) => body,
        Err(refusal) => {
            entry.code = refusal.code;
            let mut reply = RawReply::default();
            reply.envelope = Envelope::fail(refusal.code, refusal.text);
            // A struct of texts and a number always becomes JSON.
            serde_json::to_vec(&reply).unwrap_or_default()
        }
    };
    let mut journal = lock(&shared.journal);
    if journal.len() == JOURNAL_LENGTH {
        journal.pop_front();
    }
    journal.push_back(entry);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn handle(
    shared: &Shared,
    request: Request<Body>,
    entry: &mut JournalEntry,
) -> Result<Vec<u8>, Refusal> {
    if request.method() != Method::POST {
        return Err(ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the method must be POST"));
    }
    let caller = gate::check(&shared.settings, request.uri().query().unwrap_or_default())?;
    entry.identifier.clone_from(&caller.identifier);
    entry.random = Some(caller.random);
    let command = shared
        .commands
        .get(&entry.path)
        .ok_or_else(|| ErrorCode::RESOURCE_UNKNOWN.because("there is no such command"))?;
    let body = to_bytes(request.into_body(), MAX_BODY_BYTES)
        .await
        .map_err(|_| {
            ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the body is too large or was cut off")
        })?;
    let mut state = lock(&shared.state);
    command.run(&mut state, &shared.settings, &caller, &body)
}
