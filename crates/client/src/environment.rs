//! Settings from environment variables.

use crate::{ClientBuilder, ConfigError, Region, SecretKey, builder::WHITE_SPACE};
use std::env;

/// The app.
const SDK_APP_ID: &str = "TENCENT_CHAT_SDK_APP_ID";
/// The administrator.
const ADMIN: &str = "TENCENT_CHAT_ADMIN";
/// The app's key.
const SECRET_KEY: &str = "TENCENT_CHAT_SECRET_KEY";
/// The region.
const REGION: &str = "TENCENT_CHAT_REGION";
/// An address instead of a region.
const BASE_URL: &str = "TENCENT_CHAT_BASE_URL";

impl ClientBuilder {
    /// Creates a builder from environment variables.
    ///
    /// | variable | content |
    /// |---|---|
    /// | `TENCENT_CHAT_SDK_APP_ID` | the app's number |
    /// | `TENCENT_CHAT_ADMIN` | user ID of an app administrator |
    /// | `TENCENT_CHAT_SECRET_KEY` | the app's key |
    /// | `TENCENT_CHAT_REGION` | ID of a [`Region`], such as `singapore` |
    /// | `TENCENT_CHAT_BASE_URL` | an address, instead of a region |
    ///
    /// # Errors
    ///
    /// A variable is missing or invalid; the error names it and what it should contain.
    pub fn from_env() -> Result<Self, ConfigError> {
        let app = required(SDK_APP_ID, "the SDKAppID from the console")?;
        let app: u64 = app.trim().parse().map_err(|_| {
            // Not quoted: people paste the wrong secret into the wrong place.
            ConfigError::new(
                SDK_APP_ID,
                "it is not a number",
                "the SDKAppID from the console, such as 1400000000",
            )
        })?;
        let admin = exact(ADMIN, "the user ID of an app administrator")?;
        let key = SecretKey::new(exact(SECRET_KEY, "the app's key from the console")?);
        let builder = Self::new(app, admin, key);
        match (optional(REGION)?, optional(BASE_URL)?) {
            (Some(_), Some(_)) => Err(ConfigError::new(
                BASE_URL,
                &format!("{REGION} is also set"),
                "only one of them",
            )),
            (_, Some(base)) => Ok(builder.base_url(base)),
            (Some(id), None) => {
                // Not quoted either.
                let region: Region = id.parse().map_err(|_| {
                    let ids: Vec<&str> = Region::ALL.iter().map(|region| region.id).collect();
                    let expected = format!("one of {}", ids.join(", "));
                    ConfigError::new(REGION, "it is not the ID of a region", &expected)
                })?;
                Ok(builder.region(region))
            }
            (None, None) => Err(ConfigError::new(
                REGION,
                "it is not set",
                "the region of the app",
            )),
        }
    }
}

fn optional(name: &str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(ConfigError::new(name, "it is not valid Unicode", "text"))
        }
    }
}

fn required(name: &str, expected: &str) -> Result<String, ConfigError> {
    optional(name)?.ok_or_else(|| ConfigError::new(name, "it is not set", expected))
}

/// Refuses white space around it, which would become part of what is signed.
fn exact(name: &str, expected: &str) -> Result<String, ConfigError> {
    let value = required(name, expected)?;
    match value.trim() == value {
        true => Ok(value),
        false => {
            let expected = format!("only {expected}");
            Err(ConfigError::new(name, WHITE_SPACE, &expected))
        }
    }
}
