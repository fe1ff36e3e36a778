//! Webhooks: asks the app before something happens, tells it after, over HTTP.

mod target;

pub(crate) use self::target::Target;
pub use self::target::{Unanswered, WebhookTarget};
use crate::{
    clock::MovableClock,
    settings::lock,
    traffic::{Cause, Delivery, Meaning, Traffic, WebhookFailure},
    world::{
        Answer, Answered as Verdict, Answering, App, BadAnswer, Mark, Read, Telling, read_answer,
        read_reply,
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
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_types::{
    RawReply,
    webhook::{OptPlatform, Webhook, query},
};
use tencent_chat_usersig::Clock;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, timeout},
};

/// Largest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Most events that wait for being sent.
const MAX_WAITING: usize = 10_000;

/// What need not be escaped in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An event on its way, with where it goes.
struct Parcel {
    target: Arc<Target>,
    telling: Telling,
    /// The request that it follows from.
    cause: Option<Arc<Cause>>,
}

/// A delivery's result.
struct Answered {
    status: Option<u16>,
    body: Result<Bytes, WebhookFailure>,
    sent_ms: u64,
    took: Duration,
}

impl Answered {
    fn read<T>(
        &self,
        read: impl FnOnce(&[u8]) -> Result<T, BadAnswer>,
    ) -> Result<T, WebhookFailure> {
        let body = self.body.as_ref().map_err(|failure| *failure)?;
        Ok(read(body)?)
    }
}

/// Sends events.
pub(crate) struct Webhooks {
    sdk_app_id: u64,
    clock: Arc<MovableClock>,
    target: Mutex<Option<Arc<Target>>>,
    client: Client<HttpConnector, Full<Bytes>>,
    traffic: Arc<Traffic>,
    waiting: mpsc::Sender<Parcel>,
    worker: Mutex<Worker>,
    /// Where the worker runs.
    runtime: Handle,
    /// Events that wait or are being sent.
    pending: watch::Sender<usize>,
    /// What the app is being asked about.
    asking: Mutex<HashMap<Mark, watch::Receiver<()>>>,
}

/// Events that have to be sent.
type Waiting = mpsc::Receiver<Parcel>;

/// Who sends the events.
enum Worker {
    /// Nobody, until there is an app to send them to.
    Idle(Waiting),
    Running(JoinHandle<()>),
    Stopped,
}

impl Webhooks {
    /// Must run within tokio.
    pub(crate) fn new(
        sdk_app_id: u64,
        clock: Arc<MovableClock>,
        traffic: Arc<Traffic>,
    ) -> Arc<Self> {
        let (waiting, events) = mpsc::channel(MAX_WAITING);
        Arc::new(Self {
            sdk_app_id,
            clock,
            target: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            traffic,
            waiting,
            worker: Mutex::new(Worker::Idle(events)),
            runtime: Handle::current(),
            pending: watch::channel(0).0,
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

    pub(crate) fn target(&self) -> Option<Arc<Target>> {
        lock(&self.target).clone()
    }

    /// Waits until nothing waits for being sent.
    pub(crate) async fn idle(&self) {
        let mut pending = self.pending.subscribe();
        // The sender is here, so this ends with the condition.
        let _ = pending.wait_for(|pending| *pending == 0).await;
    }

    /// Lets events wait for being sent, in order.
    fn enqueue(&self, events: impl IntoIterator<Item = Parcel>) {
        for event in events {
            self.pending.send_modify(|pending| *pending += 1);
            if let Err(refused) = self.waiting.try_send(event) {
                let lost = Answered {
                    status: None,
                    body: Err(WebhookFailure::QueueFull),
                    sent_ms: self.clock.now_ms(),
                    took: Duration::ZERO,
                };
                let (failure, meaning) = (WebhookFailure::QueueFull, Meaning::Unacknowledged);
                self.note(&refused.into_inner(), 0, lost, Some(failure), meaning);
                self.pending.send_modify(|pending| *pending -= 1);
            }
        }
    }

    /// Sends what waits, one event after the other, for ever.
    async fn work(self: Arc<Self>, mut events: Waiting) {
        while let Some(event) = events.recv().await {
            let mut attempt = 1;
            loop {
                let told = self.deliver(&event, attempt).await;
                let late = told.err() == Some(WebhookFailure::Late);
                if !late || attempt > event.target.repeats() {
                    break;
                }
                attempt += 1;
            }
            self.pending.send_modify(|pending| *pending -= 1);
        }
    }

    /// Sends an event of the caller's choice, whichever webhooks are switched on.
    pub(crate) async fn fire<E: Webhook>(&self, event: &E) -> Result<E::Answer, WebhookFailure> {
        let (_, answer) = self.fire_noting(event).await?;
        answer
    }

    /// As [`fire`](Self::fire); answers too what is remembered of it.
    pub(crate) async fn fire_noting<E: Webhook>(
        &self,
        event: &E,
    ) -> Result<(Arc<Delivery>, Result<E::Answer, WebhookFailure>), WebhookFailure> {
        let event = Parcel {
            target: self.target().ok_or(WebhookFailure::NoTarget)?,
            telling: Telling::new(event, OptPlatform::UNKNOWN),
            cause: None,
        };
        let reply = self.post(&event).await;
        let answer = reply.read(read_answer::<E>);
        let failure = answer.as_ref().err().copied();
        let delivery = self.note(&event, 1, reply, failure, Meaning::Nothing);
        let answer = answer.and_then(|answer| {
            let value = answer.value.downcast();
            value
                .map(|value| *value)
                .map_err(|_| WebhookFailure::Unparsable)
        });
        Ok((delivery, answer))
    }

    /// What the app answers.
    async fn ask(&self, event: &Parcel, read: Read) -> Result<Answer, WebhookFailure> {
        let reply = self.post(event).await;
        let answer = reply.read(read);
        let meaning = match (&answer, event.target.unanswered()) {
            (Ok(answer), _) => Meaning::Decided(answer.effect, answer.code),
            (Err(_), Unanswered::Proceed) => Meaning::Proceeded,
            (Err(_), Unanswered::Refuse) => Meaning::Refused,
        };
        let failure = answer.as_ref().err().copied();
        self.note(event, 1, reply, failure, meaning);
        answer
    }

    /// Tells the app, whose answer does not matter.
    async fn deliver(&self, event: &Parcel, attempt: u32) -> Result<(), WebhookFailure> {
        let reply = self.post(event).await;
        let told = reply.read(|body| read_reply::<RawReply>(body).map(drop));
        let meaning = match told {
            Ok(()) => Meaning::Acknowledged,
            Err(_) => Meaning::Unacknowledged,
        };
        self.note(event, attempt, reply, told.err(), meaning);
        told
    }

    /// Remembers and logs what became of an event.
    fn note(
        &self,
        event: &Parcel,
        attempt: u32,
        reply: Answered,
        failure: Option<WebhookFailure>,
        meaning: Meaning,
    ) -> Arc<Delivery> {
        let telling = &event.telling;
        let micros = u64::try_from(reply.took.as_micros()).unwrap_or(u64::MAX);
        let platform = telling.platform.as_str();
        match failure {
            None => tracing::info!(
                target: "tencent_chat_simulator::webhook",
                command = telling.command, platform, attempt, status = reply.status, micros, "webhook"
            ),
            Some(failure) => tracing::warn!(
                target: "tencent_chat_simulator::webhook",
                command = telling.command, platform, attempt, status = reply.status, micros,
                failure = %failure, "webhook"
            ),
        }
        self.traffic.add_webhook(Delivery {
            id: 0,
            time_ms: reply.sent_ms,
            command: telling.command,
            platform: telling.platform.clone(),
            attempt,
            event: telling.body.clone(),
            status: reply.status,
            answer: reply.body.ok(),
            failure,
            took: reply.took,
            cause: event.cause.clone(),
            meaning,
        })
    }

    async fn post(&self, event: &Parcel) -> Answered {
        let (sent_ms, began) = (self.clock.now_ms(), Instant::now());
        let mut status = None;
        let exchange = self.exchange(&event.target, &event.telling, &mut status);
        let body = timeout(event.target.timeout(), exchange).await;
        Answered {
            body: body.unwrap_or(Err(WebhookFailure::Late)),
            status,
            sent_ms,
            took: began.elapsed(),
        }
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
        let time = self.clock.unix_seconds().to_string();
        let sign = target.token().map(|token| token.sign(&time));
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
    pub(crate) fn claim(self: &Arc<Self>, key: Option<Mark>) -> Result<Claim, watch::Receiver<()>> {
        let mut asking = lock(&self.asking);
        if let Some(busy) = key.as_ref().and_then(|key| asking.get(key)) {
            return Err(busy.clone());
        }
        let (sender, receiver) = watch::channel(());
        if let Some(key) = key {
            asking.insert(key, receiver);
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
    key: Option<Mark>,
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
    cause: Option<Arc<Cause>>,
}

impl Listener {
    /// The app, notified of what follows from a request.
    pub(crate) fn new(webhooks: &Arc<Webhooks>, cause: Option<Arc<Cause>>) -> Self {
        Self {
            webhooks: Arc::clone(webhooks),
            target: webhooks.target(),
            cause,
        }
    }

    /// An app that wants to hear of nothing.
    pub(crate) fn deaf(webhooks: &Arc<Webhooks>) -> Self {
        Self {
            webhooks: Arc::clone(webhooks),
            target: None,
            cause: None,
        }
    }

    fn parcel(&self, target: &Arc<Target>, telling: Telling) -> Parcel {
        Parcel {
            target: Arc::clone(target),
            telling,
            cause: self.cause.clone(),
        }
    }

    /// Lets events wait for being sent. Called while the state is locked, so that their order is that
    /// of the changes.
    pub(crate) fn tell(&self, events: Vec<Telling>) {
        if let Some(target) = &self.target {
            let parcels = events.into_iter().map(|event| self.parcel(target, event));
            self.webhooks.enqueue(parcels);
        }
    }
}

impl App for Listener {
    fn wants(&self, webhook: &str) -> bool {
        let target = self.target.as_ref();
        target.is_some_and(|target| target.wants(webhook))
    }

    fn time(&self) -> u64 {
        self.webhooks.clock.event_time()
    }

    fn ask(&self, question: Telling, read: Read) -> Answering {
        let target = self.target.as_ref();
        let question = target.map(|target| self.parcel(target, question));
        let webhooks = Arc::clone(&self.webhooks);
        Box::pin(async move {
            let Some(question) = question else {
                return Verdict::Proceed;
            };
            match webhooks.ask(&question, read).await {
                Ok(answer) => Verdict::With(answer),
                Err(_) => match question.target.unanswered() {
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
