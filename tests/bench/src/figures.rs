//! Figures of several runs: the median, and between which bounds they lay.

/// What was measured, once for each run.
#[derive(Debug, Clone, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// Adds a run's figure.
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The middle one; of an even number, the mean of the two in the middle. NaN when there are none.
    #[must_use]
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = |at: usize| sorted.get(at).copied().unwrap_or(f64::NAN);
        let half = sorted.len() / 2;
        if sorted.len() % 2 == 1 { middle(half) } else { (middle(half.wrapping_sub(1)) + middle(half)) / 2.0 }
    }

    /// The figure below which this share of all lie, from 0 to 1: one of them, never a mean. NaN when there are none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let at = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest and the largest.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        self.0.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), figure| (low.min(*figure), high.max(*figure)))
    }

    /// The median with its bounds, in so many digits: `3.31 (3.20–3.52)`.
    #[must_use]
    pub fn show(&self, digits: usize) -> String {
        let (low, high) = self.bounds();
        format!("{:.digits$} ({low:.digits$}–{high:.digits$})", self.median())
    }

    /// The ratios of two rows of figures, run by run.
    #[must_use]
    pub fn over(&self, floor: &Self) -> Self {
        Self(self.0.iter().zip(&floor.0).map(|(figure, floor)| figure / floor).collect())
    }
}

/// One line of the verdict: a ratio or a figure beside its aim.
#[must_use]
pub fn verdict(what: &str, figures: &Figures, aim: f64, at_most: bool) -> String {
    let median = figures.median();
    let reached = if at_most { median <= aim } else { median >= aim };
    let word = if reached { "reached" } else { "MISSED" };
    format!("{what:<58} {:<22} aim {} {aim:<5} {word}", figures.show(2), if at_most { "≤" } else { "≥" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let mut figures = Figures::default();
        assert!(figures.median().is_nan());
        for figure in [9.0, 1.0, 4.0] {
            figures.push(figure);
        }
        assert_eq!(figures.median(), 4.0);
        figures.push(6.0);
        assert_eq!(figures.median(), 5.0);
        assert_eq!(figures.show(1), "5.0 (1.0–9.0)");
        assert_eq!([0.0, 0.5, 0.51, 0.95, 1.0].map(|share| figures.quantile(share)), [1.0, 4.0, 6.0, 9.0, 9.0]);
    }
}
