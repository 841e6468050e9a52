//! The texts of the city's operating stage.
//!
//! Must never name a stage: that is the city's own word.

use super::texts::texts;

texts! {
    /// The stage's texts in one language.
    StageWords, stage_words {
        stage: "Cấp vận hành", "Operating stage";
        unknown: "chưa rõ", "unknown";
        at_least: "ít nhất cấp", "at least";
        proposed: "đề xuất cấp", "proposed:";
        confirm: "Xác nhận cấp", "Confirm the stage";
        why: "Lý do", "Reason";
        done: "Đã xác nhận", "Confirmed";
        because: "Vì", "Because";
        not_known: "Chưa có số liệu", "Not known";
        log: "Các lần xác nhận", "What was confirmed";
        lead: "Trưởng ca xác nhận", "Confirmed by the shift lead";
        nobody_leads: "Chưa biết ai là trưởng ca: ai trong danh bạ cũng xác nhận được, và sổ ghi rõ điều đó", "Nobody is known to lead the shift: anybody of the roster can confirm, and the log says so";
        as_keeper: "quản trị máy chủ", "keeper of the server";
        unled: "không rõ trưởng ca", "no shift lead known";
        never: "Chưa ai xác nhận cấp nào", "Nobody has confirmed a stage";
    }
}
