//! Events: what happens in the city that figures can't say: roadworks, festivals, rain. Charts mark them, and rules may
//! ask for them.
//!
//! It must never hold a figure, nor anything about a person.

use crate::{AreaId, City, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most events in one answer.
pub const MAX_EVENTS: u32 = 500;
/// The longest title or source, in characters.
const MOST_CHARACTERS: usize = 200;

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum EventKind {
    Roadworks,
    Festival,
    Rain,
    Flood,
    /// Of electricity or water.
    Outage,
    Accident,
    Other,
}

/// What is said of an event: the body of `POST /api/v1/events` and `PUT /api/v1/events/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// What kind.
    pub kind: EventKind,
    /// What it is, in both languages.
    pub title: Text,
    /// Where; absent: in the whole city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; absent while nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Who says so.
    pub source: String,
    /// Whether it does not happen after all, or never did. It is kept, and no longer shown.
    #[serde(default)]
    pub withdrawn: bool,
}

/// An event, as it was last said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// How often it was said, from 1.
    pub version: i32,
    /// When it was said like this.
    pub updated: Timestamp,
    /// What is said.
    pub says: Saying,
}

/// `GET /api/v1/events?from&to[&withdrawn]`: the events that touch a stretch of time, in order of their beginning; and
/// `GET /api/v1/events/{id}`: everything that was ever said of one, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventsPage {
    /// The events.
    pub events: Vec<Event>,
}

/// The same answer as a chart reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventNotes {
    /// The events.
    pub events: Vec<EventNote>,
}

/// An event on a chart.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EventNote {
    /// What is said.
    pub says: SayingNote,
}

/// What a chart shows of what is said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SayingNote {
    /// What it is.
    pub title: Text,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Option<Timestamp>,
}

impl Saying {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self, city: &City) -> Option<Text> {
        for (name, text) in [("title.vi", &self.title.vi), ("title.en", &self.title.en), ("source", &self.source)] {
            if text.trim().is_empty() {
                return Some(Text {
                    vi: format!("`{name}` để trống; hãy ghi vài chữ"),
                    en: format!("`{name}` is empty; say it in a few words"),
                });
            }
            if text.chars().count() > MOST_CHARACTERS {
                return Some(Text {
                    vi: format!("`{name}` dài hơn {MOST_CHARACTERS} ký tự; hãy viết ngắn hơn"),
                    en: format!("`{name}` has more than {MOST_CHARACTERS} characters; make it shorter"),
                });
            }
        }
        if self.to.is_some_and(|to| to <= self.from) {
            return Some(Text::new(
                "`to` không ở sau `from`; hãy bỏ trống khi chưa biết lúc kết thúc",
                "`to` is not after `from`; leave it out while nobody knows the end",
            ));
        }
        let unknown = self.area.as_ref().filter(|area| !city.areas.iter().any(|known| known.id == **area))?;
        Some(Text {
            vi: format!("không có khu vực `{unknown}`; hãy bỏ trống `area` cho cả thành phố"),
            en: format!("there is no area `{unknown}`; leave `area` out for the whole city"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saying_is_sound_or_says_what_is_wrong() {
        let sound: Saying = serde_json::from_str(
            r#"{"kind":"roadworks","title":{"vi":"Sửa cầu","en":"Bridge repair"},"from":"2026-03-02T01:00:00Z","source":"Sở Xây dựng"}"#,
        )
        .unwrap();
        let city = City::default();
        let problem = |change: &dyn Fn(&mut Saying)| {
            let mut saying = sound.clone();
            change(&mut saying);
            saying.problem(&city).unwrap_or_default().en
        };
        assert_eq!(problem(&|_| {}), "");
        assert!(problem(&|saying| saying.title.en = " ".into()).contains("title.en"));
        assert!(problem(&|saying| saying.source = "x".repeat(201)).contains("more than 200"));
        assert!(problem(&|saying| saying.to = Some(saying.from)).contains("`to`"));
        assert!(problem(&|saying| saying.area = Some("nowhere".parse().unwrap())).contains("no area `nowhere`"));
    }
}
