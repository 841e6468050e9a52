//! A server that is killed while it rolls up leaves nothing out and counts nothing twice.

use crate::rollups::{History, after};
use crate::{WITH_SESSIONS, database};
use harness::{Centre, MovedClock, Setup, eventually};
use std::time::Duration;

const DAYS: u64 = 30;
const KILLS: usize = 3;
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn rollups_are_right_after_every_kill_of_the_server_that_makes_them() {
    for layout in WITH_SESSIONS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::new(database).await;
        let new = history.samples(after(0), 86_400 * DAYS, 20_000, 0);
        history.write(1, new).await;
        let clock = MovedClock::at(&after(24 * DAYS as i64).to_string());
        let mut cut_off = 0;
        for _ in 0..KILLS {
            let before = done(&history).await;
            let mut centre = start(&history, &clock).await;
            let now =
                eventually("minutes are rolled up", LIMIT, || async { Some(done(&history).await).filter(|done| *done > before) }).await;
            centre.kill();
            cut_off += i32::from(now < target());
            history.is_right(layout, "after the server was killed").await;
            let late = history.samples(after(-5), 86_400 * DAYS, 200, 1);
            history.write(2, late).await;
        }
        assert!(cut_off > 0, "{layout}: the server had rolled up everything before it was killed");
        let _centre = start(&history, &clock).await;
        let all = || async { (done(&history).await == target() && noted(&history).await == 0).then_some(()) };
        eventually("everything is rolled up", LIMIT, all).await;
        history.is_right(layout, "when the server was left alone").await;
    }
}

async fn start(history: &History, clock: &MovedClock) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", clock: Some(clock), database: Some(&history.database), ..Setup::default() }).await
}

/// Up to where minutes are rolled up, in seconds.
async fn done(history: &History) -> i64 {
    history.sql("SELECT coalesce(extract(epoch FROM done_1m), 0)::bigint FROM rollup_state").await
}

async fn noted(history: &History) -> i64 {
    history.sql("SELECT count(*) FROM rollup_note").await
}

/// The last whole minute, and one more, before the clock's time.
fn target() -> i64 {
    after(24 * DAYS as i64).as_second() - 60
}
