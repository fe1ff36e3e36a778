//! How far a run is: a bar on a terminal, and a line every few seconds elsewhere.

use super::journal::Tally;
use crate::output::Output;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// The time between two lines where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Progress<'a> {
    bar: Option<ProgressBar>,
    output: &'a Output,
    all: u64,
    /// Lines of runs before.
    before: u64,
    begun: Instant,
    told: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(all: u64, before: u64, output: &'a Output) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{wide_bar} {human_pos} of {human_len}, {rate} a second, {eta} left{msg}",
            );
            if let Ok(style) = style {
                let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
                    // A bar that can't be written isn't shown.
                    let _ = write!(text, "{:.0}", state.per_sec());
                };
                bar.set_style(style.with_key("rate", rate));
            }
            bar.set_position(before);
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            output,
            all,
            before,
            begun: now,
            told: now,
        }
    }

    pub(super) fn show(&mut self, tally: Tally) {
        let bad = match tally.failed + tally.uncertain {
            0 => String::new(),
            bad => format!(", {bad} failed"),
        };
        if let Some(bar) = &self.bar {
            bar.set_position(tally.all());
            bar.set_message(bad);
            return;
        }
        if self.told.elapsed() < EVERY {
            return;
        }
        self.told = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = tally.all().saturating_sub(self.before) as f64 / seconds;
        let left = self.all.saturating_sub(tally.all()) as f64 / rate;
        let left = match Duration::try_from_secs_f64(left.round()) {
            Ok(left) => format!(", {} left", humantime::format_duration(left)),
            Err(_) => String::new(),
        };
        self.output.note(&format!(
            "{} of {} lines, {rate:.0} a second{left}{bad}",
            tally.all(),
            self.all
        ));
    }

    /// Says something without tearing the bar.
    pub(super) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.output.note(text)),
            None => self.output.note(text),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
