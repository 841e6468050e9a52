//! CSV as spreadsheet programs write it: comma, semicolon or tab; UTF-8, UTF-16 or Windows-1258.
//!
//! It must never lose count of rows: their numbers are those that a spreadsheet program shows.

use super::{Cell, Line, MAX_COLUMNS, MAX_ROWS, Sheet};
use crate::door::words::{self, Complaint};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1258};
use std::borrow::Cow;

/// So many lines decide on the delimiter.
const LINES_LOOKED_AT: usize = 30;

pub(super) fn read(name: &str, file: &[u8]) -> Result<Sheet, Complaint> {
    let text = decode(file)?.replace("\r\n", "\n").replace('\r', "\n");
    let delimiter = delimiter(&text);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let name = if stem.is_empty() { "CSV" } else { stem }.to_owned();
    let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = ::csv::StringRecord::new();
    let mut place = Place { text: &text, at: 0, row: 1 };
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(Sheet { name, rows }),
            Err(_) => return Err(words::unreadable_file()),
        }
        let number = place.of(&record);
        let cells = (0..MAX_COLUMNS).zip(record.iter()).filter_map(|(at, text)| Some((at, Cell::text(text)?)));
        let row = Line { number, cells: cells.collect() };
        if !row.cells.is_empty() {
            rows.push(row);
        }
        if rows.len() > MAX_ROWS {
            return Err(words::too_many_rows(MAX_ROWS));
        }
    }
}

/// Where the reader is: it says itself where a record begins, but counts neither the empty lines before it nor as
/// spreadsheet programs do, which show a cell's line breaks within one row.
struct Place<'t> {
    text: &'t str,
    at: usize,
    row: i64,
}

impl Place<'_> {
    /// The row that a record is shown in, as its program numbers it.
    fn of(&mut self, record: &::csv::StringRecord) -> u32 {
        let begin = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        let blank = self.text.get(begin..).unwrap_or_default().bytes().take_while(|byte| *byte == b'\n').count();
        let begin = begin + blank;
        let breaks = self.text.get(self.at..begin).unwrap_or_default().matches('\n').count();
        self.row += i64::try_from(breaks).unwrap_or(0);
        let inner = record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
        let row = u32::try_from(self.row).unwrap_or(u32::MAX);
        // They lie behind the record's beginning, so the next one counts them.
        self.row -= i64::try_from(inner).unwrap_or(0);
        self.at = begin;
        row
    }
}

/// The text, by its byte-order mark; without one it is UTF-8 where it can be, else Windows-1258.
fn decode(file: &[u8]) -> Result<Cow<'_, str>, Complaint> {
    let (encoding, mark) = Encoding::for_bom(file).unwrap_or((UTF_8, 0));
    let body = file.get(mark..).unwrap_or_default();
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body) {
        return if text.contains('\0') { Err(words::not_a_table("?")) } else { Ok(text) };
    }
    if mark > 0 || body.contains(&0) {
        return Err(words::not_a_table("?"));
    }
    Ok(WINDOWS_1258.decode_without_bom_handling(body).0)
}

/// The one of comma, semicolon and tab that divides the most lines, then the one that divides them most often. A comma in
/// a number must not win over the semicolon beside it.
fn delimiter(text: &str) -> u8 {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(LINES_LOOKED_AT).collect();
    let score = |delimiter: char| {
        let counts = lines.iter().map(|line| outside_quotes(line, delimiter));
        (counts.clone().filter(|count| *count > 0).count(), counts.sum::<usize>())
    };
    let all = [(score(','), b','), (score('\t'), b'\t'), (score(';'), b';')];
    all.into_iter().max_by_key(|(score, _)| *score).map_or(b',', |(_, delimiter)| delimiter)
}

fn outside_quotes(line: &str, delimiter: char) -> usize {
    line.split('"').step_by(2).map(|part| part.matches(delimiter).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(file: &[u8]) -> Vec<String> {
        let sheet = read("Báo cáo.csv", file).unwrap();
        assert_eq!(sheet.name, "Báo cáo");
        let row = |row: &Line| {
            format!(
                "{}: {}",
                row.number,
                row.cells.iter().map(|(at, cell)| format!("{at}={}", cell.shown())).collect::<Vec<_>>().join(" | ")
            )
        };
        sheet.rows.iter().map(row).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "Chỉ tiêu;Giá trị\r\nGiải ngân;1.234,5\r\n";
        let expected = ["1: 0=Chỉ tiêu | 1=Giá trị", "2: 0=Giải ngân | 1=1.234,5"];
        let utf16 = |big: bool| {
            let units = text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            let mark = if big { [0xfe, 0xff] } else { [0xff, 0xfe] };
            mark.into_iter().chain(units).collect::<Vec<u8>>()
        };
        assert_eq!(shown(text.as_bytes()), expected);
        assert_eq!(shown(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), expected);
        assert_eq!(shown(&utf16(false)), expected);
        assert_eq!(shown(&utf16(true)), expected);
        // Windows-1258 writes some letters as a base and a mark: `ỉ` is i and 0xd2.
        let old = b"Ch\xd2i ti\xeau;Gi\xe1 tr\xd2i\n";
        assert!(read("a.csv", old).unwrap().rows.len() == 1);
        let old = [b"Ch".as_slice(), b"i\xd2", b" ti\xeau;Gi\xe1 tri\xf2\nGia\xd2i ng\xe2n;1.234,5\n"].concat();
        assert_eq!(shown(&old), expected);
    }

    #[test]
    fn the_delimiter_is_found_beside_decimal_commas() {
        assert_eq!(shown(b"a;b\n1,5;2,5\n3,5;4,5\n"), ["1: 0=a | 1=b", "2: 0=1,5 | 1=2,5", "3: 0=3,5 | 1=4,5"]);
        assert_eq!(shown(b"a,b\n\"1,5\",\"2,5\"\n"), ["1: 0=a | 1=b", "2: 0=1,5 | 1=2,5"]);
        assert_eq!(shown(b"a\tb\n1,5\t2\n"), ["1: 0=a | 1=b", "2: 0=1,5 | 1=2"]);
    }

    #[test]
    fn rows_have_the_numbers_that_the_program_shows() {
        assert_eq!(shown(b"a,b\n\n\"x\ny\",2\nc,3\n"), ["1: 0=a | 1=b", "3: 0=x\ny | 1=2", "4: 0=c | 1=3"]);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert!(read("a.csv", b"a\0b,c\n").is_err());
        assert!(read("a.csv", b"\xff\xfea").is_err() || read("a.csv", b"\xff\xfea").unwrap().rows.len() < 2);
        let long = "a,b\n".repeat(MAX_ROWS + 2);
        assert!(read("a.csv", long.as_bytes()).is_err());
    }
}
