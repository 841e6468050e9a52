//! A small city with one KPI, for rules to be written over; and scripts of readings for them.

use crate::Recorded;
use crate::alert::{Bands, Evaluated, NoBands, Watch};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::alert::{Cause, Transition, Turn};
use taydo_model::files::{File, check};
use taydo_model::{Definitions, Flags, Quality, Reading, Scope};

const CITY: &str = r#"format_version = 1
id = "town"
name = { vi = "Phố", en = "Town" }
zone = "Asia/Ho_Chi_Minh"
population = 1000
[areas]
x = { name = "X" }
y = { name = "Y" }
z = { name = "Z" }
[departments]
roads = { vi = "Sở Đường", en = "Roads" }
"#;
const METRICS: &str = "[m]\ntitle = { vi = \"M\", en = \"M\" }\nunit = \"km/h\"\nresolution = 0.1\n";
const ASSETS: &str = r#"[defaults]
owner = "roads"
interval = "60s"
[assets]
a1 = { name = "A1", site = "S", area = "x", metrics = ["m"] }
a2 = { name = "A2", site = "S", area = "y", metrics = ["m"] }
"#;

/// The KPI `t.kpi`, recorded every so many seconds, and rules over it; `{RULE}` stands for what every rule needs.
pub(crate) fn town(every: &str, rules: &str) -> Arc<Definitions> {
    let kpi = |id: &str, every: &str| {
        format!(
            "[{id}]\ntitle = {{ vi = \"K\", en = \"K\" }}\nunit = \"km/h\"\nbetter = \"lower\"\n\
             from = {{ observations = \"m\", aggregate = \"mean\", window = \"5m\" }}\nby = [\"area\", \"asset\"]\nevery = \"{every}\"\n\
             expect = {{ coverage = 0.6 }}\nattention = 70\ncritical = 80\nthresholds_for = [\"area\", \"asset\"]\n"
        )
    };
    let needs =
        "title = { vi = \"R\", en = \"R\" }\nsummary = { vi = \"{value}\", en = \"{value}\" }\nseverity = \"critical\"\nteam = \"t\"";
    let files = [
        ("city.toml", CITY.to_owned()),
        ("metrics.toml", METRICS.to_owned()),
        ("assets.toml", ASSETS.to_owned()),
        ("kpis/t.toml", kpi("t.kpi", every) + &kpi("t.slow", "5m")),
        ("alerts/t.toml", rules.replace("{RULE}", needs)),
    ];
    let files = files.map(|(name, text)| File { name: name.to_owned(), text });
    let (set, problems) = check(&files);
    assert!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    Arc::new(set)
}

/// A town whose only rule `r` is over `t.kpi`, recorded every minute.
pub(crate) fn rule(terms: &str) -> Arc<Definitions> {
    town("1m", &format!("[r]\n{{RULE}}\nkpi = \"t.kpi\"\n{terms}\n"))
}

/// Midnight UTC of a day; grids begin there.
pub(crate) const START: i64 = 1_750_032_000;

pub(crate) fn second(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// A reading of `t.kpi` at so many seconds: a number, `_` missing, `12~` stale, `12@0.4` of 40 % coverage.
pub(crate) fn reading(scope: &str, seconds: i64, word: &str) -> Recorded {
    let (value, quality, coverage) = match (word.strip_suffix('~'), word.split_once('@')) {
        _ if word == "_" => (None, Quality::Missing, 0.0),
        (Some(value), _) => (Some(value), Quality::Stale, 1.0),
        (None, Some((value, coverage))) => {
            let coverage: f64 = coverage.parse().unwrap();
            (Some(value), if coverage < 0.6 { Quality::Partial } else { Quality::Good }, coverage)
        }
        (None, None) => (Some(word), Quality::Good, 1.0),
    };
    let reading = Reading {
        kpi: "t.kpi".parse().unwrap(),
        scope: scope.parse().unwrap(),
        time: second(seconds),
        value: value.map(|value| value.parse().unwrap()),
        numerator: None,
        denominator: None,
        samples: 1,
        coverage: Some(coverage),
        quality,
        flags: Flags::default(),
        data_time: (quality != Quality::Missing).then(|| second(seconds - if quality == Quality::Stale { 1000 } else { 0 })),
    };
    Recorded { reading, correction: false }
}

/// A transition as scripts write it: `5m fired`, `7m resolved missing`, `3m no-data fired`; with the scope before it where
/// it isn't the city.
pub(super) fn show(transition: &Transition) -> String {
    let Transition { at, turn, cause, scope, no_data, .. } = transition;
    let seconds = at.as_second() - START;
    let time = if seconds % 60 == 0 { format!("{}m", seconds / 60) } else { format!("{seconds}s") };
    let scope = if *scope == Scope::City { String::new() } else { format!("{scope} ") };
    let kind = if *no_data { "no-data " } else { "" };
    let turn = match turn {
        Turn::Fired => "fired",
        Turn::Resolved => "resolved",
        Turn::DataOld => "old",
        Turn::DataFresh => "fresh",
    };
    let cause = match cause {
        Cause::Condition | Cause::NoData => "",
        Cause::Missing => " missing",
        Cause::Flapping => " flapping",
        Cause::Settled => " settled",
        Cause::RuleGone => " rule-gone",
    };
    format!("{time} {scope}{kind}{turn}{cause}")
}

/// A watch with its own time, one minute an evaluation unless it says otherwise.
pub(super) struct Run {
    pub(super) watch: Watch,
    pub(super) every_s: i64,
    /// When the next evaluation is, in seconds.
    pub(super) at_s: i64,
    pub(super) told: Vec<String>,
    pub(super) last: Evaluated,
}

impl Run {
    pub(super) fn new(definitions: &Arc<Definitions>) -> Self {
        let every_s = i64::from(definitions.kpis[0].every_s);
        Self { watch: Watch::new(Arc::clone(definitions), second(0)), every_s, at_s: 0, told: vec![], last: Evaluated::default() }
    }

    /// One evaluation for each column: `scope: words`, one line a scope; `-` where the scope has no reading at all.
    pub(super) fn feed(&mut self, lines: &str) -> &mut Self {
        self.feed_with(lines, &NoBands)
    }

    pub(super) fn feed_with(&mut self, lines: &str, bands: &dyn Bands) -> &mut Self {
        let lines: Vec<(&str, Vec<&str>)> = lines.split(';').map(|line| scoped(line.trim())).collect();
        let columns = lines.iter().map(|(_, words)| words.len()).max().unwrap_or(0);
        for column in 0..columns {
            let words = lines.iter().filter_map(|(scope, words)| Some((*scope, *words.get(column)?))).filter(|(_, word)| *word != "-");
            let recorded: Vec<Recorded> = words.map(|(scope, word)| reading(scope, self.at_s, word)).collect();
            self.last = self.watch.step(second(self.at_s) + SignedDuration::from_secs(5), &recorded, bands);
            self.told.extend(self.last.transitions.iter().map(show));
            self.at_s += self.every_s;
        }
        self
    }
}

fn scoped(line: &str) -> (&str, Vec<&str>) {
    let (scope, words) = line.split_once(": ").unwrap_or(("city", line));
    (scope, words.split_whitespace().collect())
}

/// What the only rule of a town says to readings of one minute after the other.
#[track_caller]
pub(super) fn check_course(terms: &str, lines: &str, expected: &[&str]) {
    let mut run = Run::new(&rule(terms));
    run.feed(lines);
    assert_eq!(run.told, expected, "{terms}\n{lines}");
}
