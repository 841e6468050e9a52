//! Back-ups at their time: made, restored and compared, copied, kept for some time, and told when they stay away.

use crate::{centre, count, lines, sql};
use harness::{Centre, MovedClock, Setup, copy_of_city, eventually};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn backups_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.join("SHA256SUMS").exists() && path.extension().is_none()).collect()
}

#[tokio::test]
async fn a_scheduled_backup_is_verified_copied_and_told_of_when_a_target_fails() {
    let (data, shelf, config) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = config.path().join("backups.toml");
    let away = config.path().join("not-mounted");
    let text = |path: &Path| {
        format!("format_version = 1\nat = \"02:30\"\nalert_after_h = 0\n[[folder]]\nname = \"shelf\"\npath = \"{}\"\n", path.display())
    };
    fs::write(&file, text(&away)).unwrap();
    let mut server = centre(data.path(), &["--backups", file.to_str().unwrap()]).await;
    assert_eq!(server.write_lines("lines", &lines(0)).await.status, 204);
    // The first is due at once; its target isn't there, so it is told that none is good.
    let warned = eventually("the failure is told", Duration::from_secs(60), || async {
        let warnings = server.get("/readyz").await.body["warnings"].to_string();
        warnings.contains("backups: none has been verified yet").then_some(warnings)
    })
    .await;
    assert!(warned.contains("shelf") && warned.contains("mount what belongs there"), "{warned}");
    let open = "incident WHERE key = 'backup old' AND resolved_at IS NULL";
    eventually("whoever keeps it is told", Duration::from_secs(20), || async {
        (count(&sql(data.path()).await, open).await == 1).then_some(())
    })
    .await;
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(backups_in(&data.path().join("backups")).len(), 1);

    // After an hour it is tried again: here by taking the record of the failure away.
    fs::write(&file, text(shelf.path()).replace("alert_after_h = 0", "alert_after_h = 36")).unwrap();
    let mut server = centre(data.path(), &["--backups", file.to_str().unwrap()]).await;
    sql(data.path()).await.execute("UPDATE backup_run SET begun_at = begun_at - interval '2 hours'", &[]).await.unwrap();
    assert_eq!(server.stop().await, Some(0));
    let mut server = centre(data.path(), &["--backups", file.to_str().unwrap()]).await;
    let metrics = eventually("a good one", Duration::from_secs(60), || async {
        let text = server.get("/metrics").await.body.as_str().unwrap_or_default().to_owned();
        text.contains("taydo_backup_age_seconds").then_some(text)
    })
    .await;
    assert!(metrics.contains("taydo_backup_failing 0"), "{metrics}");
    let copies = backups_in(shelf.path());
    assert_eq!(copies.len(), 1);
    assert!(!server.get("/readyz").await.body["warnings"].to_string().contains("backups:"));
    let doctor = crate::tool::taydo(data.path(), &["doctor", "--server", &server.url]).await;
    assert!(doctor.output.contains("backups     the last verified one is "), "{doctor:?}");
    eventually("it is over", Duration::from_secs(20), || async { (count(&sql(data.path()).await, open).await == 0).then_some(()) }).await;
    assert!(!data.path().join("rehearsing").exists(), "what was restored to compare is gone");
    assert_eq!(server.stop().await, Some(0));
    // What is on the target restores.
    let other = tempfile::tempdir().unwrap();
    let restored = crate::tool::taydo(other.path(), &["restore", copies[0].to_str().unwrap()]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
}

/// The small city, which observes itself too: how old its last good back-up is.
fn watched_city(folder: &Path) -> PathBuf {
    let city = copy_of_city("mini", folder);
    let add = |file: &str, text: &str| {
        let path = city.join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap_or_default() + text).unwrap();
    };
    add("sources.toml", "\n[platform]\ntitle = { vi = \"Nền tảng\", en = \"The platform\" }\nway = \"self\"\nmax_series = 100\n");
    let age = "[\"platform.backup_age\"]\ntitle = { vi = \"Tuổi bản sao lưu\", en = \"Age of the back-up\" }\nunit = \"h\"\n";
    add("metrics.toml", &format!("\n{age}resolution = 0.1\nrange = [0, 100000]\n"));
    let from =
        "better = \"lower\"\nevery = \"5m\"\nfrom = { observations = \"platform.backup_age\", aggregate = \"last\", window = \"1h\" }\n";
    add("kpis/platform.toml", &format!("{age}{from}"));
    city
}

#[tokio::test]
async fn the_age_of_the_last_verified_backup_is_a_figure_like_any_other() {
    let (data, city) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let watched = watched_city(city.path());
    let file = city.path().join("backups.toml");
    fs::write(&file, "format_version = 1\nat = \"02:30\"\nalert_after_h = 36\n").unwrap();
    let clock = MovedClock::at("2026-03-02T03:00:00Z");
    let mut server = Centre::start(Setup {
        city: watched.to_str().unwrap(),
        clock: Some(&clock),
        data: Some(data.path().to_owned()),
        more: &["--backups", file.to_str().unwrap()],
        ..Setup::default()
    })
    .await;
    eventually("the first one is verified", Duration::from_secs(60), || async {
        let metrics = server.get("/metrics").await.body;
        metrics.as_str()?.contains("taydo_backup_age_seconds").then_some(())
    })
    .await;
    let made = backups_in(&data.path().join("backups"));
    let manifest: Value = serde_json::from_str(&fs::read_to_string(made[0].join("manifest.json")).unwrap()).unwrap();
    let made_at: Timestamp = manifest["taken_at"].as_str().unwrap().parse().unwrap();
    clock.advance(SignedDuration::from_hours(7));
    // The next minute measures, and the next five minutes' instant records.
    let reading = eventually("it is recorded", Duration::from_secs(60), || async {
        clock.advance(SignedDuration::from_secs(20));
        let readings = server.readings("platform.backup_age", "", "2026-03-02T10:00:00Z", "2026-03-03T02:00:00Z").await;
        readings.into_iter().find(|reading| reading["value"].as_f64().is_some_and(|age_h| age_h > 1.0))
    })
    .await;
    let at: Timestamp = reading["time"].as_str().unwrap().parse().unwrap();
    let (said_h, true_h) = (reading["value"].as_f64().unwrap(), at.duration_since(made_at).as_secs_f64() / 3_600.0);
    // It was measured within the hour that the figure looks back on.
    assert!(said_h <= true_h + 0.1 && said_h > true_h - 1.1, "{said_h} h, is {true_h} h: {reading}");
    assert_eq!(server.stop().await, Some(0));
}
