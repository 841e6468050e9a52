//! Who is told after whom while nobody answers, and that an answer and a step never cross.

use crate::moments::said;
use crate::town::Town;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// A step that pages these persons.
fn step(persons: &[&str], delay_s: u32) -> Value {
    json!({ "targets": persons.iter().map(|person| json!({ "person": person })).collect::<Vec<_>>(), "delay_s": delay_s })
}

/// A town whose team `desk` climbs by these steps.
async fn desk(people: &[&str], steps: &[Value], repeats: u32, fallback: &str) -> Town {
    let town = Town::start().await;
    for person in people {
        town.person(person).await;
    }
    town.policy_of("desk", steps, repeats, fallback).await;
    town.team("desk", "desk").await;
    town
}

#[tokio::test]
async fn an_answer_ends_the_persons_own_later_rule_and_every_later_step() {
    let town = Town::start().await;
    town.person_with("an", &[0, 30]).await;
    town.person("binh").await;
    town.policy_of("desk", &[step(&["an"], 1800), step(&["binh"], 3600)], 0, "binh").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(600).await;
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(7200).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    let expected = ["0 opened", "0 escalated 1.1", "0 paged an firing of 1", "600 acknowledged an"];
    assert_eq!(town.timeline(id).await, expected);
}

#[tokio::test]
async fn unanswered_the_persons_own_rules_and_the_next_step_come_at_their_times() {
    let town = Town::start().await;
    town.person_with("an", &[0, 20]).await;
    town.person("binh").await;
    town.policy_of("desk", &[step(&["an"], 1800), step(&["binh"], 3600)], 0, "an").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(1199).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(1200).await;
    assert_eq!(town.told().await, ["an firing 1"]);
    town.until(1799).await;
    assert!(town.told().await.is_empty());
    town.until(1800).await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    let expected = ["0 opened", "0 escalated 1.1", "0 paged an firing of 1", "1800 escalated 1.2", "1800 paged binh firing of 1"];
    assert_eq!(town.timeline(id).await, expected);
}

#[tokio::test]
async fn a_step_that_wants_everybody_goes_on_for_those_who_have_not_answered() {
    let town = Town::start().await;
    for person in ["an", "binh"] {
        town.person_with(person, &[0, 10, 20]).await;
    }
    town.person("chi").await;
    let both = json!({ "targets": [{ "person": "an" }, { "person": "binh" }], "delay_s": 3600, "everybody": true });
    town.policy_of("desk", &[both, step(&["chi"], 3600)], 0, "chi").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1", "binh firing 1"]);
    town.until(300).await;
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(600).await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    assert_eq!(town.act(id, json!({ "act": "acknowledge", "person": "binh" })).await.status, 200);
    town.until(7200).await;
    assert!(town.told().await.is_empty());
    let expected = ["0 opened", "0 escalated 1.1", "0 paged an binh firing of 1", "300 acknowledged an", "600 acknowledged binh"];
    assert_eq!(town.timeline(id).await, expected);
}

#[tokio::test]
async fn closing_ends_what_is_left_for_those_whom_a_step_wants_all_of() {
    let town = Town::start().await;
    for person in ["an", "binh"] {
        town.person_with(person, &[0, 10]).await;
    }
    let both = json!({ "targets": [{ "person": "an" }, { "person": "binh" }], "delay_s": 3600, "everybody": true });
    town.policy_of("desk", &[both], 0, "an").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["an firing 1", "binh firing 1"]);
    town.until(60).await;
    assert_eq!(town.act(id, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    town.until(3600).await;
    assert_eq!(town.told().await, ["an resolved 1", "binh resolved 1"]);
    assert_eq!(town.timeline(id).await.last().unwrap(), "300 closed");
}

#[tokio::test]
async fn a_policy_is_gone_through_as_often_as_it_says_and_a_live_incident_keeps_its_own() {
    let town = desk(&["an", "binh", "chi"], &[step(&["an"], 600), step(&["binh"], 600)], 2, "chi").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(900).await;
    assert_eq!(town.told().await, ["an firing 1", "binh firing 1"]);
    // Meanwhile somebody makes it another policy.
    town.policy_of("desk", &[step(&["an"], 3600)], 0, "an").await;
    town.until(3599).await;
    assert_eq!(town.told().await, ["an firing 1", "an firing 1", "binh firing 1", "binh firing 1"]);
    town.until(3600).await;
    assert_eq!(town.told().await, ["chi exhausted 1"]);
    town.until(7200).await;
    assert!(town.told().await.is_empty());
    let expected = [
        "0 opened",
        "0 escalated 1.1",
        "0 paged an firing of 1",
        "600 escalated 1.2",
        "600 paged binh firing of 1",
        "1200 escalated 2.1",
        "1200 paged an firing of 1",
        "1800 escalated 2.2",
        "1800 paged binh firing of 1",
        "2400 escalated 3.1",
        "2400 paged an firing of 1",
        "3000 escalated 3.2",
        "3000 paged binh firing of 1",
        "3600 exhausted nobody_answered",
        "3600 paged chi exhausted of 1",
    ];
    assert_eq!(town.timeline(id).await, expected);
    assert_eq!(town.act(id, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    town.until(7500).await;
    assert_eq!(town.told().await, ["an resolved 1", "binh resolved 1", "chi resolved 1"]);
    // The next one climbs by the new policy.
    let next = town.report("desk", "Cháy", "critical").await;
    town.until(7500 + 3600).await;
    assert_eq!(town.told().await, ["an exhausted 1", "an firing 1"]);
    assert_eq!(town.timeline(next).await[3], "11100 exhausted nobody_answered");
}

#[tokio::test]
async fn escalating_twice_within_a_tick_advances_one_step() {
    let town = desk(&["an", "binh", "chi"], &[step(&["an"], 600), step(&["binh"], 600), step(&["chi"], 600)], 0, "an").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(60).await;
    let seen = town.centre.get(&format!("/api/v1/incidents/{id}")).await.body["escalation"].clone();
    let press = json!({ "act": "escalate", "person": "dung", "escalation": seen[0], "taken": seen[1] });
    let (one, other) = tokio::join!(town.act(id, press.clone()), town.act(id, press.clone()));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let refused = if one.status == 409 { one } else { other };
    assert_eq!(refused.body["message"], "the step has been taken already");
    assert_eq!(town.told().await, ["an firing 1", "binh firing 1"]);
    // The step that somebody wanted has its whole time.
    town.until(659).await;
    assert!(town.told().await.is_empty());
    town.until(660).await;
    assert_eq!(town.told().await, ["chi firing 1"]);
}

/// Teams whose incidents run at the same time.
const TEAMS: usize = 40;
const ROUNDS: usize = 5;

#[tokio::test]
async fn an_answer_at_the_moment_of_the_next_step_comes_before_it_or_after_it_and_never_across() {
    let town = desk(&["an", "binh"], &[step(&["an"], 60), step(&["binh"], 600)], 0, "an").await;
    let teams: Vec<String> = (0..TEAMS).map(|number| format!("desk-{number}")).collect();
    join_all(teams.iter().map(|team| town.team(team, "desk"))).await;
    let mut outcomes = (0, 0);
    for round in 0..ROUNDS {
        let begun = town.at().as_secs();
        let incidents = join_all(teams.iter().map(|team| town.open_by_hand(team, "Cháy", "critical"))).await;
        assert_eq!(town.told().await.len(), TEAMS);
        town.until(begun + 59).await;
        race(&town, &incidents, round * 2).await;
        let paged = town.told().await;
        let taken = join_all(incidents.iter().map(|incident| look_at_race(&town, *incident))).await;
        let escalated = taken.into_iter().filter(|is_taken| *is_taken).count();
        assert!(paged.iter().all(|message| message == "binh firing 1"), "{paged:?}");
        assert!(paged.len() <= escalated, "more messages than steps taken: {} and {escalated}", paged.len());
        outcomes = (outcomes.0 + TEAMS - escalated, outcomes.1 + escalated);
        finish(&town, &incidents, begun).await;
    }
    println!("the answer came first {} times, the step {}", outcomes.0, outcomes.1);
    assert!(outcomes.0 > 0 && outcomes.1 > 0, "only one order was seen: {outcomes:?}");
}

#[tokio::test]
async fn an_answer_that_waited_for_a_step_to_be_taken_is_logged_after_it_also_by_its_time() {
    let town = desk(&["an", "binh"], &[step(&["an"], 60), step(&["binh"], 600)], 0, "an").await;
    let id = town.report("desk", "Cháy", "critical").await;
    town.until(59).await;
    // The answer is given at 59 s and held up before it comes to the group, until the step at 60 s has been taken.
    town.sql.batch_execute("BEGIN; LOCK TABLE incident").await.unwrap();
    let other = town.database.client().await;
    let until = async |what: &str, sql: &str| {
        let ask = || async { other.query_one(sql, &[]).await.unwrap().get::<_, bool>(0).then_some(()) };
        harness::eventually(what, std::time::Duration::from_secs(20), ask).await;
    };
    let answer = town.act(id, json!({ "act": "acknowledge", "person": "an" }));
    let end = async {
        until(
            "the answer waits",
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await;
        town.clock.advance(SignedDuration::from_secs(1));
        until("the step has the group", "SELECT count(*) = 0 FROM (SELECT FROM incident_group FOR UPDATE SKIP LOCKED) AS free").await;
        town.sql.batch_execute("COMMIT").await.unwrap();
    };
    let (answer, ()) = tokio::join!(answer, end);
    assert_eq!(answer.status, 200);
    assert!(look_at_race(&town, id).await);
    assert_eq!(town.told().await[0], "an firing 1");
}

/// Everybody answers while the minute ends: some before and at that moment, all together; the others one after the other from
/// the last team on, while the steps are taken from the first team on.
async fn race(town: &Town, incidents: &[i64], before: usize) {
    let answer = async |incident: &i64| town.act(*incident, json!({ "act": "acknowledge", "person": "an" })).await.status;
    let (one_by_one, together) = incidents.split_at(incidents.len() * 3 / 4);
    let mut answers: FuturesUnordered<_> = together.iter().map(&answer).collect();
    for _ in 0..before {
        assert_eq!(answers.next().await, Some(200));
    }
    town.clock.advance(SignedDuration::from_secs(1));
    let others = async {
        for incident in one_by_one.iter().rev() {
            assert_eq!(answer(incident).await, 200);
        }
    };
    let (together, ()) = tokio::join!(answers.collect::<Vec<_>>(), others);
    assert!(together.iter().all(|status| *status == 200), "{together:?}");
    town.settled().await;
}

/// Whether the step was taken; its log must never say that somebody was paged after the answer.
async fn look_at_race(town: &Town, incident: i64) -> bool {
    let log = town.centre.get(&format!("/api/v1/incidents/{incident}")).await.body["log"].clone();
    let log: Vec<Value> = log.as_array().unwrap().clone();
    let times: Vec<Timestamp> = log.iter().map(|line| line["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted(), "the log's times go back: {log:?}");
    let words: Vec<&str> = log.iter().map(|line| line["what"].as_str().unwrap()).collect();
    match words.as_slice() {
        ["opened", "escalated", "paged", "acknowledged"] => false,
        ["opened", "escalated", "paged", "escalated", "paged", "acknowledged"] => true,
        other => panic!("{other:?}"),
    }
}

/// All is over, and whoever knew of it is told.
async fn finish(town: &Town, incidents: &[i64], begun: i64) {
    let close = async |incident: &i64| town.act(*incident, json!({ "act": "resolve", "person": "an" })).await.status;
    assert!(join_all(incidents.iter().map(close)).await.iter().all(|status| *status == 200));
    town.until(begun + 300).await;
    town.settled().await;
    for message in town.sms.take_all() {
        assert!(said(&message).ends_with("resolved 1"), "{message:?}");
    }
    assert!(town.open().await.is_empty());
}
