//! What the app is notified of and asked about.

use bytes::Bytes;
use std::{any::Any, future::Future, pin::Pin, sync::Arc};
use tencent_chat_types::{
    ErrorCode, Reply,
    webhook::{self, Answer as _, CallbackCommand, Effect, OptPlatform, Webhook},
};

/// The app behind the world. How it is reached is not the world's business.
pub(crate) trait App: Send + Sync {
    /// Whether it wants to hear of this webhook.
    fn wants(&self, webhook: &str) -> bool;
    /// When an event happens, in milliseconds since 1970. No two are the same.
    fn time(&self) -> u64;
    /// Asks it.
    fn ask(&self, question: Telling, read: Read) -> Answering;
}

/// What the app answers, some time.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What came of a question.
pub(crate) enum Answered {
    /// The answer.
    With(Answer),
    /// None, and what was asked about happens.
    Proceed,
    /// None, and what was asked about is refused.
    Refuse,
}

/// Reads an answer; see [`read_answer`].
pub(crate) type Read = fn(&[u8]) -> Result<Answer, BadAnswer>;

/// What an app has answered.
pub(crate) struct Answer {
    /// Of the type that was asked for.
    pub(crate) value: Box<dyn Any + Send>,
    pub(crate) effect: Effect,
    /// What the caller gets where it refuses.
    pub(crate) code: ErrorCode,
}

/// Why something is not a valid answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BadAnswer {
    /// It is not the JSON that this webhook is answered with.
    Unparsable,
    /// The documentation gives no meaning to its code.
    Meaningless,
}

/// The answer to a webhook, as an `E::Answer`.
pub(crate) fn read_answer<E: Webhook>(body: &[u8]) -> Result<Answer, BadAnswer> {
    let reply: <E::Answer as webhook::Answer<E>>::Reply = read_reply(body)?;
    let code = reply.envelope().code();
    let answer = E::Answer::from_reply(reply).ok_or(BadAnswer::Meaningless)?;
    Ok(Answer {
        effect: answer.effect(),
        code,
        value: Box::new(answer),
    })
}

/// A reply that fits its type.
pub(crate) fn read_reply<R: Reply>(body: &[u8]) -> Result<R, BadAnswer> {
    match tencent_chat_types::decode(body) {
        Ok(decoded) if decoded.misfits.is_empty() => Ok(decoded.value),
        _ => Err(BadAnswer::Unparsable),
    }
}

/// An event on its way.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    pub(crate) command: &'static str,
    pub(crate) platform: OptPlatform,
    /// Whether there is something that it came from. Results of pushes come from nowhere.
    pub(crate) has_cause: bool,
    pub(crate) body: Bytes,
}

impl Telling {
    pub(crate) fn new<E: Webhook>(event: &E, platform: OptPlatform) -> Self {
        // One webhook spells it in another way.
        let states = E::META.command == CallbackCommand::STATE_CHANGE.as_str();
        let platform = match states && platform == OptPlatform::IOS {
            true => OptPlatform::IOS_IN_CAPITALS,
            false => platform,
        };
        Self {
            command: E::META.command,
            platform,
            has_cause: E::META.family != "push",
            // A struct of texts and numbers always becomes JSON.
            body: serde_json::to_vec(event).unwrap_or_default().into(),
        }
    }
}

/// What the app is to be notified of, in the order in which it happened.
pub(crate) struct Events {
    app: Arc<dyn App>,
    platform: OptPlatform,
    list: Vec<Telling>,
}

impl Events {
    pub(crate) fn new(app: Arc<dyn App>, platform: OptPlatform) -> Self {
        Self {
            app,
            platform,
            list: Vec::new(),
        }
    }

    /// Reports what has happened, after the reply. The event is only created if it is wanted; it is
    /// passed its time, in milliseconds since 1970.
    pub(crate) fn tell<E: Webhook>(&mut self, event: impl FnOnce(u64) -> E) {
        if self.app.wants(E::META.command) {
            let event = event(self.app.time());
            self.list.push(Telling::new(&event, self.platform.clone()));
        }
    }

    /// Asks the app, if it wants to be asked.
    pub(crate) fn ask<E: Webhook>(&self, event: impl FnOnce(u64) -> E) -> Option<Answering> {
        if !self.app.wants(E::META.command) {
            return None;
        }
        let question = Telling::new(&event(self.app.time()), self.platform.clone());
        Some(self.app.ask(question, read_answer::<E>))
    }

    /// Whether the cause is a call of the REST API and not a device.
    pub(crate) fn is_rest(&self) -> bool {
        self.platform == OptPlatform::RESTAPI
    }

    /// What has happened.
    pub(crate) fn into_list(self) -> Vec<Telling> {
        self.list
    }
}
