//! Shows progress: a bar on a terminal, or a line every few seconds elsewhere.

use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// The time between two lines without a terminal.
const EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Progress<'a> {
    bar: Option<ProgressBar>,
    output: &'a Output,
    /// What is counted.
    items: &'static str,
    /// `None` if the total is unknown.
    all: Option<u64>,
    /// Count of earlier runs.
    before: u64,
    begun: Instant,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(
        items: &'static str,
        all: Option<u64>,
        before: u64,
        output: &'a Output,
    ) -> Self {
        let now = Instant::now();
        Self {
            bar: io::stderr().is_terminal().then(|| bar(items, all, before)),
            output,
            items,
            all,
            before,
            begun: now,
            told: now,
        }
    }

    /// Updates the count and the additional text.
    pub(crate) fn show(&mut self, done: u64, more: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(more.to_owned());
            return;
        }
        if self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = done.saturating_sub(self.before) as f64 / seconds;
        let (of, left) = match self.all {
            None => (String::new(), String::new()),
            Some(all) => {
                let left = all.saturating_sub(done) as f64 / rate;
                let left =
                    Duration::try_from_secs_f64(left.round()).map(humantime::format_duration);
                let left = left.map_or(String::new(), |left| format!(", {left} left"));
                (format!(" of {all}"), left)
            }
        };
        let items = self.items;
        self.output.note(&format!(
            "{done}{of} {items}, {rate:.0} per second{left}{more}"
        ));
    }

    /// Prints a message without breaking the bar.
    pub(crate) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(text)),
            None => self.output.note(text),
        }
    }

    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(items: &str, all: Option<u64>, before: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(all, ProgressDrawTarget::stderr());
    let template = match all {
        Some(_) => format!(
            "{{wide_bar}} {{human_pos}} of {{human_len}} {items}, {{rate}} per second, {{eta}} left{{msg}}"
        ),
        None => format!("{{spinner}} {{human_pos}} {items}, {{rate}} per second{{msg}}"),
    };
    if let Ok(style) = ProgressStyle::with_template(&template) {
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            // If the bar can't be written, it isn't shown.
            let _ = write!(text, "{:.0}", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar.set_position(before);
    bar.reset_eta();
    bar
}
