//! What the duty is measured by: how soon alerts are answered and over, how many there are for those who are on call, and who
//! carried how much.
//!
//! It holds what is answered, and the limits that the load is judged by. It must never count exercises among what is real.

use crate::alert::Severity;
use crate::{AreaId, PersonId, RotaId, RuleId, TeamId, Text};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /api/v1/alerts/figures[?from][&to][&team]`: the figures of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FiguresPage {
    /// The server's time.
    pub time: Timestamp,
    /// From when on; it belongs to the time.
    pub from: Timestamp,
    /// Until when; it doesn't. What lies after `time` has not been yet, and counts nothing.
    pub to: Timestamp,
    /// Only this team's; all where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// The figures.
    pub figures: Figures,
    /// What those named in them are called.
    pub names: Names,
}

/// What the figures name, in words; what is not here is called by its id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Names {
    /// The people.
    pub persons: BTreeMap<PersonId, String>,
    /// The teams.
    pub teams: BTreeMap<TeamId, String>,
    /// The areas.
    pub areas: BTreeMap<AreaId, String>,
    /// The rules.
    pub rules: BTreeMap<RuleId, Text>,
}

/// The figures of a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// The incidents that were opened in it, exercises apart.
    pub incidents: IncidentFigures,
    /// How much that is for those who are on call.
    pub load: AlarmLoad,
    /// Everybody who was on call or paged, by their ids.
    pub people: Vec<PersonFigures>,
    /// The exercises, which count nowhere else.
    pub exercises: ExerciseFigures,
}

/// Incidents that were opened in a time: each is one of `acknowledged`, `joined`, `never_acknowledged` and `waiting`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentFigures {
    /// How many were opened.
    pub opened: u64,
    /// Somebody answered for them.
    pub acknowledged: u64,
    /// They joined what somebody had acknowledged already: nobody had to answer, and they count in no time to acknowledge.
    pub joined: u64,
    /// They were over before anybody answered.
    pub never_acknowledged: u64,
    /// They are open, and nobody has answered.
    pub waiting: u64,
    /// Those of all that are over.
    pub resolved: u64,
    /// From the opening to the first answer, over the acknowledged ones: MTTA is its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_acknowledge: Option<Times>,
    /// From the opening to the end, over those that are over: MTTR is its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_resolve: Option<Times>,
    /// The same by severity, the worst first …
    pub by_severity: Vec<Group<Severity>>,
    /// … by team …
    pub by_team: Vec<Group<TeamId>>,
    /// … by domain …
    pub by_domain: Vec<Group<String>>,
    /// … and by area; those of no area are in none.
    pub by_area: Vec<Group<AreaId>>,
}

/// The incidents that have something in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GroupOf{K}")]
pub struct Group<K> {
    /// What.
    pub key: K,
    /// How many were opened.
    pub opened: u64,
    /// How many somebody answered for.
    pub acknowledged: u64,
    /// The mean time to acknowledge, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_mean_s: Option<f64>,
    /// The mean time to resolve, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_mean_s: Option<f64>,
}

/// Spans of time, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// Of how many.
    pub count: u64,
    /// The mean.
    pub mean_s: f64,
    /// The median, interpolated as SQL's `percentile_cont` does.
    pub median_s: f64,
    /// What nine in ten don't exceed, interpolated alike.
    pub p90_s: f64,
    /// The longest.
    pub longest_s: f64,
}

impl Times {
    /// Of these spans, in seconds; `None` where there is none.
    #[must_use]
    pub fn of(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.sort_by(f64::total_cmp);
        let longest_s = *seconds.last()?;
        let mean_s = seconds.iter().sum::<f64>() / seconds.len() as f64;
        let (median_s, p90_s) = (quantile(&seconds, 0.5)?, quantile(&seconds, 0.9)?);
        Some(Self { count: seconds.len() as u64, mean_s, median_s, p90_s, longest_s })
    }
}

/// A quantile of sorted values, between two of them interpolated linearly.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// How many alarms there are for those who are on call. An alarm is an incident that people were shown: one that is muted
/// from its first moment becomes one when it may page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmLoad {
    /// How many alarms there were.
    pub alarms: u64,
    /// Incidents that were muted from the first moment to the last, and are no alarms.
    pub muted: u64,
    /// How many people were on call, in the mean over the time; where nobody was on record, one is reckoned with.
    pub operators: f64,
    /// The measures with their limits, all of one operator but the standing alarms. Empty while the time has not begun.
    pub measures: Vec<Measure>,
    /// The rules that alarmed most often, at most ten.
    pub most_frequent: Vec<Frequent>,
    /// Which share of all alarms these are, from 0 to 1. It is told without a judgement: the standard's limit is meant for
    /// thousands of alarm points, and of twenty rules ten are always half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ten_share: Option<f64>,
    /// The worst of the measures' judgements.
    pub judgement: Judgement,
    /// The same in a sentence.
    pub words: Text,
}

/// A rule and how often it alarmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Frequent {
    /// The rule.
    pub rule: RuleId,
    /// How often.
    pub alarms: u64,
    /// Which share of all alarms that is, from 0 to 1.
    pub share: f64,
}

/// What is measured of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Alarms in 10 minutes, in the mean.
    TenMinutesMean,
    /// The most alarms in any 10 minutes.
    TenMinutesMost,
    /// Alarms in an hour, in the mean.
    HourMean,
    /// The most alarms in any hour.
    HourMost,
    /// Alarms in a day, in the mean.
    DayMean,
    /// The most alarms of a day of the city's calendar.
    DayMost,
    /// Alarms that stood at the end of the time.
    StandingLast,
    /// The most alarms that stood at one moment.
    StandingMost,
}

/// One measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// What.
    pub what: What,
    /// How much.
    pub value: f64,
    /// Up to where it is acceptable.
    pub limit: f64,
    /// What that means.
    pub judgement: Judgement,
    /// When a most was reached: the end of its 10 minutes or hour, the first moment of its day, the moment itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What a load means for those who carry it, in EEMUA 191's words. The order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Very likely to be acceptable.
    #[default]
    Acceptable,
    /// Manageable.
    Manageable,
    /// Likely to be over-demanding.
    Demanding,
    /// Very likely to be unacceptable.
    Unacceptable,
}

impl What {
    /// From better to worse: beyond each of these the next judgement begins. The means and the days are those of EEMUA 191 (one
    /// in ten minutes acceptable, two manageable, five likely over-demanding), the peaks its ten in ten minutes and fifteen
    /// in an hour, the standing alarms its ten; a peak has nothing that is merely manageable.
    #[must_use]
    pub fn limits(self) -> [f64; 3] {
        match self {
            Self::TenMinutesMean => [1.0, 2.0, 5.0],
            Self::HourMean => [6.0, 12.0, 30.0],
            Self::DayMean | Self::DayMost => [144.0, 288.0, 720.0],
            Self::TenMinutesMost => [10.0, 10.0, 20.0],
            Self::HourMost => [15.0, 15.0, 30.0],
            Self::StandingLast | Self::StandingMost => [10.0, 10.0, 50.0],
        }
    }

    /// What so much of it means.
    #[must_use]
    pub fn judge(self, value: f64) -> Judgement {
        // Ten alarms in ten minutes are a flood already; elsewhere the limit itself is within it.
        let keeps = |limit: f64| if self == Self::TenMinutesMost { value < limit } else { value <= limit };
        match self.limits() {
            [limit, _, _] if keeps(limit) => Judgement::Acceptable,
            [_, limit, _] if keeps(limit) => Judgement::Manageable,
            [_, _, limit] if keeps(limit) => Judgement::Demanding,
            _ => Judgement::Unacceptable,
        }
    }

    /// The measure of so much of it.
    #[must_use]
    pub fn measure(self, value: f64, at: Option<Timestamp>) -> Measure {
        let [limit, ..] = self.limits();
        Measure { what: self, value, limit, judgement: self.judge(value), at }
    }
}

impl Judgement {
    /// In words.
    #[must_use]
    pub fn words(self) -> Text {
        match self {
            Self::Acceptable => Text::new("chấp nhận được", "acceptable"),
            Self::Manageable => Text::new("còn kham được", "manageable"),
            Self::Demanding => Text::new("quá sức", "over-demanding"),
            Self::Unacceptable => Text::new("không chấp nhận được", "unacceptable"),
        }
    }
}

/// What one person carried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PersonFigures {
    /// Who.
    pub person: PersonId,
    /// How long they were on call, in seconds; on call by two rotas at once counts once.
    pub on_call_s: u64,
    /// By how many shifts.
    pub shifts: u64,
    /// How often somebody was wanted of them: pages that ask for an answer. What only tells them something doesn't count.
    pub pages: u64,
    /// Those of them between 22:00 and 06:00 of the person's own clocks.
    pub night_pages: u64,
    /// The nights in which there were any, by the date of their evening.
    pub nights: Vec<Night>,
}

/// A night in which somebody was paged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Night {
    /// The date of its evening.
    pub date: Date,
    /// How often.
    pub pages: u64,
}

/// Exercises: everything that happened in them, and counts nowhere else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExerciseFigures {
    /// Incidents that were opened.
    pub opened: u64,
    /// How often people were paged.
    pub pages: u64,
}

/// A shift as it was: recorded at its beginning and its end, so that no later change of the rota changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedShift {
    /// By which rota.
    pub rota: RotaId,
    /// Whose rota.
    pub team: TeamId,
    /// Who.
    pub person: PersonId,
    /// From when on.
    pub from: Timestamp,
    /// Until when; absent while it lasts.
    pub to: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_judged_by_the_limit_that_it_keeps() {
        use Judgement::{Acceptable, Demanding, Manageable, Unacceptable};
        for (what, value, judgement) in [
            (What::TenMinutesMean, 1.0, Acceptable),
            (What::TenMinutesMean, 1.01, Manageable),
            (What::TenMinutesMean, 5.0, Demanding),
            (What::TenMinutesMean, 5.01, Unacceptable),
            (What::TenMinutesMost, 9.9, Acceptable),
            (What::TenMinutesMost, 10.0, Demanding),
            (What::HourMost, 15.5, Demanding),
            (What::StandingLast, 51.0, Unacceptable),
        ] {
            assert_eq!(what.judge(value), judgement, "{what:?} {value}");
        }
    }

    #[test]
    fn spans_have_the_quantiles_of_sql() {
        assert_eq!(Times::of(Vec::new()), None);
        let times = Times::of(vec![40.0, 10.0, 20.0, 30.0]).unwrap();
        assert_eq!((times.count, times.mean_s, times.median_s, times.longest_s), (4, 25.0, 25.0, 40.0));
        assert!((times.p90_s - 37.0).abs() < 1e-9, "{times:?}");
    }
}
