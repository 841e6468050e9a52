//! The ledger: the figures that stand, by KPI, scope and term.
//!
//! Plain values, read from the store once for each request. It must never decide what may replace them.

use std::collections::HashMap;
use taydo_model::form::{Current, Term};
use taydo_model::{KpiId, Scope};

/// Figures that stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    figures: HashMap<(KpiId, Scope), Vec<Current>>,
}

impl Ledger {
    /// A ledger of these; of one KPI, scope and term only the newest revision may be among them.
    #[must_use]
    pub(super) fn new(figures: Vec<(KpiId, Scope, Current)>) -> Self {
        let mut ledger = Self::default();
        for (kpi, scope, figure) in figures {
            ledger.figures.entry((kpi, scope)).or_default().push(figure);
        }
        for terms in ledger.figures.values_mut() {
            terms.sort_by_key(|figure| figure.term);
        }
        ledger
    }

    /// The figure of a term.
    #[must_use]
    pub(super) fn get(&self, kpi: &KpiId, scope: &Scope, term: Term) -> Option<&Current> {
        self.of(kpi, scope).iter().find(|figure| figure.term == term)
    }

    /// The newest figure of a term before this one.
    #[must_use]
    pub(super) fn before(&self, kpi: &KpiId, scope: &Scope, term: Term) -> Option<&Current> {
        self.of(kpi, scope).iter().rev().find(|figure| figure.term < term)
    }

    fn of(&self, kpi: &KpiId, scope: &Scope) -> &[Current] {
        // A key of references would need a type of its own; this is asked some hundred times for a page.
        self.figures.get(&(kpi.clone(), scope.clone())).map(Vec::as_slice).unwrap_or_default()
    }
}
