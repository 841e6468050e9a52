//! What people's answers lead to, and by which ways they are reached.

use super::{Town, check};
use taydo_model::alert::Urgency;

#[test]
fn an_acknowledgement_that_runs_out_is_escalated_anew() {
    let town = || Town::new("u1 30m | u2 30m | timeout 1h");
    check(
        town(),
        "0s open 1 critical; 10m ack u1; 1h20m ack u2 link=1; 1h21m ack u1 link=2; 1h30m end",
        "0s u1 firing 1; 40m u1 reminder 1; 1h10m log again acknowledgement_timed_out 1; 1h10m u1 firing 1;
         1h20m refused Superseded { current: 2 }",
    );
    check(town(), "0s open 1 critical; 10m ack u1; 20m resolve 1; 5h end", "0s u1 firing 1; 20m u1 resolved -1");
    // Whoever takes it has the whole time.
    check(town(), "0s open 1 critical; 10m ack u1; 50m take u2; 1h15m end", "0s u1 firing 1; 40m u1 reminder 1");
}

#[test]
fn answering_twice_counts_once_and_closed_is_closed() {
    check(
        Town::new("u1 30m"),
        "0s open 1 critical; 1m ack u1 link=1; 2m ack u1 link=1; 3m ack u2 link=1; 6m resolve 1; 7m ack u1 link=1; 20m ack u1 link=1",
        "0s u1 firing 1; 2m refused AlreadyAnswered; 7m refused AlreadyClosed; 10m u1 resolved -1; 20m refused AlreadyClosed",
    );
}

#[test]
fn acknowledging_one_leaves_the_others_climbing() {
    check(Town::new("u1 30m | u2 9h"), "0s open 1 critical; 0s open 2 critical; 10m ack u1 1; 2h end", "0s u1 firing 1,2; 30m u2 firing 2");
    check(Town::new("u1 30m | u2 9h"), "0s open 1 critical; 0s open 2 critical; 10m ack u1 1; 20m ack u1 2; 2h end", "0s u1 firing 1,2");
}

#[test]
fn a_snooze_ends_at_the_first_step() {
    check(
        Town::new("u1 30m | u2 30m"),
        "0s open 1 critical; 35m snooze u2 2h; 2h10m end; 2h20m ack u1; 9h end",
        "0s u1 firing 1; 30m u2 firing 1; 2h log again snooze_ended 1; 2h u1 firing 1",
    );
    check(Town::new("u1 30m"), "0s open 1 critical; 10m snooze u1 5m; 11m ack u1; 1h end", "0s u1 firing 1; 10m refused PastSnooze");
    check(Town::new("u1 30m"), "0s open 1 critical; 10m snooze u1 2h; 20m resolve 1; 9h end", "0s u1 firing 1; 20m u1 resolved -1");
}

#[test]
fn what_joins_an_acknowledged_group_goes_to_whoever_has_it_unless_it_is_worse() {
    let town = || Town::new("u1 30m | u2 9h | timeout 4h");
    check(
        town(),
        "0s open 1 high; 5m ack u1; 7m open 2 high; 11m resolve 1; 30m end",
        "30s u1 firing 1; 10m30s log joined u1 2; 10m30s u1 update 2; 15m30s u1 resolved -1",
    );
    check(town(), "0s open 1 high; 5m ack u1; 7m open 2 critical; 8m ack u2 link=2; 30m end", "30s u1 firing 1; 7m u1 firing 2");
    // What it had is over: it is nobody's.
    check(town(), "0s open 1 high; 5m ack u1; 6m resolve 1; 7m open 2 medium; 30m end", "30s u1 firing 1; 7m30s u1 firing 2 -1");
    // Whoever has it can't be told.
    check(
        town().contact("u3", 1, |contact| contact.verified_at = None),
        "0s open 1 high; 5m ack u3; 7m open 2 high; 20m end",
        "30s u1 firing 1; 10m30s u1 firing 2",
    );
    // What joined a moment before the answer to a message isn't answered by it.
    check(
        town(),
        "0s open 1 high; 1m open 2 critical; 1m30s open 3 critical; 2m ack u1 link=1; 20m end",
        "30s u1 firing 1; 1m u1 firing 1,2; 6m log joined u1 3; 6m u1 update 3",
    );
}

#[test]
fn who_learns_of_what_still_fires_beside_what_is_over_learns_of_its_end() {
    // 2 explains 1, so that u2 was to be told of 2 after quiet hours only; the end of 1 tells of it before.
    check(
        Town::new("u1 0s | u2 0s").quiet("u2", "06:00", "09:00").inhibit("rule=a", "rule=b", "zone"),
        "70m open 1 high rule=b zone=1; 71m open 2 medium rule=a zone=1; 76m resolve 1; 2h resolve 2; 9h end",
        "1h10m30s log exhausted nobody_answered; 1h10m30s u1 firing 1; 1h10m30s u2 firing 1; 1h10m30s chief exhausted 1
        1h15m30s u1 firing 2; 1h20m30s chief resolved -1; 1h20m30s u1 resolved 2 -1; 1h20m30s u2 resolved 2 -1
        2h30s u1 resolved -2; 4h u2 digest -2",
    );
}

#[test]
fn only_who_was_paged_learns_that_it_is_over() {
    // The second person's page was planned, and never sent.
    check(
        Town::new("u1,u2 30m | u3 30m").rules("u2", "sms 10"),
        "0s open 1 critical; 6m ack u1; 7m resolve 1; 1h end",
        "0s u1 firing 1; 10m u1 resolved -1",
    );
    // A message that wants no answer comes by the quieter way.
    check(
        Town::new("u1 30m").rules("u1", "voice 0 | sms 2"),
        "0s open 1 critical; 6m resolve 1; 1h end",
        "0s u1 firing 1; 2m u1 firing/2 1; 10m u1 resolved/2 -1",
    );
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours_and_high_does_not() {
    let town = || Town::new("u1 10m | u2 10m").quiet("u1", "05:00", "13:00").rules("u1", "sms 0 | voice 5");
    check(town(), "0s open 1 critical; 6m ack u1; 9h end", "0s u1 firing 1; 5m u1 firing/2 1");
    // The next step waits until the first could answer.
    check(town(), "0s open 1 medium; 8h15m end", "8h u1 digest 1; 8h10m u2 firing 1");
    check(town(), "0s open 1 medium; 1h ack u3; 9h end", "");
    check(town(), "0s open 1 medium; 1h resolve 1; 9h end", "");
    // What was told before, and is over in quiet hours, waits too.
    let from_one = || Town::new("u1 9h").quiet("u1", "06:00", "13:00");
    check(from_one(), "0s open 1 medium; 2h resolve 1; 9h end", "30s u1 firing 1; 8h u1 digest -1");
    // Something worse joins in the night: it wakes.
    check(town(), "0s open 1 medium; 1h open 2 critical; 1h1m ack u1; 9h end", "1h u1 firing 1,2");
}

#[test]
fn exercises_use_contacts_for_exercises_and_nothing_else_does() {
    let town = || Town::new("u1 30m").rules("u1", "sms 0 | email 0").contact("u1", 2, |contact| contact.exercise = true);
    check(town(), "0s open 1 critical; 20m end", "0s u1 firing 1");
    check(town().exercise(), "0s open 1 critical; 20m end", "0s u1 firing/2 1");
    check(
        Town::new("u1 30m").exercise(),
        "0s open 1 critical; 20m end",
        "0s log no target in step 1; 0s log exhausted nobody_there; 0s unreachable",
    );
}

#[test]
fn who_has_a_contact_but_no_rule_for_it_is_reached_all_the_same() {
    let desk = super::Desk::run(
        Town::new("u1 30m").rules("u1", "sms 0 | email 0").contact("u1", 1, |contact| contact.disabled_at = contact.verified_at),
        "0s open 1 critical; 10m end",
    );
    assert_eq!(desk.received, ["0s u1 firing/2 1"]);
    assert!(desk.sent.iter().all(|(_, page)| page.urgency == Urgency::High));
}

#[test]
fn the_author_of_a_silence_is_warned_before_it_ends_with_open_alerts() {
    use super::script::moment;
    use crate::routing::{dedupe_key, silence_ends};
    let desk =
        super::Desk::run(Town::new("u1 30m"), "0s silence 9 0s 2h rule=x; 0s open 1 critical rule=x; 1h open 2 critical rule=y; 1h30m end");
    let silence = desk.town.silences[0].clone();
    let warn = |at: &str| {
        let open = desk.group.members().iter().map(|(id, member)| (*id, &member.labels));
        desk.town.directory(&[], |directory| silence_ends(&silence, open, moment(at), directory))
    };
    assert_eq!(warn("1h44m"), None);
    let page = warn("1h45m").unwrap();
    assert_eq!((page.person.as_str(), page.incidents.len(), page.incidents[0].0), ("author", 1, 1));
    assert_eq!(warn("1h50m").map(|page| dedupe_key(&page)), Some(dedupe_key(&page)));
    assert_eq!(warn("2h"), None);
}

#[test]
fn who_comes_on_duty_hears_of_what_is_open_once() {
    use super::script::moment;
    use crate::routing::{dedupe_key, shift_begins};
    use taydo_model::incident::IncidentId;
    let begins = |name: &str, open: &[i64]| {
        let open: Vec<IncidentId> = open.iter().copied().map(IncidentId).collect();
        let rota = "r".parse().unwrap();
        Town::new("u1 30m").directory(&[], |directory| shift_begins(&name.parse().unwrap(), &rota, &open, moment("1h"), directory))
    };
    assert_eq!(begins("u1", &[]).map(|page| page.incidents), Some(vec![]));
    assert_eq!(begins("nobody", &[1]), None);
    assert_eq!(begins("u1", &[2, 1]).map(|page| page.incidents), Some(vec![IncidentId(2), IncidentId(1)]), "as they are given");
    let key = |open: &[i64]| begins("u1", open).map(|page| dedupe_key(&page));
    assert_eq!(key(&[1]), key(&[1, 2]));
    assert_ne!(key(&[1]), begins("u2", &[1]).map(|page| dedupe_key(&page)));
}

#[test]
fn what_is_merged_pages_nobody_and_its_people_learn_of_the_end_of_the_other() {
    // The first step knows of 1 and 2, the second of 2 alone.
    let town = || Town::new("u1 10m | u2 9h");
    check(
        town(),
        "0s open 1 critical; 5m open 2 critical; 7m merge u1 1 2; 30m resolve 2; 1h end",
        "0s u1 firing 1; 5m u1 firing 1,2; 10m u2 firing 2; 30m u1 resolved -2; 30m u2 resolved -2",
    );
    // Nobody was told of 2 before; u1 learns of its end because 1 went on as a part of it.
    check(town(), "0s open 1 critical; 1m open 2 high; 2m merge u1 1 2; 3m resolve 2; 1h end", "0s u1 firing 1; 5m u1 resolved -2");
    // The last that waits is merged into one that somebody has: the climb ends.
    check(town(), "0s open 1 high; 5m ack u1; 7m open 2 critical; 8m merge u1 2 1; 5h end", "30s u1 firing 1; 7m u1 firing 2");
    // Of what nobody was told nobody is told.
    check(town(), "0s open 1 critical; 5m ack u1; 6m open 2 critical; 7m merge u1 2 1; 5h end", "0s u1 firing 1");
    check(town(), "0s open 1 critical; 1m resolve 1; 2m merge u1 1 2; 1h end", "0s u1 firing 1; 5m u1 resolved -1");
}

#[test]
fn a_step_that_is_ticked_twice_is_ticked_once() {
    check(
        Town::new("u1 10h"),
        "0s open 1 critical; 1m tick u1 1 call; 2m tick u2 1 call; 3m untick u2 1 call; 4m untick u1 1 call; 5m tick u1 1 call; 6m resolve 1; 7m tick u1 1 look; 1h end",
        "0s u1 firing 1; 2m refused AlreadyTicked; 4m refused AlreadyTicked; 7m refused AlreadyClosed; 10m u1 resolved -1",
    );
}
