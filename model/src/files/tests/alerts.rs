//! Rules and scenarios: what is understood of a sound one, and what each mistake is answered with.
//!
//! Must never judge what a rule makes of readings: that is the engine's.

use super::broken::{check_problems, town};
use super::*;
use crate::alert::Severity;
use crate::rule::{Filling, NoData, Operand};
use crate::text::Language;
use crate::{Flags, Quality, Reading, Scope};

const RULES: &str = r#"[jam]
title = { vi = "Ùn tắc", en = "Jam" }
kpi = "traffic.speed"
when = "value < critical"
clear = "value > attention"
for = "5m"
keep_firing = "2m"
severity = "high"
team = "roads"
summary = { vi = "{scope}: {value} {unit}", en = "{scope}: {value} {unit}, below {critical}" }
sop = [{ vi = "Xem", en = "Look" }]
"#;

/// The town with rules, one piece of them replaced.
fn with(old: &str, new: &str) -> Vec<File> {
    assert_eq!(RULES.matches(old).count(), 1, "{old}");
    town(&[("alerts/town.toml", "", &RULES.replace(old, new))])
}

/// One mistake, and the only line that follows.
#[track_caller]
fn mistake(old: &str, new: &str, expected: &str) {
    check_problems(&with(old, new), &[&format!("alerts/town.toml:{expected}")]);
}

fn set(files: &[File]) -> Definitions {
    let (set, problems) = check(files);
    assert!(problems.is_empty(), "{problems:?}");
    set
}

#[test]
fn a_rule_is_read_with_its_thresholds_in_place() {
    let set = set(&town(&[("alerts/town.toml", "", RULES)]));
    let rule = set.rule(&"jam".parse().unwrap()).unwrap();
    assert_eq!((rule.for_s, rule.keep_firing_s, rule.severity, rule.no_data), (300, 120, Severity::High, NoData::Separate));
    let holds = |value| rule.when.holds(&|operand| (operand == Operand::Value).then_some(value));
    assert_eq!((holds(14.9), holds(15.0)), (Some(true), Some(false)));
    let changed = RULES.replace("5m", "6m");
    let other = self::set(&town(&[("alerts/town.toml", "", &changed)]));
    assert_ne!(rule.version, other.rule(&rule.id).unwrap().version);
    assert_ne!(set.hash, other.hash);
    let lower = self::set(&town(&[("alerts/town.toml", "", RULES), ("kpis/traffic.toml", "critical = 15", "critical = 14")]));
    assert_ne!(rule.version, lower.rule(&rule.id).unwrap().version, "a threshold is a part of the rule");
}

#[test]
fn a_summary_is_filled_in_for_each_language() {
    let set = set(&town(&[("alerts/town.toml", "", RULES)]));
    let rule = set.rule(&"jam".parse().unwrap()).unwrap();
    let kpi = set.kpi(&rule.kpi).unwrap();
    let reading = Reading {
        kpi: kpi.id.clone(),
        scope: Scope::City,
        time: "2026-03-02T00:00:00Z".parse().unwrap(),
        value: Some(12.34),
        numerator: None,
        denominator: None,
        samples: 1,
        coverage: None,
        quality: Quality::Good,
        flags: Flags::default(),
        data_time: None,
    };
    let filling = Filling { definitions: &set, kpi, scope: &Scope::City, reading: Some(&reading) };
    assert_eq!(rule.summary_in(Language::Vi, &filling), "Phố: 12,3 km/h");
    assert_eq!(rule.summary_in(Language::En, &filling), "Town: 12.3 km/h, below 15.0");
    let filling = Filling { scope: &"area:north".parse().unwrap(), reading: None, ..filling };
    assert_eq!(rule.summary_in(Language::En, &filling), "Phường Bắc: – km/h, below –", "the city's threshold is not the ward's");
}

#[test]
fn keys_and_references() {
    mistake("kpi = \"traffic.speed\"", "kpi = \"trafic.speed\"", "3:7: there is no KPI `trafic.speed` | did you mean `traffic.speed`?");
    mistake("severity = \"high\"", "severity = \"hihg\"", "8:12: `severity` can't be \"hihg\" | did you mean \"high\"?");
    mistake("team = \"roads\"\n", "", "1:2: rule jam has no `team` | add a line `team = …`");
    mistake("keep_firing", "keep_fire", "7:1: rule jam has an unknown key `keep_fire` | did you mean `keep_firing`?");
    mistake("for = \"5m\"", "for = \"30s\"", "6:7: `for` is 30s, and traffic.speed is recorded every 1m | write \"0s\", or 1m or more");
    mistake("{critical}", "{critcal}", "10:83: a summary has nothing to fill in for {critcal} | did you mean {critical}?");
    mistake("team = \"roads\"", "team = \"Sở Đường\"", "9:8: \"Sở Đường\" is not a team id: an id has …");
}

#[test]
fn scopes() {
    let by = |line: &str| format!("kpi = \"traffic.speed\"\n{line}");
    let scoped = |line: &str| {
        RULES
            .replace("kpi = \"traffic.speed\"", &by(line))
            .replace("< critical", "< 15")
            .replace("> attention", "> 20")
            .replace(", below {critical}", "")
    };
    let check_line = |line: &str, expected: &str| {
        let expected = format!("alerts/town.toml:{expected}");
        check_problems(&town(&[("alerts/town.toml", "", &scoped(line))]), &[&expected]);
    };
    check_line("by = \"asset\"", "4:6: traffic.speed is not computed by asset | add \"asset\" to its `by`, or choose another");
    check_line("by = \"area\"\nonly = [\"area:nroth\"]", "5:9: there is no area `nroth` | did you mean `north`?");
    check_line(
        "only = [\"area:north\"]",
        "4:9: the rule has no alert for area:north, whatever `only` says | set `by` to \"area\", or remove it here",
    );
    check_line("only = [\"city\"]", "4:9: the city is not a part of itself | …");
    let cities = |line: usize, column: usize, name: &str| {
        let hint = "add \"area\" to its `thresholds_for`, or write a number";
        format!("alerts/town.toml:{line}:{column}: the `{name}` of traffic.speed is the whole city's, and the rule is by area | {hint}")
    };
    let hint = "write the number, or leave it out";
    let dash = format!(
        "alerts/town.toml:11:83: {{critical}} would always be a dash: traffic.speed has no `critical` for the rule's scopes | {hint}"
    );
    check_problems(
        &with("kpi = \"traffic.speed\"", &by("by = \"area\"")),
        &[&cities(5, 17, "critical"), &cities(6, 18, "attention"), &dash].map(String::as_str),
    );
}

#[test]
fn conditions() {
    let condition = |text: &str, expected: &str| {
        mistake("when = \"value < critical\"", &format!("when = \"{text}\""), expected);
    };
    condition("valu < 15", "4:9: there is no `valu` in a rule's condition | did you mean `value`?");
    condition("value", "4:9: this is a number, not a condition | compare it: a < b, a >= b, a == b");
    condition("value <", "4:16: the end stands where a number, a name or ( should | …");
    condition("value < age", "4:15: km/h and s don't go together: they measure different things | …");
    condition("value > critical", "4:9: this holds where traffic.speed is well: higher is better | turn the comparison round");
    condition("value < city.nothing", "4:17: there is no constant of the city `nothing` | define it in city.toml under [constants]");
    let sound = |text: &str| {
        set(&with("when = \"value < critical\"", &format!("when = '{text}'")));
    };
    sound("value < baseline.low && previous < baseline.low");
    sound("age > 600 || coverage < 0.5");
    sound("value > critical && value < attention");
    sound("value - previous < -10 && !(value > target)");

    let open = RULES.replace("traffic.speed", "services.open").replace("value > attention", "value < 5").replace("{critical}", "15");
    let over_cases = |text: &str, expected: &str| {
        let rules = open.replace("value < critical", text);
        check_problems(&town(&[("alerts/town.toml", "", &rules)]), &[&format!("alerts/town.toml:{expected}")]);
    };
    over_cases("value > critical", "4:17: services.open has no `critical` | give it one, or write a number");
    over_cases("coverage < 0.5", "4:9: no series are expected of services.open | write a condition without `coverage`");
}

#[test]
fn inhibitions() {
    let inhibits = |text: &str, expected: &[&str]| {
        let rules = format!("{RULES}inhibits = [{text}]\n");
        check_problems(&town(&[("alerts/town.toml", "", &rules)]), expected);
    };
    inhibits("{ rules = [\"jam\"], equal = [\"area\"] }", &[]);
    inhibits("{ domains = [\"traffic\"], no_data = true }", &[]);
    inhibits("{ rules = [\"jams\"] }", &["alerts/town.toml:12:24: there is no rule `jams` | did you mean `jam`?"]);
    inhibits("{ domains = [\"trafic\"] }", &["alerts/town.toml:12:26: no KPI belongs to the domain `trafic` | …"]);
    inhibits("{ equal = [\"area\"] }", &["alerts/town.toml:12:13: this mutes nothing | name `rules`, or `domains` such as \"traffic\""]);
}

#[test]
fn rules_of_a_faulty_kpi_are_checked_when_it_is_mended() {
    let files = town(&[("kpis/traffic.toml", "target = 30", "target = inf"), ("alerts/town.toml", "", RULES)]);
    check_problems(&files, &["kpis/traffic.toml:7:10: `target` must be a finite number | …"]);
    check_problems(
        &town(&[("alerts/a.toml", "", RULES), ("alerts/b.toml", "", RULES)]),
        &["alerts/b.toml:1:2: the rule `jam` is defined twice | rename one, or remove it"],
    );
}

#[test]
fn scenarios_are_read_or_refused_at_their_place() {
    const SOUND: &str = "[[scenarios]]\nname = \"one\"\nrule = \"jam\"\nstart = 2026-03-02T07:00:00+07:00\n\
                         readings = { city = \"40 12x3 _ 9~ 9@0.2\" }\nexpect = [{ at = \"5m\", turn = \"fired\" }]\n";
    let set = set(&town(&[("alerts/town.toml", "", RULES)]));
    let read = |text: &str| scenarios(&[File { name: "alerts/scenarios/town.toml".to_owned(), text: text.to_owned() }], &set);
    let (found, problems) = read(SOUND);
    assert!(problems.is_empty(), "{problems:?}");
    let steps = &found[0].readings[0].1;
    assert_eq!(steps.iter().map(|step| step.value).collect::<Vec<_>>()[1..5], [Some(12.0), Some(12.0), Some(12.0), None]);
    assert_eq!((steps[5].quality, steps[6].coverage), (Quality::Stale, 0.2));
    for (old, new, expected) in [
        ("\"jam\"", "\"jma\"", "3:8: there is no rule `jma`"),
        ("07:00:00+07:00", "07:00:30+07:00", "4:9: traffic.speed has no reading at this moment: it is recorded every 1m"),
        ("12x3", "12y3", "5:25: \"12y3\" is not a reading"),
        ("12x3", "12x99999", "5:25: \"12x99999\" is not a reading"),
        ("fired", "fierd", "6:31: `turn` can't be \"fierd\""),
        ("city =", "town =", "5:14: \"town\" is not a scope"),
    ] {
        let (_, problems) = read(&SOUND.replace(old, new));
        let lines: Vec<String> = problems.iter().map(|one| format!("{}:{}: {}", one.line, one.column, one.message)).collect();
        assert!(lines.len() == 1 && lines[0].starts_with(expected), "{new}: {lines:?}");
    }
}
