//! The commands: decode, check, act on the state, answer.

mod account;
mod canned;
mod chatbot;
mod conversation;
pub(crate) mod group;
mod group_data;
pub(crate) mod group_members;
pub(crate) mod group_messages;
mod group_pins;
mod live_groups;
pub(crate) mod message;
mod message_extensions;
mod moderation;
mod operations;
mod permission_groups;
mod profile;
mod push;
pub(crate) mod relationship;
mod search;
mod timpush;
mod topics;

use crate::{gate::Because, server::Settings, state::State, webhooks::Events};
use serde_json::Value;
use std::{collections::BTreeMap, future::Future, pin::Pin};
use tencent_chat_types::{Endpoint, Envelope, ErrorCode, Reply, validate::Violation};

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) text: String,
}

/// What a command knows besides its request.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a mut State,
    /// Who acts: the administrator who calls, or the user of a device.
    pub(crate) operator: &'a str,
    pub(crate) settings: &'a Settings,
    /// What the app is told of.
    pub(crate) events: Events,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Bytes of the request body.
    pub(crate) body_bytes: usize,
    /// Bytes of the messages that were stored.
    pub(crate) stored: usize,
    /// The request repeats an earlier one, and was dropped.
    pub(crate) is_duplicate: bool,
}

/// Codes with which a back end of the service says that a body is wrong.
#[derive(Clone, Copy)]
pub(crate) struct BadBody {
    /// The field at this path has another kind of value; `.` is the body itself.
    pub(crate) unparsable: fn(&str) -> ErrorCode,
    /// A field is missing or exceeds its limit.
    pub(crate) invalid: fn(&Violation) -> ErrorCode,
}

/// How far something has got that the app may be asked about.
pub(crate) enum Step<R> {
    Done(R),
    /// The app must be asked first, with the state unlocked; it may have changed when it goes on.
    Ask {
        /// What is the same when it is asked about twice.
        same: Option<String>,
        answer: Pin<Box<dyn Future<Output = Resume<R>> + Send>>,
    },
}

/// How it goes on with the app's answer.
pub(crate) type Resume<R> = Box<dyn FnOnce(&mut Context<'_>) -> Result<Step<R>, Refusal> + Send>;

impl<R: 'static> Step<R> {
    /// Does something to the result, when it is there.
    fn then<T: 'static>(self, then: fn(R) -> Result<T, Refusal>) -> Result<Step<T>, Refusal> {
        Ok(match self {
            Self::Done(result) => Step::Done(then(result)?),
            Self::Ask { same, answer } => Step::Ask {
                same,
                answer: Box::pin(async move {
                    let resume = answer.await;
                    let resume: Resume<T> = Box::new(move |context| resume(context)?.then(then));
                    resume
                }),
            },
        })
    }
}

/// The server's words on an item's code; none with a success.
fn text(code: ErrorCode) -> &'static str {
    code.meaning().unwrap_or_default()
}

type Run = dyn Fn(&mut Context<'_>, &[u8]) -> Result<Step<Vec<u8>>, Refusal> + Send + Sync;

/// One command, whatever its types.
pub(crate) struct Command {
    run: Box<Run>,
    /// Whether it answers a sample instead of acting.
    canned: bool,
}

impl Command {
    /// Begins to act on a request.
    pub(crate) fn begin(
        &self,
        context: &mut Context<'_>,
        body: &[u8],
    ) -> Result<Step<Vec<u8>>, Refusal> {
        (self.run)(context, body)
    }
}

/// All commands by path.
#[derive(Default)]
pub(crate) struct Commands(BTreeMap<&'static str, Command>);

impl Commands {
    pub(crate) fn all() -> Self {
        let mut commands = Self::default();
        account::register(&mut commands);
        chatbot::register(&mut commands);
        conversation::register(&mut commands);
        group::register(&mut commands);
        group_data::register(&mut commands);
        group_members::register(&mut commands);
        group_messages::register(&mut commands);
        group_pins::register(&mut commands);
        live_groups::register(&mut commands);
        message::register(&mut commands);
        message_extensions::register(&mut commands);
        moderation::register(&mut commands);
        operations::register(&mut commands);
        permission_groups::register(&mut commands);
        profile::register(&mut commands);
        push::register(&mut commands);
        relationship::register(&mut commands);
        search::register(&mut commands);
        timpush::register(&mut commands);
        topics::register(&mut commands);
        canned::register(&mut commands);
        commands
    }

    /// Paths of the commands that answer a sample.
    pub(crate) fn canned(&self) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|(_, command)| command.canned)
            .map(|(path, _)| *path)
            .collect()
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Command> {
        self.0.get(path)
    }

    pub(crate) fn paths(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// [`add`](Self::add)s a command whose answer depends on nothing.
    fn add_canned<E: Endpoint>(
        &mut self,
        bad_body: BadBody,
        run: impl Fn(&mut Context<'_>, E) -> Result<E::Reply, Refusal> + Send + Sync + 'static,
    ) {
        self.add(bad_body, run);
        if let Some(command) = self.0.get_mut(E::META.path) {
            command.canned = true;
        }
    }

    /// Adds a command that the app is not asked about.
    fn add<E: Endpoint>(
        &mut self,
        bad_body: BadBody,
        run: impl Fn(&mut Context<'_>, E) -> Result<E::Reply, Refusal> + Send + Sync + 'static,
    ) {
        self.add_asking(bad_body, move |context, request| {
            run(context, request).map(Step::Done)
        });
    }

    /// Adds a command. Its request is decoded and its documented limits are checked first.
    fn add_asking<E: Endpoint>(
        &mut self,
        bad_body: BadBody,
        run: impl Fn(&mut Context<'_>, E) -> Result<Step<E::Reply>, Refusal> + Send + Sync + 'static,
    ) {
        let command = move |context: &mut Context<'_>, body: &[u8]| {
            let json: Value = serde_json::from_slice(body)
                .map_err(|_| ErrorCode::JSON_UNPARSABLE.because("the body is no JSON"))?;
            if !json.is_object() {
                return Err((bad_body.unparsable)(".").because("the body is no JSON object"));
            }
            let decoded = tencent_chat_types::decode::<E>(body)
                .map_err(|error| (bad_body.unparsable)(".").because(error.to_string()))?;
            if let Some(misfit) = decoded.misfits.list(1).first() {
                let path = misfit.path();
                let code = (bad_body.unparsable)(&path);
                return Err(code.because(format!("{path} holds a value that does not fit")));
            }
            let request = decoded.value;
            request.validate().map_err(|violations| {
                let code = violations
                    .iter()
                    .next()
                    .map_or(ErrorCode::JSON_UNPARSABLE, bad_body.invalid);
                code.because(violations.to_string())
            })?;
            run(context, request)?.then(encode)
        };
        self.0.insert(
            E::META.path,
            Command {
                run: Box::new(command),
                canned: false,
            },
        );
    }
}

/// The body of a reply. A command that says nothing about its success had it.
fn encode(mut reply: impl Reply) -> Result<Vec<u8>, Refusal> {
    if *reply.envelope() == Envelope::default() {
        *reply.envelope_mut() = Envelope::ok();
    }
    serde_json::to_vec(&reply)
        .map_err(|error| ErrorCode::REPLY_UNPARSABLE.because(error.to_string()))
}
