//! Where calls go: to a simulator, or to the app of a profile.

use crate::{failure::Failure, profile::Connection, reference::Operation, serve::demo};
use tencent_chat_client::Client;
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{Meta, Repeat};

/// Where calls go.
pub(super) struct Target {
    client: Client,
    name: String,
    /// Stops when it is dropped.
    simulator: Option<Simulator>,
    allow_changes: bool,
}

impl Target {
    /// The app of the profile if one is named, otherwise a simulator.
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
                Failure::usage(format!("{flag} and --profile both select an app"))
                    .help("omit one of them; a profile is complete"),
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

    /// Name for display.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a simulator rather than a real app.
    pub(super) fn is_simulator(&self) -> bool {
        self.simulator.is_some()
    }

    /// The client, if this command may be called.
    ///
    /// # Errors
    ///
    /// The command changes something or may do so, or it returns a secret, and neither is allowed.
    pub(super) fn client_for(&self, meta: &Meta) -> Result<&Client, Failure> {
        match self.allow_changes || !needs_leave(meta)? {
            true => Ok(&self.client),
            false => Err(Failure::refused(format!(
                "{} can change the app or returns a secret, and calls go to {}",
                meta.path, self.name
            ))
            .help(
                "to allow it, start the server with --allow-changes; without --profile calls go to a simulator",
            )),
        }
    }
}

/// Whether a command only reads. The spec says of each command whether a repeat does the work again; one that only
/// reads has nothing to repeat.
pub(super) fn changes_nothing(meta: &Meta) -> bool {
    meta.repeat == Repeat::Read
}

/// Whether a command of a real app needs permission: it changes something, or its reply holds what the spec calls a
/// secret, such as an address that opens a file for anyone. What an assistant reads may be kept and
/// passed on.
pub(super) fn needs_leave(meta: &Meta) -> Result<bool, Failure> {
    Ok(!changes_nothing(meta) || Operation::of_command(meta.path)?.answers_a_secret())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use tencent_chat_types::ENDPOINTS;

    /// What an assistant may do to a real app without permission, for reviewers of the spec.
    #[test]
    fn commands_that_are_called_without_permission() {
        let read = (ENDPOINTS.iter()).filter(|meta| !needs_leave(meta).unwrap());
        let paths: Vec<&str> = read.map(|meta| meta.path).collect();
        insta::assert_snapshot!(paths.join("\n"));
    }

    #[test]
    fn commands_that_read_a_secret_need_permission() {
        let secret =
            (ENDPOINTS.iter()).filter(|meta| changes_nothing(meta) && needs_leave(meta).unwrap());
        let paths: Vec<&str> = secret.map(|meta| meta.path).collect();
        assert_eq!(
            paths,
            ["v4/im_cos_msg/get_cos_sig", "v4/open_msg_svc/get_history"]
        );
    }
}
