//! How xtask speaks: announcements, a moving line while something long runs, durations.
//!
//! Must never decide anything, and never move the cursor when nobody watches: logs get whole lines.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a log without a terminal gets a sign of life.
const QUIET_INTERVAL: Duration = Duration::from_secs(20);

/// Announces a step: who does it and what it is.
pub(crate) fn say(who: &str, what: &str) {
    println!("{who}: {what}");
    let _ = std::io::stdout().flush();
}

/// A line that shows what is going on and for how long; rewritten in place on a terminal.
pub(crate) struct Moving {
    title: String,
    start: Instant,
    last: Option<Instant>,
    terminal: bool,
}

impl Moving {
    /// Starts the clock; nothing is shown before the first second has passed.
    pub(crate) fn start(title: &str) -> Self {
        Self { title: title.to_owned(), start: Instant::now(), last: None, terminal: std::io::stdout().is_terminal() }
    }

    /// How long it has run.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Shows `detail` when it is time to.
    pub(crate) fn tick(&mut self, detail: &str) {
        let interval = if self.terminal { Duration::from_secs(1) } else { QUIET_INTERVAL };
        if self.last.unwrap_or(self.start).elapsed() < interval {
            return;
        }
        self.last = Some(Instant::now());
        let line = format!("  {} … {} {}", self.title, duration(self.elapsed()), shorten(detail, 60));
        if self.terminal {
            print!("\r\x1b[K{}", line.trim_end());
        } else {
            println!("{}", line.trim_end());
        }
        let _ = std::io::stdout().flush();
    }

    /// Clears the moving line, so that what follows starts at the margin.
    pub(crate) fn finish(self) -> Duration {
        if self.terminal && self.last.is_some() {
            print!("\r\x1b[K");
            let _ = std::io::stdout().flush();
        }
        self.elapsed()
    }
}

/// `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=9 => format!("{:.1} s", duration.as_secs_f64()),
        10..=119 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

/// At most `limit` characters of `text`, on a character boundary, without control characters.
fn shorten(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (milliseconds, expected) in [(440, "0.4 s"), (12_300, "12 s"), (119_000, "119 s"), (185_000, "3 min 05 s")] {
            assert_eq!(duration(Duration::from_millis(milliseconds)), expected);
        }
    }

    #[test]
    fn a_detail_is_cut_on_a_character() {
        assert_eq!(shorten("Cần Thơ\r\n", 5), "Cần T");
    }
}
