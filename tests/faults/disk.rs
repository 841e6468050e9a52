//! A disk that fills up under the data folder.

use super::*;
use std::process::Command;

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::mount("480m") else { return };
    let mut server = centre(disk.path(), 0, None).await;
    let ballast = disk.path().join("ballast");
    let mut acknowledged = 0_i64;
    let mut refused = None;
    for body in 0..200_i64 {
        if body == 5 {
            // Fills the disk but for a little, at once rather than slowly.
            let _ = Command::new("dd").args(["if=/dev/zero", "bs=1M", "count=1000"]).arg(format!("of={}", ballast.display())).output();
        }
        let text: String = (0..2000).map(|n| format!("meter,asset=m{n} load=1 {}\n", 1_772_413_200_000 + body * 1000)).collect();
        let answer = server.write_lines("lines", &text).await;
        if answer.status == 204 {
            acknowledged += 2000;
        } else {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a full disk refuses");
    assert_eq!(refused.status, 503, "{refused:?}");
    std::fs::remove_file(&ballast).unwrap();
    let last = std::cell::RefCell::new(String::new());
    let what = || format!("with room again ({} MB), data is taken again; last: {}", disk.free() >> 20, last.borrow());
    eventually(what, Duration::from_secs(60), || async {
        let answer = server.write_lines("lines", "meter,asset=after load=1 1772413100000\n").await;
        last.replace(format!("{answer:?}"));
        (answer.status == 204).then_some(())
    })
    .await;
    let rows = sql(disk.path()).await;
    let stored = count(&rows, "observation").await;
    assert!(stored > acknowledged && stored <= acknowledged + 1 + 2000, "{stored} of {acknowledged}");
    assert_eq!(server.stop().await, Some(0));
}

/// Standard error is often a file, and its disk as full as any: lines are lost then, and nothing else.
#[tokio::test]
async fn a_log_that_can_not_be_written_stops_nothing() {
    let mut server = Centre::start(Setup { city: "tests/cities/mini", log: Some("/dev/full".into()), ..Setup::default() }).await;
    assert_eq!(server.write_lines("lines", "meter,asset=m1 load=1 1772413100000\n").await.status, 204);
    assert_eq!(server.stop().await, Some(0));
}
