//! Request bodies: read within limits of size, unpacked size and time.

use super::refusal::Refusal;
use crate::clock::Clock;
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::Payload;
use bytes::BytesMut;
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use std::io::Read;
use std::time::Duration;
use taydo_model::{ErrorCode, Text};

/// The largest body on the wire.
const MAX_BODY_BYTES: usize = 4 << 20;
/// The largest body once unpacked.
const MAX_UNPACKED_BYTES: usize = 32 << 20;
/// A body must have arrived within this time.
const BODY_TIME: Duration = Duration::from_secs(15);

/// The body, unpacked where it is gzip.
pub(super) async fn read(request: &HttpRequest, payload: Payload, clock: &Clock) -> Result<Vec<u8>, Refusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    let late = |_| {
        let seconds = BODY_TIME.as_secs();
        let (vi, en) =
            (format!("nội dung không tới đủ trong {seconds} giây; hãy gửi lại"), format!("the body did not arrive within {seconds} s"));
        Refusal::both(ErrorCode::Timeout, Text { vi, en })
    };
    let body = clock.timeout(BODY_TIME, gather(payload, announced.unwrap_or(0))).await.map_err(late)??;
    match request.headers().get(header::CONTENT_ENCODING).map(|text| text.to_str().unwrap_or("?")) {
        None | Some("identity" | "") => Ok(body.into()),
        Some("gzip") => unpack(&body, MAX_UNPACKED_BYTES),
        Some(other) => {
            Err(Refusal::new(ErrorCode::UnsupportedMedia, format!("content encoding {other:?} is not understood; send gzip or none")))
        }
    }
}

fn too_large() -> Refusal {
    let most = MAX_BODY_BYTES >> 20;
    let (vi, en) =
        (format!("nội dung lớn hơn {most} MiB; hãy gửi từng phần"), format!("the body is larger than {most} MiB; send it in parts"));
    Refusal::both(ErrorCode::TooLarge, Text { vi, en })
}

async fn gather(mut payload: Payload, announced: usize) -> Result<BytesMut, Refusal> {
    let mut body = BytesMut::with_capacity(announced);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Refusal::new(ErrorCode::Malformed, format!("the body broke off: {error}")))?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::with_capacity(packed.len().saturating_mul(4).min(limit));
    // One byte more than allowed tells a body of exactly the limit from a larger one; a bomb is never unpacked further.
    let read = MultiGzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut body);
    read.map_err(|error| Refusal::new(ErrorCode::Malformed, format!("the body is not sound gzip: {error}")))?;
    if body.len() > limit {
        return Err(Refusal::new(ErrorCode::TooLarge, format!("the body unpacks to more than {} MiB; send it in parts", limit >> 20)));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 2 << 20]).unwrap();
        let bomb = packer.finish().unwrap();
        assert!(bomb.len() < 10_000);
        let refusal = unpack(&bomb, 1 << 20).unwrap_err().to_string();
        assert!(refusal.contains("more than 1 MiB"), "{refusal}");
        assert_eq!(unpack(&bomb, 2 << 20).unwrap().len(), 2 << 20);
        assert!(unpack(b"not gzip", 100).is_err());
    }
}
