//! Tables as offices make them.

use super::*;

/// A sheet from lines of cells; a blank cell is none, a number is a number.
fn sheet(lines: &[&[&str]]) -> Sheet {
    let cell = |text: &&str| match text.parse::<f64>() {
        Ok(number) => Cell::Number(number),
        Err(_) => Cell::Text((*text).to_owned()),
    };
    let line = |(row, cells): (usize, &&[&str])| Line {
        number: u32::try_from(row).unwrap() + 1,
        cells: (0..).zip(cells.iter()).filter(|(_, text)| !text.is_empty()).map(|(at, text)| (at, cell(text))).collect(),
    };
    let rows = lines.iter().enumerate().map(line).filter(|line| !line.cells.is_empty()).collect();
    Sheet { name: "S".to_owned(), rows }
}

/// Each row as `code|title|term|value @ value's address`.
fn records(lines: &[&[&str]]) -> Vec<String> {
    let sheet = sheet(lines);
    let table = Table::find(&sheet).expect("a heading").expect("a sound heading");
    let row = |record: Record<'_>| {
        let cells = [Column::Code, Column::Title, Column::Term, Column::Value].map(|column| record.shown(column));
        format!("{} @ {}", cells.join("|"), record.address(Column::Value).unwrap_or_default())
    };
    table.records().map(row).collect()
}

#[test]
fn a_plain_heading_is_found_below_titles() {
    let rows = records(&[
        &["SỞ TÀI CHÍNH"],
        &["BÁO CÁO THÁNG 10 NĂM 2026"],
        &[],
        &["TT", "Mã chỉ tiêu", "Chỉ tiêu", "ĐVT", "Kỳ", "Giá trị"],
        &["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
        &["1", "a.b", "Một", "%", "10/2026", "12"],
        &["2", "a.c", "Hai", "%", "10/2026", ""],
    ]);
    assert_eq!(rows, ["a.b|Một|10/2026|12 @ S!F6", "a.c|Hai|10/2026| @ S!F7"]);
}

#[test]
fn a_heading_of_two_rows_with_merged_cells_is_one() {
    let rows = records(&[
        &["STT", "Mã số", "Tên chỉ tiêu", "Số liệu", "", "Ghi chú"],
        &["", "", "", "Kỳ báo cáo", "Giá trị (%)", ""],
        &["1", "a.b", "Một", "10/2026", "12", ""],
    ]);
    assert_eq!(rows, ["a.b|Một|10/2026|12 @ S!E3"]);
}

#[test]
fn a_values_heading_may_name_its_term_and_nothing_else() {
    let lines: &[&[&str]] = &[
        &["Chỉ tiêu", "Kế hoạch", "Thực hiện tháng 10/2026 (triệu đồng)", "Thực hiện cùng kỳ", "Lũy kế"],
        &["Một", "5", "12", "11", "99"],
    ];
    assert_eq!(records(lines), ["|Một||12 @ S!C2"]);
    let sheet = sheet(lines);
    assert_eq!(Table::find(&sheet).unwrap().unwrap().term(Cadence::Month).unwrap().to_string(), "2026-10");
}

#[test]
fn two_columns_of_values_are_refused() {
    let sheet = sheet(&[&["Chỉ tiêu", "Kết quả", "Giá trị"], &["Một", "1", "2"]]);
    assert!(Table::find(&sheet).unwrap().is_err());
}

#[test]
fn a_row_of_words_below_a_heading_is_no_heading() {
    let rows =
        records(&[&["Mã chỉ tiêu", "Chỉ tiêu", "Kỳ", "Giá trị", "Ghi chú"], &["a.b", "Thực hiện dự án", "10/2026", "chưa có", "thiếu"]]);
    assert_eq!(rows, ["a.b|Thực hiện dự án|10/2026|chưa có @ S!D2"]);
}

#[test]
fn a_sheet_without_a_heading_has_none() {
    assert!(Table::find(&sheet(&[&["Hướng dẫn"], &["Điền bảng ở trang sau"]])).is_none());
    assert!(Table::find(&sheet(&[&["Chỉ tiêu", "Đơn vị"]])).is_none());
}
