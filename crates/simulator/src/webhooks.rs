//! Webhooks: asks the app before something happens, tells it after, over HTTP.

use crate::{
    settings::lock,
    world::{
        Answered as Verdict, Answering, App, BadAnswer, Read, Telling, read_answer, read_reply,
    },
};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header, uri::PathAndQuery};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::{
    any::Any,
    collections::{BTreeSet, HashMap, VecDeque},
    fmt, io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_types::{
    RawReply, Reply,
    webhook::{OptPlatform, TIMEOUT_SECONDS, WEBHOOKS, Webhook, query},
};
use tencent_chat_usersig::Signer;
use tencent_chat_webhook::Token;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// Largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Most events that wait for being sent.
const MAX_WAITING: usize = 10_000;

/// Most bytes of the deliveries that are remembered.
const MAX_DELIVERY_BYTES: usize = 32 << 20;

/// What need not be escaped in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where the simulator sends webhooks, and how: what is set in the console for the real service.
#[derive(Clone, Debug)]
#[must_use = "a target does nothing until a simulator has it"]
pub struct WebhookTarget {
    url: String,
    token: Option<Token>,
    timeout: Duration,
    unanswered: Unanswered,
    repeats: u32,
    commands: Option<BTreeSet<String>>,
}

/// What becomes of what the app was asked about and gave no answer to: because it was late, could not
/// be reached, or answered nonsense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unanswered {
    /// It happens, as with the real service unless the console says otherwise.
    #[default]
    Proceed,
    /// It is refused, with the code for a refusal without a code of the app's own.
    Refuse,
}

impl WebhookTarget {
    /// An address of the app: plain HTTP on this machine. Requests are not signed, wait two seconds
    /// for an answer, and come for all webhooks that the simulator fires.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS.into()),
            unanswered: Unanswered::default(),
            repeats: 0,
            commands: None,
        }
    }

    /// Signs requests with this token.
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// How long an answer may take; two seconds unless set, as with the real service.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What happens without an answer of the app.
    pub fn unanswered(mut self, unanswered: Unanswered) -> Self {
        self.unanswered = unanswered;
        self
    }

    /// How often an event is sent again that the app only is told and does not acknowledge in time.
    /// Never unless set, as with the real service. Events that ask are never sent again.
    pub fn repeats(mut self, times: u32) -> Self {
        self.repeats = times;
        self
    }

    /// Fires these webhooks only, by their names on the wire such as `C2C.CallbackBeforeSendMsg`.
    pub fn only(mut self, commands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let commands = commands.into_iter();
        self.commands = Some(commands.map(|name| name.as_ref().to_owned()).collect());
        self
    }
}

/// Why the app did not answer a webhook. Its texts hold neither address nor token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFailure {
    /// The simulator has no address to send webhooks to.
    NoTarget,
    /// No answer came in time.
    Late,
    /// No connection came about: the app is not running there.
    Unreachable,
    /// The connection broke before the answer was complete.
    Broken,
    /// Another HTTP status than 200.
    Status(u16),
    /// The answer has more than 64 KiB.
    TooLarge,
    /// The answer is not the JSON that this webhook is answered with.
    Unparsable,
    /// The documentation gives no meaning to the code of the answer.
    Meaningless,
    /// Too many events waited already, so this one was not sent.
    QueueFull,
}

impl fmt::Display for WebhookFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTarget => f.write_str("no address is set for webhooks"),
            Self::Late => f.write_str("the app did not answer in time"),
            Self::Unreachable => f.write_str("the app could not be reached"),
            Self::Broken => f.write_str("the connection to the app broke"),
            Self::Status(status) => write!(f, "the app answered HTTP status {status}"),
            Self::TooLarge => f.write_str("the app's answer is larger than 64 KiB"),
            Self::Unparsable => f.write_str("the app's answer is not that of this webhook"),
            Self::Meaningless => f.write_str("the app's answer has a code without a meaning"),
            Self::QueueFull => f.write_str("too many events wait for being sent"),
        }
    }
}

impl std::error::Error for WebhookFailure {}

/// One webhook that the simulator sent, or tried to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebhookDelivery {
    /// The webhook.
    pub command: &'static str,
    /// What caused the event.
    pub platform: OptPlatform,
    /// 1 for the first time that the event was sent.
    pub attempt: u32,
    /// The body.
    pub event: Value,
    /// HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// The answer, if it is JSON.
    pub answer: Option<Value>,
    /// Why the app did not answer; none when it did.
    pub failure: Option<WebhookFailure>,
}

/// The webhooks that were sent last.
#[derive(Debug)]
struct Deliveries {
    list: VecDeque<Delivery>,
    most: usize,
    /// Of all bodies.
    bytes: usize,
}

/// A [`WebhookDelivery`] with its bodies as they were sent, which takes less memory.
#[derive(Debug)]
struct Delivery {
    command: &'static str,
    platform: OptPlatform,
    attempt: u32,
    event: Bytes,
    status: Option<u16>,
    answer: Option<Bytes>,
    failure: Option<WebhookFailure>,
}

impl Deliveries {
    fn push(&mut self, delivery: Delivery) {
        self.bytes += delivery.bytes();
        self.list.push_back(delivery);
        while self.list.len() > self.most || self.bytes > MAX_DELIVERY_BYTES {
            let Some(oldest) = self.list.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
        }
    }
}

impl Delivery {
    fn bytes(&self) -> usize {
        self.event.len() + self.answer.as_ref().map_or(0, Bytes::len)
    }

    fn shown(&self) -> WebhookDelivery {
        let json = |body: &Bytes| serde_json::from_slice(body).ok();
        WebhookDelivery {
            command: self.command,
            platform: self.platform.clone(),
            attempt: self.attempt,
            event: json(&self.event).unwrap_or_default(),
            status: self.status,
            answer: self.answer.as_ref().and_then(json),
            failure: self.failure,
        }
    }
}

/// A [`WebhookTarget`] with its address taken apart.
#[derive(Debug)]
pub(crate) struct Target {
    settings: WebhookTarget,
    uri: Uri,
}

impl Target {
    /// # Errors
    ///
    /// An address that is not plain HTTP on this machine: a mistake there would send test data away.
    /// A webhook that does not exist.
    pub(crate) fn new(settings: WebhookTarget) -> io::Result<Self> {
        let known = |name: &&String| WEBHOOKS.iter().any(|webhook| webhook.command == **name);
        let mut named = settings.commands.iter().flatten();
        if let Some(unknown) = named.find(|name| !known(name)) {
            let text = format!("there is no webhook {unknown:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let refused = || {
            let text = "webhooks go to http:// on this machine only: 127.0.0.1, [::1] or localhost";
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        let uri: Uri = settings.url.parse().map_err(|_| refused())?;
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let named = uri.authority().map(http::uri::Authority::as_str);
        let with_user = named.is_some_and(|authority| authority.contains('@'));
        if uri.scheme_str() != Some("http") || !here || with_user {
            return Err(refused());
        }
        Ok(Self { settings, uri })
    }

    fn wants(&self, command: &str) -> bool {
        let commands = self.settings.commands.as_ref();
        commands.is_none_or(|commands| commands.contains(command))
    }
}

/// A delivery's result.
struct Answered {
    status: Option<u16>,
    body: Result<Bytes, WebhookFailure>,
}

/// Sends events.
pub(crate) struct Webhooks {
    sdk_app_id: u64,
    /// For its clock.
    signer: Signer,
    target: Mutex<Option<Arc<Target>>>,
    client: Client<HttpConnector, Full<Bytes>>,
    deliveries: Mutex<Deliveries>,
    waiting: mpsc::Sender<(Arc<Target>, Telling)>,
    worker: Mutex<Worker>,
    /// Where the worker runs.
    runtime: Handle,
    /// Events that wait or are being sent.
    pending: watch::Sender<usize>,
    /// When the last event happened, in milliseconds.
    last_time: Mutex<u64>,
    /// What the app is being asked about.
    asking: Mutex<HashMap<String, watch::Receiver<()>>>,
}

/// Events that have to be sent.
type Waiting = mpsc::Receiver<(Arc<Target>, Telling)>;

/// Who sends the events.
enum Worker {
    /// Nobody, until there is an app to send them to.
    Idle(Waiting),
    Running(JoinHandle<()>),
    Stopped,
}

impl Webhooks {
    /// Must run within tokio.
    pub(crate) fn new(sdk_app_id: u64, signer: Signer, most_deliveries: usize) -> Arc<Self> {
        let (waiting, events) = mpsc::channel(MAX_WAITING);
        Arc::new(Self {
            sdk_app_id,
            signer,
            target: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            deliveries: Mutex::new(Deliveries {
                list: VecDeque::new(),
                most: most_deliveries,
                bytes: 0,
            }),
            waiting,
            worker: Mutex::new(Worker::Idle(events)),
            runtime: Handle::current(),
            pending: watch::channel(0).0,
            last_time: Mutex::default(),
            asking: Mutex::default(),
        })
    }

    pub(crate) fn set_target(self: &Arc<Self>, target: Option<WebhookTarget>) -> io::Result<()> {
        let target = target.map(Target::new).transpose()?;
        if target.is_some() {
            let mut worker = lock(&self.worker);
            *worker = match std::mem::replace(&mut *worker, Worker::Stopped) {
                Worker::Idle(events) => {
                    Worker::Running(self.runtime.spawn(Arc::clone(self).work(events)))
                }
                other => other,
            };
        }
        *lock(&self.target) = target.map(Arc::new);
        Ok(())
    }

    /// Sends nothing more.
    pub(crate) fn stop(&self) {
        if let Worker::Running(task) = std::mem::replace(&mut *lock(&self.worker), Worker::Stopped)
        {
            task.abort();
        }
    }

    fn target(&self) -> Option<Arc<Target>> {
        lock(&self.target).clone()
    }

    pub(crate) fn deliveries(&self) -> Vec<WebhookDelivery> {
        let deliveries = lock(&self.deliveries);
        deliveries.list.iter().map(Delivery::shown).collect()
    }

    /// Waits until nothing waits for being sent.
    pub(crate) async fn idle(&self) {
        let mut pending = self.pending.subscribe();
        // The sender is here, so this ends with the condition.
        let _ = pending.wait_for(|pending| *pending == 0).await;
    }

    /// When an event happens, in milliseconds since 1970. No two are the same, so that events that
    /// hold the same otherwise can be told from repeats.
    fn time(&self) -> u64 {
        let now = self.signer.now().saturating_mul(1_000);
        let mut last = lock(&self.last_time);
        *last = now.max(*last + 1);
        *last
    }

    /// Lets events wait for being sent, in order.
    fn enqueue(&self, target: &Arc<Target>, events: Vec<Telling>) {
        for event in events {
            self.pending.send_modify(|pending| *pending += 1);
            if let Err(refused) = self.waiting.try_send((Arc::clone(target), event)) {
                let (_, telling) = refused.into_inner();
                let lost = Answered {
                    status: None,
                    body: Err(WebhookFailure::QueueFull),
                };
                self.note(&telling, 0, &lost, Some(WebhookFailure::QueueFull));
                self.pending.send_modify(|pending| *pending -= 1);
            }
        }
    }

    /// Sends what waits, one event after the other, for ever.
    async fn work(self: Arc<Self>, mut events: Waiting) {
        while let Some((target, telling)) = events.recv().await {
            let mut attempt = 1;
            loop {
                let told = self.deliver::<RawReply>(&target, &telling, attempt).await;
                let late = told.err() == Some(WebhookFailure::Late);
                if !late || attempt > target.settings.repeats {
                    break;
                }
                attempt += 1;
            }
            self.pending.send_modify(|pending| *pending -= 1);
        }
    }

    /// Sends an event of the caller's choice, whichever webhooks are switched on.
    pub(crate) async fn fire<E: Webhook>(&self, event: &E) -> Result<E::Answer, WebhookFailure> {
        let target = self.target().ok_or(WebhookFailure::NoTarget)?;
        let telling = Telling::new(event, OptPlatform::UNKNOWN);
        let answer = self.ask(&target, &telling, read_answer::<E>).await?;
        let answer = answer.downcast().map_err(|_| WebhookFailure::Unparsable)?;
        Ok(*answer)
    }

    /// What the app answers.
    async fn ask(
        &self,
        target: &Target,
        telling: &Telling,
        read: Read,
    ) -> Result<Box<dyn Any + Send>, WebhookFailure> {
        let reply = self.post(target, telling).await;
        let body = reply.body.as_ref().map_err(|failure| *failure);
        let answer = body.and_then(|body| read(body).map_err(WebhookFailure::from));
        self.note(telling, 1, &reply, answer.as_ref().err().copied());
        answer
    }

    async fn deliver<R: Reply>(
        &self,
        target: &Target,
        telling: &Telling,
        attempt: u32,
    ) -> Result<R, WebhookFailure> {
        let reply = self.post(target, telling).await;
        let read = reply.body.as_ref().map_err(|failure| *failure);
        let answer = read.and_then(|body| Ok(read_reply::<R>(body)?));
        self.note(telling, attempt, &reply, answer.as_ref().err().copied());
        answer
    }

    fn note(
        &self,
        telling: &Telling,
        attempt: u32,
        reply: &Answered,
        failure: Option<WebhookFailure>,
    ) {
        lock(&self.deliveries).push(Delivery {
            command: telling.command,
            platform: telling.platform.clone(),
            attempt,
            event: telling.body.clone(),
            status: reply.status,
            answer: reply.body.as_ref().ok().cloned(),
            failure,
        });
    }

    async fn post(&self, target: &Target, telling: &Telling) -> Answered {
        let mut status = None;
        let body = timeout(
            target.settings.timeout,
            self.exchange(target, telling, &mut status),
        );
        let body = body.await.unwrap_or(Err(WebhookFailure::Late));
        Answered { status, body }
    }

    async fn exchange(
        &self,
        target: &Target,
        telling: &Telling,
        status: &mut Option<u16>,
    ) -> Result<Bytes, WebhookFailure> {
        let mut request = Request::post(self.address(target, telling))
            .body(Full::new(telling.body.clone()))
            .map_err(|_| WebhookFailure::Unreachable)?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        let response = self.client.request(request).await;
        let response = response.map_err(|error| match error.is_connect() {
            true => WebhookFailure::Unreachable,
            false => WebhookFailure::Broken,
        })?;
        *status = Some(response.status().as_u16());
        if response.status() != StatusCode::OK {
            return Err(WebhookFailure::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES);
        match body.collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(WebhookFailure::TooLarge),
            Err(_) => Err(WebhookFailure::Broken),
        }
    }

    /// The app's address with the service's parameters at its end.
    fn address(&self, target: &Target, telling: &Telling) -> Uri {
        let escaped = |text: &str| utf8_percent_encode(text, PLAIN).to_string();
        let app = self.sdk_app_id.to_string();
        let time = self.signer.now().to_string();
        let sign = (target.settings.token.as_ref()).map(|token| token.sign(&time));
        let mut pairs = vec![
            (query::SDK_APP_ID, app.as_str()),
            (query::COMMAND, telling.command),
            (query::CONTENT_TYPE, query::CONTENT_TYPE_VALUE),
        ];
        if telling.has_cause {
            pairs.extend([
                (query::CLIENT_IP, "127.0.0.1"),
                (query::OPT_PLATFORM, telling.platform.as_str()),
            ]);
        }
        if let Some(sign) = &sign {
            pairs.extend([(query::SIGN, sign.as_str()), (query::REQUEST_TIME, &time)]);
        }
        let own = target.uri.query().filter(|own| !own.is_empty());
        let pairs = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)));
        let all: Vec<String> = own.map(str::to_owned).into_iter().chain(pairs).collect();
        let path = format!("{}?{}", target.uri.path(), all.join("&"));
        let mut parts = target.uri.clone().into_parts();
        // Path and query come from an address, names and escaped values.
        parts.path_and_query = path.parse::<PathAndQuery>().ok();
        Uri::from_parts(parts).unwrap_or_else(|_| target.uri.clone())
    }

    /// Claims what the app is to be asked about. A second request that asks about the same waits for
    /// what becomes of the first.
    pub(crate) fn claim(
        self: &Arc<Self>,
        key: Option<String>,
    ) -> Result<Claim, watch::Receiver<()>> {
        let mut asking = lock(&self.asking);
        if let Some(busy) = key.as_ref().and_then(|key| asking.get(key)) {
            return Err(busy.clone());
        }
        let (sender, receiver) = watch::channel(());
        if let Some(key) = &key {
            asking.insert(key.clone(), receiver);
        }
        Ok(Claim {
            webhooks: Arc::clone(self),
            key,
            _done: sender,
        })
    }
}

/// Held while the app is asked.
pub(crate) struct Claim {
    webhooks: Arc<Webhooks>,
    key: Option<String>,
    /// Goes with the claim, which wakes those who wait.
    _done: watch::Sender<()>,
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            lock(&self.webhooks.asking).remove(key);
        }
    }
}

/// The app as the world sees it: with the address that it has at this time.
pub(crate) struct Listener {
    webhooks: Arc<Webhooks>,
    target: Option<Arc<Target>>,
}

impl Listener {
    pub(crate) fn new(webhooks: &Arc<Webhooks>) -> Self {
        Self {
            webhooks: Arc::clone(webhooks),
            target: webhooks.target(),
        }
    }

    /// Lets events wait for being sent. Called while the state is locked, so that their order is that
    /// of the changes.
    pub(crate) fn tell(&self, events: Vec<Telling>) {
        if let Some(target) = &self.target {
            self.webhooks.enqueue(target, events);
        }
    }
}

impl App for Listener {
    fn wants(&self, webhook: &str) -> bool {
        let target = self.target.as_ref();
        target.is_some_and(|target| target.wants(webhook))
    }

    fn time(&self) -> u64 {
        self.webhooks.time()
    }

    fn ask(&self, question: Telling, read: Read) -> Answering {
        let (webhooks, target) = (Arc::clone(&self.webhooks), self.target.clone());
        Box::pin(async move {
            let Some(target) = target else {
                return Verdict::Proceed;
            };
            match webhooks.ask(&target, &question, read).await {
                Ok(answer) => Verdict::With(answer),
                Err(_) => match target.settings.unanswered {
                    Unanswered::Proceed => Verdict::Proceed,
                    Unanswered::Refuse => Verdict::Refuse,
                },
            }
        })
    }
}

impl From<BadAnswer> for WebhookFailure {
    fn from(bad: BadAnswer) -> Self {
        match bad {
            BadAnswer::Unparsable => Self::Unparsable,
            BadAnswer::Meaningless => Self::Meaningless,
        }
    }
}
