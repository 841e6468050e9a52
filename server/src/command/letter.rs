//! `taydo letter`: what the morning letter would say now.

use super::client::Server;
use crate::app;
use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes the morning letter as it would be now to a file, and sends nothing
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file to write, HTML
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Its language
    #[arg(long, default_value = "vi", value_parser = ["vi", "en"])]
    language: String,
    #[command(flatten)]
    server: Server,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self { to, language, server } = self;
        let html = app::runtime()?.block_on(server.with(async move |client| {
            let request = client.look_up("/api/v1/letter/preview", &[("language", &language)]);
            client.text(request, "the letter", "ask again").await
        }))?;
        std::fs::write(&to, html).with_context(|| format!("can't write {}", to.display()))?;
        println!("{}", to.display());
        Ok(ExitCode::SUCCESS)
    }
}
