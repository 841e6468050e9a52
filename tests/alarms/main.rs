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
mod backtests;
mod escalation;
mod exercises;
mod feeds;
mod figures;
mod flapping;
mod grouping;
mod letter;
mod moments;
mod people;
mod refusals;
mod replays;
mod replies;
mod restarts;
mod room;
mod rotas;
mod rules;
mod shifts;
mod silences;
mod stage;
mod storms;
mod tasks;
mod thin;
mod timings;
mod town;
mod two_servers;
mod walls;
mod watchers;
mod watches;
