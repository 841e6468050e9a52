//! What clerks are told: each mistake in Vietnamese and English, what is wrong and what to write instead.
//!
//! It must never decide that something is wrong.

use taydo_model::form::{Current, Problem, Stated, Term, WRITTEN_CHARS};
use taydo_model::number::number;
use taydo_model::text::Language;
use taydo_model::{Kpi, Text, Unit};

/// What is wrong and what to do, without its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Complaint {
    what: Text,
    fix: Text,
}

impl Complaint {
    fn new(what: (&str, &str), fix: (&str, &str)) -> Self {
        Self { what: Text::new(what.0, what.1), fix: Text::new(fix.0, fix.1) }
    }

    /// The same at a cell, or of the whole.
    #[must_use]
    pub(super) fn at(self, cell: Option<String>) -> Problem {
        Problem { cell, what: self.what, fix: self.fix }
    }
}

macro_rules! complaint {
    ($vi:literal, $en:literal => $fix_vi:literal, $fix_en:literal) => {
        Complaint::new((&format!($vi), &format!($en)), (&format!($fix_vi), &format!($fix_en)))
    };
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(WRITTEN_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > WRITTEN_CHARS {
        short.push('…');
    }
    short
}

/// A figure with its unit, in each language.
#[must_use]
pub(super) fn figure(value: f64, unit: Unit, decimals: u8) -> Text {
    let symbol = unit.symbol();
    let of = |language| {
        let symbol = symbol.get(language);
        let blank = if symbol.is_empty() { "" } else { " " };
        format!("{}{blank}{symbol}", number(value, decimals, language))
    };
    Text { vi: of(Language::Vi), en: of(Language::En) }
}

fn of_kpi(value: f64, kpi: &Kpi) -> Text {
    figure(value, kpi.unit, kpi.decimals)
}

// ---- the file ----

pub(super) fn empty_file() -> Complaint {
    complaint!("tệp rỗng", "the file is empty" => "chọn lại tệp", "choose the file again")
}

pub(super) fn old_excel() -> Complaint {
    complaint!(
        "đây là tệp Excel 97–2003 (.xls) hoặc tệp có mật khẩu", "this is an Excel 97–2003 file (.xls), or one with a password" =>
        "trong Excel chọn «Lưu thành», kiểu «Excel Workbook (.xlsx)», bỏ mật khẩu, rồi gửi lại",
        "in Excel choose “Save as”, type “Excel Workbook (.xlsx)”, without a password, and send it again"
    )
}

pub(super) fn not_a_table(kind: &str) -> Complaint {
    complaint!(
        "không đọc được tệp này như một bảng tính ({kind})", "this file can't be read as a spreadsheet ({kind})" =>
        "gửi tệp .xlsx hoặc .csv; có thể tải tệp mẫu trên trang này", "send an .xlsx or a .csv file; this page has a template"
    )
}

pub(super) fn unreadable_file() -> Complaint {
    complaint!(
        "tệp bị hỏng, không đọc hết được", "the file is damaged and can't be read to its end" =>
        "mở tệp bằng chương trình bảng tính, lưu lại rồi gửi lại", "open it in the spreadsheet program, save it and send it again"
    )
}

pub(super) fn too_large_unpacked(most_mib: u64) -> Complaint {
    complaint!(
        "tệp giải nén ra lớn hơn {most_mib} MiB", "the file unpacks to more than {most_mib} MiB" =>
        "chỉ giữ lại bảng số liệu, xóa hình ảnh và các trang tính khác", "keep only the table; remove pictures and other sheets"
    )
}

pub(super) fn too_many_rows(most: usize) -> Complaint {
    complaint!(
        "tệp có hơn {most} dòng", "the file has more than {most} rows" => "chia thành nhiều tệp nhỏ hơn", "divide it into smaller files"
    )
}

pub(super) fn no_heading() -> Complaint {
    complaint!(
        "không tìm thấy dòng tiêu đề có cột «Mã chỉ tiêu» (hoặc «Chỉ tiêu») và cột «Giá trị»",
        "no heading row was found with a column “Mã chỉ tiêu” (or “Chỉ tiêu”) and a column “Giá trị”" =>
        "dùng tệp mẫu, hoặc đặt tên các cột như trong tệp mẫu", "use the template, or name the columns as it does"
    )
}

pub(super) fn two_columns(heading: &str) -> Complaint {
    let heading = short(heading);
    complaint!(
        "có hai cột giá trị; cột thứ hai là «{heading}»", "there are two columns of values; the second is “{heading}”" =>
        "chỉ giữ một cột giá trị, hoặc đổi tên cột không gửi", "keep one column of values, or rename the one that isn't sent"
    )
}

pub(super) fn no_rows() -> Complaint {
    complaint!(
        "không có dòng nào có số liệu", "no row has a figure" => "điền cột «Giá trị» rồi gửi lại", "fill in the column “Giá trị” and send it again"
    )
}

// ---- a row ----

pub(super) fn no_name() -> Complaint {
    complaint!(
        "chưa có họ tên người nhập", "the name of who enters it is missing" => "ghi họ và tên", "write first and last name"
    )
}

pub(super) fn too_long(most: usize) -> Complaint {
    complaint!("dài hơn {most} ký tự", "longer than {most} letters" => "viết ngắn lại", "write less")
}

pub(super) fn unknown_kpi(written: &str, near: Option<(&str, &Text)>) -> Complaint {
    let written = short(written);
    match near {
        Some((id, title)) => {
            let (vi, en) = (&title.vi, &title.en);
            complaint!(
                "không có chỉ tiêu «{written}»", "there is no figure “{written}”" =>
                "có phải là {id} («{vi}») không?", "is {id} (“{en}”) meant?"
            )
        }
        None => complaint!(
            "không có chỉ tiêu «{written}»", "there is no figure “{written}”" =>
            "dùng mã trong tệp mẫu", "use a code of the template"
        ),
    }
}

pub(super) fn code_and_title_differ(id: &str, title: &Text, other: &str) -> Complaint {
    let (vi, en) = (&title.vi, &title.en);
    complaint!(
        "mã {id} là «{vi}», nhưng tên trong dòng là của {other}", "{id} is “{en}”, but the name in the row is that of {other}" =>
        "sửa mã hoặc tên cho khớp; có thể dòng bị lệch", "make code and name agree; the rows may be shifted"
    )
}

pub(super) fn other_department(kpi: &Kpi, owner: &Text) -> Complaint {
    let (id, vi, en) = (&kpi.id, &owner.vi, &owner.en);
    complaint!(
        "{id} do {vi} nhập", "{id} is entered by {en}" => "xóa dòng này", "remove this row"
    )
}

pub(super) fn other_unit(written: &str, unit: Unit) -> Complaint {
    let (written, symbol) = (short(written), unit.symbol());
    let of = |text: &str| if text.is_empty() { unit.code().to_owned() } else { text.to_owned() };
    let (vi, en) = (of(&symbol.vi), of(&symbol.en));
    complaint!(
        "đơn vị trong tệp là «{written}», còn chỉ tiêu này tính bằng {vi}", "the file's unit is “{written}”, and this figure is in {en}" =>
        "đổi số liệu sang {vi} và sửa cột đơn vị", "convert the figure to {en} and mend the unit's column"
    )
}

pub(super) fn unknown_scope(written: &str) -> Complaint {
    let written = short(written);
    complaint!(
        "không có địa bàn hay đơn vị «{written}» cho chỉ tiêu này", "this figure has no area or department “{written}”" =>
        "viết tên phường, xã như trong tệp mẫu; để trống là toàn thành phố", "write the ward's name as in the template; empty is the whole city"
    )
}

pub(super) fn no_term(example: Term) -> Complaint {
    let (vi, en) = (example.name(Language::Vi), example.name(Language::En));
    complaint!("chưa có kỳ", "the term is missing" => "viết kỳ, ví dụ {vi}", "write the term, such as {en}")
}

pub(super) fn unclear_term(written: &str, example: Term) -> Complaint {
    let (written, vi, en) = (short(written), example.name(Language::Vi), example.name(Language::En));
    complaint!(
        "«{written}» không phải là kỳ của chỉ tiêu này", "“{written}” is not a term of this figure" => "viết như {vi}", "write it like {en}"
    )
}

pub(super) fn term_not_over(term: Term) -> Complaint {
    let (vi, en) = (term.name(Language::Vi), term.name(Language::En));
    let next = term.next_day();
    let day = format!("{:02}/{:02}/{:04}", next.day(), next.month(), next.year());
    complaint!(
        "{vi} chưa kết thúc", "{en} is not over" => "kiểm tra lại kỳ; nhập được từ ngày {day}", "check the term; it can be entered from {day}"
    )
}

pub(super) fn no_value() -> Complaint {
    complaint!("chưa có giá trị", "the value is missing" => "nhập một số", "enter a number")
}

pub(super) fn not_a_number(written: &str) -> Complaint {
    let written = short(written);
    complaint!(
        "«{written}» không phải là số", "“{written}” is not a number" =>
        "chỉ viết số, ví dụ 1.234,5 (dấu phẩy là dấu thập phân)", "write only a number, such as 1.234,5 (the comma is the decimal sign)"
    )
}

pub(super) fn two_ways(written: &str) -> Complaint {
    let written = short(written);
    let (whole, decimal) = (written.replace(',', "."), format!("{written}0"));
    complaint!(
        "«{written}» có thể hiểu theo hai cách", "“{written}” can be read in two ways" =>
        "nếu là hàng nghìn, viết {whole}; nếu là số thập phân, viết {decimal}", "write {whole} for thousands, {decimal} for decimals"
    )
}

pub(super) fn a_day(written: &str) -> Complaint {
    complaint!(
        "ô này là ngày {written}, không phải là số", "this cell is the day {written}, not a number" =>
        "đổi định dạng ô thành «Số» và nhập lại giá trị", "set the cell's format to “Number” and enter the value again"
    )
}

pub(super) fn failed_formula(code: &str) -> Complaint {
    complaint!(
        "công thức trong ô bị lỗi {code}", "the cell's formula fails with {code}" => "sửa công thức, hoặc nhập giá trị", "mend the formula, or enter the value"
    )
}

pub(super) fn too_fine(written: &str, kpi: &Kpi, resolution: f64) -> Complaint {
    let (written, step) = (short(written), of_kpi(resolution, kpi));
    let (vi, en) = (step.vi, step.en);
    complaint!(
        "«{written}» chính xác hơn mức được lưu ({vi})", "“{written}” is finer than what is kept ({en})" =>
        "làm tròn; nếu dấu chấm hay dấu phẩy ngăn cách hàng nghìn thì xóa đi", "round it; if the sign divides thousands, leave it out"
    )
}

pub(super) fn out_of_range(value: f64, kpi: &Kpi, (least, most): (f64, f64)) -> Complaint {
    let (value, least, most) = (of_kpi(value, kpi), of_kpi(least, kpi), of_kpi(most, kpi));
    let (value_vi, least_vi, most_vi) = (value.vi, least.vi, most.vi);
    let (value_en, least_en, most_en) = (value.en, least.en, most.en);
    complaint!(
        "{value_vi} nằm ngoài khoảng cho phép, từ {least_vi} đến {most_vi}", "{value_en} is outside of what is possible, {least_en} to {most_en}" =>
        "kiểm tra lại số và đơn vị", "check the number and the unit"
    )
}

pub(super) fn unknown_state(written: &str) -> Complaint {
    let written = short(written);
    complaint!(
        "trạng thái «{written}» không hiểu được", "the state “{written}” is not understood" =>
        "viết «chính thức» hoặc «tạm tính»", "write “chính thức” (official) or “tạm tính” (provisional)"
    )
}

pub(super) fn needs_reason(existing: &Current, kpi: &Kpi) -> Complaint {
    let value = of_kpi(existing.value, kpi);
    let (vi, en) = (value.vi, value.en);
    complaint!(
        "số chính thức của kỳ này là {vi}; muốn sửa phải có lý do", "this term's official figure is {en}; a correction needs a reason" =>
        "ghi lý do vào cột «Lý do điều chỉnh»", "write the reason into the column “Lý do điều chỉnh”"
    )
}

pub(super) fn jump(value: f64, previous: &Current, kpi: &Kpi) -> Complaint {
    let (now, before) = (of_kpi(value, kpi), of_kpi(previous.value, kpi));
    let (term_vi, term_en) = (previous.term.name(Language::Vi), previous.term.name(Language::En));
    let (now_vi, before_vi, now_en, before_en) = (now.vi, before.vi, now.en, before.en);
    let share = (value - previous.value) / previous.value.abs() * 100.0;
    let sign = if share > 0.0 { "+" } else { "" };
    let (share_vi, share_en) = (number(share, 0, Language::Vi), number(share, 0, Language::En));
    complaint!(
        "{now_vi} khác nhiều so với {before_vi} của {term_vi} ({sign}{share_vi} %)", "{now_en} is far from {before_en} of {term_en} ({sign}{share_en}%)" =>
        "kiểm tra lại số và đơn vị; nếu đúng, xác nhận", "check the number and the unit; if they are right, confirm"
    )
}

pub(super) fn share_as_fraction() -> Complaint {
    complaint!(
        "ô có thể đang để định dạng phần trăm, nên chương trình lưu 0,95 thay cho 95", "the cell may be formatted as a percentage, and then 0.95 is kept for 95" =>
        "đổi định dạng ô thành «Số» và nhập 95", "set the cell's format to “Number” and enter 95"
    )
}

pub(super) fn twice(first: &str) -> Complaint {
    complaint!(
        "chỉ tiêu và kỳ này đã có ở ô {first}", "this figure and term stand in {first} already" => "xóa một trong hai dòng", "remove one of the two rows"
    )
}

// ---- the whole ----

/// What became of an entry or a file, in one sentence.
pub(super) struct Outcome {
    pub(super) taken: usize,
    pub(super) unchanged: usize,
    pub(super) to_confirm: usize,
    pub(super) wrong: usize,
    pub(super) dry_run: bool,
    /// Whether anything was, or would be, taken.
    pub(super) good: bool,
    /// Whether only the good rows were, or would be, taken.
    pub(super) partly: bool,
}

impl Outcome {
    pub(super) fn said(&self) -> Text {
        let Self { taken, unchanged, to_confirm, wrong, .. } = self;
        let (vi, en) = match self {
            Self { wrong: 1.., good: false, .. } => (
                format!("Chưa nhận: {wrong} dòng có lỗi. Sửa tệp rồi gửi lại, hoặc chọn «Chỉ nhận các dòng đúng»."),
                format!("Not taken: {wrong} row(s) have mistakes. Mend the file and send it again, or choose “Take the good rows only”."),
            ),
            Self { to_confirm: 1.., good: false, .. } => (
                format!("Chưa nhận: {to_confirm} số liệu thay đổi bất thường, cần xác nhận."),
                format!("Not taken: {to_confirm} figure(s) have changed unusually and must be confirmed."),
            ),
            Self { good: false, .. } => ("Chưa nhận tệp này.".to_owned(), "This file was not taken.".to_owned()),
            Self { taken: 0, .. } => (
                format!("Không có gì thay đổi: {unchanged} số liệu đã có từ trước."),
                format!("Nothing changes: {unchanged} figure(s) were there already."),
            ),
            Self { dry_run: true, .. } => (
                format!("Kiểm tra xong, chưa lưu: sẽ nhận {taken} số liệu, {unchanged} số đã có từ trước."),
                format!("Checked, nothing kept yet: {taken} figure(s) would be taken, {unchanged} are there already."),
            ),
            Self { .. } => (
                format!("Đã nhận {taken} số liệu; {unchanged} số đã có từ trước."),
                format!("{taken} figure(s) taken; {unchanged} were there already."),
            ),
        };
        if self.good && self.partly && wrong + to_confirm > 0 {
            let rest = wrong + to_confirm;
            return Text { vi: format!("{vi} Bỏ qua {rest} dòng."), en: format!("{en} {rest} row(s) left out.") };
        }
        Text { vi, en }
    }
}

/// What a figure is said to be.
#[must_use]
pub(super) fn stated(stated: Stated) -> Text {
    match stated {
        Stated::Official => Text::new("chính thức", "official"),
        Stated::Provisional => Text::new("tạm tính", "provisional"),
    }
}
