//! The city's operating stage, 1 (ordinary) to 5: what its figures come to, what is proposed, and what the shift lead confirmed.
//!
//! A stage is only proposed here. It must never be changed without somebody's name, nor be told as known while figures that
//! could raise it are not.

pub mod lead;

use crate::{KpiId, PersonId, Text, Unit};
use jiff::{SignedDuration, Timestamp};
use lead::{By, Lead};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The highest stage; the lowest is 1.
pub const HIGHEST: u8 = 5;
/// The longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// What a city's `stage.toml` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stages {
    /// So long a higher stage must hold before it is proposed, in seconds.
    pub hold_s: u32,
    /// So long the figures must have been below the stage before a lower one is proposed, in seconds.
    pub release_s: u32,
    /// The five stages, the lowest first.
    pub levels: Vec<Level>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StageLevel")]
pub struct Level {
    /// Which, 1 to 5.
    pub stage: u8,
    /// What it is called.
    pub title: Text,
    /// How many of its conditions must be met.
    pub needs: usize,
    /// What figures of the whole city must come to; none for stage 1.
    pub when: Vec<Condition>,
}

/// A limit of a figure of the whole city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StageCondition")]
pub struct Condition {
    /// The figure.
    pub kpi: KpiId,
    /// What it must reach or exceed, or fall to or below.
    pub limit: Limit,
}

/// A limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Met by this and more.
    AtLeast(f64),
    /// Met by this and less.
    AtMost(f64),
}

impl Limit {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
        }
    }
}

/// What the figures come to at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The stage; absent where figures that are not known could make it a higher one.
    pub stage: Option<u8>,
    /// It is at least this one; 0 where nothing is known at all.
    pub at_least: u8,
    /// The conditions that make it `at_least`, with the figures' values.
    pub met: Vec<(Condition, f64)>,
    /// The figures that are not known and could raise it.
    pub unknown: Vec<KpiId>,
}

impl Stages {
    /// What figures come to. `value` gives a figure of the whole city; `None` where it is old, missing, or was never known.
    #[must_use]
    pub fn judge(&self, value: impl Fn(&KpiId) -> Option<f64>) -> Judged {
        let mut judged = Judged { stage: None, at_least: 0, met: Vec::new(), unknown: Vec::new() };
        let mut is_any_known = false;
        for level in &self.levels {
            let (mut met, mut unknown) = (Vec::new(), Vec::new());
            for condition in &level.when {
                match value(&condition.kpi) {
                    None => unknown.push(condition.kpi.clone()),
                    Some(value) => {
                        is_any_known = true;
                        if condition.limit.is_met(value) {
                            met.push((condition.clone(), value));
                        }
                    }
                }
            }
            if !level.when.is_empty() && met.len() >= level.needs {
                // What could raise it only to here no longer matters.
                judged = Judged { stage: None, at_least: level.stage, met, unknown: Vec::new() };
            } else if met.len() + unknown.len() >= level.needs {
                let new = unknown.into_iter().filter(|kpi| !judged.unknown.contains(kpi)).collect::<Vec<_>>();
                judged.unknown.extend(new);
            }
        }
        if judged.at_least == 0 && (is_any_known || judged.unknown.is_empty()) {
            judged.at_least = 1;
        }
        judged.stage = judged.unknown.is_empty().then_some(judged.at_least);
        judged
    }

    /// What a stage is called.
    #[must_use]
    pub fn title(&self, stage: u8) -> Text {
        self.levels.iter().find(|level| level.stage == stage).map(|level| level.title.clone()).unwrap_or_default()
    }

    /// The figures that it rests on, each once.
    #[must_use]
    pub fn kpis(&self) -> Vec<KpiId> {
        let mut kpis: Vec<KpiId> = self.levels.iter().flat_map(|level| &level.when).map(|condition| condition.kpi.clone()).collect();
        kpis.sort();
        kpis.dedup();
        kpis
    }
}

/// A stage that somebody confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confirmed {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub stage: u8,
    /// Who.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// By what they could; absent where it was not asked yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// What was proposed at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<u8>,
    /// What the figures came to at that time; absent where it was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed: Option<u8>,
}

/// A stage that is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proposed {
    /// Which.
    pub stage: u8,
    /// Since when.
    pub since: Timestamp,
}

/// Since when the figures have reached each stage, and since when they have been below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    reached: [Option<Timestamp>; HIGHEST as usize],
    below: [Option<Timestamp>; HIGHEST as usize],
    /// Since when the stage has not been known.
    pub unknown_since: Option<Timestamp>,
}

impl Course {
    /// Goes on to what the figures come to now.
    pub fn step(&mut self, judged: &Judged, now: Timestamp) {
        for ((reached, below), stage) in self.reached.iter_mut().zip(&mut self.below).zip(1_u8..) {
            *reached = (judged.at_least >= stage).then(|| reached.unwrap_or(now));
            *below = judged.stage.is_some_and(|known| known < stage).then(|| below.unwrap_or(now));
        }
        self.unknown_since = judged.stage.is_none().then(|| self.unknown_since.unwrap_or(now));
    }

    /// What is to be proposed: a higher stage that has held for its time, or a lower one where the figures have been below
    /// the confirmed one for theirs. What was proposed when somebody confirmed otherwise is not proposed again while it lasts.
    #[must_use]
    pub fn proposed(&self, stages: &Stages, confirmed: Option<&Confirmed>, now: Timestamp) -> Option<Proposed> {
        let is_ripe = |since: &Option<Timestamp>, wait_s: u32| {
            let ripe = since.as_ref()?.checked_add(SignedDuration::from_secs(i64::from(wait_s))).ok()?;
            let is_declined = confirmed.is_some_and(|one| ripe <= one.at);
            (ripe <= now && !is_declined).then_some(ripe)
        };
        let on = confirmed.map_or(0, |one| one.stage);
        let higher = self.reached.iter().zip(1..=HIGHEST).rev().take_while(|(_, stage)| *stage > on);
        let raise = higher.filter_map(|(since, stage)| is_ripe(since, stages.hold_s).map(|since| Proposed { stage, since })).next();
        // The lowest stage above which the figures have not come for so long: each stage in between was left for that time.
        let lower = self
            .below
            .iter()
            .zip(1..=HIGHEST)
            .rev()
            .skip_while(|(_, stage)| *stage > on)
            .take_while(|(since, _)| is_ripe(since, stages.release_s).is_some());
        let lowered = || {
            lower
                .filter_map(|(since, stage)| {
                    is_ripe(since, stages.release_s).map(|since| Proposed { stage: stage.saturating_sub(1), since })
                })
                .last()
        };
        raise.or_else(lowered).filter(|one| one.stage > 0)
    }
}

/// What walls show of the stage: no names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageSign {
    /// The stage that holds; absent while it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<u8>,
    /// What it is called; empty while it is not known.
    #[serde(default)]
    pub title: Text,
    /// While it is not known: what the figures that are known come to, from 2 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u8>,
    /// What is proposed, and waits for the shift lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<u8>,
}

/// What holds: a stage that was confirmed, unless the figures have become unknown since.
#[must_use]
pub fn sign(stages: &Stages, course: &Course, judged: &Judged, confirmed: Option<&Confirmed>, proposed: Option<Proposed>) -> StageSign {
    let holds = confirmed.filter(|one| course.unknown_since.is_none_or(|since| since <= one.at)).map(|one| one.stage);
    StageSign {
        stage: holds,
        title: holds.map(|stage| stages.title(stage)).unwrap_or_default(),
        at_least: (holds.is_none() && judged.at_least > 1).then_some(judged.at_least),
        proposed: proposed.map(|one| one.stage),
    }
}

/// `GET /api/v1/stage`: the city's operating stage, what is proposed and why, and what was confirmed before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StagePage {
    /// The server's time.
    pub time: Timestamp,
    /// The stages; absent where the city has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stages: Option<Stages>,
    /// What holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<StageSign>,
    /// What the figures come to.
    pub judged: Judged,
    /// Since when the stage has not been known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_since: Option<Timestamp>,
    /// What is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// Who leads the shift, and so confirms a stage; where nobody is known to, anybody of the roster does.
    #[serde(default)]
    pub leads: Vec<Lead>,
    /// What was confirmed, the newest first.
    pub log: Vec<Confirmed>,
    /// The figures that it is judged by.
    pub figures: std::collections::BTreeMap<KpiId, StageFigure>,
}

/// How a figure is called and written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageFigure {
    /// Its title.
    pub title: Text,
    /// Its unit.
    pub unit: Unit,
    /// Digits behind the point.
    pub decimals: u8,
}

/// `POST /api/v1/stage`: somebody confirms a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmStage {
    /// Who.
    pub person: PersonId,
    /// Which, 1 to 5.
    pub stage: u8,
    /// Why, in at most 500 characters.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stages() -> Stages {
        let level = |stage: u8, needs: usize, limits: &[(&str, f64)]| Level {
            stage,
            title: Text::new("x", "x"),
            needs,
            when: limits.iter().map(|(kpi, limit)| Condition { kpi: KpiId::new(*kpi).unwrap(), limit: Limit::AtLeast(*limit) }).collect(),
        };
        let levels = vec![
            level(1, 0, &[]),
            level(2, 1, &[("a.a", 2.0), ("b.b", 2.0)]),
            level(3, 2, &[("a.a", 3.0), ("b.b", 3.0)]),
            level(4, 1, &[("a.a", 8.0)]),
            level(5, 1, &[("a.a", 9.0)]),
        ];
        Stages { hold_s: 60, release_s: 600, levels }
    }

    fn judge(a: Option<f64>, b: Option<f64>) -> Judged {
        stages().judge(|kpi| if kpi.as_str() == "a.a" { a } else { b })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn confirmed(stage: u8, second: i64) -> Confirmed {
        Confirmed {
            at: at(second),
            stage,
            person: PersonId::new("an").unwrap(),
            reason: "r".to_owned(),
            by: None,
            proposed: None,
            computed: None,
        }
    }

    #[test]
    fn a_stage_is_known_only_where_nothing_unknown_could_raise_it() {
        for (a, b, stage, at_least) in [
            (Some(0.0), Some(0.0), Some(1), 1),
            (Some(2.0), Some(0.0), Some(2), 2),
            (Some(3.0), Some(2.0), Some(2), 2),
            (Some(3.0), Some(3.0), Some(3), 3),
            (Some(9.0), None, Some(5), 5),
            (Some(0.0), None, None, 1),
            (Some(2.0), None, Some(2), 2),
            (Some(3.0), None, None, 2),
            (None, Some(3.0), None, 2),
            (None, None, None, 0),
        ] {
            let judged = judge(a, b);
            assert_eq!((judged.stage, judged.at_least), (stage, at_least), "{a:?} {b:?}");
            assert_eq!(judged.stage.is_none(), !judged.unknown.is_empty());
        }
    }

    #[test]
    fn a_higher_stage_is_proposed_when_it_has_held_and_a_lower_one_later() {
        let (stages, mut course) = (stages(), Course::default());
        let first = confirmed(1, 0);
        course.step(&judge(Some(2.0), Some(2.0)), at(100));
        course.step(&judge(Some(3.0), Some(3.0)), at(130));
        assert_eq!(course.proposed(&stages, Some(&first), at(159)), None);
        assert_eq!(course.proposed(&stages, Some(&first), at(160)), Some(Proposed { stage: 2, since: at(160) }));
        assert_eq!(course.proposed(&stages, Some(&first), at(190)), Some(Proposed { stage: 3, since: at(190) }));
        // Confirmed as 2 while 3 was proposed: it is not asked again while it lasts.
        assert_eq!(course.proposed(&stages, Some(&confirmed(2, 200)), at(5_000)), None);
        // Before it was proposed nobody declined it.
        assert_eq!(course.proposed(&stages, Some(&confirmed(2, 170)), at(5_000)).unwrap().stage, 3);
        let third = confirmed(3, 200);
        course.step(&judge(Some(2.0), Some(0.0)), at(1_000));
        course.step(&judge(Some(0.0), Some(0.0)), at(1_100));
        assert_eq!(course.proposed(&stages, Some(&third), at(1_599)), None);
        assert_eq!(course.proposed(&stages, Some(&third), at(1_600)), Some(Proposed { stage: 2, since: at(1_600) }));
        assert_eq!(course.proposed(&stages, Some(&third), at(1_700)), Some(Proposed { stage: 1, since: at(1_700) }));
        // One moment in which it isn't known, and the time begins anew.
        course.step(&judge(Some(0.0), None), at(1_701));
        course.step(&judge(Some(0.0), Some(0.0)), at(1_702));
        assert_eq!(course.proposed(&stages, Some(&third), at(2_301)), None);
    }

    #[test]
    fn after_an_outage_the_stage_is_unknown_until_the_figures_are_back_or_somebody_says_which() {
        let (stages, mut course, before) = (stages(), Course::default(), confirmed(2, 50));
        let dark = judge(None, None);
        course.step(&dark, at(100));
        course.step(&dark, at(200));
        let shown = sign(&stages, &course, &dark, Some(&before), None);
        assert_eq!((shown.stage, shown.at_least), (None, None));
        assert_eq!(sign(&stages, &course, &dark, Some(&confirmed(4, 150)), None).stage, Some(4));
        let back = judge(Some(0.0), Some(0.0));
        course.step(&back, at(300));
        assert_eq!(sign(&stages, &course, &back, Some(&before), None).stage, Some(2));
        assert_eq!(sign(&stages, &course, &back, None, None).stage, None, "nobody has confirmed any");
    }
}
