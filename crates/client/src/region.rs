//! The regions of the service.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};
use tencent_chat_types::text::quoted;

/// A region of the service. An app belongs to one, chosen when it was created; other regions refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Region {
    /// Identifier for configuration files, such as `singapore`.
    pub id: &'static str,
    /// Name in the console.
    pub name: &'static str,
    /// Host of the REST API.
    pub host: &'static str,
    /// Hosts to fall back to.
    pub standby_hosts: &'static [&'static str],
}

impl Region {
    pub(crate) const fn new(
        id: &'static str,
        name: &'static str,
        host: &'static str,
        standby_hosts: &'static [&'static str],
    ) -> Self {
        Self {
            id,
            name,
            host,
            standby_hosts,
        }
    }
}

impl Region {
    /// The region that a host or a standby host belongs to.
    pub(crate) fn of_host(host: &str) -> Option<Self> {
        let has = |region: &&Self| region.host == host || region.standby_hosts.contains(&host);
        Self::ALL.iter().find(has).copied()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    /// A region by its [`id`](Self::id).
    fn from_str(id: &str) -> Result<Self, UnknownRegion> {
        let wanted = id.trim().to_lowercase().replace(['-', ' '], "_");
        Self::ALL
            .iter()
            .find(|region| region.id == wanted)
            .copied()
            .ok_or_else(|| UnknownRegion(id.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Region {
    /// Deserializes a region from its [`id`](Self::id), such as in a configuration file.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Cow::<str>::deserialize(deserializer)?;
        id.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Region {
    /// Serializes as its [`id`](Self::id).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

/// No region has this identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnknownRegion(String);

impl fmt::Display for UnknownRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = Region::ALL.iter().map(|region| region.id).collect();
        write!(
            f,
            "\"{}\" is not a region; it must be one of {}",
            quoted(&self.0),
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownRegion {}
