//! A file's bytes as UTF-8. It never judges UTF-8 itself: a bad cell is refused with its row, not with its file.

use super::super::Refusal;
use std::io::Read;
use taydo_model::ErrorCode;

const CHUNK_BYTES: usize = 16 * 1024;

/// The file as UTF-8; the CSV reader skips a byte-order mark.
pub(super) fn reader<'r>(file: impl Read + 'r, encoding: &str) -> Result<Box<dyn Read + 'r>, Refusal> {
    match encoding {
        "utf-8" => Ok(Box::new(file)),
        "windows-1258" => Ok(Box::new(Decoded {
            file,
            decoder: encoding_rs::WINDOWS_1258.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK_BYTES],
            text: Vec::new(),
            taken: 0,
            ended: false,
        })),
        other => {
            let message = format!("encoding {other:?} is not understood; write utf-8 or windows-1258");
            Err(Refusal::new(ErrorCode::UnsupportedMedia, message))
        }
    }
}

struct Decoded<R> {
    file: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    /// What is decoded and not yet read, from `taken` on.
    text: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.text.len() && !self.ended {
            let read = self.file.read(&mut self.raw)?;
            self.ended = read == 0;
            let raw = self.raw.get(..read).unwrap_or_default();
            self.text.resize(self.decoder.max_utf8_buffer_length(read).unwrap_or(CHUNK_BYTES * 4), 0);
            let (_, _, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
            self.text.truncate(written);
            self.taken = 0;
        }
        let rest = self.text.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
    }
}
