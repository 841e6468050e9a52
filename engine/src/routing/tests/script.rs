//! The language of the scripts: moments such as `1h30m` after the start, and one act a line.
//!
//! It must never know what an act leads to.

use crate::routing::{Event, Opening, Which};
use jiff::{SignedDuration, Timestamp};
use taydo_model::alert::Cause;
use taydo_model::incident::IncidentId;
use taydo_model::silence::{Labels, Matcher, Silence};
use taydo_model::{PersonId, Text};

/// What a line does.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Event(Event),
    Silence(Silence),
    /// From now on the team has this policy.
    Policy(String),
    /// An alert of another group begins or ceases to fire.
    Fire(Labels),
    Cease(Labels),
    /// Somebody merges the first into the second, when both are open.
    Merge(PersonId, IncidentId, IncidentId),
    /// The server does nothing until then.
    Stop(Timestamp),
    Nothing,
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty())
}

/// The start of every script: a Monday at noon in Cần Thơ.
pub(super) fn start() -> Timestamp {
    "2026-03-02T05:00:00Z".parse().unwrap()
}

pub(super) fn moment(text: &str) -> Timestamp {
    start() + length(text)
}

pub(super) fn length(text: &str) -> SignedDuration {
    let (mut seconds, mut digits) = (0, 0);
    for c in text.chars() {
        match c {
            '0'..='9' => digits = digits * 10 + i64::from(c as u32 - '0' as u32),
            _ => {
                let unit = match c {
                    's' => 1,
                    'm' => 60,
                    'h' => 3600,
                    'd' => 86400,
                    _ => panic!("{text}"),
                };
                seconds += digits * unit;
                digits = 0;
            }
        }
    }
    assert_eq!(digits, 0, "{text:?} has no unit");
    SignedDuration::from_secs(seconds)
}

/// As [`moment`] reads it.
pub(super) fn show(at: Timestamp) -> String {
    let mut left = at.duration_since(start()).as_secs();
    let mut text = String::new();
    for (unit, seconds) in [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)] {
        if left / seconds > 0 {
            text += &format!("{}{unit}", left / seconds);
        }
        left %= seconds;
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn labels<'w>(words: impl Iterator<Item = &'w str>) -> Labels {
    words.filter_map(|word| word.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn silence(words: &[&str], maintenance: bool) -> Silence {
    let [_, id, from, until, chosen @ ..] = words else { panic!("{words:?}") };
    let matcher = |word: &&str| {
        let (label, values) = word.split_once('=').unwrap();
        Matcher { label: label.to_owned(), values: values.split(',').map(str::to_owned).collect() }
    };
    Silence {
        id: id.parse().unwrap(),
        matchers: chosen.iter().map(matcher).collect(),
        from: moment(from),
        until: moment(until),
        author: "author".parse().unwrap(),
        reason: "known".to_owned(),
        maintenance,
    }
}

/// One line: when, and what.
pub(super) fn act(line: &str) -> (Timestamp, Act) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [at, words @ ..] = &words[..] else { panic!("{line}") };
    let incident = |place: usize| words.get(place).and_then(|word| word.parse().ok()).map(IncidentId);
    let which = |place: usize| incident(place).map_or(Which::All, Which::One);
    let person = || words[1].parse::<PersonId>().unwrap();
    let link = words.iter().find_map(|word| word.strip_prefix("link=")).map(|number| number.parse().unwrap());
    let act = match words[0] {
        "open" => {
            let severity = serde_json::from_value(words[2].into()).unwrap();
            let mut labels = labels(words.iter().copied());
            labels.insert("severity".to_owned(), words[2].to_owned());
            let flapping = words.contains(&"flapping");
            Act::Event(Event::Opened(Opening { incident: incident(1).unwrap(), severity, labels, flapping }))
        }
        "resolve" => Act::Event(Event::Resolved { incident: incident(1).unwrap(), cause: Cause::Condition }),
        "flap" => Act::Event(Event::Flapping { incident: incident(1).unwrap() }),
        "settle" => Act::Event(Event::Settled { incident: incident(1).unwrap() }),
        "ack" => Act::Event(Event::Acknowledged { person: person(), which: which(2), link }),
        "take" => Act::Event(Event::Taken { person: person(), which: which(2), link }),
        "snooze" => Act::Event(Event::Snoozed { person: person(), which: which(3), link, until: moment(words[2]) }),
        "escalate" => {
            Act::Event(Event::EscalateNow { person: person(), escalation: words[2].parse().unwrap(), taken: words[3].parse().unwrap() })
        }
        "note" => Act::Event(Event::Noted { person: person(), which: Which::All, text: "seen".to_owned() }),
        "close" => Act::Event(Event::ResolvedByHand { person: person(), which: which(2), link }),
        "merge" => Act::Merge(person(), incident(2).unwrap(), incident(3).unwrap()),
        "tick" | "untick" => {
            let step = Text::new(words[3], words[3]);
            Act::Event(Event::Ticked { person: person(), incident: incident(2).unwrap(), step, done: words[0] == "tick" })
        }
        "silence" => Act::Silence(silence(words, false)),
        "maintenance" => Act::Silence(silence(words, true)),
        "policy" => Act::Policy(words[1..].join(" ")),
        "fire" => Act::Fire(labels(words.iter().copied())),
        "cease" => Act::Cease(labels(words.iter().copied())),
        "stop" => Act::Stop(moment(words[1])),
        "end" => Act::Nothing,
        other => panic!("{other}"),
    };
    (moment(at), act)
}
