//! Configuration of a local server: flags and their variables, then the configuration file.

use crate::{edition::EditionName, failure::Failure, profile::Settings, secret::Secret};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};
use tencent_chat_client::SecretKey;
use tencent_chat_simulator::{Unanswered, WebhookTarget};
use tencent_chat_types::Edition;

/// The default port.
pub(crate) const PORT: u16 = 8600;

/// The variable that holds the control token, unless the file names another.
const CONTROL_TOKEN: &str = "TENCENT_CHAT_CONTROL_TOKEN";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each flag is also a key in the table [serve] of the configuration file, with `_` for `-`. A flag overrides its
variable, which overrides the file.")]
pub(crate) struct Args {
    /// Address to listen on; 127.0.0.1 by default. Addresses other than loopback need a control token
    #[arg(long, env = "TENCENT_CHAT_SERVE_ADDRESS", value_name = "IP")]
    address: Option<IpAddr>,
    /// Port; 8600 by default, 0 picks a free one
    #[arg(long, env = "TENCENT_CHAT_SERVE_PORT")]
    port: Option<u16>,
    /// Starts with users, groups and conversations, and needs no key
    #[arg(long, env = "TENCENT_CHAT_SERVE_DEMO", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    demo: Option<bool>,
    /// Starts with the users, groups, friends and messages in a JSON file
    #[arg(long, env = "TENCENT_CHAT_SERVE_SEED", value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Additional administrators who may call
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_ALSO_ADMIN",
        value_delimiter = ',',
        value_name = "USER"
    )]
    also_admin: Vec<String>,
    /// Address of an app that receives webhooks
    #[arg(long, env = "TENCENT_CHAT_WEBHOOK_URL", value_name = "URL")]
    webhook_url: Option<String>,
    /// Allows the app to be on another machine
    #[arg(long, env = "TENCENT_CHAT_SERVE_WEBHOOK_ANY_HOST", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    webhook_any_host: Option<bool>,
    /// Sends only these webhooks, given by their wire names
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_WEBHOOK_ONLY",
        value_delimiter = ',',
        value_name = "WEBHOOK"
    )]
    webhook_only: Vec<String>,
    /// How often to resend an event that the app did not acknowledge; never by default
    #[arg(long, env = "TENCENT_CHAT_SERVE_WEBHOOK_REPEATS", value_name = "TIMES")]
    webhook_repeats: Option<u32>,
    /// Refuses what the app doesn't answer, instead of allowing it
    #[arg(long, env = "TENCENT_CHAT_SERVE_REFUSE_UNANSWERED", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    refuse_unanswered: Option<bool>,
    /// Entries per page, for commands that leave that to the service; 100 by default
    #[arg(long, env = "TENCENT_CHAT_SERVE_PAGE_SIZE", value_name = "ENTRIES")]
    page_size: Option<usize>,
    /// Refuses calls above the quotas of this edition; by default there are no quotas
    #[arg(long, env = "TENCENT_CHAT_SERVE_QUOTAS", value_enum)]
    quotas: Option<EditionName>,
    /// Makes quota windows this many times as long as the service's; 1 by default
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_QUOTA_TIME_SCALE",
        value_name = "TIMES"
    )]
    quota_time_scale: Option<f64>,
    /// Sets the clock ahead, such as by `36h`
    #[arg(long, env = "TENCENT_CHAT_SERVE_CLOCK_AHEAD", value_parser = humantime::parse_duration, value_name = "TIME")]
    clock_ahead: Option<Duration>,
    /// Folder that keeps users, groups, messages and everything else across restarts; created if missing
    #[arg(long, env = "TENCENT_CHAT_SERVE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Megabytes for stored messages, above which the oldest are dropped; 256 by default
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_MESSAGE_MEMORY",
        value_name = "MEGABYTES"
    )]
    message_memory: Option<usize>,
    /// An additional name of this machine under which the control API may be used
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_ALLOW_HOST",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    allow_host: Vec<String>,
    /// File with the token for the control API; by default `TENCENT_CHAT_CONTROL_TOKEN` is used
    #[arg(long, value_name = "FILE")]
    control_token_file: Option<PathBuf>,
    /// How requests and webhooks are logged to standard error; as text by default
    #[arg(long, env = "TENCENT_CHAT_SERVE_LOG", value_enum)]
    log: Option<Log>,
    /// Lists the known commands with how they are answered, as JSON lines, and exits
    #[arg(long, hide = true)]
    pub(super) commands: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Log {
    /// A line of text
    Text,
    /// A line of JSON
    Json,
    /// Nothing
    Off,
}

/// The resulting configuration.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) demo: bool,
    pub(crate) seed: Option<PathBuf>,
    pub(crate) also_admin: Vec<String>,
    pub(crate) target: Option<WebhookTarget>,
    pub(crate) webhook_any_host: bool,
    pub(crate) page_size: usize,
    pub(crate) quotas: Option<Edition>,
    pub(crate) quota_time_scale: f64,
    pub(crate) clock_ahead: Duration,
    pub(crate) data: Option<PathBuf>,
    /// In bytes.
    pub(crate) message_memory: usize,
    pub(crate) allow_host: Vec<String>,
    pub(crate) control_token: Option<SecretKey>,
    pub(crate) log: Log,
}

/// The flags, or the file's list if there are none.
fn list(flags: Vec<String>, file: &[String]) -> Vec<String> {
    match flags.is_empty() {
        true => file.to_vec(),
        false => flags,
    }
}

/// A value in the file, by the names that its flag accepts.
fn named<T: clap::ValueEnum>(key: &str, name: Option<&String>) -> Result<Option<T>, Failure> {
    let Some(name) = name else {
        return Ok(None);
    };
    T::from_str(name, false).map(Some).map_err(|_| {
        let names = T::value_variants().iter();
        let names =
            names.filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()));
        Failure::setup(format!("unknown {key} in [serve]")).help(format!(
            "valid values: {}",
            names.collect::<Vec<_>>().join(", ")
        ))
    })
}

impl Args {
    /// Flags and file combined.
    pub(crate) fn options(self, settings: &Settings) -> Result<Options, Failure> {
        let file = &settings.server;
        let ahead = match (self.clock_ahead, &file.clock_ahead) {
            (Some(ahead), _) => ahead,
            (None, Some(text)) => humantime::parse_duration(text).map_err(|_| {
                Failure::setup("clock_ahead in [serve] is not a duration").help("such as \"36h\"")
            })?,
            (None, None) => Duration::ZERO,
        };
        let quotas = self
            .quotas
            .map_or_else(|| named("quotas", file.quotas.as_ref()), |q| Ok(Some(q)))?;
        let log = self
            .log
            .map_or_else(|| named("log", file.log.as_ref()), |log| Ok(Some(log)))?;
        let any_host = self
            .webhook_any_host
            .or(file.webhook_any_host)
            .unwrap_or(false);
        let target = Target {
            url: self.webhook_url.or_else(|| file.webhook_url.clone()),
            any_host,
            only: list(self.webhook_only, &file.webhook_only),
            repeats: self.webhook_repeats.or(file.webhook_repeats).unwrap_or(0),
            refuse: self
                .refuse_unanswered
                .or(file.refuse_unanswered)
                .unwrap_or(false),
        };
        let control_tokens = [
            Secret::of(self.control_token_file, None),
            Some(Secret::IfSet(CONTROL_TOKEN)),
            Secret::of(
                file.control_token_file.clone(),
                file.control_token_env.clone(),
            ),
        ];
        Ok(Options {
            address: self
                .address
                .or(file.address)
                .unwrap_or(Ipv4Addr::LOCALHOST.into()),
            port: self.port.or(file.port).unwrap_or(PORT),
            demo: self.demo.or(file.demo).unwrap_or(false),
            seed: self.seed.or_else(|| file.seed.clone()),
            also_admin: list(self.also_admin, &file.also_admin),
            target: target.build(settings)?,
            webhook_any_host: any_host,
            page_size: self.page_size.or(file.page_size).unwrap_or(100),
            quotas: quotas.map(Edition::from),
            quota_time_scale: self
                .quota_time_scale
                .or(file.quota_time_scale)
                .unwrap_or(1.0),
            clock_ahead: ahead,
            data: self.data.or_else(|| file.data.clone()),
            message_memory: (self.message_memory.or(file.message_memory).unwrap_or(256))
                .saturating_mul(1 << 20),
            allow_host: list(self.allow_host, &file.allow_host),
            control_token: Secret::first(control_tokens.iter().flatten())?,
            log: log.unwrap_or(Log::Text),
        })
    }
}

/// Where webhooks go, before validation.
struct Target {
    url: Option<String>,
    any_host: bool,
    only: Vec<String>,
    repeats: u32,
    refuse: bool,
}

impl Target {
    fn build(self, settings: &Settings) -> Result<Option<WebhookTarget>, Failure> {
        let Some(url) = self.url else {
            return Ok(None);
        };
        let mut target = WebhookTarget::new(url).repeats(self.repeats);
        if self.refuse {
            target = target.unanswered(Unanswered::Refuse);
        }
        if self.any_host {
            target = target.any_host();
        }
        if !self.only.is_empty() {
            target = target.only(self.only);
        }
        if let Some(token) = settings.token()? {
            target = target.token(token);
        }
        Ok(Some(target))
    }
}
