//! `alerts/scenarios/*.toml`: readings in over time, and the transitions that a rule must make of them.
//!
//! Must never be part of a definition set: a scenario is a test of one, and is read only for that.

use super::{File, Problem, Role, document::Document, duration, map, name::nearest, place, value::Value};
use crate::alert::{Cause, Turn};
use crate::baseline::Band;
use crate::scenario::{Expected, Scenario, Step};
use crate::{Definitions, Flags, Kpi, Quality, RuleId, Scope};
use jiff::Timestamp;

const TURNS: &[(&str, Turn)] =
    &[("fired", Turn::Fired), ("resolved", Turn::Resolved), ("data_old", Turn::DataOld), ("data_fresh", Turn::DataFresh)];
const CAUSES: &[(&str, Cause)] = &[
    ("condition", Cause::Condition),
    ("missing", Cause::Missing),
    ("no_data", Cause::NoData),
    ("flapping", Cause::Flapping),
    ("settled", Cause::Settled),
];
/// The most instants of a scenario.
const MOST_STEPS: usize = 10_000;

/// The sound scenarios of these files for the rules of a set, and every problem with the others.
#[must_use]
pub fn scenarios(files: &[File], set: &Definitions) -> (Vec<Scenario>, Vec<Problem>) {
    let documents: Vec<Document<'_>> = files.iter().filter(|file| map::name(&file.name).is_none()).map(Document::parse).collect();
    let of = documents.iter().filter(|document| document.role == Some(Role::Scenarios) && !document.broken);
    let scenarios = of.flat_map(|document| read(document, set)).collect();
    let mut problems: Vec<Problem> = documents.into_iter().flat_map(Document::into_problems).collect();
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    (scenarios, problems)
}

/// The sound scenarios of a file.
pub(super) fn read(document: &Document<'_>, set: &Definitions) -> Vec<Scenario> {
    let mut root = document.section();
    let scenarios = root.need("scenarios", |value| value.each(|item| scenario(item, set)));
    root.finish();
    scenarios.unwrap_or_default()
}

fn scenario(item: &Value<'_>, set: &Definitions) -> Option<Scenario> {
    let mut section = item.section("the scenario")?;
    let name = section.need("name", Value::text);
    if let Some(name) = &name {
        section.what = format!("scenario {name:?}");
    }
    let rule = section.need("rule", |value| rule(value, set));
    let kpi = rule.as_ref().and_then(|id| set.kpi(&set.rule(id)?.kpi)).map(AsRef::as_ref);
    let start = section.need("start", |value| start(value, kpi));
    let baseline = section.may("baseline", baseline);
    let readings = section.need("readings", |value| {
        let section = value.section("`readings`")?;
        Some(section.entries().filter_map(|entry| Some((self::scope(&entry.key, &entry)?, steps(&entry, kpi)?))).collect::<Vec<_>>())
    });
    let expect = section.need("expect", |value| value.each(expected));
    let sound = section.finish();
    sound.then_some(Scenario { name: name?, rule: rule?, start: start?, baseline, readings: readings?, expect: expect? })
}

fn rule(value: &Value<'_>, set: &Definitions) -> Option<RuleId> {
    let id = value.id::<RuleId>()?;
    if set.rule(&id).is_none() {
        let hint = match nearest(id.as_str(), set.rules.iter().map(|rule| rule.id.as_str())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "define it in alerts/*.toml".to_owned(),
        };
        value.problem(format!("there is no rule `{id}`"), hint);
        return None;
    }
    Some(id)
}

fn start(value: &Value<'_>, kpi: Option<&Kpi>) -> Option<Timestamp> {
    let start = value.moment()?;
    if let Some(kpi) = kpi
        && kpi.last_instant(start) != Some(start)
    {
        let every = duration::show(kpi.every_s);
        value.problem(
            format!("{} has no reading at this moment: it is recorded every {every}", kpi.id),
            format!("choose a multiple of {every} since midnight UTC"),
        );
    }
    Some(start)
}

/// `{ low = 10, middle = 20, high = 30 }`
fn baseline(value: &Value<'_>) -> Option<Band> {
    let mut section = value.section("`baseline`")?;
    let [low, middle, high] = ["low", "middle", "high"].map(|key| section.need(key, Value::number));
    section.finish();
    Some(Band { low: low?, middle: middle?, high: high? })
}

fn scope(text: &str, value: &Value<'_>) -> Option<Scope> {
    match text.parse() {
        Ok(scope) => Some(scope),
        Err(why) => {
            value.document.problem(value.key_at, why, Some("for example city or \"area:31135\"".to_owned()));
            None
        }
    }
}

/// `10x3 25 30~ 30@0.4 _ few`: a reading for each instant, some of them repeated.
fn steps(value: &Value<'_>, kpi: Option<&Kpi>) -> Option<Vec<Step>> {
    let text = value.raw()?;
    let mut steps = Vec::new();
    for word in text.split_whitespace() {
        let found = step(word, kpi).filter(|(_, times)| steps.len() + times <= MOST_STEPS);
        let Some((step, times)) = found else {
            let offset = word.as_ptr().addr().saturating_sub(text.as_ptr().addr());
            let at = value.at + place::in_source(value.document.text_from(value.at), offset);
            let hint = "write 12.5, 12.5x3 for three of it, 12.5~ for a stale one, 12.5@0.4 for one of 40 % coverage, _ for a missing one, few for one of too few";
            value.document.problem(at, format!("{word:?} is not a reading"), Some(hint.to_owned()));
            return None;
        };
        steps.extend(std::iter::repeat_n(step, times));
    }
    Some(steps)
}

/// A reading, and how often it is repeated.
fn step(word: &str, kpi: Option<&Kpi>) -> Option<(Step, usize)> {
    let (word, times) = match word.split_once('x') {
        Some((word, times)) => (word, times.parse().ok().filter(|times| (1..=MOST_STEPS).contains(times))?),
        None => (word, 1),
    };
    let missing = Step { value: None, quality: Quality::Missing, flags: Flags::default(), coverage: 0.0 };
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let good = |text: &str| Some(Step { value: Some(number(text)?), quality: Quality::Good, flags: Flags::default(), coverage: 1.0 });
    let step = match word {
        "_" => missing,
        "few" => Step { flags: Flags::TOO_FEW, coverage: 1.0, ..missing },
        _ => match (word.strip_suffix('~'), word.split_once('@')) {
            (Some(word), _) => Step { quality: Quality::Stale, ..good(word)? },
            (None, Some((word, coverage))) => {
                let coverage = number(coverage).filter(|coverage| (0.0..=1.0).contains(coverage))?;
                let is_thin = kpi.and_then(|kpi| kpi.coverage).is_some_and(|least| coverage < least);
                Step { coverage, quality: if is_thin { Quality::Partial } else { Quality::Good }, ..good(word)? }
            }
            (None, None) => good(word)?,
        },
    };
    Some((step, times))
}

/// `{ at = "10m", turn = "fired", cause = "condition", scope = "city" }`
fn expected(item: &Value<'_>) -> Option<Expected> {
    let mut section = item.section("the transition")?;
    let at_s = section.need("at", |value| value.seconds(0, 3_653 * 86_400));
    let turn = section.need("turn", |value| value.choice(TURNS));
    let cause = section.may("cause", |value| value.choice(CAUSES)).unwrap_or(Cause::Condition);
    let scope = section.may("scope", |value| scope(value.raw()?, value)).unwrap_or_default();
    let no_data = section.may("no_data", Value::boolean).unwrap_or(false);
    section.finish();
    Some(Expected { at_s: at_s?, scope, no_data, turn: turn?, cause })
}
