//! The centre over its public ways: every test starts the real program with a database of its own and moves the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod aggregates;
mod bad_input;
mod cases;
mod check;
mod courses;
mod definitions;
mod figures;
mod forms;
mod history;
mod leaders;
mod live;
mod mqtt;
mod passport;
mod records;
mod refusals;
mod spans;
mod sql;
mod ways_in;
mod why;

use harness::{Centre, Database, MovedClock, Setup, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// The moment at which most tests begin.
const START: &str = "2026-03-02T01:00:00Z";

/// A centre of the small city with a clock that stands at [`START`].
struct Small {
    clock: MovedClock,
    database: Database,
    centre: Centre,
}

impl Small {
    async fn start() -> Self {
        let clock = MovedClock::at(START);
        let database = Database::fresh().await;
        let centre =
            Centre::start(Setup { city: "tests/cities/mini", clock: Some(&clock), database: Some(&database), ..Setup::default() }).await;
        Self { clock, database, centre }
    }

    /// Another process of the same centre: the same clock, the same database.
    async fn again(&self) -> Centre {
        let setup = Setup { city: "tests/cities/mini", clock: Some(&self.clock), database: Some(&self.database), ..Setup::default() };
        Centre::start(setup).await
    }

    /// Moves the clock in steps of a second, as time passes for a server that runs.
    fn pass(&self, seconds: i64) {
        for _ in 0..seconds {
            self.clock.advance(jiff::SignedDuration::from_secs(1));
        }
    }

    /// Lets time pass until the newest recorded reading of a grid instant satisfies the test.
    async fn recorded(&self, kpi: &str, scope: &str, at: &str, test: impl Fn(&Value) -> bool) -> Value {
        let seen = std::cell::RefCell::new(None);
        let what = || format!("{kpi} of {scope} at {at}, last seen as {:?}", seen.borrow());
        eventually(what, Duration::from_secs(20), || async {
            self.clock.advance(jiff::SignedDuration::from_millis(100));
            let point = self.centre.readings(kpi, scope, at, at).await.into_iter().next();
            seen.replace(point.clone());
            point.filter(|point| test(point))
        })
        .await
    }
}

fn observation(metric: &str, asset: &str, time: &str, value: f64) -> Value {
    json!({ "metric": metric, "labels": { "asset": asset }, "time": time, "value": value })
}

fn is(value: f64) -> impl Fn(&Value) -> bool {
    move |point| point["value"].as_f64().is_some_and(|found| (found - value).abs() < 1e-9)
}
