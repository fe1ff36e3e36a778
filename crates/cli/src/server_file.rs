//! The part of the configuration file for the local server.

use serde::Deserialize;
use std::{net::IpAddr, path::PathBuf};

/// The table `[serve]`: each of its keys is a flag of `tencent-chat serve`, which overrides it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerFile {
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) also_admin: Vec<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) webhook_any_host: Option<bool>,
    pub(crate) webhook_repeats: Option<u32>,
    pub(crate) webhook_only: Vec<String>,
    pub(crate) refuse_unanswered: Option<bool>,
    pub(crate) page_size: Option<usize>,
    pub(crate) message_memory: Option<usize>,
    pub(crate) quotas: Option<String>,
    pub(crate) quota_time_scale: Option<f64>,
    pub(crate) clock_ahead: Option<String>,
    pub(crate) seed: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) demo: Option<bool>,
    pub(crate) allow_host: Vec<String>,
    pub(crate) control_token_file: Option<PathBuf>,
    pub(crate) control_token_env: Option<String>,
    pub(crate) log: Option<String>,
}
