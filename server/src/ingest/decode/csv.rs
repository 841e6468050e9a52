//! CSV files: rows to observations or cases by the mapping of a source.
//!
//! It reads from any reader, row by row, and never holds the file. Times without an offset are in the mapping's zone;
//! where that zone skips or repeats an hour, the earlier of the two possible moments is meant. Messages count rows as a
//! spreadsheet does, the header being row 1, but without blank ones.

mod cell;
mod encoding;

use super::{Draft, Given, Incoming, Item, Pair, Refusal};
use cell::Cells;
use jiff::Timestamp;
use std::{borrow::Cow, io::Read};
use taydo_model::{
    Allowance, AreaId, Case, CaseId, DepartmentId, ErrorCode, LabelName, Labels,
    source::{Csv, Field, Rows},
    text::nfc,
};

/// The longest row, in bytes; a file with a longer one isn't a table.
pub const MAX_ROW_BYTES: usize = 1024 * 1024;

/// What a file turned out to be when it was read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The rows below the header.
    pub rows: usize,
    /// Whether the last row has fewer cells than the header: the file was cut off.
    pub cut_off: bool,
}

/// Reads a file and hands its items over, those of one row together. Cases without a time of their own state get
/// `exported_at`.
///
/// # Errors
/// When the mapping's encoding or zone is unknown, the header lacks a column that the mapping needs, or reading fails.
/// What was handed over before a failure stays handed over.
pub fn decode(file: impl Read, csv: &Csv, exported_at: Option<Timestamp>, take: &mut dyn FnMut(Item<'_>)) -> Result<Ending, Refusal> {
    let cells = Cells::new(csv)?;
    let delimiter = u8::try_from(csv.delimiter)
        .map_err(|_| Refusal::new(ErrorCode::Invalid, format!("delimiter {:?} is not one byte", csv.delimiter)))?;
    let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(encoding::reader(file, &csv.encoding)?);
    let header: Vec<String> = match reader.byte_headers() {
        Ok(header) => header.iter().map(|name| nfc(&String::from_utf8_lossy(name))).collect(),
        Err(error) => return Err(unreadable(&error)),
    };
    let plan = Plan::new(&header, &csv.rows)?;
    let mut record = ::csv::ByteRecord::new();
    let mut payload = Vec::new();
    let mut ending = Ending { rows: 0, cut_off: false };
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(ending),
            Err(error) => return Err(unreadable(&error)),
        }
        let index = ending.rows;
        ending = Ending { rows: index + 1, cut_off: record.len() < header.len() };
        if record.as_slice().len() > MAX_ROW_BYTES {
            let message = format!("row {} has more than {MAX_ROW_BYTES} bytes; is a quote missing, or the delimiter another?", index + 2);
            return Err(Refusal::new(ErrorCode::TooLarge, message));
        }
        payload.clear();
        for (at, cell) in record.iter().enumerate() {
            if at > 0 {
                payload.push(delimiter);
            }
            payload.extend_from_slice(cell);
        }
        let row = Row { index, number: index + 2, record: &record, payload: &payload, cells: &cells };
        if record.len() == header.len() {
            plan.read(&row, exported_at, take);
        } else {
            let message = format!("row {} has {} cells, and the header {}", row.number, record.len(), header.len());
            let case = plan.case_id(&row);
            let content = Err(Refusal { case, ..Refusal::new(ErrorCode::Malformed, message) });
            take(Item { index, payload: &payload, content });
        }
    }
}

fn unreadable(error: &::csv::Error) -> Refusal {
    Refusal::new(ErrorCode::Malformed, format!("the file can't be read on: {error}"))
}

/// A column that the mapping uses: its place and its name.
#[derive(Debug)]
struct Column {
    at: usize,
    name: String,
}

/// The mapping, bound to a file's columns.
#[derive(Debug)]
enum Plan<'m> {
    Observations { time: Column, values: Vec<ValueColumn<'m>>, labels: Vec<(Column, &'m LabelName)> },
    Cases(Box<CasePlan<'m>>),
}

/// A column of values, with the one that says what they are worth.
#[derive(Debug)]
struct ValueColumn<'m> {
    value: Column,
    state: Option<Column>,
    field: &'m Field,
}

#[derive(Debug)]
struct CasePlan<'m> {
    kind: &'m str,
    id: Column,
    opened: Column,
    due: Option<Column>,
    allowance: Option<Column>,
    closed: Option<Column>,
    withdrawn: Option<Column>,
    reopened: Option<Column>,
    updated: Option<Column>,
    department: Option<Column>,
    area: Option<Column>,
    labels: Vec<(Column, &'m LabelName)>,
}

struct Row<'a> {
    index: usize,
    number: usize,
    record: &'a ::csv::ByteRecord,
    payload: &'a [u8],
    cells: &'a Cells,
}

impl<'a> Row<'a> {
    /// The cell's text without surrounding blanks; empty cells are none.
    fn text(&self, column: &Column) -> Result<Option<&'a str>, Refusal> {
        match std::str::from_utf8(self.record.get(column.at).unwrap_or_default()) {
            Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Err(_) => Err(self.refuse(column, ErrorCode::Malformed, "the cell is not UTF-8; is the mapping's `encoding` right?")),
        }
    }

    fn time(&self, column: &Column) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        self.cells.time(text).map(Some).map_err(|problem| self.refuse(column, ErrorCode::InvalidTime, &problem))
    }

    fn refuse(&self, column: &Column, code: ErrorCode, problem: &str) -> Refusal {
        Refusal::new(code, format!("row {}, column {:?}: {problem}", self.number, column.name))
    }
}

impl<'m> Plan<'m> {
    fn new(header: &[String], rows: &'m Rows) -> Result<Self, Refusal> {
        let column = |name: &String| match header.iter().position(|have| *have == nfc(name)) {
            Some(at) => Ok(Column { at, name: name.clone() }),
            None => {
                let message = format!("the file has no column {name:?}; its columns are: {}", json_list(header));
                Err(Refusal::new(ErrorCode::Invalid, message))
            }
        };
        let maybe = |name: &Option<String>| name.as_ref().map(column).transpose();
        match rows {
            Rows::Observations { time, values, labels } => Ok(Self::Observations {
                time: column(time)?,
                values: values
                    .iter()
                    .map(|field| {
                        let state = maybe(&field.state.as_ref().map(|state| state.name.clone()))?;
                        Ok(ValueColumn { value: column(&field.name)?, state, field })
                    })
                    .collect::<Result<_, Refusal>>()?,
                labels: labels.iter().map(|(name, label)| Ok((column(name)?, label))).collect::<Result<_, Refusal>>()?,
            }),
            Rows::Cases(columns) => Ok(Self::Cases(Box::new(CasePlan {
                kind: &columns.kind,
                id: column(&columns.id)?,
                opened: column(&columns.opened)?,
                due: maybe(&columns.due)?,
                allowance: maybe(&columns.allowance)?,
                closed: maybe(&columns.closed)?,
                withdrawn: maybe(&columns.withdrawn)?,
                reopened: maybe(&columns.reopened)?,
                updated: maybe(&columns.updated)?,
                department: maybe(&columns.department)?,
                area: maybe(&columns.area)?,
                labels: columns.labels.iter().map(|(name, label)| Ok((column(name)?, label))).collect::<Result<_, Refusal>>()?,
            }))),
        }
    }

    fn case_id(&self, row: &Row<'_>) -> Option<CaseId> {
        let Self::Cases(plan) = self else { return None };
        row.text(&plan.id).ok().flatten().and_then(|text| CaseId::new(text).ok())
    }

    fn read(&self, row: &Row<'_>, exported_at: Option<Timestamp>, take: &mut dyn FnMut(Item<'_>)) {
        let (index, payload) = (row.index, row.payload);
        match self {
            Self::Observations { time, values, labels } => {
                if let Err(refusal) = observations(row, time, values, labels, take) {
                    take(Item { index, payload, content: Err(refusal) });
                }
            }
            Self::Cases(plan) => {
                let content = plan.read(row, exported_at).map(|case| Incoming::Case(Box::new(case)));
                let content = content.map_err(|refusal| Refusal { case: self.case_id(row), ..refusal });
                take(Item { index, payload, content });
            }
        }
    }
}

fn observations(
    row: &Row<'_>,
    time: &Column,
    values: &[ValueColumn<'_>],
    labels: &[(Column, &LabelName)],
    take: &mut dyn FnMut(Item<'_>),
) -> Result<(), Refusal> {
    let (index, payload) = (row.index, row.payload);
    let Some(at) = row.time(time)? else { return Err(row.refuse(time, ErrorCode::InvalidTime, "the cell is empty")) };
    let mut pairs: Vec<Pair<'_>> = Vec::with_capacity(labels.len());
    for (column, label) in labels {
        if let Some(text) = row.text(column)? {
            pairs.push((Cow::Borrowed(label.as_str()), Cow::Borrowed(text)));
        }
    }
    let common = pairs.len();
    for ValueColumn { value: column, state, field } in values {
        let value = match row.text(column).and_then(|text| {
            text.map(|text| row.cells.number(text).map_err(|problem| row.refuse(column, ErrorCode::InvalidValue, &problem))).transpose()
        }) {
            Ok(None) => continue,
            Ok(Some(value)) => value,
            Err(refusal) => {
                take(Item { index, payload, content: Err(refusal) });
                continue;
            }
        };
        let code = state.as_ref().map_or(Ok(None), |state| row.text(state));
        let state = match code.and_then(|code| super::state(field, |_| code.map(str::to_owned))) {
            Ok(state) => state,
            Err(refusal) => {
                let message = format!("row {}: {}", row.number, refusal.message);
                take(Item { index, payload, content: Err(Refusal { message, ..refusal }) });
                continue;
            }
        };
        pairs.truncate(common);
        pairs.extend(field.labels.iter().map(|(name, text)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(text))));
        let draft = Draft {
            metric: field.metric.as_str(),
            labels: &pairs,
            time: Some(at),
            value,
            unit: Given::Unit(field.unit),
            revision: 0,
            state,
        };
        take(Item { index, payload, content: Ok(Incoming::Observation(draft)) });
    }
    Ok(())
}

impl CasePlan<'_> {
    fn read(&self, row: &Row<'_>, exported_at: Option<Timestamp>) -> Result<Case, Refusal> {
        let maybe = |column: &Option<Column>| column.as_ref().map_or(Ok(None), |column| row.time(column));
        let Some(id) = row.text(&self.id)? else { return Err(row.refuse(&self.id, ErrorCode::Invalid, "the cell is empty")) };
        let Some(opened) = row.time(&self.opened)? else {
            return Err(row.refuse(&self.opened, ErrorCode::InvalidTime, "the cell is empty"));
        };
        let mut labels = Labels::default();
        for (column, label) in &self.labels {
            if let Some(text) = row.text(column)? {
                labels.set((*label).clone(), nfc(text));
            }
        }
        let id = CaseId::new(id).map_err(|error| row.refuse(&self.id, ErrorCode::Invalid, &error.to_string()))?;
        Ok(Case {
            department: slug(row, self.department.as_ref())?.and_then(|id| DepartmentId::new(id).ok()),
            area: slug(row, self.area.as_ref())?.and_then(|id| AreaId::new(id).ok()),
            due: maybe(&self.due)?,
            allowance: self.allowance(row)?,
            closed: maybe(&self.closed)?,
            withdrawn: maybe(&self.withdrawn)?,
            reopened: maybe(&self.reopened)?,
            updated: maybe(&self.updated)?.or(exported_at),
            labels,
            ..Case::new(id, self.kind, opened)
        })
    }

    fn allowance(&self, row: &Row<'_>) -> Result<Option<Allowance>, Refusal> {
        let Some(column) = &self.allowance else { return Ok(None) };
        let Some(text) = row.text(column)? else { return Ok(None) };
        text.parse().map(Some).map_err(|problem: String| row.refuse(column, ErrorCode::Invalid, &problem))
    }
}

/// A cell's text made an id; none where nothing is left of it.
fn slug(row: &Row<'_>, column: Option<&Column>) -> Result<Option<String>, Refusal> {
    let Some(column) = column else { return Ok(None) };
    Ok(row.text(column)?.and_then(taydo_model::id::slug))
}

fn json_list(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
