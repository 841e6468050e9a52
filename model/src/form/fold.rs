//! Texts as people write them, made comparable: lower case, no Vietnamese marks, words with one blank between them.
//!
//! Must never be shown to anybody.

use unicode_normalization::UnicodeNormalization;

/// The text's letters and digits in lower case and without marks, everything else one blank: `Sở Tài chính` and
/// `SO TAI CHINH` are `so tai chinh`.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().flat_map(char::to_lowercase) {
        let c = if c == 'đ' { 'd' } else { c };
        if c.is_alphanumeric() {
            out.push(c);
        } else if !('\u{300}'..='\u{36f}').contains(&c) && !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_case_and_signs_make_no_difference() {
        for text in ["Tỷ lệ giải ngân (%)", "TỶ LỆ  GIẢI NGÂN, %", " ty le giai-ngan "] {
            assert_eq!(fold(text), "ty le giai ngan");
        }
        assert_eq!(fold("Đường 30/4"), "duong 30 4");
        assert_eq!(fold("…"), "");
    }
}
