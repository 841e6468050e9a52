//! Templates: a table for a department to fill in, with a line for each figure that is asked for.
//!
//! What they look like is what `layout` reads. It must never hold a figure that wasn't taken.

use super::words;
use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use taydo_model::form::{Current, Duty, DutyState};
use taydo_model::number::number;
use taydo_model::text::Language;

const HEADINGS: [&str; 10] =
    ["Mã chỉ tiêu", "Tên chỉ tiêu", "Đơn vị tính", "Phạm vi", "Kỳ", "Giá trị", "Trạng thái", "Lý do điều chỉnh", "Số kỳ trước", "Hạn nộp"];
/// Of letters of the usual size.
const WIDTHS: [f64; 10] = [28.0, 44.0, 14.0, 24.0, 16.0, 16.0, 14.0, 34.0, 14.0, 12.0];
const VALUE: u16 = 5;
const STATED: u16 = 6;

/// One line of a template.
fn line(duty: &Duty, date: impl Fn(jiff::Timestamp) -> String) -> [String; 10] {
    let symbol = duty.unit.symbol().vi;
    let figure = |figure: &Current| number(figure.value, duty.decimals, Language::Vi).replace('\u{2212}', "-");
    [
        duty.kpi.to_string(),
        duty.title.vi.clone(),
        if symbol.is_empty() { duty.unit.code().to_owned() } else { symbol },
        duty.scope_name.vi.clone(),
        duty.term.name(Language::Vi),
        String::new(),
        words::stated(taydo_model::form::Stated::Official).vi,
        String::new(),
        duty.previous.as_ref().map(figure).unwrap_or_default(),
        date(duty.due),
    ]
}

/// What a template asks for: everything that isn't there and can be.
fn asked(duties: &[Duty]) -> impl Iterator<Item = &Duty> {
    duties.iter().filter(|duty| !matches!(duty.state, DutyState::Done | DutyState::Running))
}

/// The template as CSV with semicolons and a byte-order mark, as spreadsheet programs here expect it.
#[must_use]
pub fn csv(duties: &[Duty], date: impl Fn(jiff::Timestamp) -> String) -> Vec<u8> {
    let mut text = String::from("\u{feff}");
    let mut row = |cells: &[&str]| {
        let quoted = cells
            .iter()
            .map(|cell| if cell.contains([';', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { (*cell).to_owned() });
        text.push_str(&quoted.collect::<Vec<_>>().join(";"));
        text.push_str("\r\n");
    };
    row(&HEADINGS);
    for duty in asked(duties) {
        row(&line(duty, &date).each_ref().map(String::as_str));
    }
    text.into_bytes()
}

/// The template as a workbook.
///
/// # Errors
/// When the library can't write it, which only a fault of ours can cause.
pub fn xlsx(department: &str, duties: &[Duty], date: impl Fn(jiff::Timestamp) -> String) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Số liệu")?;
    let title = Format::new().set_bold().set_font_size(14);
    sheet.write_with_format(0, 0, format!("Số liệu báo cáo – {department}"), &title)?;
    sheet.write(1, 0, "Nhập cột «Giá trị»; dòng để trống sẽ được bỏ qua. Không đổi cột «Mã chỉ tiêu».")?;
    heading(sheet)?;
    let (fixed, open) = (cell().set_background_color(Color::RGB(0x00F2_F2F2)), cell().set_num_format("General"));
    let mut row = 4;
    for duty in asked(duties) {
        for (column, text) in (0_u16..).zip(line(duty, &date)) {
            let format = if (VALUE..=STATED + 1).contains(&column) { &open } else { &fixed };
            sheet.write_with_format(row, column, text, format)?;
        }
        sheet.write_blank(row, VALUE, &open)?;
        row += 1;
    }
    let states = DataValidation::new().allow_list_strings(&["chính thức", "tạm tính"])?;
    sheet.add_data_validation(4, STATED, row.max(5), STATED, &states)?;
    sheet.set_freeze_panes(4, 0)?;
    book.save_to_buffer()
}

fn heading(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    let format = cell().set_bold().set_text_wrap().set_align(FormatAlign::Center).set_background_color(Color::RGB(0x00D9_E1EC));
    for ((column, text), width) in (0_u16..).zip(HEADINGS).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
        sheet.write_with_format(3, column, text, &format)?;
    }
    Ok(())
}

fn cell() -> Format {
    Format::new().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00BF_BFBF))
}
