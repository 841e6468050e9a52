//! The texts of replays.
//!
//! Must never be shown beside figures of the present.

use super::texts::texts;

texts! {
    /// A replay's texts in one language.
    ReplayWords, replay_words {
        replay: "Phát lại", "Replay";
        to_live: "Về hiện tại", "Back to live";
        play: "Phát", "Play";
        pause: "Dừng", "Pause";
        back: "Biến cố trước", "Previous event";
        on: "Biến cố sau", "Next event";
        speed: "Tốc độ", "Speed";
        position: "Thời điểm đang xem", "Instant shown";
        from: "Từ", "From";
        to: "Đến", "To";
        known: "Số liệu", "Figures";
        known_then: "như đã hiển thị lúc đó", "as shown then";
        known_now: "như biết hiện nay", "as known now";
        keys: "Phím cách: phát, dừng · ← →: một phút · Shift + ← →: biến cố", "Space: play, pause · ← →: a minute · Shift + ← →: events";
        no_acts: "Đang xem lại: không thao tác được trên sự cố.", "This is the past: incidents can't be acted on.";
    }
}
