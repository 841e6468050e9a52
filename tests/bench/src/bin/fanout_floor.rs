//! The floor of the fan-out bench: one task, one finished frame for all, everything that is due in one write.
//!
//! It knows no topics, no snapshots, no slow clients' rights: whoever has not read 1 MiB is dropped. Nothing should be
//! much faster, and the product is measured by how near it comes.

use anyhow::Context;
use bytes::BytesMut;
use std::io::ErrorKind;
use taydo_bench::{message, process, socket};
use taydo_server::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Bytes that a client may lack before it is dropped.
const MOST_BEHIND: usize = 1 << 20;

/// A client and what its socket has not taken yet.
struct Client {
    stream: TcpStream,
    behind: BytesMut,
}

fn main() -> anyhow::Result<()> {
    process::pin(0)?;
    process::open_files(12_000)?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve())
}

async fn serve() -> anyhow::Result<()> {
    let (clients, control) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    println!("{} {}", clients.local_addr()?, control.local_addr()?);
    // Newly upgraded clients; when 1,024 wait for the fan-out task, further handshakes do.
    let (upgraded, joining) = mpsc::channel(1024);
    tokio::spawn(async move {
        while let Ok((stream, _)) = clients.accept().await {
            let upgraded = upgraded.clone();
            tokio::spawn(async move {
                if let Some(client) = welcome(stream).await {
                    let _ = upgraded.send(client).await;
                }
            });
        }
    });
    fan_out(control, joining).await
}

async fn welcome(mut stream: TcpStream) -> Option<Client> {
    stream.set_nodelay(true).ok()?;
    let mut request = Vec::with_capacity(512);
    while memchr::memmem::find(&request, b"\r\n\r\n").is_none() {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    stream.write_all(socket::welcome().as_bytes()).await.ok()?;
    Some(Client { stream, behind: BytesMut::new() })
}

/// The one task: new clients in, the publisher's lines to frames, frames to everybody.
async fn fan_out(control: TcpListener, mut joining: mpsc::Receiver<Client>) -> anyhow::Result<()> {
    let clock = Clock::real();
    let mut clients: Vec<Client> = Vec::new();
    loop {
        let mut publisher = loop {
            tokio::select! {
                Some(client) = joining.recv() => clients.push(client),
                publisher = control.accept() => break publisher.context("the control port")?.0,
            }
        };
        let mut lines = BytesMut::with_capacity(1 << 16);
        loop {
            tokio::select! {
                Some(client) = joining.recv() => clients.push(client),
                read = publisher.read_buf(&mut lines) => if read? == 0 { break },
                () = clock.sleep(std::time::Duration::from_millis(5)), if clients.iter().any(|client| !client.behind.is_empty()) => {
                    clients.retain_mut(|client| client.write(&[]));
                    continue;
                }
            }
            let frames = finished(&mut lines, &clock)?;
            if !frames.is_empty() {
                clients.retain_mut(|client| client.write(&frames));
            }
        }
        // The publisher goes with its clients.
        clients.clear();
    }
}

/// The frames of all complete lines, end to end.
fn finished(lines: &mut BytesMut, clock: &Clock) -> anyhow::Result<BytesMut> {
    let mut frames = BytesMut::new();
    while let Some(end) = memchr::memchr(b'\n', lines) {
        let line = lines.split_to(end + 1);
        let line = std::str::from_utf8(&line)?;
        let (count, micros) = line.trim().split_once(' ').context("a line is COUNT MICROS")?;
        let text = message::text(count.parse()?, micros.parse()?, clock.now())?;
        frames.extend_from_slice(&taydo_server::hub::text_frame(&text));
    }
    Ok(frames)
}

impl Client {
    /// Writes what it lacks and these bytes as far as its socket takes them. `false` when it is gone or too far behind.
    fn write(&mut self, frames: &[u8]) -> bool {
        if !self.behind.is_empty() {
            self.behind.extend_from_slice(frames);
            return match self.stream.try_write(&self.behind) {
                Ok(taken) => {
                    drop(self.behind.split_to(taken));
                    true
                }
                Err(error) => error.kind() == ErrorKind::WouldBlock && self.behind.len() <= MOST_BEHIND,
            };
        }
        let taken = match self.stream.try_write(frames) {
            Ok(taken) => taken,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(_) => return false,
        };
        self.behind.extend_from_slice(frames.get(taken..).unwrap_or_default());
        true
    }
}
