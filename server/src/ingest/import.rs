//! Imports: a whole file through a source's mapping, row by row, without ever holding it.
//!
//! A full export ("snapshot") is read to its end before anything of it is stored, because a file that was cut short
//! would close cases that are open. It never closes a case on the word of a file that it could not read whole.

use super::{
    Intake, SubmitError, check,
    decode::{self, Incoming, Item, Refusal},
    gather::{Gathered, MAX_LISTED_ERRORS},
};
use bytes::{Buf, Bytes};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, io, sync::Arc};
use taydo_engine::CaseVersion;
use taydo_model::{
    Case, CaseId, Definitions, ErrorCode, SourceId,
    fault::BatchAnswer,
    source::{CaseColumns, Csv, Rows, Source, Way},
};
use tokio::{runtime::Handle, sync::mpsc};

/// So many rows are committed together.
const CHUNK_ROWS: usize = 10_000;
/// The most rows of a full export, which is held until it is known to be whole.
const MAX_SNAPSHOT_ROWS: usize = 1_000_000;
/// How many chunks of an upload wait to be read; when they do, the sender is not read from.
const CHUNKS: usize = 16;

/// What became of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportAnswer {
    /// Its rows.
    #[serde(flatten)]
    pub batch: BatchAnswer,
    /// Cases that were closed because a full export no longer has them.
    pub closed: usize,
    /// Why absent cases were left open, where they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Reads a file through a CSV source's mapping and stores what it says. `exported_at` stands for `updated` where the
/// file has none, and is when absent cases were closed; by default it is now.
///
/// # Errors
/// See [`SubmitError`]. After an error in a full export nothing has been stored unless the store itself failed midway;
/// of other files the rows before the error are stored. Importing the same file again is harmless.
pub async fn run(
    intake: &Intake,
    source: &str,
    file: impl io::Read + Send + 'static,
    exported_at: Option<Timestamp>,
) -> Result<ImportAnswer, SubmitError> {
    let source = intake.source(source, |way| matches!(way, Way::Csv(_)))?;
    let now = intake.clock().now();
    let exported_at = check::time(exported_at.unwrap_or(now), now)?;
    let import = Import { intake: intake.clone(), source, exported_at, now };
    let Way::Csv(csv) = import.source.way.clone() else { return Err(SubmitError::Internal) };
    match csv.rows.clone() {
        Rows::Cases(columns) if columns.snapshot => import.snapshot(csv, &columns, file).await,
        _ => import.stream(csv, file).await,
    }
}

struct Import {
    intake: Intake,
    source: Arc<Source>,
    exported_at: Timestamp,
    now: Timestamp,
}

impl Import {
    /// Stores chunk after chunk while the file is read.
    async fn stream(self, csv: Box<Csv>, file: impl io::Read + Send + 'static) -> Result<ImportAnswer, SubmitError> {
        let handle = Handle::current();
        let reading = tokio::task::spawn_blocking(move || {
            let Self { intake, source, exported_at, now } = &self;
            let mut answer = BatchAnswer::default();
            let mut failure = None;
            let stopped = std::cell::Cell::new(false);
            // The whole file by one set, also where another is put in force meanwhile.
            let basis = intake.basis();
            let mut gathering = Some(intake.gathering(&basis, source, *now));
            let mut store = |gathered: Gathered| match handle.block_on(intake.submit(source, gathered, *now)) {
                Ok(part) => add(&mut answer, part),
                Err(error) => {
                    stopped.set(true);
                    failure.get_or_insert(error);
                }
            };
            let ending = decode::csv::decode(Stoppable { file, stopped: &stopped }, &csv, Some(*exported_at), &mut |item| {
                if stopped.get() {
                    return;
                }
                let open = gathering.get_or_insert_with(|| intake.gathering(&basis, source, *now));
                open.take(item);
                if open.len() >= CHUNK_ROWS
                    && let Some(full) = gathering.take()
                {
                    store(full.finish());
                }
            });
            if let Some(last) = gathering.filter(|_| !stopped.get()) {
                store(last.finish());
            }
            match failure {
                Some(failure) => Err(failure),
                None => ending.map(|_| ImportAnswer { batch: answer, ..ImportAnswer::default() }).map_err(SubmitError::from),
            }
        });
        reading.await.map_err(|_| SubmitError::Internal)?
    }

    /// Reads a full export to its end, judges it, and then stores it with the closings that follow from it.
    async fn snapshot(
        &self,
        csv: Box<Csv>,
        columns: &CaseColumns,
        file: impl io::Read + Send + 'static,
    ) -> Result<ImportAnswer, SubmitError> {
        let open =
            self.intake.store().open_cases(&self.source.id).await.map_err(|error| SubmitError::from(super::lane::Failure::from(&error)))?;
        let (intake, source, exported_at, now) = (self.intake.clone(), Arc::clone(&self.source), self.exported_at, self.now);
        let reading = tokio::task::spawn_blocking(move || {
            let mut present = Present::default();
            let (gathered, ending) = intake.gather(&source, now, |gathering| {
                decode::csv::decode(file, &csv, Some(exported_at), &mut |item| {
                    present.see(&item);
                    if present.rows <= MAX_SNAPSHOT_ROWS {
                        gathering.take(item);
                    }
                })
            });
            ending.map(|ending| (gathered, present, ending))
        });
        let (gathered, present, ending) = reading.await.map_err(|_| SubmitError::Internal)??;
        judge(&ending, open.len(), columns.least_share)?;
        let closings = present.closings(&self.source.id, &open, self.exported_at, self.now);
        let closed = closings.len();
        let note = (present.unnamed > 0 && closed == 0)
            .then(|| format!("{} rows have no readable id, so cases that the file lacks were left open", present.unnamed));
        let batch = self.store_all(gathered, closings).await?;
        Ok(ImportAnswer { batch, closed, note })
    }

    /// Stores a file's cases in chunks, then its closings; those aren't counted as accepted rows.
    async fn store_all(&self, mut gathered: Gathered, closings: Vec<CaseVersion>) -> Result<BatchAnswer, SubmitError> {
        let mut answer = BatchAnswer::default();
        let cases = std::mem::take(&mut gathered.cases);
        add(&mut answer, self.intake.submit(&self.source, gathered, self.now).await?);
        for chunk in cases.chunks(CHUNK_ROWS) {
            let part = Gathered::of_cases(chunk);
            add(&mut answer, self.intake.submit(&self.source, part, self.now).await?);
        }
        for chunk in closings.chunks(CHUNK_ROWS) {
            let part = Gathered::of_cases(chunk);
            self.intake.submit(&self.source, part, self.now).await?;
        }
        Ok(answer)
    }
}

fn add(answer: &mut BatchAnswer, part: BatchAnswer) {
    answer.accepted += part.accepted;
    answer.rejected += part.rejected;
    answer.errors.extend(part.errors);
    answer.errors.truncate(MAX_LISTED_ERRORS);
}

/// Whether a full export can be whole.
fn judge(ending: &decode::csv::Ending, known_open: usize, least_share: f64) -> Result<(), Refusal> {
    let rows = ending.rows;
    if rows > MAX_SNAPSHOT_ROWS {
        return Err(Refusal::new(ErrorCode::TooLarge, format!("a full export may have {MAX_SNAPSHOT_ROWS} rows, and this has {rows}")));
    }
    if ending.cut_off {
        return Err(Refusal::new(ErrorCode::Malformed, "the last row is cut off, so the export isn't whole; nothing was changed"));
    }
    // Counts of rows are far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    if (rows as f64) < least_share * known_open as f64 {
        let message = format!(
            "the file has {rows} rows while {known_open} cases are known to be open, which is below the source's least_share of {least_share}; \
             nothing was changed: export it again, or lower least_share"
        );
        return Err(Refusal::new(ErrorCode::Invalid, message));
    }
    Ok(())
}

/// Which cases a full export has, refused rows included.
#[derive(Debug, Default)]
struct Present {
    rows: usize,
    ids: HashSet<CaseId>,
    /// Rows whose id can't be read: any absent case may be one of them.
    unnamed: usize,
}

impl Present {
    fn see(&mut self, item: &Item<'_>) {
        self.rows += 1;
        let id = match &item.content {
            Ok(Incoming::Case(case)) => Some(case.id.clone()),
            Ok(Incoming::Observation(_)) => None,
            Err(refusal) => refusal.case.clone(),
        };
        match id {
            Some(id) if self.rows <= MAX_SNAPSHOT_ROWS => {
                self.ids.insert(id);
            }
            Some(_) => {}
            None => self.unnamed += 1,
        }
    }

    /// The open cases that the export no longer has, closed when it was made. What the source opened or wrote after
    /// that is not touched, and nothing is where a row could be any case.
    fn closings(&self, source: &SourceId, open: &[CaseVersion], exported_at: Timestamp, now: Timestamp) -> Vec<CaseVersion> {
        if self.unnamed > 0 {
            return Vec::new();
        }
        let absent = open
            .iter()
            .filter(|version| !self.ids.contains(&version.key.id) && version.case.opened <= exported_at && version.updated <= exported_at);
        absent
            .filter_map(|version| {
                let case = Case { closed: Some(exported_at), updated: Some(exported_at), ..version.case.clone() };
                // It was stored once, so it passes the check again; a deadline that it has none of isn't made up now.
                check::case(&Definitions::default(), source, case, now).ok()
            })
            .collect()
    }
}

/// A file that ends with an error once nobody wants the rest.
struct Stoppable<'s, R> {
    file: R,
    stopped: &'s std::cell::Cell<bool>,
}

impl<R: io::Read> io::Read for Stoppable<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.stopped.get() {
            return Err(io::Error::other("stopped"));
        }
        self.file.read(out)
    }
}

/// The sending end of an upload.
#[derive(Debug)]
pub struct Upload(mpsc::Sender<Option<Bytes>>);

/// The reading end of an upload, for [`run`]. It reads to an error, not to an end, when the sender goes away early.
#[derive(Debug)]
pub struct Uploaded {
    chunks: mpsc::Receiver<Option<Bytes>>,
    rest: Bytes,
    ended: bool,
}

/// A pipe from a request's body to [`run`], which reads on a thread of its own. It holds at most 16 chunks.
#[must_use]
pub fn upload() -> (Upload, Uploaded) {
    let (sender, chunks) = mpsc::channel(CHUNKS);
    (Upload(sender), Uploaded { chunks, rest: Bytes::new(), ended: false })
}

impl Upload {
    /// Passes a chunk on; `false` when nobody reads any more, because the import has failed.
    pub async fn push(&self, chunk: Bytes) -> bool {
        self.0.send(Some(chunk)).await.is_ok()
    }

    /// The file is whole. Without this the reader takes it as cut off.
    pub async fn finish(self) {
        // A reader that has gone away has said why in its answer.
        let _ = self.0.send(None).await;
    }
}

impl io::Read for Uploaded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            match self.chunks.blocking_recv() {
                Some(Some(chunk)) => self.rest = chunk,
                Some(None) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the upload broke off")),
            }
        }
        let count = self.rest.len().min(out.len());
        self.rest.copy_to_slice(out.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
