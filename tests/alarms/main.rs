//! Alerts and those who answer them, black box: readings in, messages out, with a clock that the test moves, a provider that
//! remembers everything, and processes that are killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a test's own code"
)]

mod answers;
mod escalation;
mod exercises;
mod grouping;
mod moments;
mod people;
mod replies;
mod restarts;
mod rotas;
mod rules;
mod storms;
mod town;
mod watchers;
