//! Workbooks, sound, broken and hostile.

use super::*;
use crate::door::sheet;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};
use std::io::Write;
use zip::write::SimpleFileOptions;

/// A workbook with a sheet of every sort of cell, one that is hidden, and merged cells.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Biểu 1").unwrap();
    sheet.merge_range(0, 0, 0, 3, "BÁO CÁO THÁNG 10 NĂM 2026", &Format::new()).unwrap();
    sheet.write(2, 1, "Giải ngân ").unwrap();
    sheet.write(2, 2, 61.5).unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 10, 1).unwrap();
    sheet.write_datetime_with_format(2, 3, &day, &Format::new().set_num_format("mm/yyyy")).unwrap();
    sheet.write_formula(3, 2, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    sheet.write_formula(4, 2, Formula::new("=40+2").set_result("42")).unwrap();
    sheet.write(5, 2, true).unwrap();
    let hidden = book.add_worksheet().set_name("Ẩn").unwrap().set_hidden(true);
    hidden.write(0, 0, "nothing").unwrap();
    book.save_to_buffer().unwrap()
}

fn shown(file: &[u8]) -> Vec<String> {
    let sheets = sheet::read("tep.xlsx", file).unwrap();
    let cells = sheets.iter().flat_map(|sheet| {
        sheet.rows.iter().flat_map(|line| {
            line.cells.iter().map(|(column, cell)| format!("{} {cell:?}", sheet::address(&sheet.name, *column, line.number)))
        })
    });
    cells.collect()
}

/// The parts of a workbook, each passed through `change`, packed again.
fn repacked(file: &[u8], mut change: impl FnMut(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let (name, mut content) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut content).unwrap();
        packed.start_file(name.clone(), SimpleFileOptions::default()).unwrap();
        packed.write_all(&change(&name, content)).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

#[test]
fn every_sort_of_cell_is_read_at_its_address() {
    assert_eq!(
        shown(&workbook()),
        [
            "Biểu 1!A1 Text(\"BÁO CÁO THÁNG 10 NĂM 2026\")",
            "Biểu 1!B3 Text(\"Giải ngân\")",
            "Biểu 1!C3 Number(61.5)",
            "Biểu 1!D3 Day(2026-10-01)",
            "Biểu 1!C4 Failed(\"#DIV/0!\")",
            "Biểu 1!C5 Number(42.0)",
            "Biểu 1!C6 Flag(true)",
        ]
    );
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = vec![b' '; 30 << 20];
    let bomb = repacked(&workbook(), |name, content| if name == "xl/sharedStrings.xml" { zeros.clone() } else { content });
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    let refused = sheet::read("bom.xlsx", &bomb).unwrap_err().at(None);
    assert!(refused.what.en.contains("24 MiB"), "{refused:?}");
}

#[test]
fn a_cell_in_the_last_corner_costs_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "a").unwrap();
    sheet.write(1_048_575, 16_383, "z").unwrap();
    sheet.write(1_048_575, 1, "y").unwrap();
    assert_eq!(shown(&book.save_to_buffer().unwrap()), ["Sheet1!A1 Text(\"a\")", "Sheet1!B1048576 Text(\"y\")"]);
}

#[test]
fn a_table_of_too_many_rows_is_refused() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for row in 0..=u32::try_from(MAX_ROWS).unwrap() {
        sheet.write(row, 0, row).unwrap();
    }
    assert!(sheet::read("a.xlsx", &book.save_to_buffer().unwrap()).is_err());
}

#[test]
fn what_is_no_workbook_is_refused_with_what_to_do() {
    for (file, word) in [
        (b"".as_slice(), "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "97"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04 and no more", "damaged"),
    ] {
        let refused = sheet::read("a.xlsx", file).unwrap_err().at(None);
        assert!(refused.what.en.contains(word) && !refused.fix.vi.is_empty(), "{refused:?}");
    }
    let document = repacked(&workbook(), |name, content| if name == "xl/workbook.xml" { b"<w:document/>".to_vec() } else { content });
    assert!(sheet::read("a.docx", &document).is_err() || sheet::read("a.docx", &document).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    /// A release build ends where something panics, so nothing may.
    #[test]
    fn no_broken_workbook_breaks_the_reader(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12)) {
        let mut part = 0;
        let broken = repacked(&workbook(), |_, mut content| {
            part += 1;
            for (which, at, byte, how) in &changes {
                if which.index(10) + 1 != part || content.is_empty() {
                    continue;
                }
                let at = at.index(content.len());
                match how {
                    0 => content[at] = *byte,
                    1 => content.truncate(at),
                    2 => content.insert(at, *byte),
                    _ => drop(content.remove(at)),
                }
            }
            content
        });
        // Whether it is read or refused makes no difference here.
        let _ = sheet::read("a.xlsx", &broken);
    }
}
