//! Which files of a folder are a department's.

use super::*;

#[test]
fn what_is_still_written_or_foreign_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.xlsx", "a.csv", "~$b.xlsx", ".hidden", "c.xlsx.part", "d.TMP"] {
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    std::fs::create_dir(folder.path().join("done")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("e.csv")).unwrap();
    let names: Vec<String> =
        files(folder.path()).iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["a.csv", "b.xlsx"]);
}
