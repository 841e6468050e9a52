//! Sources: the configured ways in, and how what arrives maps to observations and cases.

use crate::{DepartmentId, LabelName, Labels, MetricId, SampleState, SourceId, Text, Unit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A configured way in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Its name.
    pub id: SourceId,
    /// Its title.
    pub title: Text,
    /// The steward.
    pub owner: Option<DepartmentId>,
    /// How it arrives.
    pub way: Way,
    /// The most series that it may create.
    pub max_series: u32,
    /// When nothing has come for this long, in seconds, the feed is silent.
    pub silent_s: Option<u32>,
    /// Whether its silence is told at any hour.
    #[serde(default)]
    pub urgent: bool,
    /// The source that stands for what it comes through: while nothing comes through that, one message is enough.
    #[serde(default)]
    pub via: Option<SourceId>,
}

/// How data arrives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Messages of a broker.
    Mqtt {
        /// The topics, with places for labels.
        topic: TopicPattern,
        /// What the bodies hold.
        body: Body,
    },
    /// `POST /api/v1/observations` and `/api/v1/cases` with `?source=`.
    Http,
    /// `POST /api/v2/write` with the source as `bucket`.
    Line {
        /// Which fields become which metrics. A field without an entry is taken as metric `measurement.field`.
        fields: Vec<Field>,
    },
    /// Files, by `taydo import` and `taydo replay`.
    Csv(Box<Csv>),
    /// The centre's own measurements of itself; nobody can send them.
    Own,
    /// What departments enter. The loader makes this source; files can't define one.
    Form,
}

/// A topic such as `can-tho/traffic/{asset}/{metric}`: each `{name}` stands for one level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopicPattern {
    /// The levels, in order.
    pub levels: Vec<Level>,
}

/// One level of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CodeLevel")]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// These letters.
    Text(String),
    /// Any text, which becomes this label's value.
    Label(LabelName),
    /// Any text, which is the metric's id.
    Metric,
    /// Any text, of no meaning.
    Any,
}

/// What a topic says by its pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicMatch<'a> {
    /// The metric's id, where the pattern has a place for it.
    pub metric: Option<&'a str>,
    /// The labels' values.
    pub labels: Vec<(&'a LabelName, &'a str)>,
}

impl TopicPattern {
    /// The subscription's filter: `+` for each place.
    #[must_use]
    pub fn filter(&self) -> String {
        let level = |level: &Level| match level {
            Level::Text(text) => text.clone(),
            Level::Label(_) | Level::Metric | Level::Any => "+".to_owned(),
        };
        self.levels.iter().map(level).collect::<Vec<_>>().join("/")
    }

    /// What a topic says. `None` when it doesn't match.
    #[must_use]
    pub fn read<'a>(&'a self, topic: &'a str) -> Option<TopicMatch<'a>> {
        let mut metric = None;
        let mut labels = Vec::new();
        let mut parts = topic.split('/');
        for level in &self.levels {
            let part = parts.next()?;
            match level {
                Level::Text(text) if text == part => {}
                Level::Text(_) => return None,
                Level::Label(name) => labels.push((name, part)),
                Level::Metric => metric = Some(part),
                Level::Any => {}
            }
        }
        parts.next().is_none().then_some(TopicMatch { metric, labels })
    }

    /// The topic for these labels, as a device would publish it; `None` where a place has no value.
    #[must_use]
    pub fn write(&self, metric: Option<&str>, labels: &Labels) -> Option<String> {
        let level = |level: &Level| match level {
            Level::Text(text) => Some(text.clone()),
            Level::Label(name) => labels.get(name.as_str()).map(str::to_owned),
            Level::Metric => metric.map(str::to_owned),
            Level::Any => Some("x".to_owned()),
        };
        Some(self.levels.iter().map(level).collect::<Option<Vec<_>>>()?.join("/"))
    }
}

/// What a message's body holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// One number, of this metric, or of the topic's.
    Value(Option<MetricId>),
    /// A JSON object of fields, ThingsBoard's `{ts, values}`, or an array of either.
    Fields(Vec<Field>),
}

/// One field of a message or one column of a file, and what it becomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// The field's or column's name. In line protocol, `measurement.field` or the field alone.
    pub name: String,
    /// The metric.
    pub metric: MetricId,
    /// The unit that the numbers come in.
    pub unit: Unit,
    /// Labels that go with it.
    #[serde(default)]
    pub labels: Labels,
    /// Where the sender says what its value is worth.
    #[serde(default)]
    pub state: Option<StateField>,
}

/// The field or column beside a value that says what it is worth, and its codes: `00`, `01`, `02` of an air station.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateField {
    /// The field's or column's name.
    pub name: String,
    /// Codes of a value that nothing is to be said of. Where some are named, an unknown code is refused; where none is, all
    /// other codes are normal.
    pub normal: Vec<String>,
    /// Codes of a sensor that is being calibrated.
    pub calibrating: Vec<String>,
    /// Codes of a sensor that has a fault.
    pub fault: Vec<String>,
    /// Codes of a value that is expected to be corrected.
    pub provisional: Vec<String>,
}

impl StateField {
    /// A code for a state, as a sender would give it; `None` where the mapping has none.
    #[must_use]
    pub fn code(&self, state: SampleState) -> Option<&str> {
        let codes = match state {
            SampleState::Normal => &self.normal,
            SampleState::Calibrating => &self.calibrating,
            SampleState::Fault => &self.fault,
            SampleState::Provisional => &self.provisional,
        };
        codes.first().map(String::as_str)
    }

    /// What a code stands for; an absent one is normal. `None` where it is unknown.
    #[must_use]
    pub fn read(&self, code: &str) -> Option<SampleState> {
        let code = code.trim();
        let listed = |codes: &[String]| codes.iter().any(|one| one == code);
        Some(match code {
            _ if listed(&self.calibrating) => SampleState::Calibrating,
            _ if listed(&self.fault) => SampleState::Fault,
            _ if listed(&self.provisional) => SampleState::Provisional,
            _ if code.is_empty() || self.normal.is_empty() || listed(&self.normal) => SampleState::Normal,
            _ => return None,
        })
    }
}

/// How a CSV file is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Csv {
    /// Between columns.
    pub delimiter: char,
    /// Of numbers: `.` or `,`.
    pub decimal: char,
    /// `utf-8` (a byte-order mark is skipped) or `windows-1258`.
    pub encoding: String,
    /// How times are written, in `strptime`'s terms (`%Y-%m-%d %H:%M:%S`), or `unix` or `unix_ms` or `rfc3339`.
    pub time_format: String,
    /// The IANA zone of times that carry none.
    pub zone: String,
    /// What the rows are.
    pub rows: Rows,
    /// The MQTT source that `taydo replay` plays a recording through.
    pub replay: Option<SourceId>,
}

/// What the rows of a file are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Each row has one time and one or more values. Empty cells are no observations.
    Observations {
        /// The column of the time.
        time: String,
        /// The columns of values.
        values: Vec<Field>,
        /// Columns whose text becomes a label.
        labels: Vec<(String, LabelName)>,
    },
    /// Each row is a case.
    Cases(Box<CaseColumns>),
}

/// Which columns make a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseColumns {
    /// The kind that all rows are of.
    pub kind: String,
    /// Full exports: a case that is absent was closed at the time of the export.
    pub snapshot: bool,
    /// A full export with fewer rows than this share of the cases known open is refused.
    pub least_share: f64,
    /// The column of the id.
    pub id: String,
    /// The column of the opening time.
    pub opened: String,
    /// The column of the deadline.
    pub due: Option<String>,
    /// The column of the time that a case may take, such as `5wd`.
    pub allowance: Option<String>,
    /// The column of the closing time.
    pub closed: Option<String>,
    /// The column of the time at which it was withdrawn.
    pub withdrawn: Option<String>,
    /// The column of the time at which it was last opened again.
    pub reopened: Option<String>,
    /// The column of the time of this state; absent: the export's time.
    pub updated: Option<String>,
    /// The column of the department; its text is made an id.
    pub department: Option<String>,
    /// The column of the area; its text is made an id.
    pub area: Option<String>,
    /// Columns whose text becomes a label.
    pub labels: Vec<(String, LabelName)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_by_its_codes() {
        let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let open = StateField { name: "st".into(), calibrating: codes(&["01"]), fault: codes(&["02", "03"]), ..StateField::default() };
        let closed = StateField { normal: codes(&["00"]), ..open.clone() };
        for (code, state) in
            [("01", SampleState::Calibrating), (" 03 ", SampleState::Fault), ("00", SampleState::Normal), ("", SampleState::Normal)]
        {
            assert_eq!((open.read(code), closed.read(code)), (Some(state), Some(state)), "{code:?}");
        }
        assert_eq!((open.read("7"), closed.read("7")), (Some(SampleState::Normal), None));
    }

    #[test]
    fn a_topic_is_read_by_its_pattern_and_written_again() {
        let pattern =
            TopicPattern { levels: vec![Level::Text("ct".into()), Level::Label(LabelName::new("asset").unwrap()), Level::Metric] };
        assert_eq!(pattern.filter(), "ct/+/+");
        let found = pattern.read("ct/ql91-12/traffic.speed").unwrap();
        assert_eq!(found.metric, Some("traffic.speed"));
        assert_eq!(found.labels.first().map(|(name, value)| (name.as_str(), *value)), Some(("asset", "ql91-12")));
        assert!(pattern.read("ct/ql91-12").is_none());
        assert!(pattern.read("ct/ql91-12/speed/x").is_none());
        assert!(pattern.read("dn/ql91-12/speed").is_none());
        let labels: Labels = [(LabelName::new("asset").unwrap(), "a1".to_owned())].into_iter().collect();
        assert_eq!(pattern.write(Some("m"), &labels).as_deref(), Some("ct/a1/m"));
        assert_eq!(pattern.write(None, &labels), None);
    }
}
