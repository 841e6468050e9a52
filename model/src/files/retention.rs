//! `[retention]` of `city.toml`: how long what is kept.
//!
//! Must never accept less than what is looked back on.

use super::{duration, section::Section, value::Value};
use crate::kpi::From;
use crate::retention::{Retention, Span};

/// The table, as far as it is sound; what it doesn't say is as usual.
pub(super) fn read(value: &Value<'_>) -> Option<Retention> {
    let mut section = value.section("[retention]")?;
    let mut kept =
        |key: &'static str, span: Span| section.may(key, |value| value.seconds(span.least_s, Retention::MOST_S)).unwrap_or(span.usual_s);
    let retention = Retention {
        observations_s: kept("observations", Retention::OBSERVATIONS),
        minutes_s: kept("minutes", Retention::MINUTES),
        hours_s: kept("hours", Retention::HOURS),
        readings_s: kept("readings", Retention::READINGS),
        rejects_s: kept("rejects", Retention::REJECTS),
        outbox_s: kept("outbox", Retention::OUTBOX),
    };
    section.finish();
    Some(retention)
}

/// A KPI whose window reaches back further than observations are kept is a problem.
pub(super) fn check(section: &Section<'_>, from: &From, lateness_s: u32, kept: &Retention) {
    let From::Observations { window, .. } = from else { return };
    let needed_s = window.longest_s().saturating_add(lateness_s);
    if needed_s > kept.observations_s {
        section.problem(
            format!(
                "{} looks back on {} and takes data that is {} late, and the city keeps observations for {}",
                section.what,
                duration::show(window.longest_s()),
                duration::show(lateness_s),
                duration::show(kept.observations_s)
            ),
            "shorten its window, or keep them longer: `observations` under [retention] in city.toml",
        );
    }
}
