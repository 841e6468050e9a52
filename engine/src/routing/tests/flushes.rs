//! What is told together, what is muted, and what is told when it is over. `u1` is the only one on call for days.

use super::{Town, check};

fn town() -> Town {
    Town::new("u1 9d")
}

/// The scenarios in seconds: wait, interval, repeat.
fn quick(wait: &str, interval: &str, repeat: &str) -> Town {
    town().waits(wait, interval, repeat)
}

#[test]
fn a_group_waits_then_speaks_on_its_grid_and_repeats_on_a_flush() {
    check(
        quick("2s", "4s", "8s"),
        "0s open 1 high; 1s open 2 high; 3s open 3 high; 20s end",
        "2s u1 firing 1,2; 6s u1 firing 1,2,3; 14s u1 still_firing 1,2,3",
    );
    check(quick("30s", "5m", "12m"), "0s open 1 high; 20m end", "30s u1 firing 1; 15m30s u1 still_firing 1");
}

#[test]
fn a_flush_that_comes_late_moves_neither_the_grid_nor_the_repeats() {
    check(town(), "0s open 1 high; 10s stop 3m; 4m open 2 high; 9m end", "3m u1 firing 1; 5m30s u1 firing 1,2");
    check(quick("2s", "4s", "8s"), "0s open 1 high; 1s stop 3s; 12s end", "3s u1 firing 1; 10s u1 still_firing 1");
}

#[test]
fn critical_waits_for_nothing_even_in_a_milder_group_but_not_twice() {
    check(town(), "0s open 1 critical; 10s open 2 critical; 6m end", "0s u1 firing 1; 5m u1 firing 1,2");
    check(town(), "0s open 1 high; 10s open 2 critical; 6m end", "10s u1 firing 1,2");
    check(
        town(),
        "0s open 1 high; 1m open 2 critical; 2m open 3 critical; 10m end",
        "30s u1 firing 1; 1m u1 firing 1,2; 6m u1 firing 1,2,3",
    );
}

#[test]
fn who_was_paged_learns_of_the_resolution_at_the_next_flush_and_the_episode_ends() {
    check(town(), "0s open 1 critical; 2m resolve 1; 9h end", "0s u1 firing 1; 5m u1 resolved -1");
    check(
        town(),
        "0s open 1 critical; 10s open 2 critical; 6m resolve 1; 7m resolve 1; 12m resolve 2; 9h end",
        "0s u1 firing 1; 5m u1 firing 1,2; 10m u1 resolved 2 -1; 15m u1 resolved -2",
    );
    // Over before anybody was told: nobody is.
    check(town(), "0s open 1 high; 20s resolve 1; 9h end", "");
    // What comes back before that was told is told together with it.
    check(town(), "0s open 1 critical; 1m resolve 1; 2m open 2 high; 9m end", "0s u1 firing 1; 2m30s u1 firing 2 -1");
}

#[test]
fn a_silence_that_ends_while_it_fires_is_told_once() {
    // Opened inside: the first page comes at the next flush.
    check(quick("1s", "2s", "1h"), "0s silence 9 0s 6s rule=x; 0s open 1 high rule=x; 30s end", "7s u1 firing 1");
    // Paged before: one notice, then the usual repeats.
    check(
        quick("1s", "2s", "1h"),
        "0s silence 9 2s 6s rule=x; 0s open 1 high rule=x; 2h end",
        "1s u1 firing 1; 7s u1 still_firing 1; 1h7s u1 still_firing 1",
    );
    // Acknowledged before: told to whoever has it.
    check(quick("1s", "2s", "1h"), "0s silence 9 4s 8s rule=x; 0s open 1 high rule=x; 2s ack u1; 2h end", "1s u1 firing 1; 9s u1 update 1");
    // Another one goes on meanwhile.
    check(
        quick("1s", "2s", "1h"),
        "0s silence 9 0s 6s rule=x; 0s open 1 high rule=x; 0s open 2 high rule=y; 30s end",
        "1s u1 firing 2; 7s u1 firing 1,2",
    );
}

#[test]
fn a_silence_mutes_firing_and_not_closure() {
    check(
        quick("1s", "2s", "1h"),
        "0s silence 9 2s 10s rule=x; 0s open 1 high rule=x; 4s resolve 1; 1h end",
        "1s u1 firing 1; 5s u1 resolved -1",
    );
    check(quick("1s", "2s", "1h"), "0s silence 9 0s 10s rule=x; 0s open 1 high rule=x; 4s resolve 1; 1h end", "");
}

#[test]
fn an_empty_silence_mutes_nothing_and_missing_equals_empty() {
    check(quick("1s", "2s", "1h"), "0s silence 9 0s 1h; 0s open 1 high; 30s end", "1s u1 firing 1");
    check(quick("1s", "2s", "1h"), "0s silence 9 0s 1h area=; 0s open 1 high; 30s end", "");
}

#[test]
fn an_inhibition_begins_and_ends_at_a_flush() {
    let inhibiting = || quick("1s", "2s", "1h").inhibit("rule=src", "rule=tgt", "zone");
    let opened = "0s open 1 high rule=src zone=1; 0s open 2 high rule=tgt zone=1; 0s open 3 high rule=tgt zone=2;";
    check(inhibiting(), &format!("{opened} 6s resolve 1; 30s end"), "1s u1 firing 1,3; 7s u1 firing 2,3 -1");
    // Both are over together: the last message holds both.
    check(
        inhibiting(),
        "0s open 1 high rule=src zone=1; 0s open 2 high rule=tgt zone=1; 6s resolve 1; 6s resolve 2; 30s end",
        "1s u1 firing 1; 7s u1 resolved -1,2",
    );
    // The target alone is over: nobody heard of it.
    check(
        inhibiting(),
        "0s open 1 high rule=src zone=1; 0s open 2 high rule=tgt zone=1; 4s resolve 2; 6s resolve 1; 30s end",
        "1s u1 firing 1; 7s u1 resolved -1",
    );
    // A source of another group, that comes later: what people know is not told again while it lasts.
    check(
        inhibiting(),
        "0s open 2 high rule=tgt zone=1; 2s fire rule=src zone=1; 8s cease rule=src zone=1; 2h end",
        "1s u1 firing 2; 9s u1 still_firing 2; 1h9s u1 still_firing 2",
    );
}

#[test]
fn nothing_inhibits_itself_and_missing_equals_empty() {
    let two_sided = || quick("1s", "2s", "1h").inhibit("rule=a,b", "rule=a", "zone");
    check(two_sided(), "0s open 1 high rule=a zone=1; 30s end", "1s u1 firing 1");
    check(two_sided(), "0s open 1 high rule=a zone=1; 0s open 2 high rule=a zone=1; 30s end", "1s u1 firing 1,2");
    check(two_sided(), "0s open 1 high rule=b; 0s open 2 high rule=a zone=; 30s end", "1s u1 firing 1");
}

#[test]
fn flapping_is_told_once_and_then_how_it_settled() {
    check(
        town(),
        "0s open 1 critical; 1m flap 1; 2m flap 1; 40m resolve 1; 9h end",
        "0s u1 firing 1; 5m u1 still_firing 1 ~1; 40m u1 resolved -1",
    );
    check(town(), "0s open 1 critical flapping; 40m settle 1; 1h end", "0s u1 firing 1 ~1; 40m u1 still_firing 1");
}

#[test]
fn what_is_over_is_told_beside_what_begins_to_flap() {
    check(
        town(),
        "0s open 1 critical; 1m open 2 critical; 11m flap 2; 11m resolve 1; 9h end",
        "0s u1 firing 1; 5m u1 firing 1,2; 15m u1 still_firing 2 -1 ~2",
    );
}

#[test]
fn while_it_flaps_nobody_is_escalated_to_or_told_again() {
    let town = || Town::new("u1 10m | u2 10m").rules("u1", "sms 0 | voice 4").waits("30s", "5m", "1h");
    // The second way and the second step are not used; when it has settled the climb goes on.
    check(town(), "0s open 1 critical flapping; 3h1m settle 1; 3h7m ack u1; 4h end", "0s u1 firing 1 ~1; 3h5m u1 still_firing 1");
    check(
        town(),
        "0s open 1 critical flapping; 1h1m settle 1; 90m end",
        "0s u1 firing 1 ~1; 1h5m u1 still_firing 1; 1h9m u1 still_firing/2 1; 1h15m u2 firing 1; 1h25m log exhausted nobody_answered; 1h25m chief exhausted 1",
    );
    // What fires beside it climbs alone.
    check(
        town(),
        "0s open 1 critical flapping; 1m open 2 critical; 12m ack u2; 1h end",
        "0s u1 firing 1 ~1; 1m u1 firing 2; 5m u1 firing/2 2; 11m u2 firing 2",
    );
    // Somebody who wants it escalated is heard.
    check(town(), "0s open 1 critical flapping; 20m escalate u1 1 1; 1h end", "0s u1 firing 1 ~1; 20m u2 firing 1 ~1");
}

#[test]
fn a_flood_is_a_few_messages_and_a_full_group_says_so() {
    let many: String = (0..2000).map(|id| format!("0s open {id} critical;")).collect();
    let desk = super::Desk::run(town(), &format!("{many} 1s open 3000 critical; 20m end"));
    let listed: Vec<String> = (0..100).map(|id| id.to_string()).collect();
    assert_eq!(
        desk.received,
        [format!("0s u1 firing {} +1900", listed.join(",")), "1s refused Full { incident: IncidentId(3000) }".to_owned()]
    );
    assert_eq!(desk.group.room(), 0);
    assert!(serde_json::to_vec(&desk.group).unwrap().len() < 600_000);
}
