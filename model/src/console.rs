//! The console: what is asked and answered about incidents, and what people do about them.
//!
//! It must never hold an address of a person.

use crate::alert::Severity;
use crate::incident::kind::Kind;
use crate::incident::log::{Assigned, Done, LogLine};
use crate::incident::{Incident, IncidentId, Party, Standing};
use crate::oncall::Channel;
use crate::rota::page::PersonName;
use crate::{AreaId, KindId, KpiId, PersonId, Scope, TeamId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text that people write about an incident, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// The longest name of an outside agency, in characters.
pub const MAX_PARTY_CHARS: usize = 100;
/// The longest telephone number, in characters.
pub const MAX_PHONE_CHARS: usize = 40;

/// An incident as people are shown it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentView {
    /// It.
    pub incident: Incident,
    /// What it is.
    pub title: Text,
    /// Where, in words.
    pub place: Text,
    /// What is said of it, with the figures that opened it.
    pub summary: Text,
    /// The KPI and the scope whose reading opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<(KpiId, Scope)>,
    /// When somebody answered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    /// Whether it is an exercise.
    #[serde(default)]
    pub exercise: bool,
}

/// `GET /api/v1/incidents[?closed_since]`: what is open, the newest first, and what was closed since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentsPage {
    /// The server's time.
    pub time: Timestamp,
    /// The incidents.
    pub incidents: Vec<IncidentView>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// What became of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// When.
    pub at: Timestamp,
    /// Whose page.
    pub person: PersonId,
    /// Over which channel; absent when the contact is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What: `accepted`, `delivered`, `read`, `retry`, `unknown`, `failed`, `suppressed` and others.
    pub what: String,
    /// Over which provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `GET /api/v1/incidents/{id}`: one incident with everything that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentPage {
    /// The server's time.
    pub time: Timestamp,
    /// It.
    pub view: IncidentView,
    /// What to do, as a check-list.
    pub sop: Vec<Text>,
    /// Which steps of it are done, by their words in Vietnamese.
    pub ticks: BTreeMap<String, Done>,
    /// To whom it was given, in order.
    pub assignments: Vec<Assigned>,
    /// The incidents that go on as parts of it.
    pub absorbed: Vec<IncidentId>,
    /// Where it is written what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    /// Where the camera is looked at that sees its asset, if the register has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// What happened, in order.
    pub log: Vec<LogLine>,
    /// The same in words.
    pub said: Vec<SaidLine>,
    /// What became of its pages, in order.
    pub deliveries: Vec<Delivery>,
    /// The number of its group's escalation, and how many of its steps have been taken: what "escalate now" must name.
    pub escalation: (i64, u32),
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}

/// A line of the log in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentSaidLine")]
pub struct SaidLine {
    /// Its number.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened, with times in the city's zone.
    pub text: Text,
    /// What somebody wrote down, where that is what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An incident as the console reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in `Incident`")]
pub struct IncidentNote {
    pub id: IncidentId,
    pub severity: Severity,
    pub team: TeamId,
    pub opened_at: Timestamp,
    pub standing: Standing,
    pub assignee: Option<PersonId>,
    pub resolved_at: Option<Timestamp>,
    pub data_old_since: Option<Timestamp>,
    pub merged_into: Option<IncidentId>,
}

/// An incident in words as the console reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in `IncidentView`")]
pub struct ViewNote {
    pub incident: IncidentNote,
    pub title: Text,
    pub place: Text,
    pub summary: Text,
    pub figure: Option<(KpiId, Scope)>,
    pub exercise: bool,
}

/// [`IncidentsPage`] as the console reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in `IncidentsPage`")]
pub struct IncidentsNotes {
    pub time: Timestamp,
    pub incidents: Vec<ViewNote>,
    pub names: BTreeMap<PersonId, String>,
}

impl From<IncidentView> for ViewNote {
    fn from(view: IncidentView) -> Self {
        let Incident { id, severity, team, opened_at, standing, assignee, resolved_at, data_old_since, merged_into, .. } = view.incident;
        let incident = IncidentNote { id, severity, team, opened_at, standing, assignee, resolved_at, data_old_since, merged_into };
        let IncidentView { title, place, summary, figure, exercise, .. } = view;
        Self { incident, title, place, summary, figure, exercise }
    }
}

/// [`IncidentPage`] as an incident's page reads it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[expect(missing_docs, reason = "as in `IncidentPage`")]
pub struct IncidentNotes {
    pub time: Timestamp,
    pub view: ViewNote,
    pub sop: Vec<Text>,
    pub ticks: BTreeMap<String, Done>,
    pub assignments: Vec<Assigned>,
    pub absorbed: Vec<IncidentId>,
    pub runbook: Option<String>,
    pub camera: Option<String>,
    pub said: Vec<SaidLine>,
    pub deliveries: Vec<Delivery>,
    pub escalation: (i64, u32),
    pub names: BTreeMap<PersonId, String>,
}

/// What somebody does about an incident: the body of `POST /api/v1/incidents/{id}/acts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Says that somebody is at it.
    Acknowledge {
        /// Who.
        person: PersonId,
    },
    /// Makes it theirs, whoever had it.
    Take {
        /// Who.
        person: PersonId,
    },
    /// Puts it off.
    Snooze {
        /// Who.
        person: PersonId,
        /// Until when.
        until: Timestamp,
    },
    /// Wants the next step now.
    Escalate {
        /// Who.
        person: PersonId,
        /// The number of the escalation that they saw.
        escalation: i64,
        /// How many of its steps had been taken.
        taken: u32,
    },
    /// Writes something down.
    Note {
        /// Who.
        person: PersonId,
        /// What.
        text: String,
    },
    /// Says that a step of the check-list is done, or that it is not after all.
    Tick {
        /// Who.
        person: PersonId,
        /// Which step, as the page gives it.
        step: Text,
        /// Whether it is done.
        done: bool,
    },
    /// Gives it, or a part of it, to a team or an outside agency, which somebody has told.
    Assign {
        /// Who.
        person: PersonId,
        /// To whom.
        party: Party,
        /// When they were told; now, where it is absent.
        #[serde(default)]
        told_at: Option<Timestamp>,
    },
    /// Lets it go on as a part of another incident.
    Merge {
        /// Who.
        person: PersonId,
        /// Which goes on.
        into: IncidentId,
    },
    /// Says that it is over.
    Resolve {
        /// Who.
        person: PersonId,
    },
}

impl Act {
    /// What keeps it from being done at `now`, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self, now: Timestamp) -> Option<Text> {
        let is_line =
            |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most && !text.chars().any(char::is_control);
        let (vi, en) = match self {
            Self::Note { text, .. } if text.trim().is_empty() || text.chars().count() > MAX_TEXT_CHARS || text.contains('\0') => {
                (format!("`text` có từ 1 đến {MAX_TEXT_CHARS} ký tự"), format!("`text` has 1 to {MAX_TEXT_CHARS} characters"))
            }
            Self::Assign { told_at: Some(told_at), .. } if *told_at > now => (
                "`told_at` ở tương lai; hãy báo họ trước, rồi ghi lúc đã báo".to_owned(),
                "`told_at` is in the future; tell them first, then write down when".to_owned(),
            ),
            Self::Assign { party: Party::Agency { name, .. }, .. } if !is_line(name, MAX_PARTY_CHARS) => (
                format!("`name` có từ 1 đến {MAX_PARTY_CHARS} ký tự trên một dòng"),
                format!("`name` has 1 to {MAX_PARTY_CHARS} characters in one line"),
            ),
            Self::Assign { party: Party::Agency { phone, .. }, .. } if !phone.is_empty() && !is_line(phone, MAX_PHONE_CHARS) => (
                format!("`phone` có nhiều nhất {MAX_PHONE_CHARS} ký tự trên một dòng; để trống nếu đã báo bằng cách khác"),
                format!("`phone` has at most {MAX_PHONE_CHARS} characters in one line; leave it empty when it was told in another way"),
            ),
            _ => return None,
        };
        Some(Text { vi, en })
    }
}

/// An incident that somebody opens by hand: the body of `POST /api/v1/incidents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenByHand {
    /// Who opens it.
    pub person: PersonId,
    /// What it is.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Whose it is.
    pub team: TeamId,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// What kind it is: its check-list is that kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindId>,
    /// Where exactly: a street and a number, a crossing.
    #[serde(default)]
    pub place: String,
    /// Who called it in, where somebody did; it is shown to those who handle it and to nobody else.
    #[serde(default)]
    pub caller: String,
    /// Whether it is an exercise (DIỄN TẬP).
    #[serde(default)]
    pub exercise: bool,
    /// One open incident for a key; the same sent again opens nothing. A blank one is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl OpenByHand {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if self.title.trim().is_empty() {
            return Some(Text::new("`title` trống; hãy viết vài chữ điều đã xảy ra", "`title` is empty; say in a few words what happened"));
        }
        for (name, text, most) in [("title", &self.title, 200), ("place", &self.place, 200), ("caller", &self.caller, 200)] {
            if text.chars().count() > most || text.chars().any(char::is_control) {
                return Some(Text::new(
                    &format!("`{name}` dài hơn {most} ký tự hoặc có ký tự điều khiển; hãy viết trên một dòng"),
                    &format!("`{name}` is longer than {most} characters or has control characters; write it in one line"),
                ));
            }
        }
        let key = self.key.as_ref().filter(|key| key.len() > 128 || key.chars().any(char::is_control))?;
        Some(Text::new(
            &format!("`key` là {key:?}; hãy viết từ 1 đến 128 byte, hoặc bỏ đi"),
            &format!("`key` is {key:?}; write 1 to 128 bytes, or leave it out"),
        ))
    }
}

/// `GET /api/v1/incident-kinds`: the kinds that can be opened by hand, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KindsPage {
    /// The kinds.
    pub kinds: Vec<Kind>,
}

/// `GET /api/v1/people`: who may act at the console, and for whom incidents can be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeoplePage {
    /// The people, by id.
    pub people: Vec<PersonName>,
    /// The teams, by id.
    pub teams: Vec<TeamName>,
    /// The kinds of incidents that can be opened by hand, by id.
    #[serde(default)]
    pub kinds: Vec<KindName>,
}

/// A kind of incidents as pages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KindName {
    /// Its id.
    pub id: KindId,
    /// What people call it.
    pub title: Text,
    /// How bad such an incident is, unless whoever opens it says otherwise.
    pub severity: Severity,
    /// Whose it is, unless whoever opens it says otherwise.
    pub team: TeamId,
}

/// A team as pages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TeamName {
    /// Its id.
    pub id: TeamId,
    /// What people call it.
    pub name: String,
}

/// What `POST /api/v1/incidents` answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenedByHand {
    /// Its number.
    pub incident: IncidentId,
    /// Whether it is new; otherwise one of the same key was open already.
    pub is_new: bool,
}
