//! A fleet of WebSocket clients in one thread, and the publisher that drives the server they watch.
//!
//! Every client checks the count in every update that it gets. The fleet never waits for one client.

use crate::message::{marks, topic};
use crate::process::cpu_s;
use crate::socket::{CLOSE, PING, PONG, TEXT, answered, ask, connect, frame, masked};
use crate::stopwatch::Stopwatch;
use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddrV4;
use std::time::Duration;
use taydo_model::wire::ClientMessage;

/// Connections that are opened at once.
const AT_ONCE: usize = 250;
/// What a measurement is preceded by, in seconds.
const WARM_UP_S: f64 = 0.5;
/// How long a window may stand still before the run is given up, in seconds.
const STANDSTILL_S: f64 = 5.0;

/// How the publisher publishes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many messages are on their way: the next follow when all clients have the first of them.
    Window(u64),
    /// So many messages a second, whatever happens.
    Rate(f64),
}

/// Clients that watch one server.
pub struct Fleet {
    poll: Poll,
    clients: Vec<Client>,
    /// The way to the publisher within the server: a line for each message.
    control: std::net::TcpStream,
    watch: Stopwatch,
    /// How many of the clients read.
    readers: u64,
    published: u64,
    tally: Tally,
    buffer: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come.
    carry: Vec<u8>,
    last: Option<u64>,
}

/// What all clients have got.
struct Tally {
    delivered: u64,
    repeated: u64,
    skipped: u64,
    closed: u64,
    bytes: u64,
    /// Microseconds from publish to receive, while a measurement runs.
    latency: Histogram<u64>,
}

/// A measurement.
#[derive(Debug, Clone)]
pub struct Run {
    /// The server's CPU seconds for a million delivered messages.
    pub cpu_s_per_million: f64,
    /// Messages delivered in a second.
    pub per_s: f64,
    /// Milliseconds from publish to receive: half were faster …
    pub p50_ms: f64,
    /// … 99 of 100 were …
    pub p99_ms: f64,
    /// … and all.
    pub max_ms: f64,
    /// How many deliveries these rest on.
    pub samples: u64,
    /// Bytes of one frame's payload.
    pub frame_bytes: f64,
    /// Messages that some client never got, got twice or out of order, and connections that were closed.
    pub faults: u64,
}

impl Fleet {
    /// Connects `count` clients, of which `stalled` will never read, and the publisher; waits until each has the topic.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn connect(address: SocketAddrV4, control: SocketAddrV4, count: usize, stalled: usize) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let subscribe = masked(TEXT, &serde_json::to_vec(&ClientMessage::Subscribe { topic: topic()?, replay: None })?);
        let mut clients = Vec::with_capacity(count);
        while clients.len() < count {
            let first = clients.len();
            let mut streams = Vec::with_capacity(AT_ONCE);
            for number in first..count.min(first + AT_ONCE) {
                let mut stream = connect(address, number < stalled)?;
                ask(&mut stream, address)?;
                streams.push(stream);
            }
            for stream in streams {
                let mut upgraded = answered(stream)?;
                upgraded.stream.write_all(&subscribe)?;
                upgraded.stream.set_nonblocking(true)?;
                let mut stream = TcpStream::from_std(upgraded.stream);
                if clients.len() >= stalled {
                    poll.registry().register(&mut stream, Token(clients.len()), Interest::READABLE)?;
                }
                clients.push(Client { stream, carry: upgraded.rest, last: None });
            }
        }
        let control = connect_control(control)?;
        let tally =
            Tally { delivered: 0, repeated: 0, skipped: 0, closed: 0, bytes: 0, latency: Histogram::new_with_bounds(1, 60_000_000, 3)? };
        let readers = u64::try_from(count - stalled)?;
        let mut fleet = Self { poll, clients, control, watch: Stopwatch::start(), readers, published: 0, tally, buffer: vec![0; 1 << 18] };
        fleet.listen_for(1.0)?;
        Ok(fleet)
    }

    /// Takes what comes for some seconds.
    ///
    /// # Errors
    /// When polling fails.
    pub fn listen_for(&mut self, seconds: f64) -> anyhow::Result<()> {
        let pause = Stopwatch::start();
        while pause.seconds() < seconds {
            self.receive(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// Publishes at a pace for some seconds after a warm-up, and measures the server `pid` meanwhile.
    ///
    /// # Errors
    /// When polling fails, or nothing moves any more.
    pub fn measure(&mut self, pace: Pace, seconds: f64, pid: u32) -> anyhow::Result<Run> {
        let (published, delivered) = (self.published, self.tally.delivered);
        let begun = (self.tally.repeated + self.tally.skipped, self.tally.closed);
        self.publish_for(pace, WARM_UP_S, published, delivered)?;
        self.tally.latency.reset();
        let (cpu, count, bytes, watch) = (cpu_s(pid), self.tally.delivered, self.tally.bytes, Stopwatch::start());
        self.publish_for(pace, seconds, published, delivered)?;
        let (gone, used) = (watch.seconds(), cpu_s(pid) - cpu);
        let (done, taken) = ((self.tally.delivered - count) as f64, (self.tally.bytes - bytes) as f64);
        let latency = self.tally.latency.clone();

        // What is still on its way is waited for, since a fast server that loses is not fast.
        let wanted = (self.published - published) * self.readers;
        let patience = Stopwatch::start();
        while self.tally.delivered - delivered < wanted && patience.seconds() < 3.0 {
            self.receive(Duration::from_millis(20))?;
        }
        let missing = wanted.saturating_sub(self.tally.delivered - delivered);
        let disorder = self.tally.repeated + self.tally.skipped - begun.0 + self.tally.closed - begun.1;
        let ms = |quantile: f64| latency.value_at_quantile(quantile) as f64 / 1_000.0;
        Ok(Run {
            cpu_s_per_million: used / done * 1e6,
            per_s: done / gone,
            p50_ms: ms(0.5),
            p99_ms: ms(0.99),
            max_ms: latency.max() as f64 / 1_000.0,
            samples: latency.len(),
            frame_bytes: taken / done,
            faults: missing + disorder,
        })
    }

    fn publish_for(&mut self, pace: Pace, seconds: f64, first: u64, delivered: u64) -> anyhow::Result<()> {
        let watch = Stopwatch::start();
        let begun = self.watch.seconds();
        let mut scheduled = 0_u64;
        let (mut moved, mut moved_at) = (self.tally.delivered, 0.0);
        while watch.seconds() < seconds {
            let wait = match pace {
                Pace::Window(window) => {
                    let everywhere = (self.tally.delivered - delivered) / self.readers;
                    let room = window.saturating_sub(self.published - first - everywhere);
                    // Refilled in halves, so that a large window comes in bursts.
                    if room * 2 >= window {
                        let now = self.watch.micros();
                        self.publish((0..room).map(|_| now))?;
                    }
                    Duration::from_millis(20)
                }
                Pace::Rate(per_s) => {
                    let due = (watch.seconds() * per_s) as u64;
                    // A late publisher's delay counts: the time is the one that was planned.
                    let micros = |number: u64| ((begun + (number + 1) as f64 / per_s) * 1e6) as u64;
                    self.publish((scheduled..due).map(micros))?;
                    scheduled = due.max(scheduled);
                    let next = (scheduled + 1) as f64 / per_s - watch.seconds();
                    Duration::from_secs_f64(next.clamp(0.0, 0.02))
                }
            };
            self.receive(wait)?;
            if self.tally.delivered != moved {
                (moved, moved_at) = (self.tally.delivered, watch.seconds());
            } else if matches!(pace, Pace::Window(_)) && watch.seconds() - moved_at > STANDSTILL_S {
                bail!("nothing has come for {STANDSTILL_S} s: messages are lost");
            }
        }
        Ok(())
    }

    fn publish(&mut self, micros: impl Iterator<Item = u64>) -> anyhow::Result<()> {
        let mut lines = String::new();
        for micros in micros {
            self.published += 1;
            lines.push_str(&format!("{} {micros}\n", self.published));
        }
        if !lines.is_empty() {
            self.control.write_all(lines.as_bytes()).context("the publisher in the server is gone")?;
        }
        Ok(())
    }

    fn receive(&mut self, wait: Duration) -> anyhow::Result<()> {
        let mut events = Events::with_capacity(2048);
        // epoll rounds up to whole milliseconds; the last one is spent spinning, for the schedule's sake.
        let wait = if wait < Duration::from_millis(1) { Duration::ZERO } else { wait };
        self.poll.poll(&mut events, Some(wait))?;
        for event in &events {
            if let Some(client) = self.clients.get_mut(event.token().0) {
                client.read(&mut self.buffer, self.watch, &mut self.tally);
            }
        }
        Ok(())
    }
}

impl Client {
    fn read(&mut self, buffer: &mut [u8], watch: Stopwatch, tally: &mut Tally) {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return tally.closed += 1,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => return tally.closed += 1,
            };
            let now = watch.micros();
            let fresh = buffer.get(..count).unwrap_or_default();
            if self.carry.is_empty() {
                let taken = self.take(fresh, now, tally);
                self.carry.extend_from_slice(fresh.get(taken..).unwrap_or_default());
            } else {
                let mut whole = std::mem::take(&mut self.carry);
                whole.extend_from_slice(fresh);
                let taken = self.take(&whole, now, tally);
                whole.drain(..taken);
                self.carry = whole;
            }
            if count < buffer.len() {
                return;
            }
        }
    }

    /// Takes the complete frames at the beginning; says how many bytes they are.
    fn take(&mut self, bytes: &[u8], now: u64, tally: &mut Tally) -> usize {
        let mut taken = 0;
        while let Some((opcode, payload, length)) = bytes.get(taken..).and_then(frame) {
            taken += length;
            match opcode {
                PING => drop(self.stream.write_all(&masked(PONG, payload))),
                CLOSE => tally.closed += 1,
                _ => {
                    if let Some((count, micros)) = marks(payload) {
                        match self.last {
                            Some(last) if count <= last => tally.repeated += 1,
                            Some(last) => tally.skipped += count - last - 1,
                            None => {}
                        }
                        self.last = Some(count);
                        tally.delivered += 1;
                        tally.bytes += payload.len() as u64;
                        tally.latency.saturating_record(now.saturating_sub(micros).max(1));
                    }
                }
            }
        }
        taken
    }
}

fn connect_control(address: SocketAddrV4) -> anyhow::Result<std::net::TcpStream> {
    let control = std::net::TcpStream::connect(address).context("can't reach the publisher in the server")?;
    control.set_nodelay(true)?;
    Ok(control)
}
