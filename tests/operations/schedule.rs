//! Back-ups at their time: made, restored and compared, copied, kept for some time, and told when they stay away.

use crate::{centre, count, lines, sql};
use harness::eventually;
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
    eventually("it is over", Duration::from_secs(20), || async { (count(&sql(data.path()).await, open).await == 0).then_some(()) }).await;
    assert!(!data.path().join("rehearsing").exists(), "what was restored to compare is gone");
    assert_eq!(server.stop().await, Some(0));
    // What is on the target restores.
    let other = tempfile::tempdir().unwrap();
    let restored = crate::tool::taydo(other.path(), &["restore", copies[0].to_str().unwrap()]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
}
