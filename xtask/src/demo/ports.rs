//! The demo's ports on loopback: choosing free ones, and asking whether something answers.
//!
//! Must never listen for longer than it takes to see that a port is free.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::progress;

const HTTP: u16 = 4390;
/// How many ports are tried before giving up.
const TRIES: u16 = 50;
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads `--port`.
pub(crate) fn parse(text: Option<&str>) -> Result<Option<u16>> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => bail!("`{text}` is no port; give a number from 1 to 65535"),
    }
}

/// The ports for pages and broker: the wanted ones, or the next free ones where nobody asked for one in particular.
pub(crate) fn choose(wanted: Option<u16>) -> Result<(u16, u16)> {
    let first = wanted.unwrap_or(HTTP);
    let Some(http) = next_free(first, if wanted.is_some() { 1 } else { TRIES }, is_free) else {
        bail!("port {first} is taken; name another with --port, or see what has it with `ss -ltnp`");
    };
    let start = http.saturating_add(1);
    let mqtt = next_free(start, TRIES, is_free)
        .with_context(|| format!("no port from {start} on is free for the broker; name another with --port"))?;
    if http != first {
        progress::say("demo", &format!("port {first} is taken, so the pages are on {http}"));
    }
    if mqtt != start {
        progress::say("demo", &format!("port {start} is taken, so the broker is on {mqtt}"));
    }
    Ok((http, mqtt))
}

fn next_free(first: u16, tries: u16, is_free: impl Fn(u16) -> bool) -> Option<u16> {
    (first..first.saturating_add(tries)).find(|port| is_free(*port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether something accepts connections.
pub(crate) fn answers(port: u16) -> bool {
    connect(port).is_some()
}

/// Whether the server says that it is ready.
pub(crate) fn is_ready(port: u16) -> bool {
    let ask = |mut stream: TcpStream| -> std::io::Result<bool> {
        stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start.starts_with(b"HTTP/1.1 200"))
    };
    connect(port).is_some_and(|stream| ask(stream).unwrap_or(false))
}

fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    Some(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_free_port_is_taken_and_never_one_beyond_the_tries() {
        assert_eq!(next_free(10, 5, |port| port >= 12), Some(12));
        assert_eq!(next_free(10, 2, |port| port >= 12), None);
        assert_eq!(next_free(u16::MAX, 5, |_| true), None);
    }

    #[test]
    fn a_port_is_a_number_that_one_can_listen_on() {
        assert_eq!(parse(Some("4390")).unwrap(), Some(4390));
        for text in ["0", "65536", "http"] {
            assert!(parse(Some(text)).unwrap_err().to_string().contains("is no port"));
        }
    }
}
