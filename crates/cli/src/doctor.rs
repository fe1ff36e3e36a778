//! `tencent-chat doctor`: finds problems with the configuration, and says what to do.

use crate::{
    failure::Failure,
    output::{self, Output},
    profile::{Connection, Settings},
};
use serde::Serialize;
use std::time::Duration;
use tencent_chat_client::{Error, ErrorKind};
use tencent_chat_types::ErrorClass;

/// Timeout for the one call that is made.
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Checks the configuration only, without calling the service
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    /// `None` if it could not be determined.
    ok: Option<bool>,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_do: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            ok: Some(true),
            found: found.into(),
            to_do: None,
        }
    }

    fn bad(what: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self {
            what,
            ok: Some(false),
            found: found.into(),
            to_do: Some(to_do.into()),
        }
    }

    fn unknown(what: &'static str, why: impl Into<String>) -> Self {
        Self {
            what,
            ok: None,
            found: why.into(),
            to_do: None,
        }
    }

    fn of(what: &'static str, result: Result<String, Failure>) -> Self {
        match result {
            Ok(found) => Self::good(what, found),
            Err(failure) => {
                let json = failure.as_json();
                let part = |name: &str| json.get(name).map(output::plain).unwrap_or_default();
                Self::bad(what, part("error"), part("help"))
            }
        }
    }
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let mut findings = vec![
        Finding::good(
            "configuration",
            settings
                .source
                .clone()
                .unwrap_or_else(|| "flags and environment".to_owned()),
        ),
        Finding::of("app", settings.app().map(|app| app.to_string())),
        Finding::of("administrator", settings.admin()),
        Finding::of(
            "key",
            settings
                .key()
                .and_then(|key| match key.has_white_space_around() {
                    true => Err(Failure::setup("it has leading or trailing white space")
                        .help("copy it again, without the line break")),
                    false => Ok("set".to_owned()),
                }),
        ),
        Finding::of(
            "address",
            settings.address().map(|address| address.to_string()),
        ),
        match settings.token() {
            Ok(Some(_)) => Finding::good("webhook token", "set"),
            Ok(None) => Finding::unknown(
                "webhook token",
                "not set; only receivers of webhooks need it",
            ),
            Err(failure) => Finding::of("webhook token", Err(failure)),
        },
    ];
    let is_complete = findings.iter().all(|finding| finding.ok != Some(false));
    match (args.offline, is_complete) {
        (true, _) => {}
        (false, true) => findings.extend(called(&settings).await?),
        (false, false) => findings.push(Finding::unknown(
            "a call",
            "not made, because something is missing",
        )),
    }
    output.result(&findings, || {
        let rows = findings.iter().map(|finding| {
            let sign = match finding.ok {
                Some(true) => "ok",
                Some(false) => "WRONG",
                None => "-",
            };
            let to_do = finding
                .to_do
                .as_ref()
                .map_or(String::new(), |to_do| format!("\n-> {to_do}"));
            [
                sign.to_owned(),
                finding.what.to_owned(),
                format!("{}{to_do}", finding.found),
            ]
        });
        output::table(None, rows)
    })?;
    match findings
        .iter()
        .filter(|finding| finding.ok == Some(false))
        .count()
    {
        0 => Ok(()),
        wrong => Err(Failure::refused(format!(
            "{wrong} of {} checks failed",
            findings.len()
        ))),
    }
}

/// Makes one harmless call.
async fn called(settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let client = settings.builder()?.deadline(DEADLINE).build()?;
    Ok(match client.verify_credentials().await {
        Ok(_) => vec![
            Finding::good("connection", "the service answers"),
            Finding::good("key and administrator", "accepted"),
            Finding::good("clock", "the signature's time was accepted"),
        ],
        Err(error) => diagnosis(&error),
    })
}

fn diagnosis(error: &Error) -> Vec<Finding> {
    let text = error.to_string();
    let clock = error.clock_ahead().map(|ahead| {
        Finding::bad(
            "clock",
            format!("{ahead} s ahead of the service's"),
            "set the clock, or let NTP do so",
        )
    });
    let main = match (error.kind(), error.class()) {
        (ErrorKind::Connect, _) => Finding::bad(
            "connection",
            text,
            "check the address, and whether proxy and firewall let this machine out",
        ),
        (ErrorKind::Timeout | ErrorKind::Transport, _) => Finding::bad(
            "connection",
            text,
            "try again; if it persists, look at proxies and gateways in between",
        ),
        (ErrorKind::Http | ErrorKind::Decode, _) => Finding::bad(
            "connection",
            text,
            "a proxy or gateway answers in place of the service",
        ),
        (ErrorKind::Api, Some(ErrorClass::Credential)) => Finding::bad(
            "key and administrator",
            text,
            "compare app and key with the console: does the key belong to this app?",
        ),
        (ErrorKind::Api, Some(ErrorClass::Configuration)) => Finding::bad(
            "key and administrator",
            text,
            "compare app, administrator and region with the console",
        ),
        _ => Finding::bad(
            "a call",
            text,
            error
                .advice()
                .unwrap_or("look the code up: `tencent-chat code`"),
        ),
    };
    clock.into_iter().chain([main]).collect()
}
