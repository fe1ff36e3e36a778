//! The whole circle: the client sends a message, the app's webhook moderates it, and the client reads the
//! changed message back; the app is notified of what has happened.

use crate::story::heading;
use axum::Router;
use std::{
    error::Error,
    fmt::Write,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};
use tencent_chat_client::Client;
use tencent_chat_simulator::{Simulator, WebhookTarget};
use tencent_chat_types::{
    ErrorCode,
    account::ImportAccounts,
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    model::{MsgElement, TextElem},
    webhook::{
        C2cAfterMsgReport, C2cAfterSendMsg, C2cBeforeSendMsg, C2cBeforeSendMsgAnswer as Answer,
        C2cBeforeSendMsgChanges, Refusal,
    },
};
use tencent_chat_usersig::Clock;
use tencent_chat_webhook::{Received, Receiver, Webhooks};
use tokio::{net::TcpListener, task::JoinHandle};

/// The app.
pub const APP: u64 = 1_400_000_000;
/// The token with which webhooks are signed: the same in the app and in the console.
const TOKEN: &str = "any token will do";

/// What Lin writes to Mei.
const MESSAGES: [&str; 4] = [
    "Dinner at seven?",
    "This darn rain.",
    "Buy gold now!",
    "psst, are you there?",
];

/// The app's answer to a message: its moderation, as a function of the text.
fn moderate(text: &str) -> Answer {
    if text.contains("gold") {
        // A code from this range reaches the sender, with the text.
        return match Refusal::new(120_017, "no advertising here") {
            Ok(refusal) => Answer::RefuseWith(refusal),
            Err(_) => Answer::Refuse,
        };
    }
    if text.contains("psst") {
        return Answer::Drop;
    }
    if text.contains("darn") {
        let softer = TextElem::new(text.replace("darn", "d***"));
        return Answer::Change(C2cBeforeSendMsgChanges::new().with_msg_body([softer]));
    }
    Answer::Allow
}

/// What the app remembers, line by line.
type Diary = Arc<Mutex<Vec<String>>>;

fn note(diary: &Diary, line: String) {
    let mut lines = diary.lock().unwrap_or_else(PoisonError::into_inner);
    lines.push(line);
}

fn text_of(body: &[MsgElement]) -> String {
    let texts = body.iter().filter_map(|element| match element {
        MsgElement::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The app's webhooks: one handler for each event of interest.
fn webhooks(receiver: Receiver, diary: &Diary) -> Webhooks {
    let (asked, sent, read) = (diary.clone(), diary.clone(), diary.clone());
    Webhooks::new(receiver)
        .on(move |event: Received<C2cBeforeSendMsg>| {
            let text = text_of(&event.msg_body);
            let answer = moderate(&text);
            let verdict = match &answer {
                Answer::Allow => "allow".to_owned(),
                Answer::Change(_) => "change".to_owned(),
                Answer::Drop => "drop".to_owned(),
                Answer::RefuseWith(refusal) => format!("refuse with {}", refusal.code()),
                _ => "refuse".to_owned(),
            };
            note(&asked, format!("asked  {text:?}: {verdict}"));
            async move { answer }
        })
        .on(move |event: Received<C2cAfterSendMsg>| {
            let text = text_of(&event.msg_body);
            note(
                &sent,
                format!("told   {text:?} was sent, key {}", event.msg_key),
            );
            async {}
        })
        .on(move |event: Received<C2cAfterMsgReport>| {
            let (reader, peer) = (&event.report_account, &event.peer_account);
            note(&read, format!("told   {reader} has read what {peer} wrote"));
            async {}
        })
}

/// A service, an app that it calls, and a client.
#[derive(Debug)]
pub struct Circle {
    /// The service.
    pub simulator: Simulator,
    /// An administrator's client.
    pub client: Client,
    /// Address of the app's webhooks.
    pub app: String,
    diary: Diary,
    task: JoinHandle<()>,
}

impl Circle {
    /// Starts service and app.
    ///
    /// # Errors
    ///
    /// There is no port left, or no loopback.
    pub async fn start(clock: impl Clock + Clone + 'static) -> Result<Self, Box<dyn Error>> {
        let diary = Diary::default();
        let receiver = Receiver::new(APP, TOKEN).clock(clock.clone());
        let service = webhooks(receiver, &diary).into_service();
        let router = Router::new().route_service("/webhook", service);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let app = format!("http://{}/webhook", listener.local_addr()?);
        let task = tokio::spawn(async move {
            // Ends with the circle.
            let _ = axum::serve(listener, router).await;
        });
        let simulator = Simulator::builder(APP, "any key will do")
            .clock(clock.clone())
            .webhooks(WebhookTarget::new(app.as_str()).token(TOKEN))
            .start()
            .await?;
        let client = Client::builder(APP, "administrator", "any key will do")
            .clock(clock)
            .base_url(simulator.base_url())
            .build()?;
        Ok(Self {
            simulator,
            client,
            app,
            diary,
            task,
        })
    }

    /// What the app has been asked and notified of so far.
    pub fn diary(&self) -> Vec<String> {
        let lines = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// Plays the story and writes down what happens.
    ///
    /// # Errors
    ///
    /// A call that fails, except those that the app refuses.
    pub async fn play(&self, out: &mut (impl Write + Send)) -> Result<(), Box<dyn Error>> {
        self.client
            .send(ImportAccounts::new(["lin", "mei"]))
            .await?;

        heading(out, "Lin sends through the client")?;
        let mut last = 0;
        for (number, text) in (1..).zip(MESSAGES) {
            let message = SendMsg::new("mei", [TextElem::new(text)])
                .with_msg_random(number)
                .with_from_account("lin")
                .with_msg_seq(number);
            match self.client.send(&message).await {
                Ok(sent) => {
                    last = sent.msg_time.unwrap_or(last);
                    let key = sent.msg_key.unwrap_or_default();
                    writeln!(out, "{text:<22} sent, key {key}")?;
                }
                Err(error) if error.code().is_some_and(is_moderation) => {
                    let code = error.code().unwrap_or_default();
                    let words = error.server_text().unwrap_or_default();
                    writeln!(out, "{text:<22} refused with code {code}: {words}")?;
                }
                Err(error) => return Err(error.into()),
            }
            // The app is notified after the reply: wait, so that its diary is in order.
            self.simulator.webhooks_idle().await;
        }

        heading(out, "Mei reads it back")?;
        let history = GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "mei".into(),
            peer_account: "lin".into(),
            max_cnt: 20,
            min_time: last.saturating_sub(60),
            max_time: last + 60,
        });
        for message in self.client.items(history).reversed().await? {
            writeln!(
                out,
                "{}: {}",
                message.from_account,
                text_of(&message.msg_body)
            )?;
        }
        // Her device says that she has.
        let read = self.simulator.read_msgs("mei", "lin");
        read.map_err(|code| format!("code {code}"))?;

        heading(out, "What the app was asked and told")?;
        self.simulator.webhooks_idle().await;
        for line in self.diary() {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

/// Whether a code is one of those that the app may choose.
fn is_moderation(code: ErrorCode) -> bool {
    (120_001..=130_000).contains(&code.0)
}

impl Drop for Circle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
