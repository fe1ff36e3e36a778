//! `tencent-chat serve`: a local server that answers as the service does.

pub(crate) mod demo;

use crate::{failure::Failure, output::Output, page, profile::Connection};
use serde_json::json;
use std::time::Duration;
use tencent_chat_client::SecretKey;
use tencent_chat_simulator::{Simulator, Unanswered, WebhookTarget};
use tencent_chat_types::Edition;

/// The app of a server that was told of none.
const APP: u64 = 1_400_000_000;
/// Its key, which is no secret.
const DEMO_KEY: &str = "the-key-of-a-local-demonstration";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Port
    #[arg(long, default_value_t = 8600)]
    port: u16,
    /// Begins with users, groups and conversations, and needs no key
    #[arg(long)]
    demo: bool,
    /// More administrators who may call
    #[arg(long, value_name = "USER")]
    also_admin: Vec<String>,
    /// Address of an app on this machine that is sent webhooks
    #[arg(long, env = "TENCENT_CHAT_WEBHOOK_URL", value_name = "URL")]
    webhook_url: Option<String>,
    /// Refuses what the app gives no answer to, in place of letting it happen
    #[arg(long)]
    refuse_unanswered: bool,
    /// Sends an event that the app did not acknowledge so many times again
    #[arg(long, default_value_t = 0, value_name = "TIMES")]
    webhook_repeats: u32,
    /// Entries of a page, where a command leaves that to the service
    #[arg(long, default_value_t = 100, value_name = "ENTRIES")]
    page_size: usize,
    /// Refuses calls above the quotas of this edition; keeps no quota unless set
    #[arg(long, value_enum)]
    quotas: Option<Quotas>,
    /// Megabytes that stored messages may take; then the oldest go
    #[arg(long, default_value_t = 256, value_name = "MEGABYTES")]
    message_memory: usize,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Quotas {
    /// Trial, developer and other editions that cost nothing
    Free,
    /// Every edition that is paid for
    Paid,
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let settings = connection.settings()?;
    let app = settings.app_if_set().unwrap_or(APP);
    let admin = settings
        .admin_if_set()
        .unwrap_or_else(|| "administrator".to_owned());
    let (key, is_public) = match settings.key_if_set()? {
        Some(key) => (key, false),
        None if args.demo => (SecretKey::new(DEMO_KEY), true),
        None => {
            return Err(Failure::setup("the app's key is not known").help(
                "any key will do: set TENCENT_CHAT_SECRET_KEY or --key-file, or start with --demo",
            ));
        }
    };
    let admins = [&[admin.clone()][..], &args.also_admin].concat();
    let mut builder = Simulator::builder(app, key.clone())
        .admins(admins)
        .port(args.port)
        .page_size(args.page_size)
        .page(page::router())
        .message_memory(args.message_memory.saturating_mul(1 << 20));
    if let Some(quotas) = args.quotas {
        builder = builder.quotas(match quotas {
            Quotas::Free => Edition::Free,
            Quotas::Paid => Edition::Paid,
        });
    }
    if let Some(url) = args.webhook_url {
        let unanswered = match args.refuse_unanswered {
            true => Unanswered::Refuse,
            false => Unanswered::Proceed,
        };
        let mut target = WebhookTarget::new(url)
            .unanswered(unanswered)
            .repeats(args.webhook_repeats);
        if let Some(token) = settings.token()? {
            target = target.token(token);
        }
        builder = builder.webhooks(target);
    }
    let simulator = (builder.start().await).map_err(|error| {
        Failure::setup(format!("it could not start: {error}")).help("is the port taken? set --port")
    })?;
    if args.demo {
        demo::seed(&simulator, app, &admin, key).await?;
    }
    let url = simulator.base_url();
    let json = json!({
        "url": url,
        "sdk_app_id": app,
        "admin": admin,
        "key": is_public.then_some(DEMO_KEY),
        "commands": simulator.commands().len(),
    });
    output.event(&json, || {
        let key = match is_public {
            true => format!("\n  TENCENT_CHAT_SECRET_KEY={DEMO_KEY}"),
            false => String::new(),
        };
        format!(
            "serving app {app} at {url}, {} commands; stop with Ctrl-C\n\n  TENCENT_CHAT_BASE_URL={url}\n  \
             TENCENT_CHAT_SDK_APP_ID={app}\n  TENCENT_CHAT_ADMIN={admin}{key}\n",
            simulator.commands().len()
        )
    })?;
    told_to_stop().await?;
    output.note("stopping");
    // Requests in flight are answered, unless they take longer than anybody waits.
    let _ = tokio::time::timeout(Duration::from_secs(10), simulator.stop()).await;
    Ok(())
}

/// Until Ctrl-C or SIGTERM. Process 1 of a container gets neither unless it asks for them.
async fn told_to_stop() -> Result<(), Failure> {
    let failed = |error| Failure::setup(format!("signals: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.map_err(failed),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.map_err(failed)
}
