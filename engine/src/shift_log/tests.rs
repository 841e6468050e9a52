//! A log, told by scripts: who does what, and what is refused.

use super::*;
use jiff::SignedDuration;

fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Runs a script of one act a line against a log of An, whom Bình stands beside; says how each act ended.
fn run(script: &str) -> (Vec<Line>, Vec<String>) {
    let desk = Entry::Opened { desk: "Bàn chính".to_owned(), lead: person("an"), on_duty: vec![person("binh")], follows: None };
    let mut lines = vec![opened(ShiftLogId(3), start(), person("an"), desk)];
    let mut ends = Vec::new();
    for (n, act) in (1..).zip(script.split(';').map(str::trim)) {
        let log = ShiftLog::replay(&lines).unwrap();
        let words: Vec<&str> = act.split_whitespace().collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse::<i64>().ok());
        let (now, who) = (start() + SignedDuration::from_mins(n), person(words[0]));
        let seen = number(2).unwrap_or(log.head().lines);
        let result = match words[1] {
            "writes" => log.write(now, &who, Entry::Written { text: "x".to_owned(), incidents: Vec::new(), corrects: number(2) }),
            "gives" => log.sign(now, &Sign::HandOver { person: who, seen }, &digest(act)),
            "takes" => log.sign(now, &Sign::TakeOver { person: who, seen }, ""),
            "returns" => log.sign(now, &Sign::SendBack { person: who, why: "camera 4".to_owned() }, ""),
            other => panic!("{other}"),
        };
        ends.push(match result {
            Ok(line) => {
                assert_eq!(line.number, i64::try_from(lines.len()).unwrap() + 1);
                lines.push(line);
                "ok".to_owned()
            }
            Err(refusal) => format!("{refusal:?}"),
        });
    }
    (lines, ends)
}

fn check(script: &str, expected: &str) {
    let (_, ends) = run(script);
    assert_eq!(ends.join("; "), expected, "{script}");
}

#[test]
fn a_shift_is_signed_by_one_of_it_and_by_somebody_else() {
    check("binh writes; an gives; chi takes; an writes; chi takes", "ok; ok; ok; Closed; Closed");
    check(
        "chi gives; chi takes; an gives; an takes; binh gives; binh takes",
        r#"NotOnDuty; NotHandedOver; ok; SamePerson; HandedOver("an"); ok"#,
    );
}

#[test]
fn nobody_signs_what_they_have_not_seen() {
    check("binh writes; an gives 1; an gives 2; chi takes 2; chi takes 3", "ok; Unseen(2); ok; Unseen(3); ok");
}

#[test]
fn what_is_signed_is_written_on_only_when_it_was_sent_back() {
    check("an gives; binh writes; chi returns; binh writes; an gives; chi takes", r#"ok; HandedOver("an"); ok; ok; ok; ok"#);
    check("chi returns; an gives; an returns", "NotHandedOver; ok; SamePerson");
    let (lines, _) = run("an gives; chi returns; binh gives");
    let log = ShiftLog::replay(&lines).unwrap();
    assert_eq!(log.sheet(), Some(digest("binh gives").as_str()), "the sheet that stands is the last that was signed");
    assert_eq!(log.head().handed_over.as_ref().map(|one| one.person.clone()), Some(person("binh")));
}

#[test]
fn a_correction_names_an_entry() {
    check("an writes; an writes 2; an writes 3; an writes 1; an writes 9", "ok; ok; ok; NoEntry(1); NoEntry(9)");
}

#[test]
fn time_does_not_go_back() {
    let (lines, _) = run("an writes");
    let log = ShiftLog::replay(&lines).unwrap();
    let line = log.write(start(), &person("an"), Entry::Written { text: "x".to_owned(), incidents: Vec::new(), corrects: None }).unwrap();
    assert_eq!(line.at, lines[1].at);
}

#[test]
fn a_full_log_can_still_be_signed() {
    let (mut lines, _) = run("an writes");
    lines[1].number = MAX_LINES;
    let log = ShiftLog::replay(&lines).unwrap();
    let entry = || Entry::Written { text: "x".to_owned(), incidents: Vec::new(), corrects: None };
    assert_eq!(log.write(start(), &person("an"), entry()), Err(Refusal::Full));
    assert!(log.sign(start(), &Sign::HandOver { person: person("an"), seen: MAX_LINES }, "").is_ok());
}

#[test]
fn whatever_is_changed_afterwards_shows() {
    let (lines, _) = run("an writes; binh writes 2; an gives; chi takes");
    let texts: Vec<String> = lines.iter().map(|line| serde_json::to_string(line).unwrap()).collect();
    let mut hashes: Vec<Hash> = Vec::new();
    for text in &texts {
        hashes.push(hash(hashes.last(), text));
    }
    let last = *hashes.last().unwrap();
    let written: Vec<(String, Hash)> = texts.into_iter().zip(hashes).collect();
    let sound = |lines: &[(String, Hash)]| is_intact(lines.iter().map(|(text, hash)| (text.as_str(), hash)), &last);
    assert!(sound(&written));
    for n in 0..written.len() {
        let mut changed = written.clone();
        changed[n].0 = changed[n].0.replace('2', "3");
        assert!(!sound(&changed), "line {n} was changed");
        let mut shorter = written.clone();
        shorter.remove(n);
        assert!(!sound(&shorter), "line {n} was taken out");
    }
    let mut moved = written.clone();
    moved.swap(1, 2);
    assert!(!sound(&moved));
}
