//! Bad input of every sort: a clear answer, and the centre goes on.

use super::*;
use flate2::{Compression, write::GzEncoder};
use harness::{copy_of_city, repository};
use std::io::Write as _;
use std::process::Command;

/// What it is, where it goes, what is sent with which headers, and the status and code of the answer.
type Case<'a> = (&'a str, &'a str, Vec<u8>, &'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test]
async fn bodies_that_can_t_be_taken_are_refused_with_their_reason() {
    let small = Small::start().await;
    let bomb = {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&vec![b' '; 200 << 20]).unwrap();
        packer.finish().unwrap()
    };
    let deep = "[".repeat(100_000);
    let cases: Vec<Case> = vec![
        ("malformed JSON", "/api/v1/observations?source=api", b"[{\"metric\":".to_vec(), &[], 400, "malformed"),
        ("deep JSON", "/api/v1/observations?source=api", deep.into(), &[], 400, "malformed"),
        ("no such source", "/api/v1/observations?source=nowhere", b"[]".to_vec(), &[], 404, "not_found"),
        ("no source", "/api/v1/observations", b"[]".to_vec(), &[], 400, "invalid"),
        ("a source of another kind", "/api/v1/observations?source=lines", b"[]".to_vec(), &[], 400, "invalid"),
        ("100 MB", "/api/v1/observations?source=api", vec![b' '; 100_000_000], &[], 413, "too_large"),
        ("a gzip bomb", "/api/v2/write?bucket=lines", bomb, &[("content-encoding", "gzip")], 413, "too_large"),
        ("not gzip", "/api/v2/write?bucket=lines", b"hello".to_vec(), &[("content-encoding", "gzip")], 400, "malformed"),
        ("an unknown encoding", "/api/v2/write?bucket=lines", b"x".to_vec(), &[("content-encoding", "zstd")], 415, "unsupported_media"),
        ("an unknown precision", "/api/v2/write?bucket=lines&precision=h", b"x".to_vec(), &[], 400, "invalid"),
        ("another site", "/api/v1/observations?source=api", b"[]".to_vec(), &[("origin", "https://evil.example")], 403, "foreign_origin"),
    ];
    for (what, path, body, headers, status, code) in cases {
        let answer = small.centre.post_bytes(path, body, headers).await;
        // The server may hang up on a body that it won't read, before the client has sent it all.
        if answer.status == 0 && status == 413 {
            continue;
        }
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{what}: {answer:?}");
        assert!(!answer.body["message"].as_str().unwrap().is_empty() && answer.body["request_id"].is_string(), "{what}");
    }
    assert_eq!(small.centre.get("/healthz").await.status, 200);
    let good = small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", START, 30.0)])).await;
    assert_eq!(good.body["accepted"], 1);
}

#[tokio::test]
async fn what_is_not_in_the_access_table_can_t_be_reached() {
    let small = Small::start().await;
    for (path, status) in [("/api/v1/users", 404), ("/metrics/", 404), ("//metrics", 404), ("/.env", 404), ("/api/v2/write", 405)] {
        assert_eq!(small.centre.get(path).await.status, status, "{path}");
    }
    let page = small.centre.get("/wall/main").await;
    assert_eq!(page.status, 200);
    let unknown = small.centre.get("/api/v1/kpis/road.speed/readings?from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z").await;
    assert_eq!((unknown.status, unknown.body["code"].as_str()), (413, Some("too_large")));
    let odd = small.centre.get("/api/v1/kpis/road.speed/readings?from=yesterday&to=today").await;
    assert_eq!((odd.status, odd.body["code"].as_str()), (400, Some("invalid")));
}

fn taydo(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(harness::program()).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test]
async fn a_broken_city_is_refused_with_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let city = copy_of_city("mini", folder.path());
    std::fs::write(city.join("kpis/broken.toml"), "[\"a.b\"]\ntitle = { vi = \"x\", en = \"y\" }\nunit = \"furlong\"\nbetter = \"up\"\nfrom = { observations = \"road.sped\", aggregate = \"mean\", window = \"5m\" }\n").unwrap();
    let city = city.display().to_string();
    let (code, text) = taydo(&["check", &city]);
    assert_eq!(code, Some(1), "{text}");
    for place in ["kpis/broken.toml:3:", "kpis/broken.toml:4:", "kpis/broken.toml:5:", "road.speed"] {
        assert!(text.contains(place), "{place} in\n{text}");
    }
    let (code, text) = taydo(&["serve", "--city", &city, "--port", "0", "--data", &folder.path().display().to_string()]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("taydo check"), "{text}");
}

#[tokio::test]
async fn a_taken_port_and_a_password_in_a_url_are_refused_at_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mini = repository().join("tests/cities/mini").display().to_string();
    let (code, text) = taydo(&["serve", "--city", &mini, "--port", &port, "--data", "/nonexistent"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains(&port) && text.contains("--port"), "{text}");
    let (code, text) = taydo(&["serve", "--city", &mini, "--port", "0", "--database", "postgresql://a:hunter2@127.0.0.1/x"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("--database-password-file") && !text.contains("hunter2"), "{text}");
    let (code, text) = taydo(&["serve", "--help"]);
    assert_eq!((code, text.contains("--city")), (Some(0), true));
    assert_eq!(taydo(&["serve"]).0, Some(2));
}
