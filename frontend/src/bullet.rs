//! A figure on a line with its target and its thresholds: where each stands, of 100.
//!
//! Must never let the line end before what it shows.

use taydo_model::{Kpi, Scope, kpi::Better};

/// Room beyond the farthest mark.
const ROOM: f64 = 1.06;

/// Where things stand on the line, from its left end, of 100.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// The bar's end; `None` without a value.
    pub value: Option<f64>,
    /// The target.
    pub target: Option<f64>,
    /// The stretch that deserves attention.
    pub attention: Option<(f64, f64)>,
    /// The stretch that is critical.
    pub critical: Option<(f64, f64)>,
}

/// The line of a scope's value. Shares begin at zero and end at a hundred; other figures end beyond the farthest mark.
#[must_use]
pub fn line(kpi: &Kpi, scope: &Scope, value: Option<f64>) -> Line {
    let judges = kpi.judges(scope);
    let (attention, critical) = (kpi.attention.filter(|_| judges), kpi.critical.filter(|_| judges));
    let target = kpi.target_of(scope);
    let marks = || [value, target, attention, critical].into_iter().flatten();
    let low = marks().fold(0.0, f64::min);
    let far = marks().fold(f64::NEG_INFINITY, f64::max) * ROOM;
    let is_share = kpi.unit.symbol().en == "%" && marks().all(|mark| mark <= 100.0);
    let high = if is_share { 100.0 } else { far };
    let at = |mark: f64| if high > low { ((mark - low) / (high - low) * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    let (bad, mild) = match kpi.better {
        Better::Higher => (critical.map(|c| (0.0, at(c))), attention.map(|a| (critical.map_or(0.0, at), at(a)))),
        Better::Lower => (critical.map(|c| (at(c), 100.0)), attention.map(|a| (at(a), critical.map_or(100.0, at)))),
        Better::Neither => (None, None),
    };
    Line { value: value.map(at), target: target.map(at), attention: mild, critical: bad }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tests::speed;

    #[test]
    fn thresholds_lie_on_their_bad_side() {
        // Target 30, attention 25, critical 15, higher is better.
        let kpi = Kpi { target: Some(30.0), attention: Some(25.0), critical: Some(15.0), better: Better::Higher, ..speed() };
        let shown = line(&kpi, &Scope::City, Some(50.0));
        let close = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 1e-6;
        assert!(close(shown.value, 100.0 / ROOM) && close(shown.target, 60.0 / ROOM), "{shown:?}");
        assert!(close(shown.critical.map(|one| one.1), 30.0 / ROOM) && close(shown.attention.map(|one| one.0), 30.0 / ROOM), "{shown:?}");
        let lower = line(&Kpi { target: Some(10.0), better: Better::Lower, ..kpi }, &Scope::City, None);
        assert_eq!((lower.value, lower.critical.map(|one| one.1)), (None, Some(100.0)));
    }

    #[test]
    fn a_line_without_marks_is_empty() {
        let kpi = Kpi { target: None, attention: None, critical: None, ..speed() };
        assert_eq!(line(&kpi, &Scope::City, None), Line::default());
    }
}
