//! Where webhooks go.

use http::Uri;
use std::{collections::BTreeSet, fmt, io, net::IpAddr, time::Duration};
use tencent_chat_types::{
    text::quoted,
    webhook::{TIMEOUT_SECONDS, WEBHOOKS},
};
use tencent_chat_webhook::Token;

/// Where the simulator sends webhooks, and how: what is set in the console for the real service.
///
/// `Debug` leaves out the query of the address, which can hold a secret of the app's.
#[derive(Clone)]
#[must_use = "a target does nothing until a simulator has it"]
pub struct WebhookTarget {
    url: String,
    token: Option<Token>,
    timeout: Duration,
    unanswered: Unanswered,
    repeats: u32,
    commands: Option<BTreeSet<String>>,
    any_host: bool,
}

/// What becomes of what the app was asked about and gave no answer to: because it was late, could not
/// be reached, or answered nonsense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unanswered {
    /// It happens, as with the real service unless the console says otherwise.
    #[default]
    Proceed,
    /// It is refused, with the code for a refusal without a code of the app's own.
    Refuse,
}

impl WebhookTarget {
    /// An address of the app, on this machine unless [`any_host`](Self::any_host) says otherwise.
    /// Requests are not signed, wait two seconds for an answer, and come for all webhooks that the
    /// simulator fires.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            token: None,
            timeout: Duration::from_secs(TIMEOUT_SECONDS.into()),
            unanswered: Unanswered::default(),
            repeats: 0,
            commands: None,
            any_host: false,
        }
    }

    /// Lets the app be on any host, reached by `http://`. Without it an address elsewhere is refused,
    /// since a mistake there would send test data away.
    pub fn any_host(mut self) -> Self {
        self.any_host = true;
        self
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

impl fmt::Debug for WebhookTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.parse().ok().map(|uri| shown(&uri));
        f.debug_struct("WebhookTarget")
            .field("url", &url.as_deref().unwrap_or("not an address"))
            .field("token", &self.token)
            .field("timeout", &self.timeout)
            .field("unanswered", &self.unanswered)
            .field("repeats", &self.repeats)
            .field("commands", &self.commands)
            .field("any_host", &self.any_host)
            .finish()
    }
}

/// An address without its query, and without a user name and a password.
fn shown(uri: &Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let port = uri
        .port()
        .map_or_else(String::new, |port| format!(":{port}"));
    format!("{scheme}://{host}{port}{}", uri.path())
}

/// A [`WebhookTarget`] with its address taken apart.
pub(crate) struct Target {
    settings: WebhookTarget,
    pub(super) uri: Uri,
}

impl Target {
    /// # Errors
    ///
    /// An address that is not on this machine, where it must be. A webhook that does not exist.
    pub(crate) fn new(settings: WebhookTarget) -> io::Result<Self> {
        let known = |name: &&String| WEBHOOKS.iter().any(|webhook| webhook.command == **name);
        let mut named = settings.commands.iter().flatten();
        if let Some(unknown) = named.find(|name| !known(name)) {
            let text = format!("there is no webhook \"{}\"", quoted(unknown));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let refused = || {
            let text = match settings.any_host {
                true => "webhooks go to http:// addresses without a user name",
                false => {
                    "webhooks go to http:// on this machine only: 127.0.0.1, [::1] or localhost"
                }
            };
            io::Error::new(io::ErrorKind::InvalidInput, text)
        };
        let uri: Uri = settings.url.parse().map_err(|_| refused())?;
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        let reachable = settings.any_host && !host.is_empty() || host == "localhost" || is_loopback;
        let named = uri.authority().map(http::uri::Authority::as_str);
        let with_user = named.is_some_and(|authority| authority.contains('@'));
        if uri.scheme_str() != Some("http") || !reachable || with_user {
            return Err(refused());
        }
        Ok(Self { settings, uri })
    }

    /// The settings for another address or with another token, and otherwise as they are documented. What neither
    /// is told nor shown stays: address, token, and how often an event is sent again. None without an address.
    pub(crate) fn changed(
        before: Option<&Self>,
        url: Option<String>,
        token: Option<Option<String>>,
    ) -> Option<WebhookTarget> {
        let before = before.map(|target| &target.settings);
        let url = url.or_else(|| before.map(|before| before.url.clone()))?;
        Some(WebhookTarget {
            token: match token {
                Some(token) => token.map(Token::new),
                None => before.and_then(|before| before.token.clone()),
            },
            repeats: before.map_or(0, |before| before.repeats),
            ..WebhookTarget::new(url)
        })
    }

    pub(crate) fn wants(&self, command: &str) -> bool {
        let commands = self.settings.commands.as_ref();
        commands.is_none_or(|commands| commands.contains(command))
    }

    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    pub(super) fn repeats(&self) -> u32 {
        self.settings.repeats
    }

    pub(super) fn token(&self) -> Option<&Token> {
        self.settings.token.as_ref()
    }

    pub(crate) fn unanswered(&self) -> Unanswered {
        self.settings.unanswered
    }

    /// Names of the webhooks that are fired; none where all are.
    pub(crate) fn only(&self) -> Option<&BTreeSet<String>> {
        self.settings.commands.as_ref()
    }

    pub(crate) fn timeout_ms(&self) -> u64 {
        u64::try_from(self.settings.timeout.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.settings.token.is_some()
    }

    /// The address without its query, which can hold a secret of the app's.
    pub(crate) fn shown(&self) -> String {
        shown(&self.uri)
    }
}
