//! What a local server is set up with: flags and their variables, then the configuration file.

use crate::{edition::EditionName, failure::Failure, profile::Settings, secret::Secret};
use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    time::Duration,
};
use tencent_chat_client::SecretKey;
use tencent_chat_simulator::{Unanswered, WebhookTarget};
use tencent_chat_types::Edition;

/// Port unless something else is set.
pub(crate) const PORT: u16 = 8600;

/// The variable that holds the control token unless the file names another.
const CONTROL_TOKEN: &str = "TENCENT_CHAT_CONTROL_TOKEN";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each flag is a key of the table [serve] of the configuration file too, with `_` for `-`. A flag comes before its
variable, which comes before the file.")]
pub(crate) struct Args {
    /// Address to listen on; 127.0.0.1 unless set. Others than loopback need a control token
    #[arg(long, env = "TENCENT_CHAT_SERVE_ADDRESS", value_name = "IP")]
    address: Option<IpAddr>,
    /// Port; 8600 unless set, any free one for 0
    #[arg(long, env = "TENCENT_CHAT_SERVE_PORT")]
    port: Option<u16>,
    /// Begins with users, groups and conversations, and needs no key
    #[arg(long, env = "TENCENT_CHAT_SERVE_DEMO", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    demo: Option<bool>,
    /// Begins with the users, groups, friends and messages of a file of JSON
    #[arg(long, env = "TENCENT_CHAT_SERVE_SEED", value_name = "FILE")]
    seed: Option<PathBuf>,
    /// More administrators who may call
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_ALSO_ADMIN",
        value_delimiter = ',',
        value_name = "USER"
    )]
    also_admin: Vec<String>,
    /// Address of an app that is sent webhooks
    #[arg(long, env = "TENCENT_CHAT_WEBHOOK_URL", value_name = "URL")]
    webhook_url: Option<String>,
    /// Lets the app be on another machine
    #[arg(long, env = "TENCENT_CHAT_SERVE_WEBHOOK_ANY_HOST", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    webhook_any_host: Option<bool>,
    /// Sends these webhooks only, by their names on the wire
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_WEBHOOK_ONLY",
        value_delimiter = ',',
        value_name = "WEBHOOK"
    )]
    webhook_only: Vec<String>,
    /// Sends an event that the app did not acknowledge so many times again; never unless set
    #[arg(long, env = "TENCENT_CHAT_SERVE_WEBHOOK_REPEATS", value_name = "TIMES")]
    webhook_repeats: Option<u32>,
    /// Refuses what the app gives no answer to, in place of letting it happen
    #[arg(long, env = "TENCENT_CHAT_SERVE_REFUSE_UNANSWERED", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    refuse_unanswered: Option<bool>,
    /// Entries of a page, where a command leaves that to the service; 100 unless set
    #[arg(long, env = "TENCENT_CHAT_SERVE_PAGE_SIZE", value_name = "ENTRIES")]
    page_size: Option<usize>,
    /// Refuses calls above the quotas of this edition; keeps no quota unless set
    #[arg(long, env = "TENCENT_CHAT_SERVE_QUOTAS", value_enum)]
    quotas: Option<EditionName>,
    /// Windows of quotas so many times as long as the service's; 1 unless set
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_QUOTA_TIME_SCALE",
        value_name = "TIMES"
    )]
    quota_time_scale: Option<f64>,
    /// Lets the clock be ahead, such as by `36h`
    #[arg(long, env = "TENCENT_CHAT_SERVE_CLOCK_AHEAD", value_parser = humantime::parse_duration, value_name = "TIME")]
    clock_ahead: Option<Duration>,
    /// Folder that keeps users, groups, messages and all else through restarts; made where there is none
    #[arg(long, env = "TENCENT_CHAT_SERVE_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Megabytes that stored messages may take; then the oldest go; 256 unless set
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_MESSAGE_MEMORY",
        value_name = "MEGABYTES"
    )]
    message_memory: Option<usize>,
    /// A further name of this machine under which the control API may be used
    #[arg(
        long,
        env = "TENCENT_CHAT_SERVE_ALLOW_HOST",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    allow_host: Vec<String>,
    /// File that holds the token for the control API; else `TENCENT_CHAT_CONTROL_TOKEN` does
    #[arg(long, value_name = "FILE")]
    control_token_file: Option<PathBuf>,
    /// How requests and webhooks are logged to standard error; as text unless set
    #[arg(long, env = "TENCENT_CHAT_SERVE_LOG", value_enum)]
    log: Option<Log>,
    /// Lists the commands that it knows with how it answers them, as JSON lines, and ends
    #[arg(long, hide = true)]
    pub(super) commands: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Log {
    /// A line for people
    Text,
    /// A line of JSON
    Json,
    /// None
    Off,
}

/// What it all comes to.
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

/// The flags, or the file's list where there are none.
fn list(flags: Vec<String>, file: &[String]) -> Vec<String> {
    match flags.is_empty() {
        true => file.to_vec(),
        false => flags,
    }
}

/// A value of the file by the names that its flag has.
fn named<T: clap::ValueEnum>(key: &str, name: Option<&String>) -> Result<Option<T>, Failure> {
    let Some(name) = name else {
        return Ok(None);
    };
    T::from_str(name, false).map(Some).map_err(|_| {
        let names = T::value_variants().iter();
        let names =
            names.filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()));
        Failure::setup(format!("{key} of [serve] is not known")).help(format!(
            "it is one of {}",
            names.collect::<Vec<_>>().join(", ")
        ))
    })
}

impl Args {
    /// Flags and file together.
    pub(crate) fn options(self, settings: &Settings) -> Result<Options, Failure> {
        let file = &settings.server;
        let ahead = match (self.clock_ahead, &file.clock_ahead) {
            (Some(ahead), _) => ahead,
            (None, Some(text)) => humantime::parse_duration(text).map_err(|_| {
                Failure::setup("clock_ahead of [serve] is not a length of time")
                    .help("such as \"36h\"")
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

/// Where webhooks go, before it is looked at.
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
