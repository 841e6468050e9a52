//! What the machine says of itself: how idle its processors are.
//!
//! What can't be read is not known, and never guessed.

/// Where the processors' time has gone since the machine's start, in ticks of all of them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cpu {
    idle: u64,
    all: u64,
}

impl Cpu {
    /// As Linux tells it; nothing elsewhere. The file is in memory, so reading it waits for nothing.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    /// The line `cpu user nice system idle iowait irq softirq steal …` of proc_stat(5). Guests' time is in user's.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = line.split_whitespace().take(8).map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [_, _, _, idle, waiting, ..] = *ticks else { return None };
        Some(Self { idle: idle + waiting, all: ticks.iter().sum() })
    }

    /// The share of time that was idle since `before`, %.
    pub(super) fn idle_since(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|all| *all > 0)?;
        Some((self.idle.saturating_sub(before.idle) as f64 / all as f64 * 100.0).clamp(0.0, 100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idleness_is_the_share_of_all_ticks_between_two_readings() {
        let before = Cpu::parse("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1 1\n").unwrap();
        let after = Cpu::parse("cpu  160 0 70 900 70 0 0 0 60 0\n").unwrap();
        assert_eq!(after.idle_since(before), Some(60.0));
        assert_eq!(after.idle_since(after), None, "no time has passed");
        assert_eq!(before.idle_since(after), None);
        assert_eq!(Cpu::parse("intr 1 2 3"), None);
        assert_eq!(Cpu::parse("cpu 1 2 x 4 5"), None);
    }
}
