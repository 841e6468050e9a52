//! The figures against plain reckonings of the same log: minute by minute, pair by pair.

use super::life::lives;
use super::record::{Turn, turns};
use super::{Fact, Record};
use crate::rota::OnCall;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::alert::{Cause, Severity};
use taydo_model::figures::{Figures, RecordedShift, What};
use taydo_model::incident::log::{Entry, LogLine, Mute, replay};
use taydo_model::incident::{GroupId, GroupKey, IncidentId};
use taydo_model::page::PageKind;
use taydo_model::rota::Rota;
use taydo_model::{AreaId, PersonId, RotaId, RuleId, TeamId};

/// Minutes after the beginning of the tests' time, whose day is Vietnam's.
fn minute(minute: i64) -> Timestamp {
    "2026-03-01T17:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn person(number: u8) -> PersonId {
    PersonId::new(format!("p{number}")).unwrap()
}

/// How somebody answers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Acknowledged,
    Snoozed,
    Joined,
}

/// One incident of a test, with its minutes.
#[derive(Debug, Clone)]
struct Told {
    opened: i64,
    severity: Severity,
    rule: u8,
    area: Option<bool>,
    is_exercise: bool,
    muted: bool,
    unmuted_after: Option<i64>,
    answer: Option<(i64, Answer)>,
    over_after: Option<i64>,
    pages: Vec<(i64, u8, PageKind)>,
}

impl Told {
    fn shown(&self) -> Option<i64> {
        let unmuted = self.unmuted_after.map(|after| self.opened + after).filter(|at| self.over().is_none_or(|over| *at <= over));
        if self.muted { unmuted } else { Some(self.opened) }
    }

    fn over(&self) -> Option<i64> {
        self.over_after.map(|after| self.opened + after)
    }

    fn answered(&self) -> Option<i64> {
        self.answer.map(|(after, _)| self.opened + after).filter(|at| self.over().is_none_or(|over| *at <= over))
    }

    fn lines(&self, group: i64) -> Vec<LogLine> {
        let mut entries = vec![(self.opened, 0, Entry::Opened { severity: self.severity, flapping: false })];
        if self.muted {
            entries.push((self.opened, 1, Entry::Muted { by: Mute::Silence }));
            entries.extend(self.unmuted_after.map(|after| (self.opened + after, 2, Entry::Unmuted)));
        }
        entries.extend(self.answered().zip(self.answer).map(|(at, (_, answer))| {
            let person = person(0);
            let entry = match answer {
                Answer::Acknowledged => Entry::Acknowledged { person, escalation: 1 },
                Answer::Snoozed => Entry::Snoozed { person, until: minute(at + 60) },
                Answer::Joined => Entry::Joined { person },
            };
            (at, 3, entry)
        }));
        entries.extend(self.over().map(|at| (at, 4, Entry::Resolved { cause: Cause::Condition })));
        entries.extend(self.pages.iter().map(|(after, to, kind)| {
            (self.opened + after, 5, Entry::Paged { escalation: 1, turn: 1, kind: *kind, persons: vec![person(*to)] })
        }));
        entries.sort_by_key(|(at, rank, _)| (*at, *rank));
        // What is unmuted after its end is no line that routing writes.
        entries.retain(|(at, _, entry)| *entry != Entry::Unmuted || self.over().is_none_or(|over| *at <= over));
        let line = |(number, (at, _, entry)): (usize, (i64, i32, Entry))| LogLine {
            group: GroupId(group),
            number: number as i64 + 1,
            at: minute(at),
            incidents: vec![IncidentId(group)],
            entry,
        };
        entries.into_iter().enumerate().map(line).collect()
    }
}

fn told() -> impl Strategy<Value = Told> {
    let severity = prop_oneof![Just(Severity::Critical), Just(Severity::High), Just(Severity::Medium), Just(Severity::Info)];
    let answer = (1..90_i64, prop_oneof![Just(Answer::Acknowledged), Just(Answer::Snoozed), Just(Answer::Joined)]);
    let kind = prop_oneof![Just(PageKind::Firing), Just(PageKind::StillFiring), Just(PageKind::Resolved), Just(PageKind::Digest)];
    let pages = prop::collection::vec((2..1_500_i64, 0..4_u8, kind), 0..3);
    let first = (-600..3_000_i64, severity, 0..15_u8, any::<Option<bool>>(), prop::bool::weighted(0.2));
    let second = (prop::bool::weighted(0.3), prop::option::of(1..200_i64), prop::option::of(answer), prop::option::of(1..2_000_i64), pages);
    (first, second).prop_map(|((opened, severity, rule, area, is_exercise), (muted, unmuted_after, answer, over_after, pages))| Told {
        opened,
        severity,
        rule,
        area,
        is_exercise,
        muted,
        unmuted_after: unmuted_after.filter(|_| muted),
        answer,
        over_after,
        // A muted one pages nobody.
        pages: if muted { Vec::new() } else { pages },
    })
}

/// Whole hours of somebody's duty: rota, person, beginning, length; without a length it lasts.
type Duty = (u8, u8, i64, Option<i64>);

fn record(incidents: &[Told], duties: &[Duty], from: i64, to: i64) -> Record {
    let numbered = || incidents.iter().zip(1_i64..);
    let key = |told: &Told| GroupKey {
        team: TeamId::new("roads").unwrap(),
        domain: if told.rule.is_multiple_of(2) { "traffic" } else { "energy" }.to_owned(),
        exercise: told.is_exercise,
    };
    let area = |north: bool| AreaId::new(if north { "north" } else { "south" }).unwrap();
    let fact = |told: &Told, number| Fact {
        group: GroupId(number),
        rule: Some(RuleId::new(format!("r{}", told.rule)).unwrap()),
        area: told.area.map(area),
    };
    let shift = |(rota, who, hour, hours): &Duty| RecordedShift {
        rota: RotaId::new(format!("rota{rota}")).unwrap(),
        team: TeamId::new("roads").unwrap(),
        person: person(*who),
        from: minute(hour * 60),
        to: hours.map(|hours| minute((hour + hours) * 60)),
    };
    Record {
        from: minute(from),
        to: minute(to),
        groups: numbered().map(|(told, number)| (GroupId(number), key(told))).collect(),
        incidents: numbered().map(|(told, number)| (IncidentId(number), fact(told, number))).collect(),
        lines: numbered().flat_map(|(told, number)| told.lines(number)).collect(),
        shifts: duties.iter().map(shift).collect(),
        zone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap(),
        zones: BTreeMap::from([(person(3), TimeZone::get("Europe/Berlin").unwrap())]),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn value(figures: &Figures, what: What) -> f64 {
    figures.load.measures.iter().find(|measure| measure.what == what).unwrap().value
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-6
}

/// Who is on call in a minute, by the duties as they are written.
fn on_call(duties: &[Duty], at: i64) -> BTreeSet<u8> {
    let is_on = |(_, _, hour, hours): &&Duty| hour * 60 <= at && hours.is_none_or(|hours| at < (hour + hours) * 60);
    duties.iter().filter(is_on).map(|(_, who, ..)| *who).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn figures_are_those_that_a_clerk_counts_by_hand(
        incidents in prop::collection::vec(told(), 0..40),
        duties in prop::collection::vec((0..3_u8, 0..4_u8, -5..45_i64, prop::option::of(1..20_i64)), 0..8),
        from in 0..300_i64,
        length in 60..3_500_i64,
        now in 0..4_000_i64,
    ) {
        let (now, end) = (from + now, from + length);
        let to = end.min(now);
        let record = record(&incidents, &duties, from, end);
        // The log holds nothing that has not happened yet.
        let record = Record { lines: record.lines.into_iter().filter(|line| line.at <= minute(now)).collect(), ..record };
        let figures = record.figures(minute(now));
        let happened = |at: Option<i64>| at.filter(|at| *at <= now);
        let opened: Vec<&Told> = incidents.iter().filter(|told| (from..to).contains(&told.opened) && !told.is_exercise).collect();
        prop_assert_eq!(figures.incidents.opened, opened.len() as u64);
        prop_assert_eq!(figures.exercises.opened, incidents.iter().filter(|told| (from..to).contains(&told.opened) && told.is_exercise).count() as u64);
        let by_hand: Vec<f64> = opened
            .iter()
            .filter(|told| told.answer.is_some_and(|(_, answer)| answer != Answer::Joined))
            .filter_map(|told| Some((happened(told.answered())? - told.opened) as f64 * 60.0))
            .collect();
        prop_assert_eq!(figures.incidents.acknowledged, by_hand.len() as u64);
        prop_assert_eq!(figures.incidents.time_to_acknowledge.map(|times| times.count), mean(&by_hand).map(|_| by_hand.len() as u64));
        prop_assert!(is_near(figures.incidents.time_to_acknowledge.map_or(0.0, |times| times.mean_s), mean(&by_hand).unwrap_or(0.0)));
        let over: Vec<f64> = opened.iter().filter_map(|told| Some((happened(told.over())? - told.opened) as f64 * 60.0)).collect();
        prop_assert!(is_near(figures.incidents.time_to_resolve.map_or(0.0, |times| times.mean_s), mean(&over).unwrap_or(0.0)));
        let unanswered = |told: &&&Told| happened(told.answered()).is_none();
        prop_assert_eq!(figures.incidents.never_acknowledged, opened.iter().filter(unanswered).filter(|told| happened(told.over()).is_some()).count() as u64);
        prop_assert_eq!(figures.incidents.waiting, opened.iter().filter(unanswered).filter(|told| happened(told.over()).is_none()).count() as u64);
        let together = figures.incidents.acknowledged + figures.incidents.joined + figures.incidents.never_acknowledged + figures.incidents.waiting;
        prop_assert_eq!(together, figures.incidents.opened);
        prop_assert_eq!(figures.incidents.by_severity.iter().map(|group| group.opened).sum::<u64>(), figures.incidents.opened);
        prop_assert_eq!(figures.incidents.by_area.iter().map(|group| group.opened).sum::<u64>(), opened.iter().filter(|told| told.area.is_some()).count() as u64);

        // The load, minute by minute.
        let real = || incidents.iter().filter(|told| !told.is_exercise);
        let alarms: Vec<i64> = real().filter_map(|told| happened(told.shown())).filter(|at| (from..to).contains(at)).collect();
        if from < to {
            prop_assert_eq!(figures.load.alarms, alarms.len() as u64);
            let staff = |at: i64| on_call(&duties, at).len().max(1) as f64;
            let operators = mean(&(from..to).map(staff).collect::<Vec<_>>()).unwrap();
            prop_assert!(is_near(figures.load.operators, operators), "{} {}", figures.load.operators, operators);
            prop_assert!(is_near(value(&figures, What::HourMean), alarms.len() as f64 / operators / ((to - from) as f64 / 60.0)));
            let most = |span: i64| alarms.iter().map(|at| alarms.iter().filter(|other| (at - span + 1..=*at).contains(*other)).count() as f64 / staff(*at)).fold(0.0, f64::max);
            prop_assert!(is_near(value(&figures, What::TenMinutesMost), most(10)));
            prop_assert!(is_near(value(&figures, What::HourMost), most(60)));
            // The tests' time begins at midnight in Vietnam.
            let day = |number: i64| (number * 1_440..(number + 1) * 1_440).filter(|at| (from..to).contains(at)).collect::<Vec<_>>();
            let share = |number: i64| {
                let minutes = day(number);
                let count = alarms.iter().filter(|at| minutes.contains(at)).count() as f64;
                mean(&minutes.iter().map(|at| staff(*at)).collect::<Vec<_>>()).map_or(0.0, |operators| count / operators)
            };
            prop_assert!(is_near(value(&figures, What::DayMost), (0..4).map(share).fold(0.0, f64::max)));
            let stand = |at: i64| real().filter(|told| happened(told.shown()).is_some_and(|shown| shown <= at) && happened(told.over()).is_none_or(|over| at < over)).count() as f64;
            prop_assert!(is_near(value(&figures, What::StandingLast), stand(to - 1)));
            prop_assert!(is_near(value(&figures, What::StandingMost), (from..to).map(stand).fold(0.0, f64::max)));
        }

        // What each person carried.
        for who in 0..4_u8 {
            let of = figures.people.iter().find(|one| one.person == person(who));
            let minutes = (from..to).filter(|at| on_call(&duties, *at).contains(&who)).count() as u64;
            prop_assert_eq!(of.map_or(0, |one| one.on_call_s), minutes * 60);
            let asked: Vec<i64> = real()
                .flat_map(|told| told.pages.iter().map(|(after, to, kind)| (told.opened + after, *to, *kind)))
                .filter(|(at, to_whom, kind)| *to_whom == who && (from..to).contains(at) && matches!(kind, PageKind::Firing | PageKind::StillFiring))
                .map(|(at, ..)| at)
                .collect();
            prop_assert_eq!(of.map_or(0, |one| one.pages), asked.len() as u64);
            // In Berlin it is six hours earlier than in Vietnam, before the clocks change.
            let shift = if who == 3 { -6 * 60 } else { 0 };
            let at_night = asked.iter().filter(|at| { let clock = (**at + shift).rem_euclid(1_440); !(360..1_320).contains(&clock) }).count() as u64;
            prop_assert_eq!(of.map_or(0, |one| one.night_pages), at_night);
        }

        // The log's own replay tells the same lives.
        let mut outcomes = BTreeMap::new();
        replay(&mut outcomes, &record.lines);
        for (id, life) in lives(&record.lines) {
            let outcome = &outcomes[&id];
            prop_assert_eq!((life.answered_at, life.resolved_at, life.opened_at), (outcome.acknowledged_at, outcome.resolved_at, outcome.opened_at));
        }
    }

    #[test]
    fn recorded_shifts_are_the_rota_however_often_it_is_looked_at(looks in prop::collection::vec(1..2_000_i64, 1..60)) {
        let rota = serde_json::json!({
            "id": "roads", "team": "roads", "name": "Ca", "zone": "Asia/Ho_Chi_Minh",
            "layers": [{"name": "Ca", "rotation": "hourly", "shift_length": 12, "start": "2026-03-02T07:00:00", "slots": [["p0"], ["p1"], ["p2", "p3"]]}],
            "overrides": [{"id": 1, "from": "2026-03-03T00:00:00Z", "to": "2026-03-03T02:30:00Z", "change": "replace", "person": "p0", "by": "p3"},
                {"id": 2, "from": "2026-03-04T00:00:00Z", "to": "2026-03-04T01:00:00Z", "change": "add", "person": "p1"}],
        });
        let rota = Rota::new(serde_json::from_value(rota).unwrap()).unwrap();
        let on_call = OnCall::planned(&rota);
        let (mut last, mut there, mut book) = (minute(0), BTreeSet::new(), BTreeMap::new());
        for look in looks {
            let now = last + SignedDuration::from_mins(look);
            for Turn { person, at, comes } in turns(&there, &on_call, last, now) {
                // Whoever comes was not there, and whoever leaves was.
                let is_new = if comes { there.insert(person) } else { there.remove(&person) };
                prop_assert!(is_new);
                book.insert(at, there.clone());
            }
            last = now;
            prop_assert_eq!(there.iter().cloned().collect::<Vec<_>>(), on_call.at(now));
        }
        let mut at = minute(0);
        while at < last {
            let recorded = book.range(..=at).next_back().map(|(_, there)| there.iter().cloned().collect::<Vec<_>>()).unwrap_or_default();
            prop_assert_eq!(recorded, on_call.at(at), "{}", at);
            at += SignedDuration::from_mins(30);
        }
    }
}
