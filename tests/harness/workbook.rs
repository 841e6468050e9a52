//! Workbooks as departments send them: titles, merged headings, a line of column numbers, dates, a signature.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

/// What stands in a cell of the column of values.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// Nothing.
    Blank,
}

/// A row: code, name, unit, value, reason. The term is the title's.
pub type Row<'a> = (&'a str, &'a str, &'a str, Value<'a>, &'a str);

/// A monthly report as an office writes it; the first row of `rows` stands in row 8, its value in column F.
///
/// # Panics
/// When it can't be written.
#[must_use]
pub fn report(month: i8, year: i16, rows: &[Row<'_>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Biểu 01").expect("the name");
    let (bold, day) = (Format::new().set_bold(), Format::new().set_num_format("mm/yyyy"));
    sheet.merge_range(0, 0, 0, 3, "ỦY BAN NHÂN DÂN THÀNH PHỐ", &bold).expect("a title");
    sheet.merge_range(1, 0, 1, 3, "SỞ TÀI CHÍNH", &bold).expect("a title");
    let title = format!("BÁO CÁO CHỈ TIÊU TÀI CHÍNH – ĐẦU TƯ THÁNG {month:02} NĂM {year}");
    sheet.merge_range(2, 0, 2, 7, &title, &bold).expect("a title");
    // Row 4 is empty; the heading has two rows, and most of its cells are merged over both.
    for (column, heading) in [(0, "STT"), (1, "Mã chỉ tiêu"), (2, "Tên chỉ tiêu"), (3, "Đơn vị tính"), (6, "Ghi chú")] {
        sheet.merge_range(4, column, 5, column, heading, &bold).expect("a heading");
    }
    sheet.merge_range(4, 4, 4, 5, "Số liệu báo cáo", &bold).expect("a heading");
    sheet.write_with_format(5, 4, "Kỳ", &bold).expect("a heading");
    sheet.write_with_format(5, 5, "Thực hiện", &bold).expect("a heading");
    for column in 0..7 {
        sheet.write(6, column, format!("({})", column + 1)).expect("a column's number");
    }
    for (at, (code, name, unit, value, reason)) in (0_u32..).zip(rows) {
        let row = 7 + at;
        sheet.write(row, 0, at + 1).expect("a number");
        sheet.write(row, 1, *code).expect("a code");
        sheet.write(row, 2, *name).expect("a name");
        sheet.write(row, 3, *unit).expect("a unit");
        let first = ExcelDateTime::from_ymd(u16::try_from(year).unwrap_or(0), u8::try_from(month).unwrap_or(0), 1).expect("a month");
        sheet.write_datetime_with_format(row, 4, &first, &day).expect("a term");
        match value {
            Value::Number(number) => sheet.write(row, 5, *number).map(drop),
            Value::Text(text) => sheet.write(row, 5, *text).map(drop),
            Value::Blank => Ok(()),
        }
        .expect("a value");
        sheet.write(row, 6, *reason).expect("a reason");
    }
    let below = 9 + u32::try_from(rows.len()).unwrap_or(0);
    sheet.write(below, 4, "Cần Thơ, ngày 05 tháng 03 năm 2026").expect("a signature");
    sheet.write(below + 1, 4, "GIÁM ĐỐC").expect("a signature");
    book.save_to_buffer().expect("the workbook")
}
