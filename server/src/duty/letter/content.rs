//! What a letter tells, in no language yet: as it was when it was written.
//!
//! It must never hold a figure without its age, nor a person's address.

use super::{html, plain, say};
use crate::paging::text::Texts;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use taydo_model::alert::Severity;
use taydo_model::figures::IncidentFigures;
use taydo_model::incident::Standing;
use taydo_model::text::Language;
use taydo_model::{KpiId, Quality, Status, Text};

/// The letter of a date.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// The city.
    pub city: Text,
    /// The city's zone, in which all times are told.
    pub zone: String,
    /// Its date.
    pub date: Date,
    /// When it was due.
    pub due_at: Timestamp,
    /// When it was written: everything in it is of this moment.
    pub written_at: Timestamp,
    /// From when on it tells of incidents.
    pub since: Timestamp,
    /// Where the pages are.
    pub url: Option<String>,
    /// The first board, for a link.
    pub board: Option<String>,
    /// The figures beyond their thresholds, the worst first …
    pub beyond: Vec<Figure>,
    /// … and the open incidents that are critical or high.
    pub open: Vec<Episode>,
    /// The figures against target, by the parts of the city's plan.
    pub parts: Vec<Part>,
    /// Of how many figures the plan is made …
    pub figures: usize,
    /// … and of how many of them there is no value, or only an old one.
    pub without_data: usize,
    /// The incidents since the last letter, the worst first; at most as many as are listed.
    pub episodes: Vec<Episode>,
    /// How many more there were.
    pub more_episodes: usize,
    /// How they were answered; absent where the log is too long to be reckoned.
    pub answered: Option<IncidentFigures>,
    /// How much that was for those on call, in a sentence.
    pub load: Text,
    /// Exercises, counted apart.
    pub exercises: u64,
    /// What is silent.
    pub silent: Vec<Silent>,
}

/// A part of the city's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is about.
    pub title: Text,
    /// Its figures.
    pub figures: Vec<Figure>,
}

/// A figure for the whole city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The KPI.
    pub kpi: KpiId,
    /// Its title.
    pub title: Text,
    /// The value; never zero where there is none.
    pub value: Option<f64>,
    /// What people read beside it.
    pub unit: Text,
    /// Digits after the decimal sign.
    pub decimals: u8,
    /// What it should be, where it has a target.
    pub target: Option<f64>,
    /// Whether it has reached that.
    pub met: Option<bool>,
    /// How far it lies towards the bad side.
    pub status: Status,
    /// How much it can be relied on now.
    pub quality: Quality,
    /// What its value is of: its newest data, or where that isn't known the moment that it was computed for.
    pub of: Option<Timestamp>,
    /// By how much it differs from a week before, where both can be relied on.
    pub change: Option<f64>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Its number.
    pub number: i64,
    /// What it is.
    pub title: Text,
    /// Where.
    pub place: Text,
    /// How bad.
    pub severity: Severity,
    /// Where it stood.
    pub standing: Standing,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When somebody answered first.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
}

/// Something from which nothing comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silent {
    /// What it is.
    pub title: Text,
    /// When something last came; not since the server's start, where it is absent.
    pub last_at: Option<Timestamp>,
    /// What is wrong with the way in, where that is known.
    pub problem: Option<String>,
}

impl Letter {
    /// How many things need attention.
    #[must_use]
    pub fn exceptions(&self) -> usize {
        self.beyond.len() + self.open.len()
    }

    /// In one language, for e-mail.
    #[must_use]
    pub fn texts(&self, language: Language) -> Texts {
        let say = say::Say::new(self, language);
        Texts { subject: say.subject(), text: plain::compose(&say), html: html::compose(&say), ..Texts::default() }
    }

    pub(super) fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }
}
