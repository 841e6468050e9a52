//! Gaps: stretches of time for which the centre itself was absent, and what is known of them by now.
//!
//! It must never call a gap mended before the feeds are back and the readings recomputed.

mod sentence;

pub use sentence::Names;

use crate::{Kpi, KpiId, Scope, SourceId, Status, Text, kpi::Better};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most conditions that a report lists; the others are counted.
pub const MAX_CONDITIONS: usize = 200;

/// `GET /api/v1/gaps`: the newest reports first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapsPage {
    /// The reports.
    pub gaps: Vec<GapReport>,
}

/// A report, and what it says to people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapReport {
    /// The report.
    #[serde(flatten)]
    pub gap: Gap,
    /// What it says.
    pub words: GapWords,
}

/// A report in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GapWords {
    /// When, how long, why.
    pub title: Text,
    /// The feeds, then what held.
    pub lines: Vec<Text>,
}

/// The same answer as a page reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GapNotes {
    /// The reports.
    pub gaps: Vec<GapNote>,
}

/// A report as a page reads it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct GapNote {
    /// Its number.
    pub id: i64,
    /// What it says.
    pub words: GapWords,
}

/// Why the centre was absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GapCause {
    /// Its process was not running.
    Stopped,
    /// Its process was there, and stood still: the machine slept, or was starved.
    Suspended,
}

/// A report of one absence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Its number.
    pub id: i64,
    /// Why.
    pub cause: GapCause,
    /// When the centre was last known to be there.
    pub from: Timestamp,
    /// When it was there again.
    pub to: Timestamp,
    /// When the report was last brought up to date.
    pub updated: Timestamp,
    /// Whether all feeds are back and all readings are recomputed: the report is final.
    pub is_closed: bool,
    /// Whether readings of the time are still being recomputed.
    pub is_recomputing: bool,
    /// The feeds that had reported before, each with when it first reported again.
    pub feeds: Vec<GapFeed>,
    /// What held meanwhile, by the recomputed readings; the worst first.
    pub conditions: Vec<Condition>,
    /// How many more there are.
    pub more_conditions: u64,
}

/// A feed in a gap report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GapFeed {
    /// The source.
    pub source: SourceId,
    /// When it first reported after the gap; absent while it has not.
    pub back: Option<Timestamp>,
}

/// A figure on the bad side for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GapCondition")]
pub struct Condition {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// How bad it was at the worst.
    pub status: Status,
    /// The first reading of the gap on the bad side.
    pub from: Timestamp,
    /// The last one.
    pub to: Timestamp,
    /// The worst value, in the KPI's unit.
    pub worst: f64,
}

impl Gap {
    /// The feeds that have not reported since.
    pub fn missing(&self) -> impl Iterator<Item = &SourceId> {
        self.feeds.iter().filter(|feed| feed.back.is_none()).map(|feed| &feed.source)
    }
}

/// The conditions of one KPI: its readings on the bad side joined where they follow each other on its grid. They must come
/// scope by scope, in order of time.
#[must_use]
pub fn conditions(kpi: &Kpi, readings: impl IntoIterator<Item = (Scope, Timestamp, f64)>) -> Vec<Condition> {
    let mut found: Vec<Condition> = Vec::new();
    for (scope, time, value) in readings {
        let status = kpi.status(&scope, value);
        if status == Status::Normal {
            continue;
        }
        let follows =
            |last: &&mut Condition| last.scope == scope && time.duration_since(last.to).as_secs() <= i64::from(kpi.every_s.max(1));
        match found.last_mut().filter(follows) {
            Some(last) => {
                last.to = time;
                last.status = last.status.max(status);
                if worse(kpi, value, last.worst) {
                    last.worst = value;
                }
            }
            None => found.push(Condition { kpi: kpi.id.clone(), scope, status, from: time, to: time, worst: value }),
        }
    }
    found
}

fn worse(kpi: &Kpi, value: f64, than: f64) -> bool {
    match kpi.better {
        Better::Higher => value < than,
        Better::Lower => value > than,
        Better::Neither => false,
    }
}

/// The worst first, then the longest; only so many are kept. Returns how many were left out.
pub fn keep_worst(conditions: &mut Vec<Condition>) -> u64 {
    let length = |one: &Condition| one.to.duration_since(one.from);
    conditions.sort_by(|a, b| {
        b.status
            .cmp(&a.status)
            .then_with(|| length(b).cmp(&length(a)))
            .then_with(|| (&a.kpi, &a.scope, a.from).cmp(&(&b.kpi, &b.scope, b.from)))
    });
    let more = conditions.len().saturating_sub(MAX_CONDITIONS);
    conditions.truncate(MAX_CONDITIONS);
    more as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::Dimension;

    #[test]
    fn readings_that_follow_each_other_are_one_condition() {
        let mut kpi = crate::compare::speed();
        kpi.attention = Some(25.0);
        kpi.critical = Some(15.0);
        kpi.thresholds_for = vec![Dimension::Area];
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let area = |id: &str| Scope::Area(id.parse().unwrap());
        let reading = |scope: &Scope, minute, value| (scope.clone(), at(minute), value);
        let (a, b) = (area("a"), area("b"));
        let readings = [
            reading(&a, 1, 20.0),
            reading(&a, 2, 12.0),
            reading(&a, 3, 24.0),
            reading(&a, 4, 25.0),
            reading(&a, 5, 24.0),
            reading(&a, 7, 24.0),
            reading(&b, 8, 10.0),
        ];
        let mut found = conditions(&kpi, readings);
        let told = |found: &[Condition]| -> Vec<(String, i64, i64, Status, f64)> {
            found.iter().map(|c| (c.scope.to_string(), c.from.as_second() / 60, c.to.as_second() / 60, c.status, c.worst)).collect()
        };
        let expected = [
            ("area:a".to_owned(), 1, 3, Status::Critical, 12.0),
            ("area:a".to_owned(), 5, 5, Status::Attention, 24.0),
            ("area:a".to_owned(), 7, 7, Status::Attention, 24.0),
            ("area:b".to_owned(), 8, 8, Status::Critical, 10.0),
        ];
        assert_eq!(told(&found), expected);
        assert_eq!(keep_worst(&mut found), 0);
        assert_eq!(told(&found)[1].0, "area:b");
        let mut many: Vec<Condition> = std::iter::repeat_n(found[0].clone(), MAX_CONDITIONS + 3).collect();
        assert_eq!((keep_worst(&mut many), many.len()), (3, MAX_CONDITIONS));
    }
}
