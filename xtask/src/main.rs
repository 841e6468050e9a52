//! `cargo xtask`: everything one types to run, test, measure and ship Tây Đô. Owns the list of commands, their help
//! and the exit code (0 done, 1 failed, 2 not understood).
//!
//! Must never depend on a crate of the product, nor on anything slow to compile: the first message has to appear within
//! seconds on a machine that has only Rust.

use std::process::ExitCode;

use anyhow::Result;

mod arguments;
mod bench;
mod child;
mod demo;
mod dist;
mod font;
mod frontend;
mod npm;
mod places;
mod progress;
mod setup;
mod test;

use arguments::{Arguments, Parsed};

/// One command: its name, a line for the list, its help, and what it does.
struct Command {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    options: &'static [arguments::Option],
    run: fn(&Arguments) -> Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        summary: "run the whole centre on this machine, with a simulated city",
        help: demo::HELP,
        options: demo::OPTIONS,
        run: demo::run,
    },
    Command { name: "test", summary: "run every check and test that CI runs", help: test::HELP, options: test::OPTIONS, run: test::run },
    Command {
        name: "bench",
        summary: "measure one thing against a floor in the same run",
        help: bench::HELP,
        options: bench::OPTIONS,
        run: bench::run,
    },
    Command {
        name: "soak",
        summary: "run something for long: a server that is killed, properties with ever other cases",
        help: bench::SOAK_HELP,
        options: bench::SOAK_OPTIONS,
        run: bench::run_soak,
    },
    Command { name: "dist", summary: "build the one file that is shipped", help: dist::HELP, options: &[], run: dist::run },
    Command {
        name: "setup",
        summary: "only get what the other commands need",
        help: setup::HELP,
        options: setup::OPTIONS,
        run: setup::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(name) = words.next() else {
        eprint!("{}", overview());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("error: there is no command `{name}`; `cargo xtask --help` lists those there are");
        return ExitCode::from(2);
    };
    match Arguments::parse(words, command.options) {
        Ok(Parsed::Help) => {
            print!("{}", command.help);
            ExitCode::SUCCESS
        }
        Ok(Parsed::Run(arguments)) => match (command.run)(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("\nerror: {error:#}");
                ExitCode::FAILURE
            }
        },
        Err(problem) => {
            eprintln!("error: {problem}; `cargo xtask {name} --help` lists what it takes");
            ExitCode::from(2)
        }
    }
}

fn overview() -> String {
    let mut text = String::from("Tây Đô: everything one types\n\nusage: cargo xtask COMMAND [OPTIONS]\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<7} {}\n", command.name, command.summary));
    }
    text.push_str("\n`cargo xtask COMMAND --help` says more about one.\n");
    text
}
