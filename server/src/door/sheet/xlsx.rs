//! Excel's .xlsx: a packed folder of XML.
//!
//! It must never hold more than it has counted: the folder is unpacked once to nowhere, up to a limit, before it is read.

use super::{Cell, Line, MAX_COLUMNS, MAX_ROWS, Sheet};
use crate::door::words::{self, Complaint};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// The most that a file may unpack to, in bytes.
const MAX_UNPACKED_BYTES: u64 = 24 << 20;
/// The most parts that a file may have.
const MAX_PARTS: usize = 500;
/// The most sheets that are read.
const MAX_SHEETS: usize = 20;

pub(super) fn read(file: &[u8]) -> Result<Vec<Sheet>, Complaint> {
    refuse_bombs(file)?;
    let mut book = Xlsx::new(Cursor::new(file)).map_err(|_| words::not_a_table("zip"))?;
    let visible = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let names: Vec<String> = book.sheets_metadata().iter().filter(visible).map(|sheet| sheet.name.clone()).take(MAX_SHEETS).collect();
    let mut left = MAX_ROWS;
    names.into_iter().map(|name| sheet(&mut book, name, &mut left)).collect()
}

/// Unpacks every part to nowhere: what the parts say of their own sizes may be a lie.
fn refuse_bombs(file: &[u8]) -> Result<(), Complaint> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).map_err(|_| words::unreadable_file())?;
    if archive.len() > MAX_PARTS {
        return Err(words::too_large_unpacked(MAX_UNPACKED_BYTES >> 20));
    }
    let mut left = MAX_UNPACKED_BYTES;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| words::unreadable_file())?;
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut std::io::sink()).map_err(|_| words::unreadable_file())?;
        left = left.checked_sub(unpacked).ok_or_else(|| words::too_large_unpacked(MAX_UNPACKED_BYTES >> 20))?;
    }
    Ok(())
}

/// Reads cell by cell: the library's own table of a sheet has room for every cell up to the farthest, and one cell in the
/// last corner would take all memory.
fn sheet(book: &mut Xlsx<Cursor<&[u8]>>, name: String, left: &mut usize) -> Result<Sheet, Complaint> {
    let mut rows: BTreeMap<u32, Vec<(u32, Cell)>> = BTreeMap::new();
    let mut cells = book.worksheet_cells_reader(&name).map_err(|_| words::unreadable_file())?;
    while let Some(cell) = cells.next_cell().map_err(|_| words::unreadable_file())? {
        let (row, column) = cell.get_position();
        let Some(content) = content(cell.get_value()).filter(|_| column < MAX_COLUMNS) else { continue };
        let row = rows.entry(row).or_default();
        if row.is_empty() {
            *left = left.checked_sub(1).ok_or_else(|| words::too_many_rows(MAX_ROWS))?;
        }
        row.push((column, content));
    }
    let line = |(row, mut cells): (u32, Vec<(u32, Cell)>)| {
        cells.sort_by_key(|(column, _)| *column);
        cells.dedup_by_key(|(column, _)| *column);
        Line { number: row.saturating_add(1), cells }
    };
    Ok(Sheet { name, rows: rows.into_iter().map(line).collect() })
}

fn content(value: &DataRef<'_>) -> Option<Cell> {
    match value {
        DataRef::Int(number) => Some(Cell::Number(
            // Spreadsheets keep doubles; a whole number of theirs is exact.
            #[allow(clippy::cast_precision_loss)]
            {
                *number as f64
            },
        )),
        DataRef::Float(number) => Some(Cell::Number(*number)),
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Bool(flag) => Some(Cell::Flag(*flag)),
        DataRef::DateTime(moment) => Some(day(moment).map_or_else(|| Cell::Number(moment.as_f64()), Cell::Day)),
        DataRef::DateTimeIso(text) => text.get(..10).and_then(|day| day.parse().ok()).map(Cell::Day).or_else(|| Cell::text(text)),
        DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Error(error) => Some(Cell::Failed(error.to_string())),
        DataRef::Empty => None,
    }
}

fn day(moment: &ExcelDateTime) -> Option<Date> {
    if !moment.is_datetime() {
        return None;
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests;
