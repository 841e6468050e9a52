//! The binary `taydo`: hands over to the command that was asked for.

use std::process::ExitCode;

fn main() -> ExitCode {
    taydo_server::command::run()
}
