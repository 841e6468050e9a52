//! The texts of the departments' page, one field each, so that a text that one language lacks does not compile.
//!
//! Must never hold what the server says of a figure: mistakes come with their own two languages.

use super::Language;
use taydo_model::form::{DutyState, ReminderKind, RowState, Stated};

/// The page's texts in one language.
#[derive(Debug)]
#[allow(missing_docs, reason = "each is named by what it says")]
pub struct FormWords {
    pub title: &'static str,
    pub department: &'static str,
    pub choose_department: &'static str,
    pub your_name: &'static str,
    pub name_hint: &'static str,
    pub due_figures: &'static str,
    pub figure: &'static str,
    pub term: &'static str,
    pub due: &'static str,
    pub state: &'static str,
    pub before: &'static str,
    pub year_before: &'static str,
    pub entered: &'static str,
    pub enter: &'static str,
    pub correct: &'static str,
    pub close: &'static str,
    pub value: &'static str,
    pub value_hint: &'static str,
    pub stated: &'static str,
    pub official: &'static str,
    pub provisional: &'static str,
    pub reason: &'static str,
    pub reason_hint: &'static str,
    pub send: &'static str,
    pub send_good: &'static str,
    pub confirm: &'static str,
    pub confirm_file: &'static str,
    pub sending: &'static str,
    pub receipt: &'static str,
    pub same_as: &'static str,
    pub upload: &'static str,
    pub upload_note: &'static str,
    pub choose_file: &'static str,
    pub drop_here: &'static str,
    pub other_file: &'static str,
    pub template: &'static str,
    pub checked: &'static str,
    pub cell: &'static str,
    pub found: &'static str,
    pub result: &'static str,
    pub fix: &'static str,
    pub reminders: &'static str,
    pub late: &'static str,
    pub soon: &'static str,
    pub nobody: &'static str,
    pub all_departments: &'static str,
    pub late_figures: &'static str,
    pub soon_figures: &'static str,
    pub is_late: &'static str,
    pub is_soon: &'static str,
    pub is_open: &'static str,
    pub is_done: &'static str,
    pub is_running: &'static str,
    pub row_new: &'static str,
    pub row_changed: &'static str,
    pub row_same: &'static str,
    pub row_confirm: &'static str,
    pub row_wrong: &'static str,
    pub remind_soon: &'static str,
    pub remind_late: &'static str,
}

static VI: FormWords = FormWords {
    title: "Biểu mẫu",
    department: "Cơ quan",
    choose_department: "Chọn cơ quan",
    your_name: "Họ và tên người nhập",
    name_hint: "được ghi vào biên nhận",
    due_figures: "Số liệu phải nộp",
    figure: "Chỉ tiêu",
    term: "Kỳ",
    due: "Hạn nộp",
    state: "Tình trạng",
    before: "Kỳ trước",
    year_before: "Cùng kỳ",
    entered: "Đã nhập",
    enter: "Nhập",
    correct: "Sửa",
    close: "Đóng",
    value: "Giá trị",
    value_hint: "dấu phẩy là dấu thập phân, ví dụ 1.234,5",
    stated: "Tính chất",
    official: "Chính thức",
    provisional: "Tạm tính",
    reason: "Lý do điều chỉnh",
    reason_hint: "bắt buộc khi sửa số chính thức",
    send: "Gửi",
    send_good: "Chỉ nhận các dòng đúng",
    confirm: "Số này đúng, gửi",
    confirm_file: "Các số này đúng, gửi",
    sending: "Đang gửi…",
    receipt: "Biên nhận số",
    same_as: "tệp này đã được nhận ở biên nhận số",
    upload: "Gửi bằng tệp",
    upload_note: "Tệp .xlsx hoặc .csv, tối đa 4 MiB. Tệp được kiểm tra trước; chưa có gì được lưu cho đến khi bấm «Gửi».",
    choose_file: "Chọn tệp",
    drop_here: "hoặc kéo tệp vào đây",
    other_file: "Chọn tệp khác",
    template: "Tải tệp mẫu",
    checked: "Kết quả kiểm tra",
    cell: "Ô",
    found: "Trong tệp",
    result: "Kết quả",
    fix: "Cách sửa:",
    reminders: "Nhắc việc",
    late: "quá hạn",
    soon: "sắp đến hạn",
    nobody: "Không có cơ quan nào phải nhập số liệu.",
    all_departments: "Các cơ quan",
    late_figures: "Số liệu quá hạn của các cơ quan",
    soon_figures: "Số liệu sắp đến hạn của các cơ quan",
    is_late: "Quá hạn",
    is_soon: "Sắp đến hạn",
    is_open: "Chờ nhập",
    is_done: "Đã nộp",
    is_running: "Chưa hết kỳ",
    row_new: "Sẽ nhận",
    row_changed: "Sẽ thay số cũ",
    row_same: "Không đổi",
    row_confirm: "Cần xác nhận",
    row_wrong: "Có lỗi",
    remind_soon: "nhắc trước hạn",
    remind_late: "nhắc quá hạn",
};

static EN: FormWords = FormWords {
    title: "Forms",
    department: "Department",
    choose_department: "Choose a department",
    your_name: "Name of who enters",
    name_hint: "written into the receipt",
    due_figures: "Figures to be handed in",
    figure: "Figure",
    term: "Term",
    due: "Due",
    state: "State",
    before: "Term before",
    year_before: "Year before",
    entered: "Entered",
    enter: "Enter",
    correct: "Correct",
    close: "Close",
    value: "Value",
    value_hint: "the comma is the decimal sign, such as 1.234,5",
    stated: "Kind",
    official: "Official",
    provisional: "Provisional",
    reason: "Reason of the correction",
    reason_hint: "needed to correct an official figure",
    send: "Send",
    send_good: "Take the good rows only",
    confirm: "The figure is right, send it",
    confirm_file: "The figures are right, send them",
    sending: "Sending…",
    receipt: "Receipt no.",
    same_as: "the same file was taken with receipt no.",
    upload: "Send a file",
    upload_note: "An .xlsx or .csv file of at most 4 MiB. It is checked first; nothing is kept before “Send”.",
    choose_file: "Choose a file",
    drop_here: "or drop it here",
    other_file: "Choose another file",
    template: "Download the template",
    checked: "What the check found",
    cell: "Cell",
    found: "In the file",
    result: "Result",
    fix: "What to do:",
    reminders: "Reminders",
    late: "late",
    soon: "due soon",
    nobody: "No department has figures to enter.",
    all_departments: "Departments",
    late_figures: "Departments' figures that are late",
    soon_figures: "Departments' figures that are due soon",
    is_late: "Late",
    is_soon: "Due soon",
    is_open: "To be entered",
    is_done: "Handed in",
    is_running: "Term not over",
    row_new: "To be taken",
    row_changed: "Replaces a figure",
    row_same: "Unchanged",
    row_confirm: "To be confirmed",
    row_wrong: "Mistake",
    remind_soon: "reminded before the due date",
    remind_late: "reminded after the due date",
};

/// The texts in `language`.
#[must_use]
pub fn form_words(language: Language) -> &'static FormWords {
    match language {
        Language::Vi => &VI,
        Language::En => &EN,
    }
}

impl FormWords {
    /// A duty's state: the code for the style sheet, and the word.
    #[must_use]
    pub fn duty(&self, state: DutyState) -> (&'static str, &'static str) {
        match state {
            DutyState::Late => ("late", self.is_late),
            DutyState::Soon => ("soon", self.is_soon),
            DutyState::Open => ("open", self.is_open),
            DutyState::Provisional => ("provisional", self.provisional),
            DutyState::Done => ("done", self.is_done),
            DutyState::Running => ("running", self.is_running),
        }
    }

    /// What becomes of a row: the code for the style sheet, and the word.
    #[must_use]
    pub fn row(&self, state: RowState) -> (&'static str, &'static str) {
        match state {
            RowState::New => ("new", self.row_new),
            RowState::Changed => ("changed", self.row_changed),
            RowState::Same => ("same", self.row_same),
            RowState::Confirm => ("confirm", self.row_confirm),
            RowState::Wrong => ("wrong", self.row_wrong),
        }
    }

    /// What is said of a figure.
    #[must_use]
    pub fn kind(&self, stated: Stated) -> &'static str {
        match stated {
            Stated::Official => self.official,
            Stated::Provisional => self.provisional,
        }
    }

    /// Which reminder it is.
    #[must_use]
    pub fn reminder(&self, kind: ReminderKind) -> &'static str {
        match kind {
            ReminderKind::Soon => self.remind_soon,
            ReminderKind::Late => self.remind_late,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::text::nfc;

    #[test]
    fn every_text_is_composed_and_none_is_empty() {
        // The derived form has every field, each as `name: "text"`.
        for words in [&VI, &EN] {
            let all = format!("{words:#?}");
            let texts: Vec<&str> = all.lines().filter_map(|line| line.split_once(": \"")?.1.strip_suffix("\",")).collect();
            assert!(texts.len() > 50);
            assert!(texts.iter().all(|text| !text.is_empty() && nfc(text) == *text));
        }
    }
}
