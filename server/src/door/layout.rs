//! Layout: which row of a sheet is its heading, which column means what, and the rows below it.
//!
//! Titles above, a heading of two rows with merged cells, and a line of column numbers are what offices' tables have. It
//! must never judge a figure.

use super::sheet::{Cell, Line, Sheet, address};
use super::words::{self, Complaint};
use std::collections::BTreeMap;
use taydo_model::form::{Cadence, Term, fold};

/// The heading is looked for in so many rows.
const HEADING_WITHIN: usize = 30;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Code,
    Title,
    Unit,
    Scope,
    Term,
    Value,
    Stated,
    Reason,
}

const NAMES: &[(Column, &[&str])] = &[
    (Column::Code, &["ma chi tieu", "ma so", "ma", "ma kpi", "code", "kpi"]),
    (Column::Title, &["ten chi tieu", "chi tieu", "noi dung", "ten", "indicator", "title"]),
    (Column::Unit, &["don vi tinh", "don vi", "dvt", "unit"]),
    (Column::Scope, &["pham vi", "dia ban", "phuong xa", "xa phuong", "don vi hanh chinh", "scope", "area"]),
    (Column::Term, &["ky", "ky bao cao", "ky so lieu", "thang", "quy", "nam", "tuan", "ngay", "thoi gian", "term", "period"]),
    (Column::Value, &["gia tri", "so lieu", "ket qua", "thuc hien", "so thuc hien", "gia tri thuc hien", "value"]),
    (Column::Stated, &["trang thai", "tinh chat", "tinh chat so lieu", "loai so lieu", "status"]),
    (Column::Reason, &["ly do dieu chinh", "ly do", "ghi chu", "reason"]),
];
/// A value's heading may name its term or its unit (`Thực hiện tháng 10/2026 (triệu đồng)`); any other word makes it
/// another column's, such as `Thực hiện cùng kỳ`.
const BESIDE_VALUES: &[&str] = &[
    "thang", "quy", "nam", "tuan", "ngay", "trong", "bao", "cao", "trieu", "ty", "dong", "phan", "tram", "nguoi", "vu", "kwh", "mwh", "i",
    "ii", "iii", "iv",
];

/// A row with what its columns hold.
#[derive(Debug, Clone)]
pub(super) struct Record<'s> {
    sheet: &'s str,
    line: &'s Line,
    columns: &'s BTreeMap<Column, u32>,
}

/// A sheet with its heading found.
#[derive(Debug)]
pub(super) struct Table<'s> {
    sheet: &'s Sheet,
    columns: BTreeMap<Column, u32>,
    /// The heading's last row, by its place.
    heading: usize,
}

impl<'s> Record<'s> {
    pub(super) fn cell(&self, column: Column) -> Option<&'s Cell> {
        self.columns.get(&column).and_then(|at| self.line.cell(*at))
    }

    /// The text of a cell; empty where there is none.
    pub(super) fn shown(&self, column: Column) -> String {
        self.cell(column).map(Cell::shown).unwrap_or_default()
    }

    /// The address of a row's cell, also of an empty one.
    pub(super) fn address(&self, column: Column) -> Option<String> {
        self.columns.get(&column).map(|at| address(self.sheet, *at, self.line.number))
    }
}

impl<'s> Table<'s> {
    /// Finds a sheet's heading; `None` where it has none.
    pub(super) fn find(sheet: &'s Sheet) -> Option<Result<Self, Complaint>> {
        let rows = sheet.rows.iter().take(HEADING_WITHIN).enumerate();
        rows.filter(|(at, line)| {
            // Two columns of values are a heading too, and a mistake.
            columns_of(&[line]).map_or(true, |columns| is_heading(&columns))
                || sheet.rows.get(at + 1).is_some_and(|below| joins(line, below))
        })
        .map(|(at, _)| Self::at(sheet, at))
        .next()
    }

    fn at(sheet: &'s Sheet, at: usize) -> Result<Self, Complaint> {
        let (Some(upper), below) = (sheet.rows.get(at), sheet.rows.get(at + 1)) else { return Err(words::no_heading()) };
        match below.filter(|below| joins(upper, below)) {
            Some(lower) => Ok(Self { sheet, columns: columns_of(&[upper, lower])?, heading: at + 1 }),
            None => Ok(Self { sheet, columns: columns_of(&[upper])?, heading: at }),
        }
    }

    /// The rows that may hold figures: those with a figure's code or name, or with a value; lines of column numbers are none.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        let below = self.sheet.rows.iter().skip(self.heading + 1);
        let record = |line| Record { sheet: &self.sheet.name, line, columns: &self.columns };
        below.filter(|line| !is_numbering(line)).map(record)
    }

    /// The term that the heading or a title above it speaks of.
    pub(super) fn term(&self, cadence: Cadence) -> Option<Term> {
        let texts = self.sheet.rows.iter().take(self.heading + 1).flat_map(|line| &line.cells);
        texts.filter_map(|(_, cell)| if let Cell::Text(text) = cell { Term::find(cadence, text) } else { None }).next()
    }
}

/// Whether these columns can hold figures.
fn is_heading(columns: &BTreeMap<Column, u32>) -> bool {
    (columns.contains_key(&Column::Code) || columns.contains_key(&Column::Title)) && columns.contains_key(&Column::Value)
}

/// Whether two rows make one heading: together they name what is needed, and the lower one has headings only.
fn joins(upper: &Line, lower: &Line) -> bool {
    let named = lower.cells.iter().filter(|(_, cell)| matches!(cell, Cell::Text(text) if column(text).is_some())).count();
    let all_text = lower.cells.iter().all(|(_, cell)| matches!(cell, Cell::Text(_)));
    let starts = columns_of(&[upper]).is_ok_and(|columns| columns.contains_key(&Column::Code) || columns.contains_key(&Column::Title));
    let apart = lower.cells.iter().all(|(at, _)| *at > 0 || upper.cell(0).is_none());
    starts && apart && named > 0 && all_text && columns_of(&[upper, lower]).is_ok_and(|columns| is_heading(&columns))
}

/// What the columns mean; where both rows name a column, the lower one does, because the upper is merged over several.
fn columns_of(rows: &[&Line]) -> Result<BTreeMap<Column, u32>, Complaint> {
    let mut by_place: BTreeMap<u32, (Column, &str)> = BTreeMap::new();
    for line in rows {
        for (at, cell) in &line.cells {
            let Cell::Text(text) = cell else { continue };
            match column(text) {
                Some(column) => {
                    by_place.insert(*at, (column, text));
                }
                // A lower heading that means nothing to us takes the place of what is merged above it.
                None => {
                    by_place.remove(at);
                }
            }
        }
    }
    let mut columns = BTreeMap::new();
    for (at, (column, text)) in by_place {
        if columns.contains_key(&column) {
            if column == Column::Value {
                return Err(words::two_columns(text));
            }
            continue;
        }
        columns.insert(column, at);
    }
    Ok(columns)
}

fn column(text: &str) -> Option<Column> {
    let folded = fold(text);
    let exact = NAMES.iter().find(|(_, names)| names.contains(&folded.as_str())).map(|(column, _)| *column);
    exact.or_else(|| {
        let names = NAMES.iter().find(|(column, _)| *column == Column::Value).map_or(&[][..], |(_, names)| names);
        let beside = |word: &str| BESIDE_VALUES.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit());
        let rest = names.iter().find_map(|name| folded.strip_prefix(name)?.strip_prefix(' '));
        rest.is_some_and(|rest| rest.split(' ').all(beside)).then_some(Column::Value)
    })
}

/// A line such as `(1) (2) (3)` under a heading: every cell is a small number, each one more than the one before.
fn is_numbering(line: &Line) -> bool {
    let number = |cell: &Cell| match cell {
        Cell::Text(text) => text.trim_matches(['(', ')', '[', ']']).parse::<u32>().ok(),
        // A double that is a small whole number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Cell::Number(number) if number.fract() == 0.0 && (0.0..100.0).contains(number) => Some(*number as u32),
        _ => None,
    };
    let numbers: Option<Vec<u32>> = line.cells.iter().map(|(_, cell)| number(cell)).collect();
    numbers.is_some_and(|numbers| numbers.len() > 2 && numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| a + 1 == *b))
}

#[cfg(test)]
mod tests;
