//! The words of messages in Vietnamese.
//!
//! Nothing else may stand here: how they are put together is the same in every language.

use super::Words;
use taydo_model::alert::Severity;
use taydo_model::page::PageKind;

pub(super) const WORDS: Words = Words {
    tag: "vi",
    kind,
    severity,
    exercise: "DIỄN TẬP",
    exercise_line: "DIỄN TẬP: đây không phải sự cố thật",
    repeat: "nhắc lại",
    place: "Nơi",
    value: "Giá trị",
    limit: "ngưỡng",
    since: "Từ",
    team: "đội",
    told: "Cùng được báo",
    answer: "Xem và nhận xử lý",
    more: "việc khác",
    reference: "Mã tin",
    reply: "Tra loi:",
    press: "Bấm phím 1 để nhận xử lý",
    chart: "Biểu đồ quanh thời điểm xảy ra",
};

fn kind(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Firing => "Cảnh báo",
        PageKind::StillFiring => "Vẫn còn cảnh báo",
        PageKind::Update => "Tin mới của việc bạn đang xử lý",
        PageKind::Resolved => "Đã hết cảnh báo",
        PageKind::Exhausted => "Chưa ai nhận xử lý",
        PageKind::Reminder => "Nhắc việc chưa xong",
        PageKind::Digest => "Tổng hợp trong giờ nghỉ",
        PageKind::Shift => "Bắt đầu ca trực",
        PageKind::Code => "Mã xác nhận",
        PageKind::Reply => "Tây Đô",
        PageKind::Notice => "Thông báo trực",
        PageKind::Letter => "Thư buổi sáng",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "nghiêm trọng",
        Severity::High => "mức cao",
        Severity::Medium => "mức trung bình",
        Severity::Info => "để biết",
    }
}
