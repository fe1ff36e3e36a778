//! Logs a line for each request and each webhook to standard error.

use super::options::Log;
use crate::failure::Failure;
use std::io;
use tracing_subscriber::{filter::Targets, prelude::*};

/// Logs what the simulator reports, and warnings from everything else.
pub(super) fn begin(log: Log) -> Result<(), Failure> {
    let wanted = Targets::new()
        .with_target("tencent_chat_simulator", tracing::Level::INFO)
        .with_default(tracing::Level::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry();
    let begun = match log {
        Log::Off => return Ok(()),
        Log::Text => registry
            .with(lines.with_ansi(false).with_filter(wanted))
            .try_init(),
        Log::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            registry
                .with(lines.with_span_list(false).with_filter(wanted))
                .try_init()
        }
    };
    begun.map_err(|error| Failure::setup(format!("logging cannot start: {error}")))
}
