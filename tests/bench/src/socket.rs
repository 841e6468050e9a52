//! The client's side of RFC 6455, as far as a load generator needs it, and the server's handshake for the floor.

use anyhow::{Context, bail};
use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

/// Text.
pub const TEXT: u8 = 1;
/// The end.
pub const CLOSE: u8 = 8;
/// A question whether the other side is there.
pub const PING: u8 = 9;
/// Its answer.
pub const PONG: u8 = 10;

/// The key of the specification's own example: all clients here use it, so the floor knows the answer by heart.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A connection that has been upgraded, and what came after the server's answer.
#[derive(Debug)]
pub struct Upgraded {
    /// The connection, blocking.
    pub stream: TcpStream,
    /// Bytes of frames that have already come.
    pub rest: Vec<u8>,
}

/// Connects; a client that will never read gets a receive buffer of 4 kB, so that it is soon full.
///
/// # Errors
/// When nobody listens there.
pub fn connect(address: SocketAddrV4, never_reads: bool) -> anyhow::Result<TcpStream> {
    use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    if never_reads {
        sockopt::set_socket_recv_buffer_size(&socket, 4096)?;
    }
    connect(&socket, &SocketAddr::V4(address)).with_context(|| format!("can't connect to {address}"))?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    Ok(stream)
}

/// Asks for the upgrade.
///
/// # Errors
/// When the connection breaks.
pub fn ask(stream: &mut TcpStream, address: SocketAddrV4) -> anyhow::Result<()> {
    let request = format!(
        "GET /api/v1/live HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
        taydo_model::wire::SUBPROTOCOL
    );
    Ok(stream.write_all(request.as_bytes())?)
}

/// Waits for the server's answer.
///
/// # Errors
/// When it isn't an upgrade.
pub fn answered(mut stream: TcpStream) -> anyhow::Result<Upgraded> {
    let mut have = Vec::new();
    let mut part = [0; 2048];
    loop {
        if let Some(end) = memchr::memmem::find(&have, b"\r\n\r\n") {
            if !have.starts_with(b"HTTP/1.1 101") {
                bail!("no upgrade: {}", String::from_utf8_lossy(&have));
            }
            have.drain(..end + 4);
            return Ok(Upgraded { stream, rest: have });
        }
        let count = stream.read(&mut part).context("the server doesn't answer the handshake")?;
        if count == 0 {
            bail!("the server closed the connection in the handshake: {}", String::from_utf8_lossy(&have));
        }
        have.extend_from_slice(part.get(..count).unwrap_or_default());
    }
}

/// The floor's answer to a request; it takes whatever was asked.
#[must_use]
pub fn welcome() -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\
         Sec-WebSocket-Protocol: {}\r\n\r\n",
        taydo_model::wire::SUBPROTOCOL
    )
}

/// A client's frame with a payload of at most 65,535 bytes, under the mask of four zeros, which costs nothing.
#[must_use]
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    let mut frame = if length < 126 { vec![0x80 | opcode, 0x80 | low] } else { vec![0x80 | opcode, 0x80 | 126, high, low] };
    frame.extend([0; 4]);
    frame.extend(payload.iter().take(usize::from(length)));
    frame
}

/// A server's frame at the beginning of some bytes: opcode, payload, and how many bytes it takes in all. `None` where
/// it is not complete.
#[must_use]
pub fn frame(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (opcode, short) = (bytes.first()? & 15, bytes.get(1)? & 127);
    let (head, length) = match short {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let end = head + length;
    Some((opcode, bytes.get(head..end)?, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_when_they_are_complete() {
        let whole = taydo_server::hub::text_frame(&[b'x'; 300]);
        assert_eq!(frame(&whole).map(|(opcode, payload, taken)| (opcode, payload.len(), taken)), Some((TEXT, 300, 304)));
        assert!(frame(&whole[..303]).is_none() && frame(&whole[..3]).is_none() && frame(&[]).is_none());
    }
}
