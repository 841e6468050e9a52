//! `taydo check` on broken cities: each folder of `tests/check` is a mistake or a few, laid over the sound town beside it, with the
//! output that must follow. Run with `TAYDO_WRITE_EXPECTED=1` to write the outputs anew, and read what changed.

use harness::{program, repository};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the town lacks in a folder is named by a file that ends so.
const REMOVED: &str = ".removed";
const EXPECTED: &str = "expected.txt";

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// Lays a folder's files over what is in `city`.
fn lay(folder: &Path, city: &Path) {
    std::fs::create_dir_all(city).unwrap();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            lay(&path, &city.join(name));
        } else if let Some(removed) = name.strip_suffix(REMOVED) {
            std::fs::remove_file(city.join(removed)).unwrap();
        } else if name != EXPECTED {
            std::fs::copy(&path, city.join(name)).unwrap();
        }
    }
}

/// The exit code and the output, the city's folder called `city`.
fn check(folder: &Path) -> (Option<i32>, String) {
    let place = tempfile::tempdir().unwrap();
    let city = place.path().join("city");
    lay(&repository().join("tests/check/town"), &city);
    lay(folder, &city);
    let output = Command::new(program()).arg("check").arg("city").current_dir(place.path()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn each_broken_city_is_answered_with_its_mistakes_their_places_and_hints() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for folder in folders(&repository().join("tests/check")) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let (code, output) = check(&folder);
        if name == "town" {
            assert_eq!(code, Some(0), "{output}");
            continue;
        }
        assert_eq!(code, Some(1), "{name}:\n{output}");
        // Each problem has a place and a hint, and the last line counts them.
        let problems = output.lines().filter(|line| line.starts_with("city/")).count();
        assert_eq!(output.lines().filter(|line| line.starts_with("  hint: ")).count(), problems, "{name}:\n{output}");
        assert!(output.lines().last().is_some_and(|line| line.starts_with(&format!("{problems} problem"))), "{name}:\n{output}");
        let expected = folder.join(EXPECTED);
        if std::env::var_os("TAYDO_WRITE_EXPECTED").is_some() {
            std::fs::write(&expected, &output).unwrap();
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if output != wanted {
            wrong.push(format!("{name}: expected\n{wanted}found\n{output}"));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 20, "{seen}");
}
