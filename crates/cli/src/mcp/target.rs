//! Whose commands are called: those of a simulator, or of the app of a profile.

use crate::{failure::Failure, profile::Connection, reference::Operation, serve::demo};
use tencent_chat_client::Client;
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{Meta, Repeat};

/// What is called.
pub(super) struct Target {
    client: Client,
    name: String,
    /// Stops when it is dropped.
    simulator: Option<Simulator>,
    allow_changes: bool,
}

impl Target {
    /// The app of the profile that is named, else a simulator.
    pub(super) async fn new(connection: &Connection, allow_changes: bool) -> Result<Self, Failure> {
        if !connection.names_a_profile() {
            let simulator = Simulator::builder(demo::APP, demo::KEY).seed(demo::seed()?);
            let simulator = (simulator.start().await)
                .map_err(|error| Failure::setup(format!("the simulator can't start: {error}")))?;
            let client = Client::builder(demo::APP, demo::ADMIN, demo::KEY)
                .base_url(simulator.base_url())
                .build()?;
            return Ok(Self {
                client,
                name: "a simulator of its own".to_owned(),
                simulator: Some(simulator),
                allow_changes: true,
            });
        }
        if let Some(flag) = connection.flag_of_an_app() {
            return Err(
                Failure::usage(format!("{flag} and --profile each name what is called"))
                    .help("leave one of them out: a profile says all of it"),
            );
        }
        let settings = connection.settings()?;
        let client = settings.builder()?.build()?;
        let app = settings.app()?;
        let name = match &settings.source {
            Some(source) => format!("app {app} at {}, by {source}", settings.address()?),
            None => format!("app {app} at {}", settings.address()?),
        };
        Ok(Self {
            client,
            name,
            simulator: None,
            allow_changes,
        })
    }

    /// What it is, for people.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is no app of anybody.
    pub(super) fn is_simulator(&self) -> bool {
        self.simulator.is_some()
    }

    /// The client, for a command that may be called.
    ///
    /// # Errors
    ///
    /// The command changes something, or nobody knows that it doesn't, or it answers a secret; and that isn't allowed.
    pub(super) fn client_for(&self, meta: &Meta) -> Result<&Client, Failure> {
        match self.allow_changes || !needs_leave(meta)? {
            true => Ok(&self.client),
            false => Err(Failure::refused(format!(
                "{} can change the app or hands out what opens something of it, and calls go to {}",
                meta.path, self.name
            ))
            .help(
                "whoever starts the server allows it with --allow-changes; without --profile calls go to a simulator",
            )),
        }
    }
}

/// Whether a command only reads: the spec says of each whether a second run does the work again, and of these
/// that there is no work.
pub(super) fn changes_nothing(meta: &Meta) -> bool {
    meta.repeat == Repeat::Read
}

/// Whether a command of a real app is called only with somebody's leave: it changes something, or its reply holds
/// what the spec calls a secret, such as an address that opens a file for anybody. What an assistant reads may be
/// kept and passed on.
pub(super) fn needs_leave(meta: &Meta) -> Result<bool, Failure> {
    Ok(!changes_nothing(meta) || Operation::of_command(meta.path)?.answers_a_secret())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use tencent_chat_types::ENDPOINTS;

    /// What an assistant may do to a real app without anybody's leave, for whoever reviews the spec.
    #[test]
    fn commands_that_are_called_without_leave() {
        let read = (ENDPOINTS.iter()).filter(|meta| !needs_leave(meta).unwrap());
        let paths: Vec<&str> = read.map(|meta| meta.path).collect();
        insta::assert_snapshot!(paths.join("\n"));
    }

    #[test]
    fn commands_that_only_read_and_answer_a_secret_need_leave() {
        let secret =
            (ENDPOINTS.iter()).filter(|meta| changes_nothing(meta) && needs_leave(meta).unwrap());
        let paths: Vec<&str> = secret.map(|meta| meta.path).collect();
        assert_eq!(
            paths,
            ["v4/im_cos_msg/get_cos_sig", "v4/open_msg_svc/get_history"]
        );
    }
}
