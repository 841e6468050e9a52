//! `taydo schema`: prints the JSON Schema of a kind of definition files, for editors.

use anyhow::Context as _;
use std::process::ExitCode;
use taydo_model::files;

/// Prints the JSON Schema of a kind of definition files, for an editor
///
/// `taydo schema openapi` prints the description of the HTTP interface. The kinds are city, metrics, assets, sources, kpis, board and walls; without one they are listed. An editor shows
/// with it what may stand where (docs/definitions.md).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The kind of files, such as kpis
    kind: Option<String>,
}

impl Args {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if self.kind.as_deref() == Some("openapi") {
            println!("{:#}", crate::http::openapi::document());
            return Ok(ExitCode::SUCCESS);
        }
        let kinds = files::kinds().join(", ");
        let Some(kind) = self.kind else {
            println!("{kinds}");
            return Ok(ExitCode::SUCCESS);
        };
        let schema = files::schema(&kind).with_context(|| format!("there is no kind of files {kind:?}; the kinds are {kinds}"))?;
        println!("{schema:#}");
        Ok(ExitCode::SUCCESS)
    }
}
