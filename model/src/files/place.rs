//! Places: where a byte of a text is in the file that writes the text.
//!
//! Must never know what the text says.

/// How many bytes after the start of a TOML string's source the byte `at` of its value is written.
pub(super) fn in_source(source: &str, at: usize) -> usize {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| source.starts_with(quote)).unwrap_or_default();
    let mut place = quote.len();
    // A line's end just after three quotes is not part of the text.
    if quote.len() == 3 {
        let rest = source.get(place..).unwrap_or_default();
        place += ["\r\n", "\n"].into_iter().find(|end| rest.starts_with(end)).map_or(0, str::len);
    }
    let escapes = quote.starts_with('"');
    let mut written = 0;
    while written < at {
        let rest = source.get(place..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { break };
        let (length, stands_for) = if escapes && first == '\\' { escape(rest) } else { (first.len_utf8(), first.len_utf8()) };
        place += length;
        written += stands_for;
    }
    match source.get(place..).filter(|rest| escapes && rest.starts_with('\\')).map(escape) {
        Some((length, 0)) => place + length,
        _ => place,
    }
}

/// How long an escape is, and how many bytes it stands for.
fn escape(rest: &str) -> (usize, usize) {
    let of_digits = |length: usize| {
        let code = rest.get(2..length).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        (length.min(rest.len()), code.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    match rest.chars().nth(1) {
        Some('u') => of_digits(6),
        Some('U') => of_digits(10),
        Some('x') => of_digits(4),
        // At a line's end: everything up to the next letter is left out.
        Some(c) if c.is_whitespace() => (rest.len() - rest.get(1..).unwrap_or_default().trim_start().len(), 0),
        Some(c) => (1 + c.len_utf8(), 1),
        None => (1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_behind_quotes_and_escapes() {
        for (source, text) in [
            ("\"ab+c\" }", "ab+c"),
            ("'ab+c'", "ab+c"),
            ("\"\"\"\n  a\n+c\"\"\"", "  a\n+c"),
            ("'''\r\nab+c'''", "ab+c"),
            ("'''ab\\+c'''", "ab\\+c"),
            (r#""\u0111\t\"+c""#, "đ\t\"+c"),
            ("\"\"\"a \\\n    +c\"\"\"", "a +c"),
        ] {
            let at = in_source(source, text.find('+').unwrap());
            assert!(source.get(at..).unwrap().starts_with("+c"), "{source}: {at}");
        }
        assert_eq!(in_source("\"ab\"", 99), 4);
    }
}
