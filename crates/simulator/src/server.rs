//! The HTTP server.

use crate::{
    commands::{self, Commands},
    fault::{Fault, Script},
    gate::{self, Meter},
    refusal::{Because, Refusal},
    settings::{Quotas, Settings, lock},
    webhooks::{Listener, WebhookDelivery, WebhookFailure, WebhookTarget, Webhooks},
    world::{Context, Events, State, Step},
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{
    collections::VecDeque,
    fmt,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex},
    task,
    time::Duration,
};
use tencent_chat_types::{
    Edition, Envelope, ErrorCode, RawReply,
    webhook::{OptPlatform, Webhook},
};
use tencent_chat_usersig::{Clock, SecretKey, Signer};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, Sleep, sleep},
};

/// Largest request body that is read. The service's own limits are per command and smaller.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Most requests that the journal remembers, unless set otherwise.
const JOURNAL_LENGTH: usize = 10_000;

/// Most bytes of a path that the journal remembers: none of a command is longer.
const JOURNAL_PATH_BYTES: usize = 128;

/// What stored messages may take, unless set otherwise.
const MESSAGE_MEMORY: usize = 256 << 20;

/// How long no connection is accepted after one could not be: at first, and at most.
const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    commands: Commands,
    state: Mutex<State>,
    webhooks: Arc<Webhooks>,
    journal: Mutex<VecDeque<JournalEntry>>,
    faults: Mutex<Script>,
    meter: Mutex<Meter>,
    started: Instant,
}

/// Who does something, and with what.
pub(crate) struct Actor {
    pub(crate) user: String,
    pub(crate) platform: OptPlatform,
    /// Bytes of the request.
    pub(crate) bytes: usize,
}

impl Shared {
    /// Does something to the state. What it tells the app of waits for being sent in the order of
    /// the changes.
    pub(crate) fn act<R>(&self, actor: &Actor, act: impl FnOnce(&mut Context<'_>) -> R) -> R {
        self.act_noting(actor, &mut true, act)
    }

    /// As [`act`](Self::act); notes whether something came of it.
    fn act_noting<R>(
        &self,
        actor: &Actor,
        acted: &mut bool,
        act: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        let mut state = lock(&self.state);
        let app = Arc::new(Listener::new(&self.webhooks));
        let mut context = Context {
            state: &mut state,
            operator: &actor.user,
            settings: &self.settings,
            events: Events::new(app.clone(), actor.platform.clone()),
            now: self.settings.signer.now(),
            body_bytes: actor.bytes,
            stored: 0,
            is_duplicate: false,
        };
        let result = act(&mut context);
        *acted = !context.is_duplicate;
        let stored = context.stored;
        app.tell(context.events.into_list());
        state.stored(stored, self.settings.message_memory);
        result
    }

    /// Does something that the app may be asked about; the state is not locked meanwhile.
    pub(crate) async fn act_asking<R>(
        &self,
        actor: &Actor,
        begin: impl Fn(&mut Context<'_>) -> Result<Step<R>, Refusal>,
    ) -> Result<R, Refusal> {
        let done = self.act_asking_noting(actor, begin).await;
        done.map(|(result, _)| result)
    }

    /// As [`act_asking`](Self::act_asking); answers too whether something came of it.
    async fn act_asking_noting<R>(
        &self,
        actor: &Actor,
        begin: impl Fn(&mut Context<'_>) -> Result<Step<R>, Refusal>,
    ) -> Result<(R, bool), Refusal> {
        let mut acted = true;
        let mut step = self.act_noting(actor, &mut acted, &begin)?;
        loop {
            let (same, answer) = match step {
                Step::Done(result) => return Ok((result, acted)),
                Step::Ask { same, answer } => (same, answer),
            };
            step = match self.webhooks.claim(same) {
                Ok(claim) => {
                    let resume = answer.await;
                    let next = self.act_noting(actor, &mut acted, resume);
                    drop(claim);
                    next?
                }
                Err(mut busy) => {
                    // The end of the other one is what it waits for.
                    let _ = busy.changed().await;
                    self.act_noting(actor, &mut acted, &begin)?
                }
            };
        }
    }
}

/// One request that the simulator answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The command, as in the address, cut where it is longer than any command's.
    pub path: String,
    /// Who called; empty when the request did not get that far.
    pub identifier: String,
    /// The request's random number.
    pub random: Option<u32>,
    /// The code that was answered; zero for success.
    pub code: ErrorCode,
    /// How often the request was acted upon: 0 when it was refused, a fault came first or it was
    /// dropped as a duplicate of an earlier one; 2 when it arrived twice and was carried out twice.
    pub applied: u32,
    /// What went wrong with it on demand.
    pub fault: Fault,
    /// When it arrived, since the simulator started.
    pub arrived: Duration,
}

/// Sets a [`Simulator`] up.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct SimulatorBuilder {
    sdk_app_id: u64,
    admins: Vec<String>,
    signer: Signer,
    page_size: usize,
    journal_length: usize,
    message_memory: usize,
    port: u16,
    webhooks: Option<WebhookTarget>,
    quotas: Option<Edition>,
    time_scale: f64,
}

impl SimulatorBuilder {
    /// Refuses calls above the quotas that commands have in an edition, in any window, with the code that
    /// the spec has for it; no quota is kept unless set. What is refused is not counted.
    pub fn quotas(mut self, edition: Edition) -> Self {
        self.quotas = Some(edition);
        self
    }

    /// Windows of quotas so many times as long as the service's, such as 0.01, for tests. What is not
    /// above zero counts as 1.
    pub fn quota_time_scale(mut self, times: f64) -> Self {
        self.time_scale = match times.is_finite() && times > 0.0 {
            true => times,
            false => 1.0,
        };
        self
    }

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

    /// Most requests that [`journal`](Simulator::journal) remembers, and most webhooks that
    /// [`deliveries`](Simulator::deliveries) does; 10,000 of each unless set, and of webhooks no more
    /// than have 32 MiB of bodies. Then the oldest go.
    pub fn journal_length(mut self, entries: usize) -> Self {
        self.journal_length = entries;
        self
    }

    /// Bytes of memory that stored messages may take; 256 MiB unless set, which is some 700,000 messages
    /// of 100 bytes. Above it the oldest messages of the app go, a tenth of the bound at once: they
    /// are missing from histories as expired ones are, and cannot be changed or recalled.
    pub fn message_memory(mut self, bytes: usize) -> Self {
        self.message_memory = bytes;
        self
    }

    /// A port of your choice; any free one unless set.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Fires webhooks at an app; none unless set. See also [`Simulator::set_webhooks`].
    pub fn webhooks(mut self, target: WebhookTarget) -> Self {
        self.webhooks = Some(target);
        self
    }

    /// Starts to listen, on loopback.
    ///
    /// # Errors
    ///
    /// The port is taken, the machine has no loopback, or the address for webhooks is not on this
    /// machine.
    pub async fn start(self) -> io::Result<Simulator> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let address = listener.local_addr()?;
        let webhooks = Webhooks::new(self.sdk_app_id, self.signer.clone(), self.journal_length);
        webhooks.set_target(self.webhooks)?;
        let shared = Arc::new(Shared {
            webhooks,
            state: Mutex::new(State::new(&self.admins)),
            settings: Settings {
                sdk_app_id: self.sdk_app_id,
                admins: self.admins,
                signer: self.signer,
                page_size: self.page_size,
                journal_length: self.journal_length,
                message_memory: self.message_memory,
                quotas: self.quotas.map(|edition| Quotas {
                    edition,
                    scale: self.time_scale,
                }),
            },
            commands: commands::all(),
            journal: Mutex::default(),
            faults: Mutex::default(),
            meter: Mutex::default(),
            started: Instant::now(),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(serve(listener, Arc::clone(&shared), stopped));
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
    pub(crate) shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Simulator {
    /// Begins a simulator of one app with its key.
    pub fn builder(sdk_app_id: u64, key: impl Into<SecretKey>) -> SimulatorBuilder {
        SimulatorBuilder {
            sdk_app_id,
            admins: vec!["administrator".to_owned()],
            signer: Signer::new(sdk_app_id, key),
            page_size: 100,
            journal_length: JOURNAL_LENGTH,
            message_memory: MESSAGE_MEMORY,
            port: 0,
            webhooks: None,
            quotas: None,
            time_scale: 1.0,
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

    /// Lets the next requests of a command fail, one after the other. `*` stands for all commands
    /// without a script of their own.
    ///
    /// # Errors
    ///
    /// There is no such command, so that the faults would never happen. Nothing is injected then.
    pub fn inject(
        &self,
        command: &str,
        faults: impl IntoIterator<Item = Fault>,
    ) -> Result<(), UnknownCommand> {
        let commands = &self.shared.commands;
        if command != "*" && commands.get(command).is_none() {
            return Err(UnknownCommand::new(command, &commands.paths()));
        }
        lock(&self.shared.faults).add(command, faults);
        Ok(())
    }

    /// Forgets the faults that have not happened yet.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Fires webhooks at another address from now on, or none; what waits goes where it was to go.
    ///
    /// # Errors
    ///
    /// The address is not on this machine.
    pub fn set_webhooks(&self, target: impl Into<Option<WebhookTarget>>) -> io::Result<()> {
        self.shared.webhooks.set_target(target.into())
    }

    /// The webhooks that were sent last, oldest first.
    pub fn deliveries(&self) -> Vec<WebhookDelivery> {
        self.shared.webhooks.deliveries()
    }

    /// Waits until the app was told of everything that has happened.
    pub async fn webhooks_idle(&self) {
        self.shared.webhooks.idle().await;
    }

    /// Sends the app an event of your choice and answers what it answered: any webhook, also those
    /// that nothing here causes. Nothing follows from the answer.
    ///
    /// # Errors
    ///
    /// No address is set, or the app gave no proper answer.
    pub async fn fire<E: Webhook>(&self, event: &E) -> Result<E::Answer, WebhookFailure> {
        self.shared.webhooks.fire(event).await
    }

    /// Each command that it knows, with how it answers: `stateful` or `canned`.
    pub fn behaviours() -> Vec<(&'static str, &'static str)> {
        let commands = commands::all();
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

    /// Stops, after requests in flight have been answered. What the app was not told of yet, it will
    /// not be; [`webhooks_idle`](Self::webhooks_idle) waits for that.
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
        self.shared.webhooks.stop();
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// There is no such command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCommand {
    command: String,
    meant: Option<&'static str>,
}

impl UnknownCommand {
    fn new(command: &str, known: &[&'static str]) -> Self {
        let last = |path: &str| path.rsplit('/').next().map(str::to_owned);
        let trimmed = command.trim().trim_start_matches('/');
        let meant = (known.iter().find(|path| **path == trimmed))
            .or_else(|| known.iter().find(|path| last(path) == last(trimmed)));
        Self {
            command: cut(command.to_owned(), JOURNAL_PATH_BYTES),
            meant: meant.copied(),
        }
    }
}

impl fmt::Display for UnknownCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no command {:?}", self.command)?;
        match self.meant {
            Some(meant) => write!(f, "; did you mean {meant:?}?"),
            None => {
                f.write_str("; expected a path such as \"v4/openim/sendmsg\", or \"*\" for all")
            }
        }
    }
}

impl std::error::Error for UnknownCommand {}

/// A text with at most this many bytes.
fn cut(mut text: String, most: usize) -> String {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.shrink_to_fit();
    text
}

/// The next connection. When none can be accepted, which lasts while the process has too many files
/// open, it rests longer and longer before it tries again.
async fn accept<T, F>(mut accept: impl FnMut() -> F) -> T
where
    F: Future<Output = io::Result<T>>,
{
    let (mut pause, longest) = ACCEPT_PAUSE;
    loop {
        match accept().await {
            Ok(connection) => return connection,
            // The client's loss: it broke while it came about.
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => {
                sleep(pause).await;
                pause = longest.min(pause * 2);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Accepts connections until it is told to stop, then lets requests in flight finish.
async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            (stream, _) = accept(|| listener.accept()) => stream,
            // An error means that the simulator was dropped, which stops it as well.
            _ = &mut stopped => break,
        };
        // Without this, small replies wait for the client's acknowledgement of the last one.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // Broken connections are the client's, or were asked for.
            let _ = connection.await;
        });
    }
    connections.shutdown().await;
}

/// The connection is to break: asked for by a fault.
#[derive(Debug)]
struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection breaks on demand")
    }
}

impl std::error::Error for Reset {}

/// Answers one request: with HTTP status 200 like the service, unless a fault says otherwise.
async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Reply>, Reset> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = body.map(Collected::to_bytes).map_err(drop);
    // Acting goes on when the client hangs up meanwhile, as it does in the service.
    let acting = tokio::spawn(act(shared, head, body));
    match acting.await.map_err(|_| Reset)?? {
        Some(response) => Ok(response),
        // Until the client hangs up, which drops this.
        None => std::future::pending().await,
    }
}

async fn act(
    shared: Arc<Shared>,
    head: Parts,
    body: Result<Bytes, ()>,
) -> Result<Option<Response<Reply>>, Reset> {
    let path = head.uri.path().trim_start_matches('/').to_owned();
    let fault = lock(&shared.faults).next(&path);
    let mut entry = JournalEntry {
        path: cut(path, JOURNAL_PATH_BYTES),
        identifier: String::new(),
        random: None,
        code: ErrorCode::OK,
        applied: 0,
        fault: fault.clone(),
        arrived: shared.started.elapsed(),
    };
    if let Fault::Delay(pause) = fault {
        sleep(pause).await;
    }
    let handled = handle(&shared, &head, body, &fault, &mut entry).await;
    let body = handled.unwrap_or_else(|refusal| {
        entry.code = refusal.code;
        let mut reply = RawReply::default();
        reply.envelope = Envelope::fail(refusal.code, refusal.text);
        // A struct of texts and a number always becomes JSON.
        serde_json::to_vec(&reply).unwrap_or_default()
    });
    {
        let mut journal = lock(&shared.journal);
        journal.push_back(entry);
        while journal.len() > shared.settings.journal_length {
            journal.pop_front();
        }
    }
    if matches!(fault, Fault::ResetBefore | Fault::ResetAfter) {
        return Err(Reset);
    }
    if fault == Fault::Silence {
        return Ok(None);
    }
    let (status, kind, body) = match &fault {
        Fault::Gateway { status, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let page = format!("<html><body><h1>{status}</h1></body></html>");
            (status, "text/html", page.into_bytes())
        }
        fault => (StatusCode::OK, "application/json", fault.spoil(body)),
    };
    let mut response = Response::new(Reply::new(body, &fault));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // The service's clock is the simulator's.
    let now = std::time::UNIX_EPOCH + Duration::from_secs(shared.settings.signer.now());
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        headers.insert(header::DATE, date);
    }
    Ok(Some(response))
}

async fn handle(
    shared: &Shared,
    head: &Parts,
    body: Result<Bytes, ()>,
    fault: &Fault,
    entry: &mut JournalEntry,
) -> Result<Vec<u8>, Refusal> {
    if head.method != Method::POST {
        return Err(ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the method must be POST"));
    }
    if fault.comes_before() {
        return fault.refusal().map_or(Ok(Vec::new()), Err);
    }
    let caller = gate::check(&shared.settings, head.uri.query().unwrap_or_default())?;
    entry.identifier.clone_from(&caller.identifier);
    entry.random = Some(caller.random);
    let command = shared
        .commands
        .get(head.uri.path().trim_start_matches('/'))
        .ok_or_else(|| ErrorCode::RESOURCE_UNKNOWN.because("there is no such command"))?;
    let body = body.map_err(|()| {
        ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the body is too large or was cut off")
    })?;
    if let Some(quotas) = shared.settings.quotas {
        let path = head.uri.path().trim_start_matches('/');
        lock(&shared.meter).pass(quotas, path, &body)?;
    }
    let actor = Actor {
        user: caller.identifier,
        platform: OptPlatform::RESTAPI,
        bytes: body.len(),
    };
    let arrive = || shared.act_asking_noting(&actor, |context| command.begin(context, &body));
    let (reply, acted) = arrive().await?;
    entry.applied = u32::from(acted);
    // What the second arrival answers goes to nobody.
    if *fault == Fault::Duplicate
        && let Ok((_, acted)) = arrive().await
    {
        entry.applied += u32::from(acted);
    }
    Ok(reply)
}

/// The body of a reply, as a fault lets it through.
enum Reply {
    Whole(Full<Bytes>),
    /// Half of it, then an error.
    Half {
        half: Option<Bytes>,
        length: u64,
    },
    /// Bit by bit.
    Drip {
        rest: Bytes,
        pause: Duration,
        sleep: Pin<Box<Sleep>>,
    },
}

/// Bytes of one bit of a dripping reply.
const DRIP_BYTES: usize = 8;

impl Reply {
    fn new(body: Vec<u8>, fault: &Fault) -> Self {
        let body = Bytes::from(body);
        match fault {
            Fault::Truncated => Self::Half {
                length: body.len() as u64,
                half: Some(body.slice(..body.len() / 2)),
            },
            Fault::Drip(pause) => Self::Drip {
                rest: body,
                pause: *pause,
                sleep: Box::pin(sleep(*pause)),
            },
            _ => Self::Whole(Full::new(body)),
        }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Reset;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> task::Poll<Option<Result<Frame<Bytes>, Reset>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Half { half, .. } => {
                let next = half.take().map(Frame::data).ok_or(Reset);
                task::Poll::Ready(Some(next))
            }
            Self::Drip { rest, .. } if rest.is_empty() => task::Poll::Ready(None),
            Self::Drip { rest, pause, sleep } => {
                task::ready!(sleep.as_mut().poll(context));
                sleep.as_mut().reset(Instant::now() + *pause);
                let bit = rest.split_to(rest.len().min(DRIP_BYTES));
                task::Poll::Ready(Some(Ok(Frame::data(bit))))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Half { length, .. } => SizeHint::with_exact(*length),
            Self::Drip { rest, .. } => SizeHint::with_exact(rest.len() as u64),
        }
    }
}
