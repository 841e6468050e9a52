//! Finished WebSocket frames of a server: unmasked, so one serves all clients (RFC 6455, section 5.2).

use bytes::{BufMut, Bytes, BytesMut};

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

fn frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(payload.len() + 10);
    out.put_u8(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short), _) if short < 126 => out.put_u8(short),
        (_, Ok(middle)) => {
            out.put_u8(126);
            out.put_u16(middle);
        }
        _ => {
            out.put_u8(127);
            out.put_u64(payload.len() as u64);
        }
    }
    out.put_slice(payload);
    out.freeze()
}

/// A text message in one frame.
#[must_use]
pub fn text_frame(payload: &[u8]) -> Bytes {
    frame(TEXT, payload)
}

/// An empty ping.
#[must_use]
pub fn ping_frame() -> Bytes {
    frame(PING, &[])
}

/// The answer to a ping; control frames carry at most 125 bytes.
#[must_use]
pub fn pong_frame(payload: &[u8]) -> Bytes {
    frame(PONG, payload.get(..125).unwrap_or(payload))
}

/// The end of a connection, with its code and a reason of at most 123 bytes.
#[must_use]
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.get(..end).unwrap_or_default().as_bytes());
    frame(CLOSE, &payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_the_protocol_wants_them() {
        assert_eq!(&text_frame(b"hi")[..], b"\x81\x02hi");
        assert_eq!(&text_frame(&[b'a'; 125])[..2], &[0x81, 125]);
        assert_eq!(&text_frame(&[b'a'; 126])[..4], &[0x81, 126, 0, 126]);
        assert_eq!(&text_frame(&vec![b'a'; 70_000])[..10], &[0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
        assert!(close_frame(1001, &"ế".repeat(100)).len() <= 127);
    }
}
