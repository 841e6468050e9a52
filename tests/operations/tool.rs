//! The program's commands, as an administrator types them.

use harness::program;
use std::path::{Path, PathBuf};

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    /// Its exit code.
    pub(crate) code: Option<i32>,
    /// What it wrote to standard output.
    pub(crate) output: String,
    /// What it wrote to standard error.
    pub(crate) errors: String,
}

/// Runs `taydo` with these arguments, over a data folder.
pub(crate) async fn taydo(data: &Path, arguments: &[&str]) -> Done {
    let mut command = tokio::process::Command::new(program());
    command.args(arguments).arg("--data").arg(data).kill_on_drop(true);
    let output = command.output().await.expect("the program runs");
    Done {
        code: output.status.code(),
        output: String::from_utf8_lossy(&output.stdout).into_owned(),
        errors: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Makes a back-up and returns its folder.
pub(crate) async fn backup(data: &Path) -> PathBuf {
    let done = taydo(data, &["backup"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    PathBuf::from(done.output.lines().next().unwrap())
}
