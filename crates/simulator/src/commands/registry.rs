//! What a command is: its request is decoded and checked, then it acts in the world, then its reply is
//! written.

use super::unknown::UnknownCommand;
use crate::{
    refusal::{Because, Refusal},
    world::{Context, Step},
};
use serde_json::Value;
use std::collections::BTreeMap;
use tencent_chat_types::{Endpoint, Envelope, ErrorCode, Reply, validate::Violation};

/// Codes with which a back end of the service says that a body is wrong.
#[derive(Clone, Copy)]
pub(crate) struct BadBody {
    /// The field at this path has another kind of value; `.` is the body itself.
    pub(crate) unparsable: fn(&str) -> ErrorCode,
    /// A field is missing or exceeds its limit.
    pub(crate) invalid: fn(&Violation) -> ErrorCode,
}

/// The server's words on an item's code; none with a success.
pub(super) fn text(code: ErrorCode) -> &'static str {
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

    /// A command that somebody names, with its path.
    pub(crate) fn find(&self, path: &str) -> Result<(&'static str, &Command), UnknownCommand> {
        let found = self.0.get_key_value(path.trim_start_matches('/'));
        let found = found.map(|(path, command)| (*path, command));
        found.ok_or_else(|| UnknownCommand::new(path, &self.paths()))
    }

    /// The path of a command that somebody names; `*` stands for all.
    pub(crate) fn find_or_all(&self, path: &str) -> Result<&'static str, UnknownCommand> {
        match path {
            "*" => Ok("*"),
            path => self.find(path).map(|(path, _)| path),
        }
    }

    pub(crate) fn paths(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// [`add`](Self::add)s a command whose answer depends on nothing.
    pub(super) fn add_canned<E: Endpoint>(
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
    pub(super) fn add<E: Endpoint>(
        &mut self,
        bad_body: BadBody,
        run: impl Fn(&mut Context<'_>, E) -> Result<E::Reply, Refusal> + Send + Sync + 'static,
    ) {
        self.add_asking(bad_body, move |context, request| {
            run(context, request).map(Step::Done)
        });
    }

    /// Adds a command. Its request is decoded and its documented limits are checked first.
    pub(super) fn add_asking<E: Endpoint>(
        &mut self,
        bad_body: BadBody,
        run: impl Fn(&mut Context<'_>, E) -> Result<Step<E::Reply>, Refusal> + Send + Sync + 'static,
    ) {
        let command = move |context: &mut Context<'_>, body: &[u8]| {
            let json: Value = serde_json::from_slice(body)
                .map_err(|_| ErrorCode::JSON_UNPARSABLE.because("the body is not valid JSON"))?;
            if !json.is_object() {
                return Err((bad_body.unparsable)(".").because("the body is not a JSON object"));
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
