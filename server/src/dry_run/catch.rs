//! Which happenings the rules have caught, and after how long.
//!
//! It must never count what was open before a happening began as its catch, nor an alert of another place.

use crate::simulate::{Happened, Kind};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use taydo_engine::backtest::{Episode, Report};
use taydo_model::{Definitions, RuleId};

/// After the end of a happening an alert may still be its own for so long beyond one step of its KPI's grid: windows look
/// back, and desks tell afterwards.
const AFTERWARDS: SignedDuration = SignedDuration::from_mins(30);

/// A happening, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Caught {
    /// Kind, place and minutes, as it was asked for.
    pub happening: String,
    /// When it began.
    pub from: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a happening.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A rule's alert has fired for it.
    Caught {
        /// The first.
        rule: RuleId,
        /// After how many seconds.
        after_s: i64,
        /// How many incidents it opened.
        incidents: usize,
    },
    /// Such an alert fired already when it began, so that it opened no other.
    Open {
        /// The rule.
        rule: RuleId,
    },
    /// No rule has told of it.
    Missed,
}

impl Caught {
    /// Whether nobody would have known of it.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.outcome == Outcome::Missed
    }
}

pub(super) fn all(definitions: &Definitions, happened: &[Happened], report: &Report) -> Vec<Caught> {
    happened.iter().map(|one| caught(definitions, one, &report.episodes)).collect()
}

/// The KPIs in which a kind of happening shows.
fn shows_in(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Congestion => &["traffic.congested", "traffic.travel_time_index"],
        Kind::Flood => &["environment.flood_depth"],
        Kind::Outage => &["energy.customers_out"],
        Kind::Accident => &["accidents.count", "traffic.congested"],
        Kind::Air => &["environment.pm25_hour", "environment.aqi"],
        Kind::Silence => &["platform.feeds_on_time"],
    }
}

fn caught(definitions: &Definitions, happened: &Happened, episodes: &[Episode]) -> Caught {
    let shows_in = shows_in(happened.request.kind());
    let is_its_own = |episode: &&Episode| {
        let rule = definitions.rule(&episode.rule).filter(|rule| shows_in.contains(&rule.kpi.as_str()));
        let kpi = rule.and_then(|rule| definitions.kpi(&rule.kpi));
        let is_here = happened.scopes.contains(&episode.scope);
        kpi.is_some_and(|kpi| {
            let late = SignedDuration::from_secs(i64::from(kpi.every_s)) + AFTERWARDS;
            is_here && !episode.no_data && episode.from <= happened.to.checked_add(late).unwrap_or(Timestamp::MAX)
        })
    };
    let own: Vec<&Episode> = episodes.iter().filter(is_its_own).collect();
    let opened: Vec<&&Episode> = own.iter().filter(|episode| episode.from >= happened.from).collect();
    let was_open = own.iter().find(|episode| episode.from < happened.from && episode.to.is_none_or(|to| to > happened.from));
    let outcome = match (opened.first(), was_open) {
        (Some(first), _) => Outcome::Caught {
            rule: first.rule.clone(),
            after_s: first.from.duration_since(happened.from).as_secs(),
            incidents: opened.len(),
        },
        (None, Some(open)) => Outcome::Open { rule: open.rule.clone() },
        (None, None) => Outcome::Missed,
    };
    Caught { happening: happened.request.to_string(), from: happened.from, outcome }
}
