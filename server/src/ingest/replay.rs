//! Replay: a recording as the messages that devices would send, each with the moment that it is due.
//!
//! Pure but for reading the file. It never sends anything and never reads a clock.

use super::decode::{self, Given, Incoming, Refusal};
use jiff::{SignedDuration, Timestamp};
use std::io::Read;
use taydo_model::{
    Definitions, ErrorCode, LabelName, Labels, Metric, MetricId, Unit,
    source::{Body, Csv, Rows, Source, TopicPattern, Way},
};

/// The most observations of a recording, which is held in memory.
const MAX_OBSERVATIONS: usize = 5_000_000;

/// One observation of a recording.
#[derive(Debug, Clone)]
struct Recorded {
    time: Timestamp,
    metric: MetricId,
    labels: Labels,
    value: f64,
    unit: Unit,
}

/// A recording, in order of time, and how it is sent.
#[derive(Debug)]
pub struct Recording<'d> {
    definitions: &'d Definitions,
    topic: &'d TopicPattern,
    body: &'d Body,
    observations: Vec<Recorded>,
    /// What could not be read of the file, in words; the first of it.
    pub problems: Vec<String>,
    /// How many items could not be read.
    pub refused: usize,
}

/// When a recording is played, and how fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The first observation's new time.
    pub start: Timestamp,
    /// How many times faster than it was.
    pub speed: f64,
}

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When; also the time that it carries.
    pub due: Timestamp,
    /// Where to.
    pub topic: String,
    /// What it says.
    pub body: String,
}

impl Schedule {
    /// A recorded time's new one: start + (t − t0) / speed, in whole milliseconds, which is what messages carry.
    #[must_use]
    pub fn time(&self, recorded: Timestamp, first: Timestamp) -> Timestamp {
        let offset = recorded.duration_since(first).as_secs_f64() / self.speed;
        let due = SignedDuration::try_from_secs_f64(offset).ok().and_then(|offset| self.start.checked_add(offset).ok());
        let due = due.unwrap_or(Timestamp::MAX);
        Timestamp::from_millisecond(due.as_millisecond()).unwrap_or(due)
    }
}

impl<'d> Recording<'d> {
    /// Reads a CSV source's file; observations before `from` and from `to` on are left out.
    ///
    /// # Errors
    /// When the source is no CSV source of observations, has no `replay` source, or the file can't be read.
    pub fn read(
        definitions: &'d Definitions,
        source: &'d Source,
        file: impl Read,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Self, Refusal> {
        let refuse = |message: String| Refusal::new(ErrorCode::Invalid, message);
        let Way::Csv(csv) = &source.way else { return Err(refuse(format!("source {} has no files: its way is not csv", source.id))) };
        let (topic, body) = Self::way(definitions, source, csv)?;
        let mut recording = Self { definitions, topic, body, observations: Vec::new(), problems: Vec::new(), refused: 0 };
        decode::csv::decode(file, csv, None, &mut |item| match item.content {
            Ok(Incoming::Observation(draft)) => {
                let time = draft.time.unwrap_or_default();
                if from.is_none_or(|from| from <= time) && to.is_none_or(|to| time < to) && recording.observations.len() < MAX_OBSERVATIONS
                {
                    match recorded(definitions, &draft, time) {
                        Some(one) => recording.observations.push(one),
                        None => recording.refuse(format!("item {}: {} can't be sent", item.index, draft.metric)),
                    }
                }
            }
            Ok(Incoming::Case(_)) => recording.refused += 1,
            Err(refusal) => recording.refuse(refusal.message),
        })?;
        recording.observations.sort_by_key(|one| one.time);
        Ok(recording)
    }

    fn way(definitions: &'d Definitions, source: &'d Source, csv: &'d Csv) -> Result<(&'d TopicPattern, &'d Body), Refusal> {
        let refuse = |message: String| Refusal::new(ErrorCode::Invalid, message);
        if matches!(csv.rows, Rows::Cases(_)) {
            return Err(refuse(format!("source {} holds cases, and only observations can be replayed", source.id)));
        }
        let through = csv.replay.as_ref().and_then(|id| definitions.source(id)).map(|source| &source.way);
        match through {
            Some(Way::Mqtt { topic, body }) => Ok((topic, body)),
            _ => Err(refuse(format!("source {} has no `replay`: name the MQTT source that its rows are played through", source.id))),
        }
    }

    fn refuse(&mut self, problem: String) {
        self.refused += 1;
        if self.problems.len() < 10 {
            self.problems.push(problem);
        }
    }

    /// How many observations it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.observations.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
    }

    /// The messages, in order of time; what the topic or the body has no place for is an error.
    pub fn messages(&self, schedule: Schedule) -> impl Iterator<Item = Result<Message, Refusal>> {
        let first = self.observations.first().map_or(Timestamp::UNIX_EPOCH, |one| one.time);
        self.observations.iter().map(move |one| self.message(one, schedule.time(one.time, first)))
    }

    fn message(&self, one: &Recorded, due: Timestamp) -> Result<Message, Refusal> {
        let refuse = |message: String| Refusal::new(ErrorCode::Invalid, message);
        let topic = self.topic.write(Some(one.metric.as_str()), &one.labels);
        let topic = topic
            .ok_or_else(|| refuse(format!("{} {:?} lacks a label that the topic {} needs", one.metric, one.labels, self.topic.filter())))?;
        let wrong = |unit: Unit| refuse(format!("{} can't be made {unit}", one.unit));
        let body = match self.body {
            Body::Value(_) => {
                let unit = self.definitions.metric(&one.metric).map_or(one.unit, |metric| metric.unit);
                let value = one.value * one.unit.factor_to(unit).ok_or_else(|| wrong(unit))?;
                serde_json::json!({ "ts": due.as_millisecond(), "value": value }).to_string()
            }
            Body::Fields(fields) => {
                let fits = |labels: &Labels| labels.iter().all(|(name, value)| one.labels.get(name.as_str()) == Some(value));
                let field = fields.iter().find(|field| field.metric == one.metric && fits(&field.labels));
                let field = field.ok_or_else(|| refuse(format!("the replay source has no field for {}", one.metric)))?;
                let value = one.value * one.unit.factor_to(field.unit).ok_or_else(|| wrong(field.unit))?;
                serde_json::json!({ "ts": due.as_millisecond(), "values": { field.name.as_str(): value } }).to_string()
            }
        };
        Ok(Message { due, topic, body })
    }
}

fn recorded(definitions: &Definitions, draft: &decode::Draft<'_>, time: Timestamp) -> Option<Recorded> {
    let metric: &Metric = definitions.metric(&MetricId::new(draft.metric).ok()?)?;
    let labels = draft.labels.iter().map(|(name, value)| Some((LabelName::new(name).ok()?, value.to_string())));
    let unit = match draft.unit {
        Given::Metrics => metric.unit,
        Given::Unit(unit) => unit,
        Given::Code(code) => Unit::parse(code)?,
    };
    Some(Recorded { time, metric: metric.id.clone(), labels: labels.collect::<Option<_>>()?, value: draft.value, unit })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::check::tests::city;
    use std::sync::Arc;
    use taydo_model::{
        SourceId, Text,
        source::{Field, Level},
    };

    #[test]
    fn a_recording_becomes_messages_on_a_shorter_scale() {
        let label = |name| LabelName::new(name).unwrap();
        let field = |unit: &str, labels| Field {
            name: "v".into(),
            metric: MetricId::new("traffic.speed").unwrap(),
            unit: Unit::parse(unit).unwrap(),
            labels,
            state: None,
        };
        let source = |id: &str, way| {
            Arc::new(Source {
                id: SourceId::new(id).unwrap(),
                title: Text::default(),
                owner: None,
                way,
                max_series: 9,
                silent_s: None,
                urgent: false,
                via: None,
            })
        };
        let asset: Labels = [(label("asset"), "a1".to_owned())].into_iter().collect();
        let csv = Csv {
            delimiter: ',',
            decimal: '.',
            encoding: "utf-8".into(),
            time_format: "%Y-%m-%d %H:%M:%S".into(),
            zone: "UTC".into(),
            rows: Rows::Observations { time: "t".into(), values: vec![field("mph", asset)], labels: vec![] },
            replay: SourceId::new("live").ok(),
        };
        let topic = TopicPattern { levels: vec![Level::Text("road".into()), Level::Label(label("asset"))] };
        let live = Way::Mqtt { topic, body: Body::Fields(vec![field("km/h", Labels::default())]) };
        let definitions = Definitions { sources: vec![source("file", Way::Csv(Box::new(csv))), source("live", live)], ..city() };
        let file = "t,v\n2015-09-01 00:20:00,20\n2015-09-01 00:00:00,10\n2015-09-01 00:30:00,x\n2015-09-02 00:00:00,5\n";
        let to = "2015-09-02T00:00:00Z".parse().ok();
        let recording = Recording::read(&definitions, &definitions.sources[0], file.as_bytes(), None, to).unwrap();
        assert_eq!((recording.len(), recording.refused), (2, 1));
        let schedule = Schedule { start: "2026-03-01T07:00:00Z".parse().unwrap(), speed: 600.0 };
        let messages: Vec<Message> = recording.messages(schedule).map(Result::unwrap).collect();
        let shown: Vec<(String, &str, &str)> =
            messages.iter().map(|message| (message.due.to_string(), message.topic.as_str(), message.body.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("2026-03-01T07:00:00Z".to_owned(), "road/a1", r#"{"ts":1772348400000,"values":{"v":16.09344}}"#),
                ("2026-03-01T07:00:02Z".to_owned(), "road/a1", r#"{"ts":1772348402000,"values":{"v":32.18688}}"#),
            ]
        );
    }
}
