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
        never: "Chưa ai xác nhận cấp nào", "Nobody has confirmed a stage";
    }
}
