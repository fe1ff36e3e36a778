//! Which app, whose key, which address: from flags, the environment, and profiles of a file.

use crate::{failure::Failure, input, server_file::ServerFile};
use etcetera::BaseStrategy;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
};
use tencent_chat_client::{Client, ClientBuilder, Region, SecretKey};
use tencent_chat_types::text::quoted;
use tencent_chat_usersig::Signer;
use tencent_chat_webhook::Token;

/// Largest secret that is read from a file or from standard input.
const MAX_SECRET_BYTES: u64 = 4096;

/// The variable that holds the app's key unless a flag or the profile names another.
pub(crate) const KEY_VARIABLE: &str = "TENCENT_CHAT_SECRET_KEY";
/// The variable that holds the webhook token.
const TOKEN_VARIABLE: &str = "TENCENT_CHAT_WEBHOOK_TOKEN";

/// Flags that say which app is meant. A flag comes before its variable, which comes before the profile.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Profile of the configuration file
    #[arg(long, global = true, env = "TENCENT_CHAT_PROFILE")]
    profile: Option<String>,
    /// The configuration file; `tencent-chat/config.toml` in the user's folder for configuration unless set
    #[arg(long, global = true, env = "TENCENT_CHAT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The SDKAppID from the console
    #[arg(
        long,
        global = true,
        env = "TENCENT_CHAT_SDK_APP_ID",
        value_name = "SDKAPPID"
    )]
    app: Option<u64>,
    /// User id of an app administrator
    #[arg(long, global = true, env = "TENCENT_CHAT_ADMIN", value_name = "USER")]
    admin: Option<String>,
    /// The region that the app lives in
    #[arg(long, global = true, env = "TENCENT_CHAT_REGION")]
    region: Option<String>,
    /// An address in place of a region, such as a local server's
    #[arg(long, global = true, env = "TENCENT_CHAT_BASE_URL", value_name = "URL")]
    base_url: Option<String>,
    /// File that holds the app's key; `-` reads standard input
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Variable that holds the app's key; `TENCENT_CHAT_SECRET_KEY` unless set
    #[arg(
        long,
        global = true,
        value_name = "VARIABLE",
        conflicts_with = "key_file"
    )]
    key_env: Option<String>,
}

/// A profile of the configuration file. Secrets are named in it, never held.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    sdk_app_id: Option<u64>,
    admin: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    secret_key_file: Option<PathBuf>,
    secret_key_env: Option<String>,
    webhook_token_file: Option<PathBuf>,
    webhook_token_env: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The profile that is meant when none is named.
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
    /// The local server, whichever profile is meant.
    #[serde(default)]
    serve: ServerFile,
}

/// What flags, environment and profile come to.
#[derive(Debug)]
pub(crate) struct Settings {
    flags: Connection,
    profile: Profile,
    /// Where the profile comes from, if there is one.
    pub(crate) source: Option<String>,
    /// What the file says of the local server.
    pub(crate) server: ServerFile,
}

impl Connection {
    /// Whether a flag or a variable names a profile.
    pub(crate) fn names_a_profile(&self) -> bool {
        self.profile.is_some()
    }

    /// Reads the profile, if one is named or the file has a default.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let named = self.profile.as_deref();
        let (path, must_exist) = match &self.config {
            Some(path) => (Some(path.clone()), true),
            None => (usual_path(), named.is_some()),
        };
        let mut settings = Settings {
            flags: self.clone(),
            profile: Profile::default(),
            source: None,
            server: ServerFile::default(),
        };
        let Some(path) = path else {
            return Ok(settings);
        };
        let shown = path.display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {
                return Ok(settings);
            }
            Err(error) => return Err(Failure::setup(format!("{shown}: {error}"))),
        };
        let config: Config =
            toml::from_str(&text).map_err(|error| bad_config(&shown, &text, &error))?;
        settings.server = config.serve;
        let Some(name) = named.or(config.default.as_deref()) else {
            return Ok(settings);
        };
        let Some(profile) = config.profiles.get(name) else {
            let names: Vec<&str> = config.profiles.keys().map(String::as_str).collect();
            return Err(
                Failure::setup(format!("{shown} has no profile \"{}\"", quoted(name))).help(
                    format!(
                        "it has {}",
                        match names.is_empty() {
                            true => "none".to_owned(),
                            false => names.join(", "),
                        }
                    ),
                ),
            );
        };
        settings.profile = profile.clone();
        settings.source = Some(format!("profile {name} of {shown}"));
        Ok(settings)
    }
}

fn usual_path() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(
        folders
            .config_dir()
            .join("tencent-chat")
            .join("config.toml"),
    )
}

/// The line is never quoted: people write keys where they do not belong.
fn bad_config(shown: &str, text: &str, error: &toml::de::Error) -> Failure {
    let line = error.span().and_then(|span| text.get(..span.start));
    let line = line.map_or(1, |before| before.matches('\n').count() + 1);
    let message = error.message();
    let message = message.split(", expected").next().unwrap_or(message);
    let failure = Failure::setup(format!("{shown}, line {line}: {message}"));
    match message.contains("`secret_key`") || message.contains("`webhook_token`") {
        true => failure.help("secrets stay out of this file: name a file (secret_key_file) or a variable (secret_key_env)"),
        false => failure.help(
            "a profile has sdk_app_id, admin, region or base_url, secret_key_file or secret_key_env, \
             webhook_token_file or webhook_token_env",
        ),
    }
}

impl Settings {
    /// The app.
    pub(crate) fn app(&self) -> Result<u64, Failure> {
        self.app_if_set().ok_or_else(|| {
            Failure::setup("which app is not known")
                .help("set --app, TENCENT_CHAT_SDK_APP_ID, or sdk_app_id of a profile")
        })
    }

    pub(crate) fn app_if_set(&self) -> Option<u64> {
        self.flags.app.or(self.profile.sdk_app_id)
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> Result<String, Failure> {
        self.admin_if_set().ok_or_else(|| {
            Failure::setup("which administrator calls is not known")
                .help("set --admin, TENCENT_CHAT_ADMIN, or admin of a profile")
        })
    }

    pub(crate) fn admin_if_set(&self) -> Option<String> {
        self.flags
            .admin
            .clone()
            .or_else(|| self.profile.admin.clone())
    }

    /// The app's key.
    pub(crate) fn key(&self) -> Result<SecretKey, Failure> {
        self.key_if_set()?.ok_or_else(|| {
            Failure::setup("the app's key is not known").help(format!(
                "set --key-file, {KEY_VARIABLE}, or secret_key_file or secret_key_env of a profile"
            ))
        })
    }

    pub(crate) fn key_if_set(&self) -> Result<Option<SecretKey>, Failure> {
        let named = |variable: &str| {
            SecretKey::from_env(variable).map_err(|error| Failure::setup(error.to_string()))
        };
        if let Some(path) = &self.flags.key_file {
            return Ok(Some(SecretKey::new(secret(path)?)));
        }
        if let Some(variable) = &self.flags.key_env {
            return named(variable).map(Some);
        }
        if env::var_os(KEY_VARIABLE).is_some() {
            return named(KEY_VARIABLE).map(Some);
        }
        match (&self.profile.secret_key_file, &self.profile.secret_key_env) {
            (Some(path), _) => Ok(Some(SecretKey::new(secret(path)?))),
            (None, Some(variable)) => named(variable).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The token of the app's webhooks; none where nothing names one.
    pub(crate) fn token(&self) -> Result<Option<Token>, Failure> {
        let named = |variable: &str| {
            let token = secret_in(variable)?;
            Ok::<_, Failure>(token.map(|token| Token::new(token.expose())))
        };
        if let Some(token) = named(TOKEN_VARIABLE)? {
            return Ok(Some(token));
        }
        match (
            &self.profile.webhook_token_file,
            &self.profile.webhook_token_env,
        ) {
            (Some(path), _) => Ok(Some(Token::new(secret(path)?))),
            (None, Some(variable)) => match named(variable)? {
                Some(token) => Ok(Some(token)),
                None => Err(Failure::setup(format!("{variable} is not set"))),
            },
            (None, None) => Ok(None),
        }
    }

    /// Signs for the app.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        Ok(Signer::new(self.app()?, self.key()?))
    }

    /// Begins a client for the app.
    pub(crate) fn builder(&self) -> Result<ClientBuilder, Failure> {
        let address = self.address()?;
        let builder = Client::builder(self.app()?, self.admin()?, self.key()?);
        Ok(match address {
            Address::Region(region) => builder.region(region),
            Address::Url(url) => builder.base_url(url),
        })
    }

    /// Where the app is called. A flag, a variable and the profile each name a region or an address.
    pub(crate) fn address(&self) -> Result<Address, Failure> {
        let choices = [
            (&self.flags.region, &self.flags.base_url),
            (&self.profile.region, &self.profile.base_url),
        ];
        for choice in choices {
            match choice {
                (Some(_), Some(_)) => {
                    return Err(Failure::setup("a region and an address are set")
                        .help("set one of the two"));
                }
                (None, Some(url)) => return Ok(Address::Url(url.clone())),
                (Some(region), None) => {
                    let region = region.parse();
                    return region.map(Address::Region).map_err(
                        |error: tencent_chat_client::UnknownRegion| {
                            Failure::setup(error.to_string())
                        },
                    );
                }
                (None, None) => {}
            }
        }
        let ids: Vec<&str> = Region::ALL.iter().map(|region| region.id).collect();
        Err(
            Failure::setup("where the app is called is not known").help(format!(
                "set --region ({}), --base-url, their variables, or those of a profile",
                ids.join(", ")
            )),
        )
    }
}

/// Where an app is called.
#[derive(Debug)]
pub(crate) enum Address {
    Region(Region),
    Url(String),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Region(region) => write!(f, "{} ({})", region.id, region.host),
            Self::Url(url) => f.write_str(&quoted(url)),
        }
    }
}

/// A secret that a variable holds; none where it is not set.
pub(crate) fn secret_in(variable: &str) -> Result<Option<SecretKey>, Failure> {
    match env::var(variable) {
        Ok(secret) if !secret.trim().is_empty() => Ok(Some(SecretKey::new(secret))),
        Ok(_) => Err(Failure::setup(format!("{variable} is empty"))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::setup(format!("{variable} is not Unicode text")))
        }
    }
}

/// The secret in a file, without the end of its line.
pub(crate) fn secret(path: &Path) -> Result<String, Failure> {
    let text = input::read_text(Some(path), MAX_SECRET_BYTES).map_err(Failure::of_setup)?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::setup(format!(
            "{} is empty",
            input::name(Some(path))
        ))),
        secret => Ok(secret.to_owned()),
    }
}
