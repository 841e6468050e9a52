//! What an inspection of the database means.
//!
//! It must never take silence of an absent table for something that is wrong: an older schema has fewer of them.

use super::Finding;
use crate::store::{Inspection, SchemaState, newest_schema};
use jiff::{SignedDuration, Timestamp};

/// Batches that wait for the engine longer than this, and pages for their sending.
const LATE: SignedDuration = SignedDuration::from_mins(2);
/// Nothing has come for so long.
const QUIET: SignedDuration = SignedDuration::from_mins(15);
/// Rollups that are so far behind.
const ROLLUPS_LATE: SignedDuration = SignedDuration::from_mins(30);
/// Hours that wait to be rolled up again: late data in a flood.
const MOST_STALE: u64 = 100_000;
/// A verified back-up that is older is a matter for attention, and than the second one broken.
const BACKUP_OLD: SignedDuration = SignedDuration::from_hours(36);
const BACKUP_VERY_OLD: SignedDuration = SignedDuration::from_hours(8 * 24);
/// Clocks further apart than this confuse people; than ten times this, leases too.
const SKEW_MS: i64 = 2_000;

/// What to say of a database that could be looked at.
pub(super) fn findings(found: &Inspection, is_server_up: bool, now: Timestamp) -> Vec<Finding> {
    let layout = found.timescaledb.as_ref().map_or_else(|| "plain".to_owned(), |version| format!("TimescaleDB {version}"));
    let size = found.size_bytes / 1_000_000;
    let mut findings = vec![Finding::fine("database", format!("PostgreSQL {}, layout {layout}, {size} MB", found.postgres)), schema(found)];
    if is_server_up {
        findings.push(ingest(found, now));
        findings.push(evaluation(found, now));
    } else if let Some(alive) = found.alive {
        let missed = format!("the server was last there at {alive}");
        findings.push(Finding::attention("absence", missed, "what came meanwhile is with its senders; start `taydo serve`"));
    }
    findings.extend(rollups(found, now));
    findings.push(outbox(found, now));
    findings.extend(backups(found, now));
    findings.push(skew(found.skew_ms));
    findings
}

fn schema(found: &Inspection) -> Finding {
    let ours = newest_schema();
    match found.schema {
        SchemaState::Current(version) => Finding::fine("schema", format!("version {version}, as this program's")),
        SchemaState::None => Finding::attention("schema", "the database is empty", "start `taydo serve` once"),
        SchemaState::Older(version) => Finding::attention(
            "schema",
            format!("version {version}, this program's is {ours}"),
            "the next start of this program's `taydo serve` makes a back-up and brings it up to date",
        ),
        SchemaState::Newer(version) => Finding::broken(
            "schema",
            format!("version {version}, this program knows {ours}"),
            "run the newer taydo, or restore the back-up from before the migration",
        ),
        SchemaState::Changed(version) => Finding::broken(
            "schema",
            format!("migration {version} is not the one that this program has"),
            "run the taydo that made the database",
        ),
    }
}

fn ingest(found: &Inspection, now: Timestamp) -> Finding {
    match found.last_batch {
        None => Finding::attention("ingest", "nothing has ever come in", "see that sources send (docs/connecting-a-source.md)"),
        Some(at) if now.duration_since(at) > QUIET => Finding::attention(
            "ingest",
            format!("nothing has come in since {at}"),
            "look at the page `sources`: is the broker there, do senders get answers",
        ),
        Some(at) => Finding::fine("ingest", format!("the last batch was committed at {at}")),
    }
}

/// Scheduled back-ups, where there are any. One counts when it was restored, compared, and copied to every target.
fn backups(found: &Inspection, now: Timestamp) -> Option<Finding> {
    let (first, good) = found.backups?;
    let next = "read the server's log, and what /readyz warns of (docs/backups.md)";
    let said = match good {
        Some(at) => format!("the last verified one is {} hours old", now.duration_since(at).as_hours()),
        None => format!("none was verified since the first was begun at {first}"),
    };
    Some(match now.duration_since(good.unwrap_or(first)) {
        age if age > BACKUP_VERY_OLD => Finding::broken("backups", said, next),
        age if age > BACKUP_OLD || good.is_none() => Finding::attention("backups", said, next),
        _ => Finding::fine("backups", said),
    })
}

fn evaluation(found: &Inspection, now: Timestamp) -> Finding {
    let (waiting, oldest) = found.behind;
    if let Some(oldest) = oldest.filter(|oldest| now.duration_since(*oldest) > LATE) {
        let lag = format!("{waiting} batches wait for the engine, the oldest since {oldest}");
        return Finding::broken("evaluation", lag, "read the server's log; start it again when the database is healthy, nothing is lost");
    }
    match &found.evaluated {
        Some((rule, at)) => Finding::fine("evaluation", format!("every rule was evaluated by {at} ({rule} is the last in turn)")),
        None => Finding::fine("evaluation", "no batch waits; no rule was evaluated yet"),
    }
}

/// Nothing, where the database has no rollups of ours.
fn rollups(found: &Inspection, now: Timestamp) -> Option<Finding> {
    let (done, stale) = found.rollups?;
    let next = "see that the server runs and its log; it makes them again by itself, oldest first";
    if stale > MOST_STALE {
        return Some(Finding::attention("rollups", format!("{stale} hours of series wait to be made again after late data"), next));
    }
    match (done, found.last_batch) {
        (Some(done), Some(batch)) if batch.min(now).duration_since(done) > ROLLUPS_LATE => {
            Some(Finding::attention("rollups", format!("minutes are rolled up until {done}, data came until {batch}"), next))
        }
        (Some(done), _) => {
            Some(Finding::fine("rollups", format!("minutes are rolled up until {done}, {stale} hours wait to be made again")))
        }
        (None, _) => Some(Finding::fine("rollups", "nothing is rolled up yet")),
    }
}

fn outbox(found: &Inspection, now: Timestamp) -> Finding {
    let (waiting, oldest) = found.outbox;
    if let Some(oldest) = oldest.filter(|oldest| now.duration_since(*oldest) > LATE) {
        let late = format!("{waiting} pages and messages wait, the oldest since {oldest}");
        return Finding::broken(
            "paging",
            late,
            "people are not told; look at `paging` on /readyz, and call on-call people by telephone meanwhile",
        );
    }
    match found.canaries.first() {
        Some((provider, since)) => Finding::attention(
            "paging",
            format!("no canary has arrived over {provider} since {since}"),
            "ask the provider; another one is used first meanwhile (docs/paging.md)",
        ),
        None => Finding::fine("paging", format!("{waiting} pages and messages wait, none of them late")),
    }
}

fn skew(skew_ms: i64) -> Finding {
    let apart = format!("the database's clock is {} ms {} of this machine's", skew_ms.abs(), if skew_ms < 0 { "behind" } else { "ahead" });
    let next = "let both machines follow the same time servers (timedatectl, chronyc tracking)";
    match skew_ms.abs() {
        ..SKEW_MS => Finding::fine("clock", apart),
        SKEW_MS..20_000 => Finding::attention("clock", apart, next),
        _ => Finding::broken("clock", apart, next),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Level, worst};
    use super::*;

    fn well(now: Timestamp) -> Inspection {
        Inspection {
            postgres: "15.14".to_owned(),
            timescaledb: None,
            schema: SchemaState::Current(newest_schema()),
            size_bytes: 1,
            week_bytes: None,
            last_batch: Some(now),
            behind: (0, None),
            evaluated: None,
            alive: Some(now),
            rollups: None,
            outbox: (0, None),
            canaries: Vec::new(),
            backups: Some((now, Some(now))),
            skew_ms: 3,
        }
    }

    #[test]
    fn each_thing_that_is_wrong_has_its_level_and_what_to_do() {
        let now: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let ago = |minutes| now - SignedDuration::from_mins(minutes);
        assert_eq!(worst(&findings(&well(now), true, now)), Level::Fine);
        let cases: [(&str, Inspection, Level); 11] = [
            ("schema", Inspection { schema: SchemaState::Older(1), ..well(now) }, Level::Attention),
            ("schema", Inspection { schema: SchemaState::Newer(9_999), ..well(now) }, Level::Broken),
            ("ingest", Inspection { last_batch: Some(ago(16)), ..well(now) }, Level::Attention),
            ("evaluation", Inspection { behind: (3, Some(ago(3))), ..well(now) }, Level::Broken),
            ("rollups", Inspection { rollups: Some((Some(ago(31)), 0)), ..well(now) }, Level::Attention),
            ("paging", Inspection { outbox: (1, Some(ago(3))), ..well(now) }, Level::Broken),
            ("paging", Inspection { canaries: vec![("sms".to_owned(), ago(6))], ..well(now) }, Level::Attention),
            ("backups", Inspection { backups: Some((ago(5), None)), ..well(now) }, Level::Attention),
            ("backups", Inspection { backups: Some((ago(20_000), Some(ago(37 * 60)))), ..well(now) }, Level::Attention),
            ("backups", Inspection { backups: Some((ago(20_000), Some(ago(193 * 60)))), ..well(now) }, Level::Broken),
            ("clock", Inspection { skew_ms: -2_000, ..well(now) }, Level::Attention),
        ];
        for (about, found, level) in cases {
            let findings = findings(&found, true, now);
            let wrong: Vec<&Finding> = findings.iter().filter(|finding| finding.level != Level::Fine).collect();
            assert_eq!(wrong.len(), 1, "{about}: {wrong:?}");
            assert_eq!((wrong[0].about, wrong[0].level), (about, level));
            assert!(wrong[0].next.is_some());
        }
    }
}
