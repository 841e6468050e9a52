//! The alphabet of SMS: what is left of a text when every character has to be one of GSM 03.38's basic set.
//!
//! It must never give a character that counts twice or that would turn the message into UCS-2, which has room for 70.

use unicode_normalization::UnicodeNormalization;

/// The text without marks, in one line. Vietnamese letters lose their marks; what has no like is left out.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd() {
        let c = match c {
            'đ' => 'd',
            'Đ' => 'D',
            'μ' => 'u',
            '–' | '—' | '−' | '~' => '-',
            '“' | '”' => '"',
            '‘' | '’' | '`' => '\'',
            '[' | '{' => '(',
            ']' | '}' => ')',
            '\\' | '|' => '/',
            '×' => 'x',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if (c.is_ascii_graphic() && c != '^') || c == ' ' {
            out.push(c);
        }
    }
    out
}
