//! Which app, key and address to use: from flags, the environment, and profiles in a file.

use crate::{
    failure::Failure,
    secret::{Secret, without_values},
    server_file::ServerFile,
};
use clap::{ArgMatches, parser::ValueSource};
use etcetera::BaseStrategy;
use serde::Deserialize;
use std::{collections::BTreeMap, fs, io, path::PathBuf};
use tencent_chat_client::{Client, ClientBuilder, Region, SecretKey};
use tencent_chat_types::text::quoted;
use tencent_chat_usersig::Signer;
use tencent_chat_webhook::Token;

/// The variable that holds the app's key, unless a flag or the profile names another.
pub(crate) const KEY_VARIABLE: &str = "TENCENT_CHAT_SECRET_KEY";
/// The variable that holds the webhook token.
const TOKEN_VARIABLE: &str = "TENCENT_CHAT_WEBHOOK_TOKEN";

/// Flags that select the app. A flag comes first, then a profile selected by name, then a variable, then the
/// file's default profile.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Profile from the configuration file
    #[arg(long, global = true, env = "TENCENT_CHAT_PROFILE")]
    profile: Option<String>,
    /// Configuration file; `tencent-chat/config.toml` in the user's configuration folder by default
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
    /// User ID of an app administrator
    #[arg(long, global = true, env = "TENCENT_CHAT_ADMIN", value_name = "USER")]
    admin: Option<String>,
    /// Region of the app
    #[arg(long, global = true, env = "TENCENT_CHAT_REGION")]
    region: Option<String>,
    /// Address to call instead of a region, such as a local server's
    #[arg(long, global = true, env = "TENCENT_CHAT_BASE_URL", value_name = "URL")]
    base_url: Option<String>,
    /// File with the app's key; `-` reads standard input
    #[arg(long, global = true, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Variable with the app's key; `TENCENT_CHAT_SECRET_KEY` by default
    #[arg(
        long,
        global = true,
        value_name = "VARIABLE",
        conflicts_with = "key_file"
    )]
    key_env: Option<String>,
    /// Values from variables, kept apart from those of the command line.
    #[arg(skip)]
    variables: Choice,
}

/// An app and how to call it, as one source gives it.
#[derive(Clone, Debug, Default)]
struct Choice {
    app: Option<u64>,
    admin: Option<String>,
    region: Option<String>,
    base_url: Option<String>,
    key: Option<Secret>,
    token: Option<Secret>,
}

/// A profile of the configuration file. It says where secrets are, and never contains them.
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

impl From<Profile> for Choice {
    fn from(profile: Profile) -> Self {
        Self {
            app: profile.sdk_app_id,
            admin: profile.admin,
            region: profile.region,
            base_url: profile.base_url,
            key: Secret::of(profile.secret_key_file, profile.secret_key_env),
            token: Secret::of(profile.webhook_token_file, profile.webhook_token_env),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The profile to use when none is named.
    default: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
    /// The local server, for every profile.
    #[serde(default)]
    serve: ServerFile,
}

/// The settings from flags, environment and profile.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The first source that has a value wins.
    choices: [Choice; 3],
    /// Where the profile comes from, if there is one.
    pub(crate) source: Option<String>,
    /// The file's settings for the local server.
    pub(crate) server: ServerFile,
}

impl Connection {
    /// Separates values from variables, since a profile selected by name comes in between.
    #[must_use]
    pub(crate) fn with_sources(mut self, matches: &ArgMatches) -> Self {
        let is_variable = |name: &str| matches.value_source(name) == Some(ValueSource::EnvVariable);
        self.variables = Choice {
            app: self.app.take_if(|_| is_variable("app")),
            admin: self.admin.take_if(|_| is_variable("admin")),
            region: self.region.take_if(|_| is_variable("region")),
            base_url: self.base_url.take_if(|_| is_variable("base_url")),
            key: Some(Secret::IfSet(KEY_VARIABLE)),
            token: Some(Secret::IfSet(TOKEN_VARIABLE)),
        };
        self
    }

    /// Whether a flag or a variable names a profile.
    pub(crate) fn names_a_profile(&self) -> bool {
        self.profile.is_some()
    }

    /// The first flag on the command line that selects an app differently from a profile.
    pub(crate) fn flag_of_an_app(&self) -> Option<&'static str> {
        let flags = [
            ("--app", self.app.is_some()),
            ("--admin", self.admin.is_some()),
            ("--region", self.region.is_some()),
            ("--base-url", self.base_url.is_some()),
            ("--key-file", self.key_file.is_some()),
            ("--key-env", self.key_env.is_some()),
        ];
        (flags.into_iter()).find_map(|(flag, is_set)| is_set.then_some(flag))
    }

    fn flags(&self) -> Choice {
        Choice {
            app: self.app,
            admin: self.admin.clone(),
            region: self.region.clone(),
            base_url: self.base_url.clone(),
            key: Secret::of(self.key_file.clone(), self.key_env.clone()),
            token: None,
        }
    }

    /// Reads the profile, if one is named or the file has a default.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let (flags, variables) = (self.flags(), self.variables.clone());
        let (server, found) = self.read()?;
        let (profile, source) = match found {
            Some((profile, source)) => (Choice::from(profile), Some(source)),
            None => (Choice::default(), None),
        };
        let choices = match self.names_a_profile() {
            true => [flags, profile, variables],
            false => [flags, variables, profile],
        };
        Ok(Settings {
            choices,
            source,
            server,
        })
    }

    /// The file's settings for the local server, and the profile with its location.
    fn read(&self) -> Result<(ServerFile, Option<(Profile, String)>), Failure> {
        let named = self.profile.as_deref();
        let (path, must_exist) = match &self.config {
            Some(path) => (Some(path.clone()), true),
            None => (usual_path(), named.is_some()),
        };
        let Some(path) = path else {
            return Ok(Default::default());
        };
        let shown = path.display().to_string();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {
                return Ok(Default::default());
            }
            Err(error) => return Err(Failure::setup(format!("{shown}: {error}"))),
        };
        let mut config: Config =
            toml::from_str(&text).map_err(|error| bad_config(&shown, &text, &error))?;
        let Some(name) = named.or(config.default.as_deref()) else {
            return Ok((config.serve, None));
        };
        let Some(profile) = config.profiles.remove(name) else {
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
        let source = format!("profile {name} of {shown}");
        Ok((config.serve, Some((profile, source))))
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

/// Quotes neither the line nor a value: people write keys where they don't belong.
fn bad_config(shown: &str, text: &str, error: &toml::de::Error) -> Failure {
    let line = error.span().and_then(|span| text.get(..span.start));
    let line = line.map_or(1, |before| before.matches('\n').count() + 1);
    let message = error.message();
    let failure = Failure::setup(format!("{shown}, line {line}: {}", without_values(message)));
    match message.contains("`secret_key`") || message.contains("`webhook_token`") {
        true => failure.help("secrets don't belong in this file: name a file (secret_key_file) or a variable (secret_key_env)"),
        false => failure.help(
            "a profile has sdk_app_id, admin, region or base_url, secret_key_file or secret_key_env, \
             webhook_token_file or webhook_token_env",
        ),
    }
}

impl Settings {
    fn first<T>(&self, of: impl Fn(&Choice) -> Option<T>) -> Option<T> {
        self.choices.iter().find_map(of)
    }

    /// The app.
    pub(crate) fn app(&self) -> Result<u64, Failure> {
        self.app_if_set().ok_or_else(|| {
            Failure::setup("the app is not set")
                .help("set --app, TENCENT_CHAT_SDK_APP_ID, or sdk_app_id of a profile")
        })
    }

    pub(crate) fn app_if_set(&self) -> Option<u64> {
        self.first(|choice| choice.app)
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> Result<String, Failure> {
        self.admin_if_set().ok_or_else(|| {
            Failure::setup("the administrator is not set")
                .help("set --admin, TENCENT_CHAT_ADMIN, or admin of a profile")
        })
    }

    pub(crate) fn admin_if_set(&self) -> Option<String> {
        self.first(|choice| choice.admin.clone())
    }

    /// The app's key.
    pub(crate) fn key(&self) -> Result<SecretKey, Failure> {
        self.key_if_set()?.ok_or_else(|| {
            Failure::setup("the app's key is not set").help(format!(
                "set --key-file, {KEY_VARIABLE}, or secret_key_file or secret_key_env of a profile"
            ))
        })
    }

    pub(crate) fn key_if_set(&self) -> Result<Option<SecretKey>, Failure> {
        Secret::first(self.choices.iter().filter_map(|choice| choice.key.as_ref()))
    }

    /// The token of the app's webhooks; `None` if no source names one.
    pub(crate) fn token(&self) -> Result<Option<Token>, Failure> {
        let tokens = self
            .choices
            .iter()
            .filter_map(|choice| choice.token.as_ref());
        Ok(Secret::first(tokens)?.map(|token| Token::new(token.expose())))
    }

    /// Signs for the app.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        Ok(Signer::new(self.app()?, self.key()?))
    }

    /// A client builder for the app.
    pub(crate) fn builder(&self) -> Result<ClientBuilder, Failure> {
        let address = self.address()?;
        let builder = Client::builder(self.app()?, self.admin()?, self.key()?);
        Ok(match address {
            Address::Region(region) => builder.region(region),
            Address::Url(url) => builder.base_url(url),
        })
    }

    /// The address to call. Each source names a region or an address.
    pub(crate) fn address(&self) -> Result<Address, Failure> {
        let ids = || {
            let ids: Vec<&str> = Region::ALL.iter().map(|region| region.id).collect();
            ids.join(", ")
        };
        let mut named = (self.choices.iter()).map(|choice| (&choice.region, &choice.base_url));
        match named.find(|named| *named != (&None, &None)) {
            Some((Some(_), Some(_))) => {
                Err(Failure::setup("both a region and an address are set")
                    .help("set only one of them"))
            }
            Some((Some(region), None)) => match region.parse() {
                Ok(region) => Ok(Address::Region(region)),
                Err(_) => {
                    Err(Failure::setup("unknown region").help(format!("valid regions: {}", ids())))
                }
            },
            Some((None, Some(url))) => Ok(Address::Url(url.clone())),
            Some((None, None)) | None => Err(Failure::setup("neither region nor address is set")
                .help(format!(
                    "set --region ({}), --base-url, their variables, or those of a profile",
                    ids()
                ))),
        }
    }
}

/// The address to call.
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
