//! Configures a client.

use crate::{
    Client, Clock, Limiter, LocalLimiter, Observer, Region, RetryPolicy, SecretKey,
    credentials::Credentials, http::Http, tls, transport::Transport,
};
use reqwest::{Url, redirect};
use std::{
    fmt,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};
use tencent_chat_types::{Edition, protocol::SERVER_TIMEOUT_SECONDS, text::quoted};
use tencent_chat_usersig::Signer;
use tokio::sync::Semaphore;

/// Configures a [`Client`]. A region or a base address is required: an app belongs to one region,
/// and there is no sensible default.
///
/// Clones share limiter and observer.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    pub(crate) sdk_app_id: u64,
    pub(crate) identifier: String,
    pub(crate) key: SecretKey,
    signer: Signer,
    base: Option<String>,
    standby: &'static [&'static str],
    standby_urls: Vec<String>,
    failover: bool,
    observer: Option<Arc<dyn Observer>>,
    allow_plain_http: bool,
    deadline: Duration,
    try_timeout: Duration,
    retry: RetryPolicy,
    limiter: Option<Arc<dyn Limiter>>,
    edition: Edition,
    connect_timeout: Duration,
    sig_valid_for: Duration,
    max_reply_bytes: usize,
    max_in_flight: usize,
    http: Option<reqwest::Client>,
    adjust: Adjustments,
}

/// A caller's adjustments of the HTTP client's builder.
#[derive(Clone, Default)]
struct Adjustments(Vec<Arc<Adjust>>);

type Adjust = dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync;

impl fmt::Debug for Adjustments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} adjustments", self.0.len())
    }
}

impl Client {
    /// Creates a client builder for an app, with the identifier of an administrator and the app's key.
    pub fn builder(
        sdk_app_id: u64,
        identifier: impl Into<String>,
        key: impl Into<SecretKey>,
    ) -> ClientBuilder {
        ClientBuilder::new(sdk_app_id, identifier.into(), key.into())
    }

    /// Builds a client from environment variables; see [`ClientBuilder::from_env`].
    ///
    /// # Errors
    ///
    /// A variable is missing or invalid; the error names it.
    pub fn from_env() -> Result<Self, ConfigError> {
        ClientBuilder::from_env()?.build()
    }
}

impl ClientBuilder {
    /// Default deadline of a call, including all attempts and pauses.
    pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

    /// Default timeout of one attempt: the service's own, plus time for the network.
    pub const DEFAULT_TRY_TIMEOUT: Duration =
        Duration::from_secs(SERVER_TIMEOUT_SECONDS as u64 + 2);

    /// Default timeout for connecting.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

    /// Default validity of a UserSig; the vendor recommends at least a day.
    pub const DEFAULT_SIG_VALIDITY: Duration = Duration::from_secs(7 * 86_400);

    /// Default maximum size of a reply. The service's own limit is 1 MB.
    pub const DEFAULT_MAX_REPLY_BYTES: usize = 2 << 20;

    /// Default maximum number of requests in flight: enough for 200 calls a second, the usual quota of a
    /// command, if each takes a little more than a second.
    pub const DEFAULT_MAX_IN_FLIGHT: usize = 256;

    pub(crate) fn new(sdk_app_id: u64, identifier: String, key: SecretKey) -> Self {
        Self {
            sdk_app_id,
            identifier,
            signer: Signer::new(sdk_app_id, key.clone()),
            key,
            base: None,
            standby: &[],
            standby_urls: Vec::new(),
            failover: false,
            observer: None,
            allow_plain_http: false,
            deadline: Self::DEFAULT_DEADLINE,
            try_timeout: Self::DEFAULT_TRY_TIMEOUT,
            retry: RetryPolicy::new(),
            limiter: Some(Arc::new(LocalLimiter::new())),
            edition: Edition::default(),
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            sig_valid_for: Self::DEFAULT_SIG_VALIDITY,
            max_reply_bytes: Self::DEFAULT_MAX_REPLY_BYTES,
            max_in_flight: Self::DEFAULT_MAX_IN_FLIGHT,
            http: None,
            adjust: Adjustments::default(),
        }
    }

    /// Sets the region of the app.
    pub fn region(mut self, region: Region) -> Self {
        self = self.base_url(format!("https://{}/", region.host));
        self.standby = region.standby_hosts;
        self
    }

    /// Uses the region's standby hosts while its own can't be reached. It switches only after a connection
    /// failure, and switches back when the standby host fails in turn.
    pub fn failover(mut self) -> Self {
        self.failover = true;
        self
    }

    /// Sets an observer that is notified of every attempt of every call, for metrics.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Sets an address instead of a region: a simulator, or your own gateway.
    pub fn base_url(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into());
        self.standby = &[];
        self
    }

    /// Sets other addresses of the same service, for [`failover`](Self::failover), instead of the
    /// region's own.
    pub fn standby_urls(mut self, urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.standby_urls = urls.into_iter().map(Into::into).collect();
        self
    }

    /// Allows `http://` for hosts other than this machine. The key is still safe, but anyone who
    /// eavesdrops can make calls as the administrator until the UserSig expires.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets when failed calls are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Uses other quotas than those of the spec, or shares them with other clients of the app.
    pub fn limiter(mut self, limiter: Arc<dyn Limiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sets the edition of the app, which some quotas depend on: free editions have 1,000 messages a day, for
    /// example. The default is [`Edition::Paid`].
    pub fn edition(mut self, edition: Edition) -> Self {
        self.edition = edition;
        self
    }

    /// Sends without keeping any quota: for tests, or if a gateway does it.
    pub fn unlimited(mut self) -> Self {
        self.limiter = None;
        self
    }

    /// Sets the timeout of one attempt, within the deadline of the call.
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = timeout;
        self
    }

    /// Sets the deadline of a call, including all attempts and pauses. It must be longer than the service's own three
    /// seconds; otherwise calls would fail that the service still completes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the timeout for connecting; [`DEFAULT_CONNECT_TIMEOUT`](Self::DEFAULT_CONNECT_TIMEOUT) by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a UserSig is valid. It is renewed when a fifth of that is left.
    pub fn sig_validity(mut self, valid_for: Duration) -> Self {
        self.sig_valid_for = valid_for;
        self
    }

    /// Sets the maximum size of a reply, in bytes.
    pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
        self.max_reply_bytes = bytes;
        self
    }

    /// Sets the maximum number of requests in flight, and so the maximum number of connections, since each request
    /// has its own; [`DEFAULT_MAX_IN_FLIGHT`](Self::DEFAULT_MAX_IN_FLIGHT) by default. Further calls wait for their
    /// turn within their deadline, and take little memory until then: a host that does not answer costs neither a
    /// socket nor a buffer for each of them. Clones share the bound.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.max_in_flight = requests;
        self
    }

    /// Uses a different clock for signing.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.signer = self.signer.with_clock(clock);
        self
    }

    /// Configures the HTTP client in addition to this crate's own settings: proxies, certificates,
    /// connections, addresses of hosts. Can be called several times; the adjustments are applied in order.
    ///
    /// ```
    /// # use tencent_chat_client::{Client, Region, reqwest};
    /// # fn run(ca: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// let ca = reqwest::Certificate::from_pem(ca)?;
    /// let proxy = reqwest::Proxy::all("http://proxy.internal:3128")?;
    /// let client = Client::builder(1400000000, "administrator", "key")
    ///     .region(Region::SINGAPORE)
    ///     .http(|http| http.tls_certs_merge([ca]).proxy(proxy))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Some settings can't be changed: redirects are not followed, because they would send the
    /// UserSig elsewhere; connections are not logged byte by byte, because that would log it; and requests
    /// are not retried in addition to [`RetryPolicy`].
    ///
    /// The closure runs once for each runtime on which the client is used, and for each client that is built
    /// from a clone of this builder. What it captures must be `Clone`; make other values within it.
    pub fn http(
        mut self,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let adjust = Arc::new(move |http| adjust.clone()(http));
        self.adjust.0.push(adjust);
        self
    }

    /// Uses your own HTTP client, for what [`http`](Self::http) can't do, such as sharing one. It
    /// must not follow redirects and must not have `connection_verbose` set: the first would send
    /// the UserSig elsewhere, the second would log it.
    ///
    /// It belongs to one runtime at a time, since connections make no progress without the runtime that opened
    /// them. A call from a different runtime, while the first still exists and one of them is a `current_thread`
    /// runtime, is an error of kind [`ErrorKind::Runtime`](crate::ErrorKind::Runtime). [`http`](Self::http) has no such
    /// limit.
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// A setting is missing or invalid: an `https` address in a build without TLS, for example, or no CA certificates
    /// on this machine.
    pub fn build(self) -> Result<Client, ConfigError> {
        let error = |setting, problem: &str, expected: &str| {
            Err(ConfigError::new(setting, problem, expected))
        };
        if self.sdk_app_id == 0 {
            return error("sdk_app_id", "it is 0", "the SDKAppID from the console");
        }
        if self.identifier.trim().is_empty() {
            return error(
                "identifier",
                "it is empty",
                "the user ID of an app administrator",
            );
        }
        if self.identifier.trim() != self.identifier {
            return error(
                "identifier",
                WHITE_SPACE,
                "only the user ID of an app administrator",
            );
        }
        if self.identifier.contains(char::is_control) {
            return error(
                "identifier",
                "it contains a control character",
                "the user ID of an app administrator",
            );
        }
        if self.key.is_empty() {
            return error("key", "it is empty", "the app's key from the console");
        }
        if self.key.has_white_space_around() {
            return error("key", WHITE_SPACE, "only the app's key from the console");
        }
        if self.deadline <= Duration::from_secs(u64::from(SERVER_TIMEOUT_SECONDS)) {
            let expected =
                format!("more than the {SERVER_TIMEOUT_SECONDS} s that the service itself takes");
            return error("deadline", &format!("it is {:?}", self.deadline), &expected);
        }
        if self.try_timeout.is_zero() {
            return error(
                "try_timeout",
                "it is 0",
                "longer than the service takes for a reply",
            );
        }
        if self.sig_valid_for < Duration::from_secs(60) {
            return error(
                "sig_validity",
                &format!("it is {:?}", self.sig_valid_for),
                "a minute or more",
            );
        }
        if self.max_reply_bytes == 0 {
            return error(
                "max_reply_bytes",
                "it is 0",
                "the size of the largest reply that you want",
            );
        }
        if !(1..=Semaphore::MAX_PERMITS).contains(&self.max_in_flight) {
            return error(
                "max_in_flight",
                &format!("it is {}", self.max_in_flight),
                &format!("1 to {}", Semaphore::MAX_PERMITS),
            );
        }
        let Some(base) = &self.base else {
            return error(
                "region",
                "neither region nor base_url is set",
                "the region of the app",
            );
        };
        let base = self.check_base(base)?;
        let loopback = is_loopback(&base);
        let region = base.host_str().and_then(Region::of_host);
        let mut bases = vec![base];
        if self.failover {
            let hosts = self.standby.iter().map(|host| format!("https://{host}/"));
            for standby in hosts.chain(self.standby_urls.iter().cloned()) {
                bases.push(self.check_base(&standby)?);
            }
            if bases.len() == 1 {
                return error(
                    "failover",
                    "there is no other host",
                    "a region with standby hosts, or standby_urls",
                );
            }
        }
        if bases.iter().any(|base| base.scheme() == "https") && !tls::is_available() {
            let setting = region.map_or("base_url", |_| "region");
            return error(
                setting,
                "https needs TLS, which this build lacks",
                tls::FEATURES,
            );
        }
        let Adjustments(adjust) = self.adjust;
        let never_tls = adjust.is_empty()
            && (bases.iter()).all(|base| base.scheme() == "http" && is_loopback(base));
        let http = match self.http {
            Some(_) if !adjust.is_empty() => {
                return error("http", "http_client is set too", "only one of them");
            }
            Some(http) => Ok(Http::one(http)),
            None => {
                let connect_timeout = self.connect_timeout;
                tls::prepare_http();
                Http::per_runtime(move || {
                    let http = reqwest::Client::builder()
                        .user_agent(concat!("tencent-chat-rust/", env!("CARGO_PKG_VERSION")))
                        .connect_timeout(connect_timeout)
                        .pool_idle_timeout(Duration::from_secs(60))
                        .tcp_nodelay(true);
                    // A proxy can't reach this machine's own loopback.
                    let http = if loopback { http.no_proxy() } else { http };
                    let http = if never_tls {
                        tls::without_certificates(http)
                    } else {
                        http
                    };
                    let http = adjust.iter().fold(http, |http, adjust| adjust(http));
                    http.redirect(redirect::Policy::none())
                        .connection_verbose(false)
                        .retry(reqwest::retry::never())
                        .build()
                })
            }
        };
        let http = http.map_err(|error| {
            ConfigError::new("http", &tls::problem(error), tls::EXPECTED_SETTINGS)
        })?;
        Ok(Client {
            transport: Arc::new(Transport {
                http,
                bases,
                region,
                base: AtomicUsize::new(0),
                observer: self.observer,
                credentials: Credentials::new(
                    self.signer,
                    self.key,
                    self.identifier,
                    self.sig_valid_for,
                ),
                deadline: self.deadline,
                try_timeout: self.try_timeout,
                retry: Arc::new(self.retry),
                limiter: self.limiter,
                edition: self.edition,
                max_reply_bytes: self.max_reply_bytes,
                in_flight: Semaphore::new(self.max_in_flight),
            }),
        })
    }

    fn check_base(&self, base: &str) -> Result<Url, ConfigError> {
        const EXPECTED: &str = "an address such as https://adminapisgp.im.qcloud.com";
        let error = |problem: &str| Err(ConfigError::new("base_url", problem, EXPECTED));
        let Ok(mut url) = Url::parse(base) else {
            return error("it is not a valid address");
        };
        if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
            return error("its scheme is neither https nor http");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return error("it contains a user name or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return error("it has a query or a fragment");
        }
        if url.scheme() == "http" && !is_loopback(&url) && !self.allow_plain_http {
            return error(
                "it is plain http to a different machine; allow_plain_http() allows that",
            );
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The error for a value that was copied with a line break.
pub(crate) const WHITE_SPACE: &str = "it has white space around it, such as a line break";

/// A setting that is missing or invalid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConfigError {
    setting: String,
    problem: String,
    expected: String,
}

impl ConfigError {
    pub(crate) fn new(setting: impl Into<String>, problem: &str, expected: &str) -> Self {
        Self {
            setting: setting.into(),
            problem: quoted(problem).into_owned(),
            expected: expected.to_owned(),
        }
    }

    /// The builder's method or argument, or the environment variable.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; expected {}",
            self.setting, self.problem, self.expected
        )
    }
}

impl std::error::Error for ConfigError {}
