//! Flap damping by vectors: over 21 evaluations it starts at half of 20 changes and stops below a quarter.

use super::town::{Run, rule};

fn told(words: &str) -> Vec<String> {
    let mut run = Run::new(&rule("when = \"value > critical\""));
    run.feed(words);
    run.told
}

/// So many evaluations, each other one firing.
fn alternate(times: usize) -> String {
    "90 10 ".repeat(times)
}

#[test]
fn the_tenth_change_starts_it_and_is_the_last_to_be_told() {
    let mut expected: Vec<String> =
        (0..9).map(|minute| format!("{minute}m {}", if minute % 2 == 0 { "fired" } else { "resolved" })).collect();
    assert_eq!(told("90 10 90 10 90 10 90 10 90"), expected);
    expected.push("9m resolved flapping".to_owned());
    assert_eq!(told(&alternate(5)), expected);
    assert_eq!(told(&alternate(30)), expected, "nothing while it flaps");
}

#[test]
fn nine_changes_of_twenty_are_not_half() {
    // A change every second evaluation to the 16th, and the next when the first has left the window.
    let words = "90 90 10 10 ".repeat(4) + "90 90 90 90 10 10 10";
    assert!(told(&words).iter().all(|line| !line.ends_with("flapping")), "{:?}", told(&words));
    let words = "90 90 10 10 ".repeat(6);
    assert_eq!(told(&words).iter().filter(|line| line.ends_with("flapping")).count(), 1);
}

#[test]
fn it_settles_when_fewer_than_five_changes_are_left() {
    // Ten changes at 0 to 9 minutes; those before the 6th leave the window at the 25th.
    let quiet = |last: &str| alternate(5) + &format!("{last} ").repeat(40);
    assert_eq!(told(&quiet("10"))[9..], ["9m resolved flapping", "25m resolved settled"]);
    // An eleventh change at 10 minutes: those before the 7th leave at the 26th.
    assert_eq!(told(&quiet("90"))[9..], ["9m resolved flapping", "26m fired settled"]);
}

#[test]
fn after_it_has_settled_changes_are_told_again() {
    let words = alternate(5) + &"10 ".repeat(40) + "90 90 10";
    assert_eq!(told(&words)[10..], ["25m resolved settled", "50m fired", "52m resolved"]);
}

#[test]
fn pending_that_never_fires_is_no_flapping() {
    let mut run = Run::new(&rule("when = \"value > critical\"\nfor = \"2m\""));
    run.feed(&alternate(40));
    assert!(run.told.is_empty());
}

#[test]
fn flapping_survives_a_restart() {
    let definitions = rule("when = \"value > critical\"");
    let mut run = Run::new(&definitions);
    run.feed(&alternate(5));
    let (alerts, evaluations): (Vec<_>, Vec<_>) = (run.watch.alerts().cloned().collect(), run.watch.evaluations().cloned().collect());
    let mut again = Run::new(&definitions);
    assert!(again.watch.restore(alerts, evaluations, super::town::second(600)).is_empty());
    again.at_s = run.at_s;
    again.feed(&"10 ".repeat(20));
    assert_eq!(again.told, ["25m resolved settled"]);
}
