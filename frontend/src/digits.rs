//! How often what is shown may change: at once after quiet, then at most once in a while. A digit that changes more
//! often than every two seconds can't be read.
//!
//! Must never lose the newest value: what is held back is shown when the rest is over.

/// Digits change at most this often, in milliseconds.
pub const DIGITS_REST_MS: f64 = 2_000.0;
/// Charts are drawn at most this often, in milliseconds.
pub const CHART_REST_MS: f64 = 1_000.0;

/// Holds changes back until the last one has stood for a while.
#[derive(Debug)]
pub struct Gate<T> {
    rest_ms: f64,
    shown: Option<(T, f64)>,
}

impl<T: PartialEq + Clone> Gate<T> {
    /// A gate through which one change passes in `rest_ms`.
    #[must_use]
    pub fn new(rest_ms: f64) -> Self {
        Self { rest_ms, shown: None }
    }

    /// What is to be shown when `value` is the newest, and, where that is not `value`, when to offer again. Before anything is
    /// known whatever is shown is no figure that somebody reads, so the first figure shows at once.
    pub fn pass(&mut self, value: T, is_known: bool, now_ms: f64) -> (T, Option<f64>) {
        if !is_known && self.shown.is_none() {
            return (value, None);
        }
        match &self.shown {
            Some((shown, _)) if *shown == value => (value, None),
            Some((shown, since)) if now_ms < since + self.rest_ms => (shown.clone(), Some(since + self.rest_ms)),
            _ => {
                self.shown = Some((value.clone(), now_ms));
                (value, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_after_quiet_shows_at_once_and_the_next_when_two_seconds_are_over() {
        let mut gate = Gate::new(DIGITS_REST_MS);
        for (now, offered, shown, again) in [
            (0.0, 1, 1, None),
            (500.0, 2, 1, Some(2_000.0)),
            (900.0, 3, 1, Some(2_000.0)),
            (1_000.0, 1, 1, None),
            (1_900.0, 4, 1, Some(2_000.0)),
            (2_000.0, 4, 4, None),
            (3_999.0, 5, 4, Some(4_000.0)),
            (4_000.0, 5, 5, None),
            (9_000.0, 6, 6, None),
        ] {
            assert_eq!(gate.pass(offered, true, now), (shown, again), "at {now} ms");
        }
    }

    #[test]
    fn the_first_figure_shows_at_once_after_the_dash_that_stood_for_it() {
        let mut gate = Gate::new(DIGITS_REST_MS);
        assert_eq!(gate.pass(0, false, 100.0), (0, None));
        assert_eq!(gate.pass(7, true, 150.0), (7, None));
        assert_eq!(gate.pass(8, true, 200.0), (7, Some(2_150.0)));
        // What is lost again is held back like any other change.
        assert_eq!(gate.pass(0, false, 300.0), (7, Some(2_150.0)));
    }
}
