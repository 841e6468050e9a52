//! How far a back-up or a restore has got, as a terminal shows it; where there is none, a line for each part.
//!
//! It must never slow down what it shows.

use crate::backup::Step;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::Mutex;

/// Shows steps on standard error.
pub(super) struct Progress {
    bar: ProgressBar,
    /// The part that was told last, where lines are written.
    last: Mutex<Option<&'static str>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        Self { bar, last: Mutex::new(None) }
    }

    pub(super) fn tell(&self, step: &Step) {
        let (part, text) = match step {
            Step::Checking => ("checking the sums", String::new()),
            Step::Dumping { written, of } => ("writing the database", format!("{} MB of a database of {} MB", mb(*written), mb(*of))),
            Step::Preparing => ("making a new database", String::new()),
            Step::Loading => ("filling the new database", String::new()),
            Step::Counting { table, done, of } => ("counting the tables", format!("{done} of {of}, {table}")),
        };
        if std::io::stderr().is_terminal() {
            self.bar.set_message(format!("{part}  {text}"));
            self.bar.tick();
            return;
        }
        if let Ok(mut last) = self.last.lock()
            && last.replace(part) != Some(part)
        {
            eprintln!("{part}");
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Bytes in megabytes, as people read them.
pub(super) fn mb(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
