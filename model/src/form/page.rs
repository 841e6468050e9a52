//! The bodies of `/api/v1/forms`: what is due, what was entered, and what became of an entry or of a file.
//!
//! Must never hold a rule.

use super::Term;
use crate::{DepartmentId, KpiId, Scope, Text, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name of a person, in letters.
pub const MAX_NAME_CHARS: usize = 100;
/// The longest reason for a correction, in letters.
pub const MAX_REASON_CHARS: usize = 500;
/// How much of a cell's text an answer repeats, in letters.
pub const WRITTEN_CHARS: usize = 60;

/// `GET /api/v1/forms?department=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FormsPage {
    /// The server's time.
    pub time: Timestamp,
    /// The departments that enter figures.
    pub departments: Vec<DepartmentForms>,
    /// What the department that was asked for has to enter, the most urgent first; without a department, what is late or soon due of all.
    pub duties: Vec<Duty>,
    /// Its newest reminders, or those of all.
    pub reminders: Vec<Reminder>,
}

/// A department that enters figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DepartmentForms {
    /// Its id.
    pub id: DepartmentId,
    /// What people call it.
    pub title: Text,
    /// How many figures it enters.
    pub figures: usize,
    /// How many of them are due soon.
    pub soon: usize,
    /// How many of them are late.
    pub late: usize,
}

/// A figure that a department enters for a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Duty {
    /// The KPI.
    pub kpi: KpiId,
    /// Its title.
    pub title: Text,
    /// Its unit.
    pub unit: Unit,
    /// Digits after the decimal sign.
    pub decimals: u8,
    /// Who enters it.
    pub department: DepartmentId,
    /// For whom.
    pub scope: Scope,
    /// What people call that.
    pub scope_name: Text,
    /// The term.
    pub term: Term,
    /// What people call it.
    pub term_name: Text,
    /// The first moment at which it is late.
    pub due: Timestamp,
    /// How it stands.
    pub state: DutyState,
    /// What is possible, both ends included.
    pub range: Option<(f64, f64)>,
    /// The term's figure.
    pub current: Option<Current>,
    /// The figure of the term before.
    pub previous: Option<Current>,
    /// The figure of the same term a year before (*cùng kỳ*).
    pub year_before: Option<Current>,
}

/// How a duty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DutyState {
    /// The due date has passed.
    Late,
    /// The due date is near.
    Soon,
    /// It can be entered.
    Open,
    /// There is a provisional figure; the official one is still to come.
    Provisional,
    /// The official figure is there.
    Done,
    /// The term is not over.
    Running,
}

/// A figure as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Current {
    /// The term.
    pub term: Term,
    /// In the KPI's unit.
    pub value: f64,
    /// Whether it is official.
    pub stated: Stated,
    /// How often it was changed.
    pub revision: i32,
    /// When it was taken.
    pub recorded_at: Timestamp,
    /// Who entered it.
    pub name: String,
}

/// What a department says of its figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stated {
    /// It may still change (*tạm tính*).
    Provisional,
    /// It stands (*chính thức*).
    #[default]
    Official,
}

/// `POST /api/v1/forms/entries`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The department that enters it.
    pub department: DepartmentId,
    /// Who enters it.
    pub name: String,
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    #[serde(default)]
    pub scope: Scope,
    /// The term.
    pub term: Term,
    /// The figure as it was typed, such as `1.234,5`: a comma is the decimal sign.
    pub value: String,
    /// Whether it is official.
    #[serde(default)]
    pub stated: Stated,
    /// Why it is corrected: needed where an official figure changes.
    #[serde(default)]
    pub reason: String,
    /// Whether an unlikely jump is meant.
    #[serde(default)]
    pub confirm: bool,
    /// Only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What became of an entry or of a file. Answered with 200 when all is well or was only tried, with 422 when it was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FormVerdict")]
pub struct Verdict {
    /// In one sentence.
    pub said: Text,
    /// Whether it was only tried: nothing was kept, and there is no receipt.
    pub dry_run: bool,
    /// What proves it; absent after a dry run.
    pub receipt: Option<Receipt>,
    /// The file's SHA-256, as hexadecimal; `confirm` with it takes the file's jumps.
    pub sha256: Option<String>,
    /// Rows that were, or would be, taken.
    pub taken: usize,
    /// Rows that say what is there already.
    pub unchanged: usize,
    /// Rows that must be confirmed.
    pub to_confirm: usize,
    /// Rows with a mistake.
    pub wrong: usize,
    /// What is wrong with the file as a whole.
    pub problems: Vec<Problem>,
    /// Its rows, those without a figure left out.
    pub rows: Vec<Row>,
}

/// What proves that an entry or a file came, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Its number.
    pub number: i64,
    /// When it was given.
    pub time: Timestamp,
    /// Who sent it.
    pub name: String,
    /// The file's name.
    pub file: Option<String>,
    /// The number of the receipt that the same file got before.
    pub same_as: Option<i64>,
}

/// A row of a file, or an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// The figure's cell, as the sheet shows it: `Sheet1!C7`.
    pub cell: Option<String>,
    /// The KPI, where it is known.
    pub kpi: Option<KpiId>,
    /// Its title, or what stands in the file.
    pub title: Text,
    /// Its unit.
    pub unit: Unit,
    /// Digits after the decimal sign.
    pub decimals: u8,
    /// For whom.
    pub scope: Scope,
    /// What people call that.
    pub scope_name: Text,
    /// The term, where it is understood.
    pub term: Option<Term>,
    /// What people call it.
    pub term_name: Text,
    /// What stands in the cell.
    pub written: String,
    /// The figure, where it is understood.
    pub value: Option<f64>,
    /// Whether it is official.
    pub stated: Stated,
    /// Why it is corrected.
    pub reason: String,
    /// The figure that it replaces.
    pub replaces: Option<Current>,
    /// The figure of the term before.
    pub previous: Option<Current>,
    /// What becomes of it.
    pub state: RowState,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    /// The term's first figure.
    New,
    /// Another figure than the one that is there, or the same one made official.
    Changed,
    /// What is there already.
    Same,
    /// It must be confirmed.
    Confirm,
    /// It has a mistake.
    Wrong,
}

/// What is wrong, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FileProblem")]
pub struct Problem {
    /// The cell, as the sheet shows it; absent for a typed figure or a whole file.
    pub cell: Option<String>,
    /// What is wrong.
    pub what: Text,
    /// What to do.
    pub fix: Text,
}

/// `GET /api/v1/forms/entries?kpi&scope`: every figure that was ever taken, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntriesPage {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// A figure that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FormEntry")]
pub struct Entry {
    /// The figure.
    #[serde(flatten)]
    pub figure: Current,
    /// Why it was corrected.
    pub reason: String,
    /// Whether an unlikely jump was confirmed.
    pub confirmed: bool,
    /// The receipt's number.
    pub receipt: i64,
    /// The file that it stood in …
    pub file: Option<String>,
    /// … and its cell.
    pub cell: Option<String>,
}

/// A reminder that was decided, once for each figure, term and kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reminder {
    /// The department.
    pub department: DepartmentId,
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The term.
    pub term: Term,
    /// What people call figure and term.
    pub about: Text,
    /// Which of the two.
    pub kind: ReminderKind,
    /// When it was decided.
    pub time: Timestamp,
    /// The due date, as it was then.
    pub due: Timestamp,
}

/// Which reminder it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReminderKind {
    /// The due date is near.
    Soon,
    /// The due date has passed.
    Late,
}
