//! A page that scrubs through the past: a replay over the WebSocket that seeks and waits for the frame.
//!
//! It must never read what it is told; it knows frames by their first bytes and by their epoch.

use crate::archive::{Archive, BOARD, MONTH};
use crate::socket::{CLOSE, PING, PONG, TEXT, answered, ask, connect, frame, masked};
use crate::stopwatch::Stopwatch;
use anyhow::{Context, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::Duration;

/// Between two seeks: clients that say more than 20 things a second are cut off.
const REST: Duration = Duration::from_millis(100);

/// A page in a replay that stands still.
#[derive(Debug)]
pub struct Scrubber {
    stream: TcpStream,
    have: Vec<u8>,
    epoch: i64,
    topic: Value,
}

impl Scrubber {
    /// Begins a replay of the archive's month on a board with all figures.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn begin(server: &str, archive: &Archive) -> anyhow::Result<Self> {
        let address: SocketAddrV4 = server.trim_start_matches("http://").parse().context("the server's address")?;
        let mut stream = connect(address, false)?;
        ask(&mut stream, address)?;
        let upgraded = answered(stream)?;
        let topic = json!({ "board": BOARD, "view": "all" });
        let mut scrubber = Self { stream: upgraded.stream, have: upgraded.rest, epoch: 0, topic };
        let from = archive.end.checked_sub(MONTH)?;
        let replay = json!({ "from": from, "to": archive.end, "speed": 0, "known": "then" });
        scrubber.say(&json!({ "type": "subscribe", "topic": scrubber.topic, "replay": replay }))?;
        scrubber.until_shown()?;
        Ok(scrubber)
    }

    /// Seeks so many times, each time to another place of the month: milliseconds from the message to the frame, and the
    /// largest frame's bytes.
    ///
    /// # Errors
    /// When the server doesn't show it.
    pub fn seek(&mut self, archive: &Archive, times: u32) -> anyhow::Result<(Vec<f64>, usize)> {
        let (mut took, mut largest) = (Vec::new(), 0);
        let span_s = MONTH.as_secs();
        for turn in 1..=i64::from(times) {
            let back = SignedDuration::from_secs(turn * 1_000_003 % span_s);
            let at: Timestamp = archive.end.checked_sub(back)?;
            std::thread::sleep(REST);
            let watch = Stopwatch::start();
            self.say(&json!({ "type": "seek", "topic": self.topic, "at": at }))?;
            largest = largest.max(self.until_shown()?);
            took.push(watch.seconds() * 1e3);
        }
        Ok((took, largest))
    }

    fn say(&mut self, message: &Value) -> anyhow::Result<()> {
        Ok(self.stream.write_all(&masked(TEXT, &serde_json::to_vec(message)?))?)
    }

    /// Reads until a snapshot of a higher epoch has come whole; its bytes.
    fn until_shown(&mut self) -> anyhow::Result<usize> {
        let patience = Stopwatch::start();
        loop {
            while let Some((opcode, payload, taken)) = frame(&self.have) {
                let shown = if opcode == TEXT { self.shown(payload)? } else { None };
                let (bytes, pong) = (payload.len(), (opcode == PING).then(|| masked(PONG, payload)));
                ensure!(opcode != CLOSE, "the server ended the replay: {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default()));
                self.have.drain(..taken);
                if let Some(pong) = pong {
                    self.stream.write_all(&pong)?;
                }
                if let Some(epoch) = shown {
                    self.epoch = epoch;
                    return Ok(bytes);
                }
            }
            ensure!(patience.seconds() < 30.0, "the server didn't show it within 30 s");
            let mut part = [0; 65_536];
            let count = self.stream.read(&mut part).context("the server says nothing more")?;
            ensure!(count > 0, "the server closed the connection");
            self.have.extend_from_slice(part.get(..count).unwrap_or_default());
        }
    }

    /// The epoch of a snapshot that is newer than the last one.
    fn shown(&self, payload: &[u8]) -> anyhow::Result<Option<i64>> {
        let head = String::from_utf8_lossy(payload.get(..400.min(payload.len())).unwrap_or_default()).into_owned();
        if head.contains("\"type\":\"error\"") {
            bail!("the server says {head}");
        }
        if !head.contains("\"type\":\"snapshot\"") {
            return Ok(None);
        }
        let epoch = head.split_once("\"epoch\":").map(|(_, rest)| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        let epoch: i64 = epoch.context("a snapshot without an epoch")?.parse()?;
        Ok((epoch > self.epoch).then_some(epoch))
    }
}
