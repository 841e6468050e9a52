//! How a group climbs while nobody answers. All incidents are critical, so that nothing waits to be grouped.

use super::{Town, check};

#[test]
fn an_acknowledgement_ends_the_pages_and_the_climb() {
    let town = || Town::new("u1 30m | u2 1h").rules("u1", "sms 0 | voice 30");
    check(town(), "0s open 1 critical; 10m ack u1; 9h end", "0s u1 firing 1");
    check(town(), "0s open 1 critical; 1h end", "0s u1 firing 1; 30m u1 firing/2 1; 30m u2 firing 1");
}

#[test]
fn an_answer_at_the_moment_of_the_step_wins_or_is_logged_after_it() {
    let answered_first = "0s open 1 critical; 30m ack u1; 2h end";
    check(Town::new("u1 30m | u2 1h"), answered_first, "0s u1 firing 1");
    let answered_late = "0s open 1 critical; 30m end; 30m1s ack u1; 2h end";
    check(Town::new("u1 30m | u2 1h"), answered_late, "0s u1 firing 1; 30m u2 firing 1");
}

#[test]
fn a_step_with_nobody_is_skipped_at_once() {
    check(Town::new("rota:gap 10m | chief 9h"), "0s open 1 critical; 1h end", "0s log no target in step 1; 0s chief firing 1");
    // Nobody at all: the fall-back at once.
    check(
        Town::new("rota:gap 10m | rota:gap 10m | repeat 3"),
        "0s open 1 critical; 1h end",
        "0s log no target in step 1; 0s log no target in step 2; 0s log exhausted nobody_there; 0s chief exhausted 1",
    );
    // Whose only contact isn't verified, or was stopped, is nobody.
    let unverified =
        Town::new("u1 10m | u2 10m | u3 9h")
            .contact("u1", 1, |contact| contact.verified_at = None)
            .contact("u2", 1, |contact| contact.disabled_at = contact.verified_at);
    check(unverified, "0s open 1 critical; 1h end", "0s log no target in step 1; 0s log no target in step 2; 0s u3 firing 1");
    // An empty last step isn't waited for either.
    check(
        Town::new("u1 10m | rota:gap 10m"),
        "0s open 1 critical; 1h end",
        "0s u1 firing 1; 10m log no target in step 2; 10m log exhausted nobody_answered; 10m chief exhausted 1",
    );
}

#[test]
fn when_nobody_can_be_reached_the_keeper_is_told_or_the_dead_man() {
    let alone = || Town::new("rota:gap 10m").contact("chief", 1, |contact| contact.verified_at = None);
    let logged = "0s log no target in step 1; 0s log exhausted nobody_there;";
    check(alone().keeper(), "0s open 1 critical; 1h end", &format!("{logged} 0s keeper exhausted 1"));
    check(alone(), "0s open 1 critical; 1h end", &format!("{logged} 0s unreachable"));
}

#[test]
fn the_policy_repeats_is_exhausted_and_is_the_one_of_the_opening() {
    let town = || Town::new("u1 10m | u2 10m | repeat 2");
    let climbed = "0s u1 firing 1; 10m u2 firing 1; 20m u1 firing 1; 30m u2 firing 1; 40m u1 firing 1; 50m u2 firing 1;
        1h log exhausted nobody_answered; 1h chief exhausted 1";
    check(town(), "0s open 1 critical; 4h end", climbed);
    check(town(), "0s open 1 critical; 15m policy u1 1h; 4h end", climbed);
    // The next incident climbs by the new one, even in the same episode.
    check(
        town(),
        "0s open 1 critical; 5m policy u3 1h; 6m resolve 1; 7m open 2 critical; 30m end",
        "0s u1 firing 1; 7m u3 firing 2; 7m u1 resolved -1",
    );
}

#[test]
fn after_the_fall_back_all_are_told_again_every_few_hours() {
    check(
        Town::new("u1 10m"),
        "0s open 1 critical; 9h end",
        "0s u1 firing 1; 10m log exhausted nobody_answered; 10m chief exhausted 1; 4h10m chief still_firing 1; 4h10m u1 still_firing 1;
         8h10m chief still_firing 1; 8h10m u1 still_firing 1",
    );
}

#[test]
fn escalate_now_pressed_twice_advances_once() {
    check(
        Town::new("u1 30m | u2 30m | u3 30m"),
        "0s open 1 critical; 5m escalate u1 1 1; 5m escalate u4 1 1; 6m escalate u4 1 1; 10m ack u2; 2h end",
        "0s u1 firing 1; 5m refused AlreadyEscalated; 5m u2 firing 1; 6m refused AlreadyEscalated",
    );
    // From somebody who has it: the one after those who were asked already.
    check(
        Town::new("u1 30m | u2 30m | u3 30m"),
        "0s open 1 critical; 5m ack u1; 10m escalate u1 1 1; 20m ack u2 link=1; 21m ack u2 link=2; 2h end",
        "0s u1 firing 1; 10m log again escalated 1; 10m u2 firing 1; 20m refused Superseded { current: 2 }",
    );
    // Before anybody was told.
    check(Town::new("u1 30m"), "0s open 1 high; 10s escalate u4 0 0; 20m end", "10s u1 firing 1");
}

#[test]
fn a_step_that_wants_everybody_goes_on_for_the_others() {
    let town = || Town::new("u1,u2 1h everybody | u3 1h").rules("u2", "sms 0 | voice 30").rules("u1", "sms 0 | voice 40");
    check(town(), "0s open 1 critical; 10m ack u1; 2h end", "0s u1 firing 1; 0s u2 firing 1; 30m u2 firing/2 1");
    check(town(), "0s open 1 critical; 10m ack u1; 20m ack u2; 2h end", "0s u1 firing 1; 0s u2 firing 1");
    check(
        town(),
        "0s open 1 critical; 10m ack u1; 20m resolve 1; 2h end",
        "0s u1 firing 1; 0s u2 firing 1; 20m u1 resolved -1; 20m u2 resolved -1",
    );
}

#[test]
fn who_is_on_call_is_asked_at_each_step() {
    check(
        Town::new("rota:r 30m | rota:r 30m").rota("r", "u1 20m | - 25m | u2,u3 9d"),
        "0s open 1 critical; 40m end",
        "0s u1 firing 1; 30m u2 firing 1; 30m u3 firing 1",
    );
    check(Town::new("team:t 30m"), "0s open 1 critical; 20m end", "0s u1 firing 1; 0s u2 firing 1");
}

#[test]
fn a_server_that_slept_pages_once_and_not_in_a_burst() {
    check(
        Town::new("u1 10m | u2 10m | u3 10m"),
        "0s open 1 critical; 1m stop 35m; 1h end",
        "0s u1 firing 1; 35m u2 firing 1; 45m u3 firing 1; 55m log exhausted nobody_answered; 55m chief exhausted 1",
    );
}

#[test]
fn more_of_the_same_is_told_to_those_asked_so_far_and_worse_starts_anew() {
    check(
        Town::new("u1 10m | u2 9h"),
        "0s open 1 critical; 11m open 2 critical; 20m end",
        "0s u1 firing 1; 10m u2 firing 1; 15m u1 firing 1,2; 15m u2 firing 1,2",
    );
    check(
        Town::new("u1 10m | u2 9h"),
        "0s open 1 medium; 15m open 2 critical; 30m end",
        "30s u1 firing 1; 10m30s u2 firing 1; 15m u1 firing 1,2; 25m u2 firing 1,2",
    );
}

#[test]
fn maintenance_lets_the_current_rules_run_but_climbs_no_further() {
    let town = || Town::new("u1 30m | u2 9h").rules("u1", "sms 0 | voice 20");
    check(
        town(),
        "0s maintenance 9 10m 2h rule=x; 0s open 1 critical rule=x; 3h end",
        "0s u1 firing 1; 20m u1 firing/2 1; 2h u1 still_firing 1; 2h20m u1 still_firing/2 1; 2h30m u2 firing 1",
    );
    check(town(), "0s maintenance 9 10m 2h rule=x; 20m open 1 critical rule=x; 2h10m end", "2h u1 firing 1");
    check(town(), "0s maintenance 9 10m 2h rule=x; 20m open 1 critical rule=x; 1h resolve 1; 3h end", "");
    // A silence also stops what was planned.
    check(town(), "0s silence 9 10m 2h rule=x; 0s open 1 critical rule=x; 2h10m end", "0s u1 firing 1; 2h u1 still_firing 1");
}
