//! Tasks by scripts: who does what, and where it leaves the task.

use super::*;
use taydo_model::{DepartmentId, KpiId, Scope};

fn person(name: &str) -> PersonId {
    PersonId::new(name).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn task() -> Task {
    let entry = Entry::Given {
        kpi: KpiId::new("desk.overdue").unwrap(),
        scope: Scope::City,
        unit: DepartmentId::new("roads").unwrap(),
        text: "Giải quyết hồ sơ quá hạn".to_owned(),
        due: at(1_000),
        within: None,
        figure: None,
    };
    Task::replay([&given(TaskId(1), at(0), person("an"), entry)]).unwrap()
}

/// `WHO answer`, `WHO back UNTIL` or `WHO close`, one second apart; whoever judges has seen everything. Says how each went.
fn check(script: &str, outcomes: &[Result<Standing, Refusal>]) {
    let mut task = task();
    let mut found = Vec::new();
    for (n, step) in (1..).zip(script.split(',').map(str::trim)) {
        let words: Vec<&str> = step.split(' ').collect();
        let text = String::new();
        let entry = match words[1] {
            "answer" => Entry::Answered { text },
            "back" => Entry::SentBack { text, due: at(words[2].parse().unwrap()) },
            _ => Entry::Closed { text },
        };
        let line = task.act(at(n), &person(words[0]), entry, Some(task.head().lines));
        found.push(line.map(|line| {
            task = task.after(&line);
            task.head().standing
        }));
    }
    assert_eq!(found, outcomes, "{script}");
}

#[test]
fn the_unit_answers_and_the_giver_judges() {
    use Standing::{Answered, Closed, Open};
    let not_giver = || Err(Refusal::NotGiver(person("an")));
    check("binh answer, an close", &[Ok(Answered), Ok(Closed)]);
    check("binh answer, an back 2000, binh answer, an close", &[Ok(Answered), Ok(Open), Ok(Answered), Ok(Closed)]);
    check("binh answer, binh close, chi back 2000", &[Ok(Answered), not_giver(), not_giver()]);
    check("an back 2000", &[Err(Refusal::NotAnswered)]);
    check("binh answer, an back 1", &[Ok(Answered), Err(Refusal::Past)]);
    check("an close, binh answer", &[Ok(Closed), Err(Refusal::Closed)]);
    check("binh answer, binh answer", &[Ok(Answered), Ok(Answered)]);
}

#[test]
fn nobody_judges_what_they_have_not_seen() {
    let task = task();
    let close = Entry::Closed { text: String::new() };
    assert_eq!(task.act(at(1), &person("an"), close.clone(), None), Err(Refusal::Unseen(1)));
    assert_eq!(task.act(at(1), &person("an"), close, Some(0)), Err(Refusal::Unseen(1)));
}

#[test]
fn it_is_late_until_it_is_answered_and_again_when_it_was_sent_back() {
    let task = task();
    assert!(!task.head().is_late(at(1_000)));
    assert!(task.head().is_late(at(1_001)));
    let answered = task.after(&task.act(at(1_500), &person("binh"), Entry::Answered { text: String::new() }, None).unwrap());
    assert!(!answered.head().is_late(at(9_000)));
    let back = Entry::SentBack { text: String::new(), due: at(3_000) };
    let back = answered.after(&answered.act(at(2_000), &person("an"), back, Some(2)).unwrap());
    assert!(!back.head().is_late(at(3_000)));
    assert!(back.head().is_late(at(3_001)));
}
