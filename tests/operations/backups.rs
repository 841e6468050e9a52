//! A back-up taken under load is of one moment; a damaged one is refused; what is there is not lost by a restore.

use crate::tool::{backup, taydo};
use crate::{centre, count, lines, sql};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

fn rows(manifest: &Value, table: &str) -> i64 {
    manifest["tables"].as_array().unwrap().iter().find(|one| one["table"] == table).unwrap()["rows"].as_i64().unwrap()
}

#[tokio::test]
async fn a_backup_under_load_restores_to_the_source_at_one_moment() {
    let data = tempfile::tempdir().unwrap();
    let mut server = centre(data.path(), &[]).await;
    let acknowledged = AtomicI64::new(0);
    for second in 0..20 {
        assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204);
        acknowledged.fetch_add(200, SeqCst);
    }
    let before = acknowledged.load(SeqCst);
    let done = AtomicI64::new(0);
    let load = async {
        let mut second = 20;
        while done.load(SeqCst) == 0 {
            assert_eq!(server.write_lines("lines", &lines(second)).await.status, 204);
            acknowledged.fetch_add(200, SeqCst);
            second += 1;
        }
    };
    let taken = async {
        let folder = backup(data.path()).await;
        done.store(1, SeqCst);
        folder
    };
    let ((), folder) = tokio::join!(load, taken);
    let manifest = manifest(&folder);
    let stored = rows(&manifest, "observation");
    assert!(stored >= before && stored < acknowledged.load(SeqCst), "{stored} of {before} to {}", acknowledged.load(SeqCst));
    // Whole requests only: each was one transaction.
    assert_eq!(stored % 200, 0);
    assert_eq!(manifest["city"]["id"], "mini");
    assert_eq!(server.stop().await, Some(0));

    // Into a new folder: the same rows in every table, as the command itself has compared.
    let other = tempfile::tempdir().unwrap();
    let restored = taydo(other.path(), &["restore", folder.to_str().unwrap()]).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let mut second = centre(other.path(), &[]).await;
    assert_eq!(count(&sql(other.path()).await, "observation").await, stored);
    let again = second.write_lines("lines", &lines(0)).await;
    assert_eq!(again.status, 204, "what was stored is taken again, and changes nothing: {again:?}");
    assert_eq!(count(&sql(other.path()).await, "observation").await, stored);
    assert_eq!(second.stop().await, Some(0));

    // Over what is there only when told, and then that stays beside.
    let refused = taydo(data.path(), &["restore", folder.to_str().unwrap()]).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.errors.contains("--replace") && refused.errors.contains("with data until"), "{refused:?}");
    let replaced = taydo(data.path(), &["restore", folder.to_str().unwrap(), "--replace"]).await;
    assert_eq!(replaced.code, Some(0), "{replaced:?}");
    let aside = fs::read_dir(data.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("postgres.replaced-"));
    assert_eq!(aside.count(), 1);
    let mut again = centre(data.path(), &[]).await;
    assert_eq!(count(&sql(data.path()).await, "observation").await, stored);
    assert_eq!(again.stop().await, Some(0));
}

/// What is done to a back-up's folder.
type Damage = fn(&Path);

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_touched() {
    let data = tempfile::tempdir().unwrap();
    let mut server = centre(data.path(), &[]).await;
    assert_eq!(server.write_lines("lines", &lines(0)).await.status, 204);
    let whole = backup(data.path()).await;
    // A running server's folder isn't touched either.
    let in_use = taydo(data.path(), &["restore", whole.to_str().unwrap(), "--replace"]).await;
    assert!(in_use.code == Some(1) && in_use.errors.contains("in use by another taydo"), "{in_use:?}");
    assert_eq!(server.stop().await, Some(0));

    let target = tempfile::tempdir().unwrap();
    let damages: [(&str, Damage); 6] = [
        ("one byte is another", |folder| flip(&folder.join("database.dump"))),
        ("it is cut short", |folder| {
            let file = fs::File::options().write(true).open(folder.join("database.dump")).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }),
        ("the database is missing", |folder| fs::remove_file(folder.join("database.dump")).unwrap()),
        ("the manifest says another number", |folder| {
            let path = folder.join("manifest.json");
            fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"rows\": 200", "\"rows\": 201")).unwrap();
        }),
        ("the manifest is missing", |folder| fs::remove_file(folder.join("manifest.json")).unwrap()),
        ("the sums are another's", |folder| flip(&folder.join("SHA256SUMS"))),
    ];
    for (what, damage) in damages {
        let copy = target.path().join("taydo-mini-copy");
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir(&copy).unwrap();
        for entry in fs::read_dir(&whole).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
        }
        damage(&copy);
        let empty = target.path().join("data");
        let refused = taydo(&empty, &["restore", copy.to_str().unwrap()]).await;
        assert_eq!(refused.code, Some(1), "{what}: {refused:?}");
        assert!(refused.errors.contains("is damaged") && refused.errors.contains("nothing was touched"), "{what}: {refused:?}");
        assert!(!empty.exists(), "{what}: nothing is made");
    }
    let none = taydo(data.path(), &["restore", target.path().to_str().unwrap()]).await;
    assert!(none.errors.contains("is not a back-up"), "{none:?}");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}
