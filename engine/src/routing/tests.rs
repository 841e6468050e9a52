//! One notification group, told by scripts: what happens when, and what people receive when. Nothing else may arrive.
//!
//! Every script also checks what must hold always: see `desk`.

mod areas;
mod desk;
mod escalation;
mod flushes;
mod people;
mod properties;
mod script;
mod town;

use desk::Desk;
use script::lines;
use town::Town;

/// Runs a script in a town and compares what people received, line by line, with what is expected.
fn check(town: Town, script: &str, expected: &str) {
    let received = Desk::run(town, script).received;
    let expected: Vec<String> = lines(expected).map(str::to_owned).collect();
    assert_eq!(received, expected, "\nreceived:\n{}\n\nexpected:\n{}\n", received.join("\n"), expected.join("\n"));
}
