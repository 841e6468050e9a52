//! `kill -9` of the server and of PostgreSQL in the middle of 200,000 observations.

use super::*;
use harness::{Broker, Device};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const HTTP: usize = 100_000;
const MQTT: usize = 100_000;
const LINES: usize = 500;
/// 2026-03-02 01:00 UTC, in milliseconds.
const BASE: i64 = 1_772_413_200_000;

/// The postmaster of a data folder, killed as the kernel would kill it.
fn kill_postgres(data: &Path) {
    let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).unwrap_or_default();
    if let Some(pid) = text.lines().next() {
        // It may be starting or gone; the test goes on either way.
        let _ = Command::new("kill").args(["-9", pid]).status();
    }
}

/// Sends line protocol until every body was acknowledged, again and again where it wasn't.
async fn send_lines(url: String, sent: Arc<AtomicUsize>) {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    for body in 0..HTTP / LINES {
        let text: String = (0..LINES)
            .map(|line| body * LINES + line)
            .map(|n| format!("meter,asset=m{} load={} {}\n", n % 100, n % 1000, BASE + (n / 100) as i64 * 1000))
            .collect();
        eventually("a body is acknowledged", Duration::from_secs(60), || async {
            let request = client.post(format!("{url}/api/v2/write?bucket=lines&precision=ms")).body(text.clone());
            request.send().await.ok().filter(|answer| answer.status() == 204)
        })
        .await;
        sent.fetch_add(LINES, Ordering::Relaxed);
    }
}

async fn send_messages(broker: std::net::SocketAddr, sent: Arc<AtomicUsize>) {
    let mut device = Device::connect(broker, "fault-device").await;
    for message in 0..MQTT / 100 {
        let items: Vec<String> = (0..100)
            .map(|line| message * 100 + line)
            .map(|n| format!("{{\"ts\":{},\"values\":{{\"speed\":{}}}}}", BASE + (n / 100) as i64 * 1000, n % 150))
            .collect();
        // A hundred values in a message, one series: their times differ.
        let items: Vec<String> = items
            .iter()
            .enumerate()
            .map(|(k, item)| {
                item.replacen(&format!("{}", BASE + message as i64 * 1000), &format!("{}", BASE + message as i64 * 1000 + k as i64), 1)
            })
            .collect();
        device.publish(&format!("mini/road/r{}/telemetry", message % 50), &format!("[{}]", items.join(","))).await;
        sent.fetch_add(100, Ordering::Relaxed);
    }
    device.acknowledged().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_what_was_sent_is_stored_whatever_is_killed() {
    let folder = tempfile::Builder::new().prefix("taydo-faults").tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let broker = Broker::start().await;
    let mut server = centre(&data, 0, Some(broker.address())).await;
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let lines = tokio::spawn(send_lines(server.url.clone(), sent.clone()));
    let messages = tokio::spawn(send_messages(broker.address(), sent.clone()));

    for (at, what) in [(30_000, "server"), (70_000, "postgres"), (110_000, "both"), (150_000, "server")] {
        let reached = || async { (sent.load(Ordering::Relaxed) >= at || lines.is_finished() && messages.is_finished()).then_some(()) };
        eventually("some more is sent", Duration::from_secs(60), reached).await;
        if what != "server" {
            kill_postgres(&data);
        }
        if what != "postgres" {
            server.kill();
            server = centre(&data, port, Some(broker.address())).await;
        }
    }
    lines.await.unwrap();
    messages.await.unwrap();
    done.store(true, Ordering::Relaxed);

    let sql = sql(&data).await;
    let metric = |metric: &'static str| {
        let sql = &sql;
        async move {
            let statement = "SELECT s.labels->>'asset', (extract(epoch from o.time) * 1000)::int8 FROM observation o JOIN series s ON s.id = o.series_id WHERE s.metric = $1";
            let rows = sql.query(statement, &[&metric]).await.unwrap();
            rows.iter().map(|row| (row.get(0), row.get(1))).collect::<BTreeSet<(String, i64)>>()
        }
    };
    let expected: BTreeSet<(String, i64)> = (0..HTTP).map(|n| (format!("m{}", n % 100), BASE + (n / 100) as i64 * 1000)).collect();
    assert!(metric("meter.load").await == expected, "over HTTP: exactly the sent set");
    let expected: BTreeSet<(String, i64)> =
        (0..MQTT).map(|n| (format!("r{}", n / 100 % 50), BASE + (n / 100) as i64 * 1000 + (n % 100) as i64)).collect();
    eventually("the broker's queue is drained", Duration::from_secs(60), || async {
        (metric("road.speed").await.len() >= expected.len()).then_some(())
    })
    .await;
    assert!(metric("road.speed").await == expected, "over MQTT: exactly the sent set");
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn a_stopped_and_a_killed_server_find_their_data_again() {
    let folder = tempfile::Builder::new().prefix("taydo-faults").tempdir().unwrap();
    let mut server = centre(folder.path(), 0, None).await;
    assert_eq!(server.write_lines("lines", &format!("meter,asset=meter-1 load=5 {BASE}\n")).await.status, 204);
    server.kill();
    let mut server = centre(folder.path(), 0, None).await;
    assert_eq!(count(&sql(folder.path()).await, "observation").await, 1, "an orphaned database is adopted");
    assert_eq!(server.stop().await, Some(0));
    assert!(!folder.path().join("postgres/postmaster.pid").exists(), "the database stops with its server");
    let server = centre(folder.path(), 0, None).await;
    assert_eq!(count(&sql(folder.path()).await, "observation").await, 1);
    let second = Centre::spawn(Setup { city: "tests/cities/mini", data: Some(folder.path().to_owned()), ..Setup::default() }).await;
    let message = second.err().expect("a second server on the same folder is refused");
    assert!(message.contains("another"), "{message}");
    drop(server);
    std::fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let other = Centre::spawn(Setup { city: "tests/cities/mini", data: Some(folder.path().to_owned()), ..Setup::default() }).await;
    let message = other.err().expect("a folder of another major version is refused");
    assert!(message.contains('9') && message.contains("version"), "{message}");
}
