//! Sheets: the cells of a file that a department sends, CSV or .xlsx, each with the address that its program shows.
//!
//! Every size is bounded before anything is unpacked. It must never say what a cell means.

mod csv;
mod xlsx;

use super::words::{self, Complaint};
use jiff::civil::Date;

/// The most rows with content that all sheets of a file may have.
pub(super) const MAX_ROWS: usize = 5_000;
/// Cells beyond this column are not looked at.
const MAX_COLUMNS: u32 = 60;
/// The beginning of a text that is kept, in bytes.
const KEPT_BYTES: usize = 1_000;

/// A sheet's cells, those with content only.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    /// Its name; for CSV the file's name without its ending, as spreadsheet programs show it.
    pub(super) name: String,
    /// Its rows, in order.
    pub(super) rows: Vec<Line>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u32,
    /// Columns, from 0 and in order, with what stands in them.
    pub(super) cells: Vec<(u32, Cell)>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// A text, in composed form and without blanks around it; never empty.
    Text(String),
    /// A number, as the program keeps it.
    Number(f64),
    /// A day; its time of day is left out.
    Day(Date),
    /// True or false.
    Flag(bool),
    /// What a formula failed with: `#REF!`.
    Failed(String),
}

impl Line {
    /// The cell of a column.
    #[must_use]
    pub(super) fn cell(&self, column: u32) -> Option<&Cell> {
        self.cells.iter().find(|(at, _)| *at == column).map(|(_, cell)| cell)
    }
}

impl Cell {
    /// A text cell; none for a blank text.
    fn text(text: &str) -> Option<Self> {
        let kept = text.get(..text.floor_char_boundary(KEPT_BYTES)).unwrap_or_default();
        let text = taydo_model::text::nfc(kept);
        (!text.is_empty()).then_some(Self::Text(text))
    }

    /// What people see in the cell, more or less.
    #[must_use]
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string().replace('.', ","),
            Self::Day(day) => format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year()),
            Self::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.to_owned(),
            Self::Failed(code) => code.clone(),
        }
    }
}

/// A cell's address as its program shows it: `Sheet1!C7`.
#[must_use]
pub(super) fn address(sheet: &str, column: u32, row: u32) -> String {
    format!("{sheet}!{}{row}", letters(column))
}

/// A column's letters: 0 is A, 26 is AA.
fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = Some(column);
    while let Some(at) = rest {
        letters.push(char::from(b'A' + u8::try_from(at % 26).unwrap_or(0)));
        rest = (at / 26).checked_sub(1);
    }
    letters.iter().rev().collect()
}

/// The sheets of a file.
///
/// # Errors
/// What is wrong with the file as a whole.
pub(super) fn read(name: &str, file: &[u8]) -> Result<Vec<Sheet>, Complaint> {
    match file {
        [] => Err(words::empty_file()),
        [b'P', b'K', 3, 4, ..] => xlsx::read(file),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(words::old_excel()),
        [b'%', b'P', b'D', b'F', ..] => Err(words::not_a_table("PDF")),
        _ => csv::read(name, file).map(|sheet| vec![sheet]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_program() {
        for (column, row, shown) in
            [(0, 1, "S!A1"), (2, 7, "S!C7"), (25, 2, "S!Z2"), (26, 3, "S!AA3"), (701, 1, "S!ZZ1"), (702, 1, "S!AAA1")]
        {
            assert_eq!(address("S", column, row), shown);
        }
    }
}
