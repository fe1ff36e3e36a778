//! `tencent-chat health`: checks whether a local server accepts calls, for monitoring.

use crate::{failure::Failure, output::Output, serve::PORT};
use serde_json::Value;
use std::{net::Ipv6Addr, time::Duration};

/// Timeout for the reply.
const DEADLINE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Host of the server
    #[arg(long, default_value = "127.0.0.1", value_name = "HOST")]
    host: String,
    /// Port of the server
    #[arg(long, env = "TENCENT_CHAT_SERVE_PORT", default_value_t = PORT)]
    port: u16,
}

pub(crate) async fn run(args: Args, output: &Output) -> Result<(), Failure> {
    let Args { host, port } = args;
    let failed = |error: reqwest::Error| {
        Failure::unanswered(error.without_url().to_string())
            .help("is it running there? `tencent-chat serve` starts one")
    };
    let client = reqwest::Client::builder()
        .timeout(DEADLINE)
        .no_proxy()
        // Without TLS no certificates are needed: an image may have none.
        .tls_certs_only([])
        .build()
        .map_err(failed)?;
    // The brackets of an IPv6 address may be omitted here.
    let host = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host,
    };
    let url = format!("http://{host}:{port}/_control/ready");
    let response = client.get(url).send().await.map_err(failed)?;
    let status = response.status();
    let body = response.text().await.map_err(failed)?;
    if !status.is_success() {
        return Err(Failure::refused(format!(
            "the server answers HTTP status {status}"
        )));
    }
    let ready: Value = serde_json::from_str(&body)
        .map_err(|_| Failure::unanswered("something other than a local server answered"))?;
    output.result(&ready, || "ready".to_owned())
}
