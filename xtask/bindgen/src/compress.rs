//! Compressed copies, made once at build time so that the server never compresses a file.
//!
//! Must never keep a copy that saves next to nothing: it would cost memory and a decision per request.

use std::io::Write;

use anyhow::{Context, Result};

/// gzip at its highest level.
pub(crate) fn gzip(content: &[u8]) -> Result<Option<Vec<u8>>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).context("can't compress with gzip")?;
    Ok(worth_it(content, encoder.finish().context("can't compress with gzip")?))
}

/// Brotli at its highest level.
pub(crate) fn brotli(content: &[u8]) -> Result<Option<Vec<u8>>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters).context("can't compress with brotli")?;
    Ok(worth_it(content, compressed))
}

/// `compressed` when it is at least a tenth smaller.
fn worth_it(content: &[u8], compressed: Vec<u8>) -> Option<Vec<u8>> {
    (compressed.len().saturating_mul(10) <= content.len().saturating_mul(9)).then_some(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn copies_unpack_to_the_original() {
        let text = "Cần Thơ ".repeat(500).into_bytes();
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(gzip(&text).unwrap().unwrap().as_slice()).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut brotli(&text).unwrap().unwrap().as_slice(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn what_does_not_shrink_has_no_copy() {
        assert_eq!(gzip(b"short").unwrap(), None);
        assert_eq!(brotli(b"short").unwrap(), None);
    }
}
