//! `tencent-chat serve`: a local server that behaves like the service.

pub(crate) mod demo;
mod logging;
mod options;

use self::options::Options;
pub(crate) use self::options::{Args, PORT};
use crate::{
    failure::Failure, input, output::Output, page, profile::Connection, secret::without_values,
    signals::Signals,
};
use serde_json::json;
use std::{io, path::Path, time::Duration};
use tencent_chat_client::SecretKey;
use tencent_chat_simulator::{Seed, SeedError, Simulator, SimulatorBuilder};

/// Maximum size of a seed.
const MAX_SEED_BYTES: u64 = 64 << 20;

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    if args.commands {
        return list(output);
    }
    let settings = connection.settings()?;
    let options = args.options(&settings)?;
    logging::begin(options.log)?;
    let app = settings.app_if_set().unwrap_or(demo::APP);
    let admin = settings
        .admin_if_set()
        .unwrap_or_else(|| demo::ADMIN.to_owned());
    let (key, is_public) = match settings.key_if_set()? {
        Some(key) => (key, false),
        None if options.demo => (SecretKey::new(demo::KEY), true),
        None => {
            return Err(Failure::setup("the app's key is not set").help(
                "any key will do: set TENCENT_CHAT_SECRET_KEY or --key-file, or start with --demo",
            ));
        }
    };
    if !options.address.is_loopback() {
        warn(&options, output)?;
    }
    let seed = options.seed.as_deref().map(read_seed).transpose()?;
    let (demo, ahead) = (options.demo, options.clock_ahead);
    let mut builder = build(options, app, &admin, key).forward(ahead);
    if demo {
        builder = builder.seed(demo::seed()?);
    }
    if let Some(seed) = seed {
        builder = builder.seed(seed);
    }
    let simulator = builder.start().await.map_err(failed)?;
    let mut signals = Signals::listen()?;
    let url = simulator.base_url();
    let json = json!({
        "url": url,
        "sdk_app_id": app,
        "admin": admin,
        "key": is_public.then_some(demo::KEY),
        "commands": simulator.commands().len(),
    });
    output.event(&json, || {
        let key = match is_public {
            true => format!("\n  TENCENT_CHAT_SECRET_KEY={}", demo::KEY),
            false => String::new(),
        };
        format!(
            "serving app {app} at {url}, {} commands; stop with Ctrl-C\n\n  TENCENT_CHAT_BASE_URL={url}\n  \
             TENCENT_CHAT_SDK_APP_ID={app}\n  TENCENT_CHAT_ADMIN={admin}{key}\n",
            simulator.commands().len()
        )
    })?;
    signals.next().await;
    output.note("stopping");
    // Requests in flight are answered, unless they take too long.
    let _ = tokio::time::timeout(Duration::from_secs(10), simulator.stop()).await;
    Ok(())
}

/// Why it did not start.
fn failed(error: io::Error) -> Failure {
    let inner = error.get_ref();
    if inner.is_some_and(|inner| inner.is::<SeedError>()) {
        return Failure::setup(format!("the seed: {error}"));
    }
    Failure::setup(format!("the server could not start: {error}"))
        .help("if the port is in use, set --port; if the folder is in use or belongs to another app, set --data")
}

/// Anyone who can reach the server can use it.
fn warn(options: &Options, output: &Output) -> Result<(), Failure> {
    if options.control_token.is_none() {
        return Err(Failure::setup("other machines can reach the address").help(
            "set a token for the control API: TENCENT_CHAT_CONTROL_TOKEN or --control-token-file",
        ));
    }
    output.note(&format!(
        "warning: anyone who can reach {} can call this server; its control API needs the control token",
        options.address
    ));
    Ok(())
}

fn build(options: Options, app: u64, admin: &str, key: SecretKey) -> SimulatorBuilder {
    let admins = [&[admin.to_owned()][..], &options.also_admin].concat();
    let mut builder = Simulator::builder(app, key)
        .admins(admins)
        .listen_on(options.address)
        .port(options.port)
        .page_size(options.page_size)
        .quota_time_scale(options.quota_time_scale)
        .message_memory(options.message_memory)
        .allow_hosts(options.allow_host)
        .page(page::router());
    if let Some(token) = options.control_token {
        builder = builder.control_token(token);
    }
    if let Some(folder) = options.data {
        builder = builder.data_dir(folder);
    }
    if let Some(edition) = options.quotas {
        builder = builder.quotas(edition);
    }
    if let Some(target) = options.target {
        builder = builder.webhooks(target);
    }
    if options.webhook_any_host {
        builder = builder.any_webhook_host();
    }
    builder
}

fn read_seed(path: &Path) -> Result<Seed, Failure> {
    let text = input::read_text(Some(path), MAX_SEED_BYTES)?;
    serde_json::from_str(&text).map_err(|error| {
        let error = without_values(&error.to_string());
        Failure::setup(format!("{}: {error}", input::name(Some(path))))
            .help("a seed has users, groups, friends, messages and calls; see openapi/control.json")
    })
}

/// Each command with how it is answered, as JSON lines.
fn list(output: &Output) -> Result<(), Failure> {
    for (command, behaviour) in Simulator::behaviours() {
        let line = json!({ "command": command, "behaviour": behaviour });
        output.line(&line.to_string())?;
    }
    Ok(())
}
