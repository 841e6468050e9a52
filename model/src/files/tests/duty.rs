//! `duty.toml`: what it says, and the mistakes in it.

use super::broken::{check_problems, town};
use super::*;
use crate::oncall::Target;

const CALENDAR: &str = "weekdays = [\"monday\"]\nhours = [[\"07:00\", \"11:30\"], [\"13:00\", \"17:00\"]]\nyears = [2026, 2026]\n";

const DUTY: &str = r#"[groups]
group_wait = "2s"
repeat_interval = "8s"

[groups.teams.roads]
group_wait = "0s"
acknowledgement_timeout = "1h"

[stewards]
shift_lead = "rota:lead"
lead_after = "3h"

[stewards.departments.roads]
steward = "person:an.nguyen"
hours = [["08:00", "12:00"]]
"#;

fn with(old: &str, new: &str) -> Vec<File> {
    assert!(old.is_empty() || DUTY.matches(old).count() == 1, "{old:?}");
    let duty = if old.is_empty() { DUTY.to_owned() } else { DUTY.replace(old, new) };
    town(&[("calendar.toml", "", CALENDAR), ("duty.toml", "", &duty)])
}

fn mistake(old: &str, new: &str, expected: &str) {
    check_problems(&with(old, new), &[&format!("duty.toml:{expected}")]);
}

#[test]
fn what_is_said_more_closely_counts() {
    let (set, problems) = check(&with("", ""));
    assert!(problems.is_empty(), "{problems:?}");
    let seconds = |team: &str| {
        let timings = set.duty.timings_of(&team.parse().unwrap());
        (timings.group_wait_s, timings.group_interval_s, timings.repeat_interval_s, timings.acknowledgement_timeout_s)
    };
    assert_eq!(seconds("other"), (Some(2), None, Some(8), None));
    assert_eq!(seconds("roads"), (Some(0), None, Some(8), Some(3600)));
}

#[test]
fn a_steward_has_hours_of_their_own_on_the_calendars_days() {
    let (set, _) = check(&with("", ""));
    let team = set.duty.steward_of(&"roads".parse().unwrap()).unwrap();
    let steward = set.duty.steward(team).unwrap();
    assert_eq!((team.as_str(), steward.lead_after_s), ("steward.roads", 10_800));
    assert_eq!(steward.target, Target::Person("an.nguyen".parse().unwrap()));
    assert_eq!(set.duty.shift_lead, Some(Target::Rota("lead".parse().unwrap())));
    // Mondays only, from eight to twelve in Cần Thơ.
    for (moment, told) in [
        ("2026-03-02T00:59:59Z", "2026-03-02T01:00:00Z"),
        ("2026-03-02T01:00:00Z", "2026-03-02T01:00:00Z"),
        ("2026-03-02T04:59:59Z", "2026-03-02T04:59:59Z"),
        ("2026-03-02T05:00:00Z", "2026-03-09T01:00:00Z"),
        ("2026-03-04T01:00:00Z", "2026-03-09T01:00:00Z"),
    ] {
        assert_eq!(steward.hours_from(moment.parse().unwrap()).to_string(), told, "{moment}");
    }
}

#[test]
fn mistakes_are_named() {
    mistake("\"2s\"", "\"2\"", "2:14: `group_wait` is \"2\", which is not a duration | …");
    mistake("\"8s\"", "\"0s\"", "3:19: `repeat_interval` is 0s, which is outside 1s to 7d | …");
    mistake("rota:lead", "lead", "10:14: \"lead\" names nobody | …");
    mistake("departments.roads", "departments.road", "13:23: there is no department `road` | did you mean `roads`?");
    mistake("steward = \"person:an.nguyen\"\n", "", "13:23: the steward of roads has no `steward` | …");
    let without = town(&[("duty.toml", "", DUTY)]);
    check_problems(&without, &["duty.toml:13:23: the city has no calendar, so there are no office hours | add a calendar.toml"]);
}
