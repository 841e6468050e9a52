//! `taydo import`: streams a file to the running server, which maps it and stores it.
//!
//! It must never touch the database itself: the server is the only one that writes.

use super::client::{Client, Server};
use crate::app;
use crate::ingest::import::ImportAnswer;
use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::channel::Channel;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::{fs::File, path::PathBuf, process::ExitCode, time::Duration};
use tokio::io::AsyncReadExt as _;

/// How much is read and sent at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// The errors that are printed; all are on the sources page.
const SHOWN_ERRORS: usize = 20;

/// Imports a CSV file through a source's mapping
///
/// Importing a file twice changes nothing. The exit code is 0 when the file was taken, with the number of rows that
/// were rejected printed, and 1 when it was refused, no server could be reached, or not one of its rows was good.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// The source whose mapping reads it
    #[arg(long, value_name = "NAME")]
    source: String,
    #[command(flatten)]
    server: Server,
    /// When the file was exported, such as 2026-03-01T00:00:00+07:00 [default: the file's modification time]
    ///
    /// It stands for the time of a case's state where the file has none, and is when cases that a full export lacks
    /// were closed.
    #[arg(long, value_name = "TIME")]
    exported_at: Option<Timestamp>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let file = File::open(&self.file).with_context(|| format!("can't open {}", self.file.display()))?;
        let about = file.metadata()?;
        let exported_at = match self.exported_at {
            Some(time) => time,
            None => Timestamp::try_from(about.modified()?).context("the file's modification time is out of range; give --exported-at")?,
        };
        let bar = bar(about.len());
        let sending = self.server.with(async |client| self.send(&client, file, exported_at, bar.clone()).await);
        let answer = app::runtime()?.block_on(sending);
        bar.finish_and_clear();
        let answer = answer?;
        print(&answer);
        let nothing = answer.batch.accepted == 0 && answer.batch.rejected > 0;
        Ok(if nothing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn send(&self, client: &Client, file: File, exported_at: Timestamp, bar: ProgressBar) -> anyhow::Result<ImportAnswer> {
        let about = [("source", self.source.as_str()), ("exported_at", &exported_at.to_string())];
        let request = client.post("/api/v1/imports", &about).header("content-type", "text/csv").body(body(file, bar));
        client.answer(request, &self.file.display().to_string(), "importing the same file again is harmless").await
    }
}

/// The file as a request's body; at most four chunks wait to be sent. A file that can't be read on breaks the request
/// off, so that the server doesn't take its beginning for the whole.
fn body(file: File, bar: ProgressBar) -> reqwest::Body {
    let (mut sender, body) = Channel::new(4);
    tokio::spawn(async move {
        let mut file = tokio::fs::File::from_std(file);
        let mut rows = 0_u64;
        loop {
            let mut chunk = vec![0; CHUNK_BYTES];
            match file.read(&mut chunk).await {
                Ok(0) => return,
                Ok(count) => {
                    chunk.truncate(count);
                    rows += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
                    // The server answered before the end, with a refusal.
                    if sender.send_data(Bytes::from(chunk)).await.is_err() {
                        return;
                    }
                    bar.inc(count as u64);
                    bar.set_message(rate(rows, bar.elapsed()));
                }
                Err(error) => return sender.abort(error),
            }
        }
    });
    reqwest::Body::wrap(body)
}

#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(rows: u64, elapsed: Duration) -> String {
    format!("{rows} rows, {:.0}/s", rows as f64 / elapsed.as_secs_f64().max(0.001))
}

fn bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {percent:>3} %  {bytes} of {total_bytes}  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn print(answer: &ImportAnswer) {
    let ImportAnswer { batch, closed, note } = answer;
    println!("accepted {}, rejected {}, closed {closed}", batch.accepted, batch.rejected);
    for error in batch.errors.iter().take(SHOWN_ERRORS) {
        println!("  {}", error.message);
    }
    if batch.rejected > SHOWN_ERRORS.min(batch.errors.len()) {
        println!("  … all {} are on the sources page, each with its reason", batch.rejected);
    }
    if let Some(note) = note {
        println!("{note}");
    }
}
