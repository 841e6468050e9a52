//! Who is told of what silence.

use super::*;
use taydo_model::Text;
use taydo_model::source::{Body, TopicPattern};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn id(name: &str) -> SourceId {
    name.parse().unwrap()
}

/// `name way silence [via]`
fn source(line: &str) -> Arc<Source> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mqtt = || Way::Mqtt { topic: TopicPattern { levels: Vec::new() }, body: Body::Value(None) };
    Arc::new(Source {
        id: id(words[0]),
        title: Text::default(),
        owner: None,
        way: if words[1] == "mqtt" { mqtt() } else { Way::Http },
        max_series: 1,
        silent_s: words[2].parse().ok(),
        urgent: words.contains(&"urgent"),
        via: words.get(3).filter(|word| **word != "urgent").map(|via| id(via)),
    })
}

/// What is told at a moment, and what is kept.
fn check(sources: &str, heard: &str, broker: (Option<i64>, Option<i64>), now: i64, expected: &str) {
    let sources: Vec<_> = sources.split(';').map(str::trim).map(source).collect();
    let pair = |word: &str| word.split_once('=').map(|(name, second)| (id(name), at(second.parse().unwrap())));
    let heard = Heard {
        last: heard.split_whitespace().filter_map(pair).collect(),
        since: at(0),
        broker_lost_at: broker.0.map(at),
        broker_back_at: broker.1.map(at),
    };
    let said = silent(&sources, &heard, at(now)).into_iter().map(|(what, silence)| {
        let what = if let Watched::Source(id) = what { id.to_string() } else { "broker".to_owned() };
        match silence {
            Silence::Told { since, urgent, behind } => {
                format!("{what} since {} behind {behind}{}", since.as_second() - 1_000_000, if urgent { " urgent" } else { "" })
            }
            Silence::Kept => format!("{what} kept"),
        }
    });
    assert_eq!(said.collect::<Vec<_>>().join(", "), expected, "{heard:?} at {now}");
}

const NO_BROKER: (Option<i64>, Option<i64>) = (None, None);

#[test]
fn a_feed_is_silent_at_its_time_and_not_before_it_was_ever_heard() {
    check("a http 60", "a=10", NO_BROKER, 69, "");
    check("a http 60", "a=10", NO_BROKER, 70, "a since 10 behind 0");
    check("a http 60 urgent; b http -", "a=-500 b=-500", NO_BROKER, 60, "a since 0 behind 0 urgent");
    // Nobody listened: it isn't told, but what was told of it isn't over.
    check("a http 60", "a=-500", NO_BROKER, 59, "a kept");
    check("a http 60", "", NO_BROKER, 9_000, "");
}

#[test]
fn what_a_dead_gateway_has_behind_it_is_one_message() {
    let city = "gw http -; a http 60 gw; b http 60 gw; c http 600 gw urgent";
    // `a` is quiet, and whether the gateway is can't be said before the others' time.
    check(city, "a=1 b=50 c=3", NO_BROKER, 61, "a kept");
    check(city, "a=1 b=50 c=3", NO_BROKER, 110, "a kept, b kept, gw since 50 behind 2");
    check(city, "a=1 b=50 c=3", NO_BROKER, 649, "a kept, b kept, c kept, gw since 50 behind 2");
    check(city, "a=1 b=50 c=3", NO_BROKER, 650, "a kept, b kept, c kept, gw since 50 behind 3 urgent");
    // Something came through after `a` should have: it is `a`.
    check(city, "a=1 b=61 c=3", NO_BROKER, 61, "a since 1 behind 0");
}

#[test]
fn a_gateway_that_speaks_for_itself_is_believed() {
    check("gw http 30; a http 60 gw", "gw=0 a=40", NO_BROKER, 45, "gw since 0 behind 0");
    check("gw http 30; a http 60 gw", "gw=0 a=10", NO_BROKER, 70, "a kept, gw since 10 behind 1");
    check("gw http 30; a http 60 gw", "gw=65 a=5", NO_BROKER, 70, "a since 5 behind 0");
}

#[test]
fn gateways_behind_gateways_are_explained_by_the_last_that_is_dead() {
    let city = "far http -; near http - far; a http 60 near; b http 60 far";
    check(city, "a=1 b=2", NO_BROKER, 70, "a kept, b kept, far since 2 behind 2");
    check(city, "a=1 b=69", NO_BROKER, 70, "a kept, near since 1 behind 1");
}

#[test]
fn a_lost_broker_is_told_once_and_its_feeds_begin_anew_when_it_is_back() {
    let city = "a mqtt 60; b mqtt 120; c http 60";
    check(city, "a=0 b=0 c=99", (Some(50), None), 100, "broker kept, a kept");
    check(city, "a=0 b=0 c=199", (Some(50), None), 200, "broker since 50 behind 2 urgent, a kept, b kept");
    check(city, "a=0 b=0 c=259", (None, Some(200)), 259, "a kept, b kept");
    check(city, "a=0 b=220 c=259", (None, Some(200)), 260, "a since 200 behind 0");
}

#[test]
fn sources_that_name_each_other_are_looked_at_and_end() {
    check("a http 60 b; b http 60 a", "a=0 b=0", NO_BROKER, 60, "a since 0 behind 1, b since 0 behind 1");
}
