//! The house rules that a machine can check.
//!
//! It reads the repository's own files and nothing else.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, reason = "a test's own code")]

use std::path::{Path, PathBuf};

const CODE: &[&str] = &["model", "engine", "server", "frontend", "xtask", "tests"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "dist" && name != "node_modules" {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(String, String)> {
    let root = repository();
    let paths = CODE.iter().flat_map(|folder| files(&root.join(folder), "rs"));
    paths.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

/// Fails with all offenders at once.
fn none(rule: &str, offenders: Vec<String>) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

#[test]
fn every_file_says_what_it_owns() {
    let offenders = sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    none("a file opens with //!, what it owns and what it must never do", offenders);
}

#[test]
fn modules_are_nouns_beside_their_folders() {
    let vague = ["utils", "util", "helpers", "helper", "common", "manager", "handler", "misc", "mod"];
    let offenders = sources().into_iter().map(|(path, _)| path);
    let offenders = offenders.filter(|path| vague.contains(&Path::new(path).file_stem().unwrap().to_str().unwrap())).collect();
    none("modules are nouns of the domain; foo.rs beside foo/, never mod.rs", offenders);
}

#[test]
fn a_file_is_read_in_a_sitting() {
    let offenders = sources().into_iter().filter(|(_, text)| text.lines().count() > 600);
    none("a file has at most 600 lines", offenders.map(|(path, text)| format!("{path}: {}", text.lines().count())).collect());
}

#[test]
fn the_core_has_no_clock_and_no_io() {
    let forbidden =
        ["std::fs", "std::net", "std::io", "std::thread", "std::time::Instant", "SystemTime", "Timestamp::now", "async fn", "tokio"];
    let core = sources().into_iter().filter(|(path, _)| path.starts_with("engine/src") || path.starts_with("model/src"));
    let mut offenders = Vec::new();
    // A file of tests may read the repository.
    for (path, text) in core.filter(|(path, _)| !path.contains("/tests")) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        offenders
            .extend(lines.filter(|line| forbidden.iter().any(|word| line.contains(word))).map(|line| format!("{path}: {}", line.trim())));
    }
    none("the core is pure", offenders);
}

#[test]
fn sql_lives_in_the_store() {
    let statements = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "];
    let outside = sources().into_iter().filter(|(path, _)| path.starts_with("server/src") && !path.starts_with("server/src/store"));
    let mut offenders = Vec::new();
    for (path, text) in outside {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        offenders.extend(
            lines
                .filter(|line| statements.iter().any(|word| line.contains(&format!("\"{word}"))))
                .map(|line| format!("{path}: {}", line.trim())),
        );
    }
    none("every statement is in server/src/store", offenders);
}

#[test]
fn sql_never_asks_for_the_time() {
    let clocks = ["now()", "current_timestamp", "clock_timestamp", "current_date"];
    let root = repository();
    let sql = files(&root.join("migrations"), "sql")
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
    let store = sources().into_iter().filter(|(path, _)| path.starts_with("server/src/store"));
    let mut offenders = Vec::new();
    for (path, text) in sql.chain(store) {
        let quoted = text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("--"));
        let quoted = quoted.filter(|line| !line.contains("clock().now()") && !line.contains("clock.now()"));
        offenders.extend(
            quoted
                .filter(|line| clocks.iter().any(|word| line.to_lowercase().contains(word)))
                .map(|line| format!("{path}: {}", line.trim())),
        );
    }
    none("time is a parameter of a statement", offenders);
}

#[test]
fn actix_stays_in_the_http_shell_and_nothing_is_global() {
    let shells =
        sources().into_iter().filter(|(path, _)| ["server/src", "engine/src", "model/src"].iter().any(|shell| path.starts_with(shell)));
    let global = ["static mut ", "thread_local!", "OnceLock", "LazyLock", ": Mutex<", ": RwLock<", ": Atomic"];
    let mut offenders = Vec::new();
    for (path, text) in shells.filter(|(path, _)| !path.contains("/tests")) {
        let http = path.starts_with("server/src/http");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            let is_static = line.starts_with("static ") || line.starts_with("pub static ") || line.starts_with("pub(crate) static ");
            let mutable = line.contains("thread_local!") || is_static && global.iter().any(|word| line.contains(word));
            if mutable || (!http && line.contains("actix")) {
                offenders.push(format!("{path}: {line}"));
            }
        }
    }
    none("actix is used in server/src/http only, and no state is global", offenders);
}

/// What programs ask for, and not people by a page's buttons: there a refusal may be said in English alone.
const FOR_PROGRAMS: &[&str] = &[
    "access",
    "baseline",
    "body",
    "figures",
    "headline",
    "history",
    "hook",
    "intake",
    "live",
    "public",
    "ranking",
    "recompute",
    "record",
    "refusal",
    "site",
    "standby",
    "table",
    "why",
];

#[test]
fn what_people_are_refused_is_said_in_both_languages() {
    let http = sources().into_iter().filter_map(|(path, text)| Some((path.strip_prefix("server/src/http/")?.to_owned(), text)));
    let of_people = http.filter(|(path, _)| !FOR_PROGRAMS.contains(&path.split(['/', '.']).next().unwrap_or_default()));
    let is_one_tongue = |line: &&str| line.contains("Refusal::new(") || line.contains("Refusal::not_found(");
    let offenders = of_people
        .flat_map(|(path, text)| text.lines().filter(is_one_tongue).map(|line| format!("{path}: {}", line.trim())).collect::<Vec<_>>());
    none("people read refusals in their language: use Refusal::both, missing or malformed", offenders.collect());
}

#[test]
fn every_route_has_a_row_in_the_access_table() {
    let root = repository();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let (routes, table) = (read("server/src/http.rs"), read("server/src/http/access.rs"));
    let routes = routes.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")?.split('"').next().map(str::to_owned));
    let missing = routes.filter(|route| !table.contains(&format!("\"{route}\""))).collect();
    none("a route has a row in server/src/http/access.rs", missing);
}

#[test]
fn no_test_is_ignored_and_none_sleeps() {
    let mut offenders = Vec::new();
    for (path, text) in sources()
        .into_iter()
        .filter(|(path, _)| path.starts_with("tests/") && !path.starts_with("tests/bench") && !path.ends_with("tidy/main.rs"))
    {
        // The harness's own loop asks for a condition with a limit; a clean-up waits for a process to end.
        let harness = path.starts_with("tests/harness");
        let bad = |line: &str| line.contains("#[ignore") || (!harness && line.contains("sleep("));
        offenders.extend(text.lines().filter(|line| bad(line)).map(|line| format!("{path}: {}", line.trim())));
    }
    none("tests wait for conditions, and none is ignored", offenders);
}

#[test]
fn what_the_architecture_names_exists() {
    let root = repository();
    let mut offenders = Vec::new();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        let text = std::fs::read_to_string(root.join(document)).unwrap_or_default();
        for name in text.split('`').skip(1).step_by(2) {
            let top = name.split('/').next().unwrap_or_default();
            let is_path =
                !top.is_empty() && name.contains('/') && !name.contains(['<', '*', '{', ' ', ':', '…']) && root.join(top).is_dir();
            if is_path && !root.join(name).exists() {
                offenders.push(format!("{document}: {name}"));
            }
        }
    }
    none("documents name what exists", offenders);
}

#[test]
fn the_architecture_fits_in_250_lines() {
    let lines = std::fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap().lines().count();
    assert!(lines <= 250, "ARCHITECTURE.md has {lines} lines");
}

/// What a text literal may say outside the locale's files: the product's name, a language's own, and what is in both.
const NAMES: [&str; 4] = ["Tây Đô", "Tiếng Việt", "English", "PHÁT LẠI"];

/// A line's string literals; characters and escapes within them are left as they stand.
fn literals(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once('"') {
        let end = after.match_indices('"').map(|(at, _)| at).find(|at| !after[..*at].ends_with('\\'));
        let Some(end) = end else { break };
        found.push(&after[..end]);
        rest = &after[end + 1..];
    }
    found
}

#[test]
fn texts_of_the_interface_stand_in_the_locale() {
    let is_view = |path: &str| {
        path.starts_with("frontend/src/") && !path.contains("locale") && !path.contains("/tests") && !path.contains("pages/design")
    };
    let mut offenders = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| is_view(path)) {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let is_text = |literal: &&str| {
                let bare = NAMES.iter().fold((*literal).to_owned(), |text, name| text.replace(name, ""));
                let is_node = line.contains(&format!("{{ \"{literal}\" }}")) && bare.starts_with(char::is_uppercase);
                let is_label =
                    ["aria-label", "title", "placeholder", "alt"].iter().any(|name| line.contains(&format!(" {name}=\"{literal}\"")));
                is_node || is_label && !bare.is_empty() || bare.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
            };
            offenders.extend(literals(line).into_iter().filter(is_text).map(|literal| format!("{path}:{}: {literal:?}", number + 1)));
        }
    }
    none("a text that people read stands in frontend/src/locale/, in both languages", offenders);
}
