//! What the simulator tells whoever started it: a progress bar on a terminal, a line now and then elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicU64, Ordering};

/// Speaks for all feeds of one run.
#[derive(Debug)]
pub(super) struct Report {
    bar: ProgressBar,
    /// Quarters of the history already told of, for logs.
    quarters: AtomicU64,
}

impl Report {
    pub(super) fn new() -> Self {
        Self { bar: ProgressBar::hidden(), quarters: AtomicU64::new(0) }
    }

    /// The same, with a bar for so many minutes of history.
    pub(super) fn with_history(minutes: u64) -> Self {
        let style = ProgressStyle::with_template("history {bar:40} {percent:>3} % of {len} min, {elapsed} gone, {eta} to go");
        let bar = ProgressBar::new(minutes);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, quarters: AtomicU64::new(0) }
    }

    /// Says one thing, on standard error.
    pub(super) fn say(&self, text: &str) {
        self.bar.suspend(|| eprintln!("simulate: {text}"));
    }

    /// Some more minutes of history are stored.
    pub(super) fn advance(&self, minutes: u64) {
        self.bar.inc(minutes);
        let quarter = (4 * self.bar.position()).checked_div(self.bar.length().unwrap_or(0)).unwrap_or(0);
        if self.bar.is_hidden() && self.quarters.swap(quarter, Ordering::Relaxed) < quarter && quarter < 4 {
            self.say(&format!("{} % of the history is stored", quarter * 25));
        }
    }

    /// All history is stored.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
