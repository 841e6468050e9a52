//! A back-up of an outside database, taken under load, restores to its state at one moment; on plain PostgreSQL and on TimescaleDB.
//!
//! Everything goes through the program's commands, as an administrator types them.

use crate::{WITH_SESSIONS, database};
use harness::{Centre, Database, Setup, program, timescale_programs};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as System;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tokio::process::Command;

/// Observations in a request, which is one transaction.
const BATCH: i64 = 200;

/// Where commands are typed: a data folder, and PostgreSQL's programs for the database.
struct Desk {
    data: tempfile::TempDir,
    programs: Option<tempfile::TempDir>,
}

/// What a command came to, and what it said.
#[derive(Debug)]
struct Done {
    is_well: bool,
    output: String,
    errors: String,
}

impl Desk {
    fn new(layout: &str) -> Self {
        let programs = (layout != "plain").then(timescale_programs);
        Self { data: tempfile::tempdir().unwrap(), programs }
    }

    async fn taydo(&self, database: &Database, arguments: &[&str]) -> Done {
        let mut command = Command::new(program());
        command.args(arguments).arg("--data").arg(self.data.path()).args(["--database", &database.url().await]).kill_on_drop(true);
        if let Some(programs) = &self.programs {
            command.env("TAYDO_POSTGRES_BIN", programs.path());
        }
        let said = command.output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Done { is_well: said.status.success(), output: text(&said.stdout), errors: text(&said.stderr) }
    }

    async fn restore(&self, backup: &Path, into: &Database) -> Done {
        self.taydo(into, &["restore", backup.to_str().unwrap()]).await
    }
}

fn lines(second: i64) -> String {
    (0..BATCH).map(|n| format!("meter,asset=m{n} load={} {}\n", second % 90, 1_772_413_200_000 + second * 1000)).collect()
}

async fn centre(database: &Database) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", database: Some(database), ..Setup::default() }).await
}

async fn number(database: &Database, sql: &str) -> i64 {
    database.client().await.query_one(sql, &[]).await.unwrap().get(0)
}

fn manifest(backup: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(backup.join("manifest.json")).unwrap()).unwrap()
}

/// How many rows of observations are in a back-up.
fn observations(backup: &Path) -> i64 {
    let manifest = manifest(backup);
    manifest["tables"].as_array().unwrap().iter().find(|one| one["table"] == "observation").unwrap()["rows"].as_i64().unwrap()
}

/// A back-up that is made while observations come in; and how many had been acknowledged before, and after.
async fn back_up_under_load(desk: &Desk, source: &Database) -> (PathBuf, i64, i64) {
    let mut server = centre(source).await;
    let before = 20;
    for second in 0..before {
        assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204);
    }
    let is_done = AtomicBool::new(false);
    let load = async {
        let mut second = before;
        while !is_done.load(SeqCst) {
            assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204);
            second += 1;
        }
        second
    };
    let taken = async {
        let done = desk.taydo(source, &["backup", "--verify"]).await;
        is_done.store(true, SeqCst);
        done
    };
    let (after, done) = tokio::join!(load, taken);
    assert!(done.is_well, "{done:?}");
    assert!(done.output.contains("restored and compared"), "{done:?}");
    assert_eq!(server.stop().await, Some(0));
    (PathBuf::from(done.output.lines().next().unwrap()), before * BATCH, after * BATCH)
}

#[tokio::test]
async fn a_backup_of_an_outside_database_under_load_restores_to_one_moment() {
    for layout in WITH_SESSIONS {
        let (Some(source), Some(target)) = (database(layout).await, database(layout).await) else { continue };
        let desk = Desk::new(layout);
        let (backup, before, after) = back_up_under_load(&desk, &source).await;
        assert_eq!(manifest(&backup)["layout"], layout);
        let stored = observations(&backup);
        assert!(stored >= before && stored < after && stored % BATCH == 0, "{layout}: {stored} of {before} to {after}");

        // The command itself has compared every table with the moment's digests.
        let restored = desk.restore(&backup, &target).await;
        assert!(restored.is_well, "{layout}: {restored:?}");
        assert_eq!(number(&target, "SELECT count(*) FROM observation").await, stored);
        let mut server = centre(&target).await;
        assert_eq!(server.get("/readyz").await.body["layout"], *layout, "{:?}", server.get("/readyz").await.body);
        // What the source had acknowledged later can be sent again; it goes into parts that exist, and into new ones.
        for second in [0, after / BATCH - 1, -30 * 86_400] {
            assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204, "{layout}");
        }
        assert_eq!(number(&target, "SELECT count(*) FROM observation").await, stored + 2 * BATCH);
        assert_eq!(server.stop().await, Some(0));
        if layout != "plain" {
            let hypertables = "SELECT count(*) FROM timescaledb_information.hypertables";
            assert_eq!(number(&target, hypertables).await, number(&source, hypertables).await);
            assert!(number(&target, "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'observation'").await > 1);
        }

        // Over what is there only when told, and then that stays beside.
        let refused = desk.restore(&backup, &target).await;
        assert!(!refused.is_well && refused.errors.contains("--replace"), "{layout}: {refused:?}");
        let replaced = desk.taydo(&target, &["restore", backup.to_str().unwrap(), "--replace"]).await;
        assert!(replaced.is_well && replaced.output.contains("_replaced_"), "{layout}: {replaced:?}");
        assert_eq!(number(&target, "SELECT count(*) FROM observation").await, stored);
    }
}

#[tokio::test]
async fn what_an_outside_database_cant_hold_is_refused_before_it_is_touched() {
    for layout in WITH_SESSIONS {
        let (Some(source), Some(target)) = (database(layout).await, database(layout).await) else { continue };
        let desk = Desk::new(layout);
        let mut server = centre(&source).await;
        assert_eq!(server.write_lines("lines", &lines(0)).await.status, 204);
        assert_eq!(server.stop().await, Some(0));
        let done = desk.taydo(&source, &["backup"]).await;
        assert!(done.is_well, "{done:?}");
        let backup = PathBuf::from(done.output.lines().next().unwrap());

        let damaged = copy(&backup, "damaged");
        let mut bytes = fs::read(damaged.join("database.dump")).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(damaged.join("database.dump"), bytes).unwrap();
        is_refused(&desk, &damaged, &target, "is damaged").await;

        if layout != "plain" {
            let other = copy(&backup, "other");
            rewrite(&other, |manifest| manifest["timescaledb"] = "2.0.0-another".into());
            is_refused(&desk, &other, &target, "with TimescaleDB 2.0.0-another, and this server has").await;
            let full = copy(&backup, "full");
            rewrite(&full, |manifest| manifest["layout"] = "timescale".into());
            is_refused(&desk, &full, &target, "full edition, and this server has the Apache edition").await;
            // On an older server without it, the first of both is said.
            let plain = Database::fresh().await;
            is_refused(&desk, &backup, &plain, "restore it on").await;
        }
    }
}

async fn is_refused(desk: &Desk, backup: &Path, into: &Database, why: &str) {
    let refused = desk.restore(backup, into).await;
    assert!(!refused.is_well && refused.errors.contains(why), "{why}: {refused:?}");
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(number(into, tables).await, 0, "{why}: nothing was made");
}

fn copy(backup: &Path, name: &str) -> PathBuf {
    let copy = backup.with_file_name(name);
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(backup).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// Changes what a back-up says of itself, and seals it again.
fn rewrite(backup: &Path, change: impl FnOnce(&mut Value)) {
    let mut said = manifest(backup);
    change(&mut said);
    fs::write(backup.join("manifest.json"), serde_json::to_string_pretty(&said).unwrap()).unwrap();
    let sums = System::new("sha256sum").args(["database.dump", "manifest.json"]).current_dir(backup).output().unwrap();
    fs::write(backup.join("SHA256SUMS"), sums.stdout).unwrap();
}
