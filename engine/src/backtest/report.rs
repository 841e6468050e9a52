//! The report of a backtest: by rule, by team, and the load on whoever watches.
//!
//! It counts what was found and must never judge it: what is too much is for whoever reads it to say.

use super::desk::Message;
use super::episode::Episode;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::alert::Severity;
use taydo_model::{Definitions, RuleId, TeamId};

/// A night begins and ends at these hours of the city's clocks.
const NIGHT: (i8, i8) = (22, 6);
/// Office hours where the city has no working calendar, Monday to Friday.
const OFFICE: (i8, i8) = (8, 17);
/// The window in which an operator's load is reckoned, as EEMUA 191 has it.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// When in a day something happens to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The offices are open.
    Work,
    /// Neither work nor night: mornings, noons, evenings, days off.
    Evening,
    /// From 22:00 to 06:00, also of days off.
    Night,
}

/// How many in each part of the days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Hours {
    /// In working hours.
    pub work: usize,
    /// Outside of them, but not at night.
    pub evening: usize,
    /// At night.
    pub night: usize,
}

impl Hours {
    fn count(&mut self, part: Part) {
        *match part {
            Part::Work => &mut self.work,
            Part::Evening => &mut self.evening,
            Part::Night => &mut self.night,
        } += 1;
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.work + self.evening + self.night
    }
}

/// What a rule would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReport {
    /// The rule.
    pub rule: RuleId,
    /// How bad its alerts are.
    pub severity: Severity,
    /// Who is told.
    pub team: TeamId,
    /// How many evaluations were made; none where there were no readings.
    pub evaluations: i64,
    /// How many incidents, by when they were opened.
    pub episodes: Hours,
    /// How many of them flapped.
    pub flapped: usize,
    /// For how long together, in seconds; those that lasted to the end are counted up to there.
    pub total_s: i64,
    /// How long the longest, in seconds.
    pub longest_s: i64,
    /// How many pages would have been about it, perhaps with others.
    pub pages: Hours,
}

/// What a team would have been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TeamReport {
    /// The team.
    pub team: TeamId,
    /// Messages that want an answer.
    pub pages: Hours,
    /// Messages of any kind: also digests, news of what is added, and that it is over.
    pub messages: Hours,
    /// How many nights had a page that wakes, and the most in one night.
    pub woken: Busiest,
}

/// The nights in which somebody was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Busiest {
    /// How many such nights.
    pub nights: usize,
    /// The most pages in one night.
    pub most: usize,
    /// Which night that was: the day on which it began.
    pub on: Option<Date>,
}

/// The load on one operator who sees every incident, for comparison with EEMUA 191.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Incidents.
    pub alarms: usize,
    /// Their mean in 10 minutes.
    pub mean: f64,
    /// The most in any 10 minutes.
    pub most: usize,
    /// When those 10 minutes began.
    pub most_at: Option<Timestamp>,
    /// The most on one day.
    pub most_a_day: usize,
}

/// What came of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The first moment.
    pub from: Timestamp,
    /// The last moment.
    pub until: Timestamp,
    /// By rule, in the order of their ids.
    pub rules: Vec<RuleReport>,
    /// By team.
    pub teams: Vec<TeamReport>,
    /// All together.
    pub load: Load,
    /// Every incident, in the order in which they were opened.
    pub episodes: Vec<Episode>,
    /// Every message, in order of time.
    pub messages: Vec<Message>,
}

/// The days as people live them.
struct Days<'d> {
    definitions: &'d Definitions,
    zone: TimeZone,
}

impl Days<'_> {
    fn part(&self, at: Timestamp) -> Part {
        let shown = self.zone.to_datetime(at);
        let (hour, date) = (shown.hour(), shown.date());
        if !(NIGHT.1..NIGHT.0).contains(&hour) {
            return Part::Night;
        }
        let second = u32::try_from(shown.time().duration_since(Time::midnight()).as_secs()).unwrap_or(0);
        let is_work = match &self.definitions.calendar {
            Some(calendar) => {
                let is_open = |hours: &taydo_model::calendar::Hours| (hours.open_s..hours.close_s).contains(&second);
                calendar.is_working_day(date) && calendar.parts().hours.iter().any(is_open)
            }
            None => date.weekday().to_monday_zero_offset() < 5 && (OFFICE.0..OFFICE.1).contains(&hour),
        };
        if is_work { Part::Work } else { Part::Evening }
    }

    /// The day on which the night began that a moment is in.
    fn night(&self, at: Timestamp) -> Option<Date> {
        let shown = self.zone.to_datetime(at);
        match self.part(at) {
            Part::Night if shown.hour() < NIGHT.1 => shown.date().checked_sub(1.day()).ok(),
            Part::Night => Some(shown.date()),
            Part::Work | Part::Evening => None,
        }
    }
}

pub(super) fn report(
    definitions: &Definitions,
    (from, until): (Timestamp, Timestamp),
    episodes: Vec<Episode>,
    evaluations: BTreeMap<RuleId, i64>,
    messages: Vec<Message>,
) -> Report {
    let days = Days { definitions, zone: definitions.city.time_zone() };
    let rule = |rule: &RuleId, severity: Severity, team: &TeamId| {
        let own: Vec<&Episode> = episodes.iter().filter(|episode| episode.rule == *rule).collect();
        let lengths: Vec<i64> = own.iter().map(|episode| episode.to.unwrap_or(until).duration_since(episode.from).as_secs()).collect();
        let pages = messages.iter().filter(|message| message.is_page() && message.rules.contains(rule)).map(|message| message.at);
        RuleReport {
            rule: rule.clone(),
            severity,
            team: team.clone(),
            evaluations: evaluations.get(rule).copied().unwrap_or(0),
            episodes: hours(&days, own.iter().map(|episode| episode.from)),
            flapped: own.iter().filter(|episode| episode.flapped).count(),
            total_s: lengths.iter().sum(),
            longest_s: lengths.iter().copied().max().unwrap_or(0),
            pages: hours(&days, pages),
        }
    };
    let rules = definitions.rules.iter().map(|one| rule(&one.id, one.severity, &one.team)).collect();
    let names: BTreeSet<&TeamId> = definitions.rules.iter().map(|rule| &rule.team).collect();
    let teams = names.into_iter().map(|name| team(&days, name, &messages)).collect();
    let load = load(&days, (from, until), &episodes);
    Report { from, until, rules, teams, load, episodes, messages }
}

fn hours(days: &Days<'_>, moments: impl Iterator<Item = Timestamp>) -> Hours {
    let mut hours = Hours::default();
    moments.for_each(|at| hours.count(days.part(at)));
    hours
}

fn team(days: &Days<'_>, name: &TeamId, messages: &[Message]) -> TeamReport {
    let own = || messages.iter().filter(|message| message.team == *name);
    let mut nights: BTreeMap<Date, usize> = BTreeMap::new();
    for night in own().filter(|message| message.wakes()).filter_map(|message| days.night(message.at)) {
        *nights.entry(night).or_default() += 1;
    }
    let most = nights.iter().max_by_key(|(date, count)| (**count, std::cmp::Reverse(**date)));
    TeamReport {
        team: name.clone(),
        pages: hours(days, own().filter(|message| message.is_page()).map(|message| message.at)),
        messages: hours(days, own().map(|message| message.at)),
        woken: Busiest { nights: nights.len(), most: most.map_or(0, |(_, count)| *count), on: most.map(|(date, _)| *date) },
    }
}

fn load(days: &Days<'_>, (from, until): (Timestamp, Timestamp), episodes: &[Episode]) -> Load {
    let moments: Vec<Timestamp> = episodes.iter().map(|episode| episode.from).collect();
    let windows = until.duration_since(from).as_secs_f64() / WINDOW.as_secs_f64();
    let mut by_day: BTreeMap<Date, usize> = BTreeMap::new();
    moments.iter().for_each(|at| *by_day.entry(days.zone.to_datetime(*at).date()).or_default() += 1);
    let within = |first: &Timestamp, at: usize| moments.iter().skip(at).take_while(|one| one.duration_since(*first) < WINDOW).count();
    let busiest = moments.iter().enumerate().map(|(at, first)| (within(first, at), std::cmp::Reverse(*first))).max();
    Load {
        alarms: moments.len(),
        mean: if windows > 0.0 { moments.len() as f64 / windows } else { 0.0 },
        most: busiest.map_or(0, |(count, _)| count),
        most_at: busiest.map(|(_, std::cmp::Reverse(at))| at),
        most_a_day: by_day.values().copied().max().unwrap_or(0),
    }
}
