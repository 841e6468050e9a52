//! The hub from a client's side: what it reads, and that a client that doesn't read costs the others nothing.

use super::*;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use taydo_model::board::{Board, Content, Panel};
use taydo_model::{BoardId, Quality, Scope, Text};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn kpi() -> KpiId {
    KpiId::new("traffic.speed").unwrap()
}

fn topic() -> Topic {
    Topic { board: BoardId::new("b").unwrap(), view: View::All }
}

fn definitions() -> Definitions {
    let content = Content::Value { kpi: kpi(), scope: Scope::City, compare: Vec::new() };
    let panel = Panel { column: 1, row: 1, width: 1, height: 1, title: None, content };
    let board = Board { id: BoardId::new("b").unwrap(), title: Text::default(), columns: 1, rows: 1, panels: vec![panel] };
    Definitions { hash: "d".into(), boards: vec![Arc::new(board)], ..Definitions::default() }
}

fn reading(value: f64) -> Reading {
    Reading {
        kpi: kpi(),
        scope: Scope::City,
        time: at(0),
        value: Some(value),
        numerator: None,
        denominator: None,
        samples: 1,
        coverage: None,
        quality: Quality::Good,
        flags: Default::default(),
        data_time: None,
    }
}

fn hub(limits: Limits) -> Hub {
    let hub = Hub::new(limits, "test");
    hub.open(at(0), 7, &definitions(), &[reading(1.0)]);
    hub
}

/// The messages that are ready for a client, in order.
fn ready(client: &Arc<Client>) -> Vec<Value> {
    let mut outgoing = client.outgoing();
    let mut bytes = Vec::new();
    while let Some(Some(Ok(more))) = outgoing.next().now_or_never() {
        bytes.extend_from_slice(&more);
    }
    messages(bytes.into())
}

fn messages(mut bytes: Bytes) -> Vec<Value> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (header, length) = match bytes[1] {
            126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            127 => (10, usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().unwrap())).unwrap()),
            short => (2, usize::from(short)),
        };
        if bytes[0] == 0x81 {
            found.push(serde_json::from_slice(&bytes[header..header + length]).unwrap());
        }
        bytes = bytes.slice(header + length..);
    }
    found
}

fn kinds(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| format!("{} {}", message["type"].as_str().unwrap(), message["sequence"])).collect()
}

#[test]
fn a_viewer_is_greeted_and_shown_everything_then_only_changes() {
    let hub = hub(Limits::default());
    let client = hub.join(at(0), None).unwrap();
    hub.subscribe(&client, &topic(), None).unwrap();
    assert_eq!(kinds(&ready(&client)), ["hello null", "snapshot 0"]);
    hub.publish(at(1), &[reading(2.0)], &[]);
    hub.publish(at(2), &[reading(3.0)], &[]);
    let updates = ready(&client);
    assert_eq!(kinds(&updates), ["update 1", "update 2"]);
    assert_eq!(updates[1]["live"][0]["value"], 3.0);
    assert_eq!(updates[1]["epoch"], 7);
    assert!(ready(&client).is_empty());
}

#[test]
fn a_viewer_resumes_where_it_was_or_gets_a_snapshot() {
    let hub = hub(Limits { ring_bytes: 1500, ..Limits::default() });
    for value in 1..=3 {
        hub.publish(at(value), &[reading(value as f64)], &[]);
    }
    let resume = |epoch, sequence| {
        let client = hub.join(at(5), None).unwrap();
        hub.subscribe(&client, &topic(), Some((epoch, sequence))).unwrap();
        kinds(&ready(&client)[1..])
    };
    assert_eq!(resume(7, 1), ["update 2", "update 3"]);
    assert_eq!(resume(7, 3), Vec::<String>::new());
    assert_eq!(resume(6, 1), ["snapshot 3"], "an older epoch");
    assert_eq!(resume(7, 9), ["snapshot 3"], "a sequence that is not yet");
    for value in 4..=20 {
        hub.publish(at(value), &[reading(value as f64)], &[]);
    }
    assert_eq!(resume(7, 1), ["snapshot 20"], "what followed has left the ring");
}

#[test]
fn a_slow_viewer_is_given_the_latest_and_holds_up_nobody() {
    let hub = hub(Limits { ring_bytes: 4096, ..Limits::default() });
    let (slow, quick) = (hub.join(at(0), None).unwrap(), hub.join(at(0), None).unwrap());
    for client in [&slow, &quick] {
        hub.subscribe(client, &topic(), None).unwrap();
        ready(client);
    }
    for value in 1..=100 {
        hub.publish(at(value), &[reading(value as f64)], &[]);
        assert_eq!(kinds(&ready(&quick)), [format!("update {value}")]);
    }
    let caught_up = ready(&slow);
    assert_eq!(kinds(&caught_up), ["snapshot 100"]);
    assert_eq!(caught_up[0]["readings"][0]["value"], 100.0);
}

#[test]
fn a_new_epoch_replaces_what_viewers_have_and_an_older_one_is_ignored() {
    let hub = hub(Limits::default());
    let client = hub.join(at(0), None).unwrap();
    hub.subscribe(&client, &topic(), None).unwrap();
    hub.publish(at(1), &[reading(2.0)], &[]);
    ready(&client);
    hub.open(at(2), 8, &definitions(), &[reading(5.0)]);
    let shown = ready(&client);
    assert_eq!(kinds(&shown), ["snapshot 0"]);
    assert_eq!((&shown[0]["epoch"], &shown[0]["readings"][0]["value"]), (&8.into(), &5.0.into()));
    hub.open(at(3), 7, &definitions(), &[reading(9.0)]);
    assert!(ready(&client).is_empty());
}

#[test]
fn quiet_topics_beat_and_stuck_or_silent_viewers_are_ended() {
    let hub = hub(Limits::default());
    let (reads, stuck, silent) = (hub.join(at(0), None).unwrap(), hub.join(at(0), None).unwrap(), hub.join(at(0), None).unwrap());
    for client in [&reads, &stuck, &silent] {
        hub.subscribe(client, &topic(), None).unwrap();
        ready(client);
    }
    for second in 1..=70 {
        hub.keep(at(second));
        reads.heard();
        stuck.heard();
        ready(&reads);
        ready(&silent);
        assert_eq!(hub.client_count(), 3 - usize::from(second >= 34) - usize::from(second >= 60), "at {second} s");
    }
    let beats = hub.join(at(71), None).unwrap();
    hub.subscribe(&beats, &topic(), None).unwrap();
    ready(&beats);
    hub.keep(at(80));
    assert_eq!(kinds(&ready(&beats)), ["heartbeat 0"]);
}

#[test]
fn there_are_bounds() {
    let hub = hub(Limits { clients: 1, ..Limits::default() });
    let client = hub.join(at(0), None).unwrap();
    assert!(hub.join(at(0), None).is_none());
    let unknown = Topic { board: BoardId::new("nowhere").unwrap(), view: View::All };
    assert!(hub.subscribe(&client, &unknown, None).unwrap_err().contains("nowhere"));
    hub.leave(&client);
    assert!(hub.join(at(0), None).is_some());
}
