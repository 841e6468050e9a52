//! The commands of `taydo`: one file each under `command/`. Parsing only; what a command does lives with its noun.

mod backup;
mod broker;
mod check;
mod client;
mod database;
mod doctor;
mod import;
mod letter;
mod progress;
mod reach;
mod recompute;
mod replay;
mod restore;
mod rules;
mod schema;
mod serve;
mod simulate;
mod source;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The software of a smart city's operations centre.
#[derive(Debug, Parser)]
#[command(name = "taydo", version, propagate_version = true)]
struct Taydo {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Check(check::Args),
    Schema(schema::Args),
    Import(import::Args),
    Letter(letter::Args),
    Recompute(recompute::Args),
    Replay(replay::Args),
    Rules(rules::Args),
    Source(source::Args),
    Simulate(Box<simulate::Args>),
    Broker(broker::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Doctor(doctor::Args),
    Database(database::Args),
}

/// Runs the command that the process was started with. Exit codes: 0 done, 1 failed, 2 wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Taydo::parse().command {
        Command::Serve(args) => args.run(),
        Command::Check(args) => args.run(),
        Command::Schema(args) => args.run(),
        Command::Import(args) => args.run(),
        Command::Letter(args) => args.run(),
        Command::Recompute(args) => args.run(),
        Command::Replay(args) => args.run(),
        Command::Rules(args) => args.run(),
        Command::Source(args) => args.run(),
        Command::Simulate(args) => args.run(),
        Command::Broker(args) => args.run(),
        Command::Backup(args) => args.run(),
        Command::Restore(args) => args.run(),
        Command::Doctor(args) => args.run(),
        Command::Database(args) => args.run(),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("taydo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
