//! How the pages speak: every text of the interface in Vietnamese and English. Numbers and spans
//! are written by the shared model; texts that come from definitions bring their own two languages.
//!
//! Must never read a clock, a zone's rules or the browser's settings: the language is always an argument.

mod console_words;
mod form_words;
mod leader_words;
mod panel_words;
mod replay_words;
mod room_words;
mod rota_words;
mod stage_words;
mod texts;
mod wall_words;
mod words;

pub use console_words::{ConsoleWords, console_words};
pub use form_words::{FormWords, form_words};
pub use leader_words::{LeaderWords, leader_words};
pub use panel_words::{PanelWords, panel_words};
pub use replay_words::{ReplayWords, replay_words};
pub use room_words::{RoomWords, room_words};
pub use rota_words::{RotaWords, rota_words};
pub use stage_words::{StageWords, stage_words};
pub use taydo_model::number::{count, difference, number, span};
pub use taydo_model::text::Language;
pub use wall_words::{WallWords, wall_words};
pub use words::{Words, words};

use taydo_model::ErrorCode;

/// The language that a code such as `vi` or `en-GB` asks for, if it is one of ours.
#[must_use]
pub fn language(code: &str) -> Option<Language> {
    match code.split(['-', '_']).next() {
        Some("vi") => Some(Language::Vi),
        Some("en") => Some(Language::En),
        _ => None,
    }
}

/// The language's code, for `lang` attributes and addresses.
#[must_use]
pub fn code(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::En => "en",
    }
}

/// How old something is: `12 giây trước`, `3 min ago`.
#[must_use]
pub fn age(seconds: i64, language: Language) -> String {
    match language {
        Language::Vi => format!("{} trước", span(seconds, language)),
        Language::En => format!("{} ago", span(seconds, language)),
    }
}

/// A refusal in one or two words.
#[must_use]
pub fn refusal(error: ErrorCode, language: Language) -> &'static str {
    let (vi, en) = match error {
        ErrorCode::Malformed => ("không đọc được", "unreadable"),
        ErrorCode::Invalid => ("không hợp lệ", "invalid"),
        ErrorCode::NotFound => ("không tồn tại", "not found"),
        ErrorCode::MethodNotAllowed => ("sai phương thức", "wrong method"),
        ErrorCode::TooLarge => ("quá lớn", "too large"),
        ErrorCode::UnsupportedMedia => ("sai định dạng", "unsupported format"),
        ErrorCode::Forbidden => ("không được phép", "forbidden"),
        ErrorCode::ForeignOrigin => ("nguồn trang lạ", "foreign page"),
        ErrorCode::Conflict => ("đã có việc khác xảy ra trước", "something else came first"),
        ErrorCode::Busy => ("quá tải", "too busy"),
        ErrorCode::Unavailable => ("chưa sẵn sàng", "unavailable"),
        ErrorCode::Timeout => ("quá thời gian", "timed out"),
        ErrorCode::Internal => ("lỗi máy chủ", "server fault"),
        ErrorCode::UnknownMetric => ("chỉ số lạ", "unknown metric"),
        ErrorCode::WrongUnit => ("sai đơn vị", "wrong unit"),
        ErrorCode::InvalidValue => ("giá trị sai", "invalid value"),
        ErrorCode::InvalidTime => ("thời gian sai", "invalid time"),
        ErrorCode::InvalidLabel => ("nhãn sai", "invalid label"),
        ErrorCode::TooManySeries => ("quá nhiều chuỗi", "too many series"),
    };
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::text::nfc;

    #[test]
    fn an_age_is_told_in_its_largest_whole_unit() {
        for (seconds, vi, en) in [
            (-3, "0 giây trước", "0 s ago"),
            (12, "12 giây trước", "12 s ago"),
            (59, "59 giây trước", "59 s ago"),
            (60, "1 phút trước", "1 min ago"),
            (3_599, "59 phút trước", "59 min ago"),
            (90_000, "25 giờ trước", "25 h ago"),
            (172_800, "2 ngày trước", "2 days ago"),
        ] {
            assert_eq!(age(seconds, Language::Vi), vi);
            assert_eq!(age(seconds, Language::En), en);
        }
    }

    #[test]
    fn every_text_is_composed_and_none_is_empty() {
        for language in [Language::Vi, Language::En] {
            let all = [
                words(language).all(),
                panel_words(language).all(),
                leader_words(language).all(),
                console_words(language).all(),
                rota_words(language).all(),
                room_words(language).all(),
                replay_words(language).all(),
                stage_words(language).all(),
                wall_words(language).all(),
            ];
            for text in all.concat() {
                assert!(!text.is_empty());
                assert_eq!(nfc(text), text, "a text is not in Unicode NFC, or has blanks around it");
            }
        }
    }
}
