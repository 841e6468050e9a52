//! The link as a script: what happens, and what the page must do about it.

use super::*;
use taydo_model::{
    BoardId,
    wire::{Mode, View},
};

fn topic() -> Topic {
    Topic { board: BoardId::new("b").unwrap(), view: View::All }
}

fn head(epoch: i64, sequence: u64) -> Head {
    Head { topic: topic(), mode: Mode::Live, epoch, sequence, time: Timestamp::UNIX_EPOCH, definitions: "d1".into(), replay: None }
}

fn snapshot(epoch: i64, sequence: u64) -> Input {
    Input::Message(ServerMessage::Snapshot { head: head(epoch, sequence), readings: vec![], incidents: None })
}

fn update(epoch: i64, sequence: u64) -> Input {
    Input::Message(ServerMessage::Update { head: head(epoch, sequence), live: vec![], recorded: vec![], incidents: None })
}

fn heartbeat(epoch: i64, sequence: u64) -> Input {
    Input::Message(ServerMessage::Heartbeat { head: head(epoch, sequence) })
}

fn hello() -> Input {
    Input::Message(ServerMessage::Hello { time: Timestamp::UNIX_EPOCH, build: "b1".into(), heartbeat_ms: 1_000 })
}

fn page(definitions: &str) -> Input {
    Input::Page { topics: vec![topic()], definitions: definitions.into(), replay: None }
}

fn subscribe() -> Action {
    Action::Send(ClientMessage::Subscribe { topic: topic(), replay: None })
}

/// The actions in short: frames that are taken by their sequence.
fn told(actions: &[Action]) -> Vec<String> {
    actions
        .iter()
        .filter(|action| !matches!(action, Action::Time(_) | Action::Build(_)))
        .map(|action| match action {
            Action::Take(ServerMessage::Snapshot { head, .. } | ServerMessage::Update { head, .. }) => format!("take {}", head.sequence),
            Action::Send(ClientMessage::Subscribe { .. }) => "subscribe".into(),
            Action::Send(ClientMessage::Resume { epoch, sequence, .. }) => format!("resume {epoch} {sequence}"),
            other => format!("{other:?}").to_lowercase(),
        })
        .collect()
}

/// A link that has shown a snapshot of epoch 3 at sequence 10.
fn live() -> Link {
    let mut link = Link::default();
    link.step(0.0, page("d1"));
    assert_eq!(link.step(0.0, Input::Tick), [Action::Connect]);
    assert_eq!(link.step(10.0, Input::Open), [subscribe()]);
    link.step(11.0, hello());
    assert_eq!(link.health(), Health::Connecting);
    assert_eq!(told(&link.step(12.0, snapshot(3, 10))), ["take 10"]);
    assert_eq!(link.health(), Health::Live);
    link
}

#[test]
fn updates_are_taken_in_order_and_only_once() {
    let mut link = live();
    for (input, expected) in [
        (update(3, 11), vec!["take 11"]),
        (update(3, 11), vec![]),
        (heartbeat(3, 11), vec![]),
        (update(3, 12), vec!["take 12"]),
        (update(3, 14), vec!["subscribe"]),
        (update(3, 15), vec![]),
        (snapshot(3, 15), vec!["take 15"]),
        (heartbeat(3, 17), vec!["subscribe"]),
    ] {
        let shown = format!("{input:?}");
        assert_eq!(told(&link.step(20.0, input)), expected, "{shown}");
    }
}

#[test]
fn frames_of_a_lower_epoch_are_dropped_and_a_higher_one_begins_with_a_snapshot() {
    let mut link = live();
    assert!(told(&link.step(20.0, snapshot(2, 99))).is_empty());
    assert!(told(&link.step(20.0, update(2, 11))).is_empty());
    assert_eq!(told(&link.step(30.0, update(4, 1))), ["subscribe"]);
    assert_eq!(told(&link.step(31.0, snapshot(4, 1))), ["take 1"]);
    assert_eq!(told(&link.step(32.0, update(4, 2))), ["take 2"]);
}

#[test]
fn silence_is_a_loss_and_ends_with_the_first_frame_that_is_in_step() {
    let mut link = live();
    assert!(link.step(2_000.0, Input::Tick).is_empty());
    assert_eq!(link.health(), Health::Live);
    assert_eq!(link.step(2_100.0, Input::Tick), [Action::Close]);
    assert_eq!((link.health(), link.heard()), (Health::Lost, 12.0));
    link.step(2_100.0, Input::Closed(0.0));
    assert!(link.step(2_500.0, Input::Tick).is_empty(), "the first wait is half a second");
    assert_eq!(link.step(2_600.0, Input::Tick), [Action::Connect]);
    assert_eq!(told(&link.step(3_200.0, Input::Open)), ["resume 3 10"]);
    link.step(3_201.0, hello());
    assert_eq!(link.health(), Health::Lost, "nothing fresh has come yet");
    assert_eq!(told(&link.step(3_300.0, update(3, 11))), ["take 11"]);
    assert_eq!(link.health(), Health::Live);
    // Nothing changed while the link was away: a heartbeat at our place proves that what is shown is current.
    link.step(3_400.0, Input::Closed(0.0));
    assert_eq!(link.health(), Health::Lost);
    link.step(4_000.0, Input::Tick);
    link.step(4_001.0, Input::Open);
    link.step(4_002.0, heartbeat(3, 11));
    assert_eq!(link.health(), Health::Live);
}

#[test]
fn waits_grow_to_five_seconds_and_chance_shortens_them() {
    let mut link = live();
    let mut now = 0.0;
    let mut waits = vec![];
    for _ in 0..6 {
        link.step(now, Input::Closed(0.0));
        let Socket::Waiting { until } = link.socket else { panic!("it waits") };
        waits.push(until - now);
        now = until;
    }
    assert_eq!(waits, [500.0, 1_000.0, 2_000.0, 4_000.0, 5_000.0, 5_000.0]);
    link.step(now, Input::Closed(0.5));
    assert_eq!(link.socket, Socket::Waiting { until: now + 3_750.0 });
}

#[test]
fn an_attempt_that_hangs_is_given_up() {
    let mut link = Link::default();
    link.step(0.0, page("d1"));
    link.step(0.0, Input::Tick);
    assert!(link.step(10_000.0, Input::Tick).is_empty());
    assert_eq!(link.step(10_001.0, Input::Tick), [Action::Close]);
}

#[test]
fn other_definitions_are_fetched_but_not_in_a_hurry() {
    let mut link = live();
    link.step(20.0, page("d0"));
    assert_eq!(told(&link.step(20.0, update(3, 11))), ["refetch", "take 11"]);
    assert_eq!(told(&link.step(40.0, update(3, 12))), ["take 12"]);
    assert_eq!(told(&link.step(5_020.0, update(3, 13))), ["refetch", "take 13"]);
    link.step(5_030.0, page("d1"));
    assert_eq!(told(&link.step(20_000.0, update(3, 14))), ["take 14"]);
}

#[test]
fn a_server_that_began_anew_below_us_calls_for_a_reload() {
    let mut link = live();
    link.step(100.0, heartbeat(1, 5));
    link.step(30_000.0, Input::Closed(0.0));
    assert!(!link.step(30_100.0, Input::Tick).contains(&Action::Reload));
    assert!(link.step(30_101.0, Input::Tick).contains(&Action::Reload));
}

#[test]
fn a_page_that_changes_its_topics_keeps_its_socket() {
    let mut link = live();
    let other = Topic { board: BoardId::new("c").unwrap(), view: View::All };
    let actions = link.step(20.0, Input::Page { topics: vec![other.clone()], definitions: "d1".into(), replay: None });
    let expected = [
        Action::Send(ClientMessage::Unsubscribe { topic: topic() }),
        Action::Send(ClientMessage::Subscribe { topic: other, replay: None }),
    ];
    assert_eq!(actions, expected);
    assert_eq!(link.health(), Health::Live, "the new board is joining, nothing is lost");
}
