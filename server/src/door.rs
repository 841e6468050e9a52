//! The departments' door: figures that people enter, typed or in files, with a receipt for each.
//!
//! An entry is kept first, with its author and its reason; the observation that the engine counts follows from it, and is
//! made again where it is missing. It must never take a figure that has a mistake, never change one without keeping what
//! was there, and never leave a sender without an answer that says which cell is wrong.

mod duty;
mod inbox;
mod judge;
mod layout;
mod ledger;
mod number;
mod sheet;
mod template;
mod words;

pub use inbox::Inbox;
pub use template::{csv as template_csv, xlsx as template_xlsx};

use crate::clock::Clock;
use crate::ingest::check::FIRST_TIME;
use crate::ingest::decode::{Draft as Sample, Given, Incoming, Item, Pair};
use crate::ingest::{Intake, SubmitError};
use crate::store::{NewEntry, NewReceipt, Store, StoreError, Unobserved};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use judge::{Figure, Judge, Judged};
use layout::Table;
use ledger::Ledger;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use taydo_model::form::{
    self, Draft, Duty, DutyState, EntriesPage, FormsPage, MAX_NAME_CHARS, Problem, Receipt, Reminder, ReminderKind, Row, RowState, Stated,
    Verdict,
};
use taydo_model::kpi::From;
use taydo_model::source::Way;
use taydo_model::{Definitions, DepartmentId, KpiId, SampleState, Scope};
use tokio::sync::{Mutex, Semaphore};

/// How far back figures are read for the page of duties: two years, so that the same term of last year is among them.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 1_200);
/// The newest reminders that are listed.
const REMINDERS_SHOWN: u32 = 50;
/// So many files are read at a time, each up to some 100 MiB large in memory; the next sender waits for its turn.
const READERS: usize = 2;

/// The door. A copy is the same door.
#[derive(Debug, Clone)]
pub struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    intake: Intake,
    clock: Clock,
    /// One sender at a time, so that a figure is judged by what stands when it is kept.
    taking: Mutex<()>,
    readers: Semaphore,
}

/// Who sends, and how.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// `page`, `upload` or `folder`.
    pub way: &'a str,
    /// By which right.
    pub principal: &'a str,
    /// The department.
    pub department: &'a DepartmentId,
    /// The person.
    pub name: &'a str,
}

/// A file, and what its sender wants.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its name.
    pub file: String,
    /// What it holds.
    pub content: Vec<u8>,
    /// Only says what would happen.
    pub dry_run: bool,
    /// Takes the good rows, also where others have mistakes.
    pub good_rows: bool,
    /// The SHA-256 of the file whose unlikely jumps are meant.
    pub confirm: Option<String>,
    /// What rows are that don't say so.
    pub stated: Stated,
    /// Why rows are corrected that don't say so.
    pub reason: String,
}

/// Why there is no verdict. Nothing was kept, or asking again finds it as kept.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// There is no such department, or it enters nothing.
    #[error("there is no department {0:?} that enters figures; see /api/v1/forms for those that do")]
    UnknownDepartment(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else has entered one of the figures at the same time.
    #[error("somebody else has just entered one of these figures; look at it and send yours again")]
    Overtaken,
}

/// What of a submission is taken.
struct Picked {
    figures: Vec<(Figure, Option<String>)>,
    verdict: Verdict,
}

impl Door {
    /// The door to a store and its intake.
    #[must_use]
    pub fn new(store: Store, intake: Intake, clock: Clock) -> Self {
        Self(Arc::new(Inner { store, intake, clock, taking: Mutex::new(()), readers: Semaphore::new(READERS) }))
    }

    /// What a department has to enter; without one, what is late or soon due of all.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub async fn page(&self, definitions: &Definitions, of: Option<&DepartmentId>) -> Result<FormsPage, DoorError> {
        let now = self.0.clock.now();
        let mut duties = self.duties(definitions, now).await?;
        let departments = duty::departments(definitions, &duties);
        if let Some(id) = of.filter(|id| !departments.iter().any(|one| one.id == **id)) {
            return Err(DoorError::UnknownDepartment(id.to_string()));
        }
        duties.retain(|duty| match of {
            Some(id) => duty.department == *id,
            None => matches!(duty.state, DutyState::Late | DutyState::Soon),
        });
        let reminders = self.0.store.reminders(of, REMINDERS_SHOWN).await?;
        Ok(FormsPage { time: now, departments, duties, reminders })
    }

    async fn duties(&self, definitions: &Definitions, now: Timestamp) -> Result<Vec<Duty>, StoreError> {
        let kpis = entered(definitions);
        if kpis.is_empty() {
            return Ok(Vec::new());
        }
        let since = now.saturating_sub(LOOK_BACK).unwrap_or(FIRST_TIME);
        let ledger = Ledger::new(self.0.store.entered_figures(&kpis, since).await?);
        Ok(duty::all(definitions, &ledger, &zone(definitions), now))
    }

    /// Every figure that was ever taken of a KPI and scope.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub async fn entries(&self, kpi: &KpiId, scope: &Scope) -> Result<EntriesPage, DoorError> {
        Ok(EntriesPage { entries: self.0.store.entries(kpi, scope).await? })
    }

    /// Takes a typed figure.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub async fn enter(&self, definitions: &Definitions, way: &str, principal: &str, draft: &Draft) -> Result<Verdict, DoorError> {
        self.check_department(definitions, &draft.department)?;
        let _turn = self.0.taking.lock().await;
        let ledger = self.ledger(std::slice::from_ref(&draft.kpi)).await?;
        let zone = zone(definitions);
        let judge = Judge {
            definitions,
            ledger: &ledger,
            zone: &zone,
            now: self.0.clock.now(),
            department: &draft.department,
            stated: draft.stated,
            reason: "",
            confirmed: draft.confirm,
        };
        let sender = Sender { way, principal, department: &draft.department, name: draft.name.trim() };
        let picked = pick(vec![judge.typed(draft)], sender.problems(), false, draft.dry_run);
        self.settle(definitions, sender, None, picked).await
    }

    /// Reads a file and takes what it says.
    ///
    /// # Errors
    /// See [`DoorError`].
    pub async fn upload(&self, definitions: &Arc<Definitions>, sender: Sender<'_>, upload: Upload) -> Result<Verdict, DoorError> {
        self.check_department(definitions, sender.department)?;
        let sender = Sender { name: sender.name.trim(), ..sender };
        let file: String = upload.file.chars().filter(|c| !c.is_control()).take(200).collect();
        let sha256 = hex(&Sha256::digest(&upload.content));
        let digest = (file.as_str(), sha256.as_str(), upload.content.len() as u64);
        let Upload { content, dry_run, good_rows, confirm, stated, reason, .. } = upload;
        let name = file.clone();
        let sheets = {
            // Nobody closes it, so that a turn always comes.
            let _reader = self.0.readers.acquire().await;
            tokio::task::spawn_blocking(move || sheet::read(&name, &content)).await
        };
        let sheets = sheets.unwrap_or_else(|_| Err(words::unreadable_file()));
        let _turn = self.0.taking.lock().await;
        let ledger = self.ledger(&entered_by(definitions, sender.department)).await?;
        let zone = zone(definitions);
        let judge = Judge {
            definitions,
            ledger: &ledger,
            zone: &zone,
            now: self.0.clock.now(),
            department: sender.department,
            stated,
            reason: reason.trim(),
            confirmed: confirm.as_deref() == Some(sha256.as_str()),
        };
        let mut problems = sender.problems();
        let judged = sheets.map_err(|complaint| complaint.at(None)).and_then(|sheets| judge_all(&judge, &sheets));
        let judged = judged.unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
        self.settle(definitions, sender, Some(digest), pick(judged, problems, good_rows, dry_run)).await
    }

    fn check_department(&self, definitions: &Definitions, id: &DepartmentId) -> Result<(), DoorError> {
        if entered_by(definitions, id).is_empty() { Err(DoorError::UnknownDepartment(id.to_string())) } else { Ok(()) }
    }

    async fn ledger(&self, kpis: &[KpiId]) -> Result<Ledger, StoreError> {
        Ok(Ledger::new(self.0.store.entered_figures(kpis, FIRST_TIME).await?))
    }

    /// Keeps what was picked, and gives a receipt: also for a file of which nothing is taken. After a dry run nothing is kept.
    async fn settle(
        &self,
        definitions: &Definitions,
        sender: Sender<'_>,
        file: Option<(&str, &str, u64)>,
        picked: Picked,
    ) -> Result<Verdict, DoorError> {
        let Picked { figures, mut verdict } = picked;
        verdict.sha256 = file.map(|(_, sha256, _)| sha256.to_owned());
        if verdict.dry_run || (file.is_none() && !verdict.problems.is_empty()) {
            return Ok(verdict);
        }
        let now = self.0.clock.now();
        let same_as = match file {
            Some((_, sha256, _)) => self.0.store.receipt_of_file(sender.department, sha256).await?,
            None => None,
        };
        let entries: Vec<NewEntry> = figures.iter().map(|(figure, cell)| new_entry(figure, cell.clone())).collect();
        let refused = verdict.to_confirm + verdict.wrong;
        let Sender { way, principal, department, name } = sender;
        let receipt = NewReceipt { now, way, department, principal, name, file, counts: [verdict.taken, verdict.unchanged, refused] };
        let number = self.0.store.keep_entries(&receipt, &entries).await.map_err(|error| match error {
            StoreError::Conflict(_) => DoorError::Overtaken,
            error => error.into(),
        })?;
        tracing::info!(receipt = number, way, %department, taken = verdict.taken, refused, "a department's figures");
        let file = file.map(|(name, _, _)| name.to_owned());
        verdict.receipt = Some(Receipt { number, time: now, name: name.to_owned(), file, same_as });
        let observed = figures.into_iter().map(|(figure, _)| observed(&figure)).collect();
        if let Err(error) = self.observe(definitions, observed).await {
            // The entries are kept, and what they say follows with the next round of `keep`.
            tracing::warn!(%error, receipt = number, "entered figures can't be passed on now, and will be");
        }
        Ok(verdict)
    }

    /// Makes the observations that follow from entries.
    async fn observe(&self, definitions: &Definitions, figures: Vec<Unobserved>) -> Result<(), SubmitError> {
        if figures.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.now();
        let source = self.0.intake.source(form::SOURCE, |way| *way == Way::Form)?;
        let (gathered, ()) = self.0.intake.gather(&source, now, |gathering| {
            for (index, figure) in figures.iter().enumerate() {
                let labels: Vec<Pair<'_>> =
                    form::labels(&figure.scope).into_iter().map(|(name, value)| (name.into(), value.into())).collect();
                let sample = Sample {
                    metric: figure.kpi.as_str(),
                    labels: &labels,
                    time: Some(figure.end),
                    value: figure.value,
                    unit: Given::Metrics,
                    revision: figure.revision,
                    state: if figure.stated == Stated::Provisional { SampleState::Provisional } else { SampleState::Normal },
                };
                gathering.take(Item { index, payload: b"", content: Ok(Incoming::Observation(sample)) });
            }
        });
        if !gathered.rejects.is_empty() {
            // A definition has changed between the entry and now: its range, or its resolution.
            tracing::warn!(
                refused = gathered.rejects.len(),
                definitions = definitions.hash,
                "entered figures no longer fit their definition"
            );
            return self.0.intake.submit(&source, gathered, now).await.map(drop);
        }
        self.0.intake.submit(&source, gathered, now).await.map(drop)
    }

    /// What is to be done every few minutes: reminders are decided, and observations made that entries still lack.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn keep(&self, definitions: &Definitions) -> Result<(), StoreError> {
        let kpis = entered(definitions);
        if kpis.is_empty() {
            return Ok(());
        }
        let missing = self.0.store.unobserved_entries(&kpis).await?;
        if let Err(error) = self.observe(definitions, missing).await {
            tracing::warn!(%error, "entered figures can't be passed on now, and will be");
        }
        let now = self.0.clock.now();
        let reminders: Vec<Reminder> = self.duties(definitions, now).await?.iter().filter_map(|duty| reminder(duty, now)).collect();
        let fresh = self.0.store.decide_reminders(&reminders).await?;
        if fresh > 0 {
            tracing::info!(reminders = fresh, "departments are reminded of figures");
        }
        Ok(())
    }

    /// How many figures are soon due and how many are late, of all departments.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn standing(&self, definitions: &Definitions) -> Result<(usize, usize), StoreError> {
        let duties = self.duties(definitions, self.0.clock.now()).await?;
        let count = |state| duties.iter().filter(|duty| duty.state == state).count();
        Ok((count(DutyState::Soon), count(DutyState::Late)))
    }
}

impl Sender<'_> {
    /// What is wrong with whom the figures are said to be from.
    fn problems(&self) -> Vec<Problem> {
        match self.name.chars().count() {
            0 => vec![words::no_name().at(None)],
            count if count > MAX_NAME_CHARS => vec![words::too_long(MAX_NAME_CHARS).at(None)],
            _ => Vec::new(),
        }
    }
}

/// Judges the figures of every sheet that has a heading.
fn judge_all(judge: &Judge<'_>, sheets: &[sheet::Sheet]) -> Result<Vec<Judged>, Problem> {
    let tables: Result<Vec<Table<'_>>, _> = sheets.iter().filter_map(Table::find).collect();
    let tables = tables.map_err(|complaint| complaint.at(None))?;
    if tables.is_empty() {
        return Err(words::no_heading().at(None));
    }
    let mut judged: Vec<Judged> = Vec::new();
    for table in &tables {
        judged.extend(table.records().filter_map(|record| judge.record(&record, |cadence| table.term(cadence))));
    }
    judge::refuse_twins(&mut judged);
    if judged.is_empty() { Err(words::no_rows().at(None)) } else { Ok(judged) }
}

/// What of the judged rows is taken: all when all are good, else none, or the good ones where the sender says so.
fn pick(judged: Vec<Judged>, problems: Vec<Problem>, good_rows: bool, dry_run: bool) -> Picked {
    let count = |states: &[RowState]| judged.iter().filter(|one| states.contains(&one.row.state)).count();
    let (to_confirm, wrong) = (count(&[RowState::Confirm]), count(&[RowState::Wrong]));
    let good = problems.is_empty() && (to_confirm + wrong == 0 || good_rows && to_confirm + wrong < judged.len());
    let taken = if good { count(&[RowState::New, RowState::Changed]) } else { 0 };
    let unchanged = count(&[RowState::Same]);
    let said = words::Outcome { taken, unchanged, to_confirm, wrong, dry_run, good, partly: good_rows }.said();
    let mut rows: Vec<Row> = Vec::with_capacity(judged.len());
    let mut figures = Vec::new();
    for Judged { row, figure } in judged {
        figures.extend(figure.filter(|_| good).map(|figure| (figure, row.cell.clone())));
        rows.push(row);
    }
    let verdict = Verdict { said, dry_run, receipt: None, sha256: None, taken, unchanged, to_confirm, wrong, problems, rows };
    Picked { figures, verdict }
}

fn new_entry(figure: &Figure, cell: Option<String>) -> NewEntry {
    let Figure { kpi, scope, term, end, value, stated, reason, confirmed, revision, .. } = figure.clone();
    NewEntry { kpi: kpi.id.clone(), scope, term, end, revision, value, stated, reason, confirmed, cell }
}

fn observed(figure: &Figure) -> Unobserved {
    let Figure { kpi, scope, end, value, stated, revision, .. } = figure.clone();
    Unobserved { kpi: kpi.id.clone(), scope, end, revision, value, stated }
}

/// The reminder that a duty asks for at `now`.
fn reminder(duty: &Duty, now: Timestamp) -> Option<Reminder> {
    let kind = match duty.state {
        DutyState::Late => ReminderKind::Late,
        DutyState::Soon => ReminderKind::Soon,
        _ => return None,
    };
    let Duty { department, kpi, scope, term, due, .. } = duty.clone();
    Some(Reminder { department, kpi, scope, term, kind, time: now, due })
}

/// The KPIs that are entered.
fn entered(definitions: &Definitions) -> Vec<KpiId> {
    definitions.kpis.iter().filter(|kpi| matches!(kpi.from, From::Form(_))).map(|kpi| kpi.id.clone()).collect()
}

/// Those of a department.
fn entered_by(definitions: &Definitions, department: &DepartmentId) -> Vec<KpiId> {
    let own = definitions.kpis.iter().filter(|kpi| matches!(kpi.from, From::Form(_)) && kpi.owner.as_ref() == Some(department));
    own.map(|kpi| kpi.id.clone()).collect()
}

/// The city's zone, which the loader has checked.
fn zone(definitions: &Definitions) -> TimeZone {
    TimeZone::get(&definitions.city.zone).unwrap_or(TimeZone::UTC)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
