//! What holds for every course of events: generated incidents, answers and silences over three hours, and a day of quiet after.

use super::desk::Desk;
use super::script::{moment, show};
use super::town::Town;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::PersonId;
use taydo_model::alert::Urgency;
use taydo_model::incident::log::{Entry, LogLine, Outcome, replay};
use taydo_model::incident::{IncidentId, Standing};
use taydo_model::page::{Page, PageKind};

/// A page that asks for an answer.
fn asks(page: &Page) -> bool {
    let is_digest_of_open = page.kind == PageKind::Digest && page.resolved.is_empty();
    matches!(page.kind, PageKind::Firing | PageKind::StillFiring | PageKind::Exhausted) || is_digest_of_open
}

fn open_of(page: &Page) -> impl Iterator<Item = IncidentId> {
    page.incidents.iter().filter(|id| !page.resolved.contains(id)).copied()
}

/// A policy, whether people have quiet hours, whether some alerts explain others.
type Kind = (&'static str, bool, bool);

fn kinds() -> impl Strategy<Value = Kind> {
    let policies = prop::sample::select(vec![
        "u1 7m | u2 10m | repeat 1",
        "u1,u2 7m everybody | rota:r 10m | team:t 5m | timeout 40m",
        "rota:r 10m | u3 10m | u2 3m | repeat 2 | timeout 1h",
        "rota:gap 10m",
        "u1 0s | u2 0s | repeat 3",
    ]);
    (policies, any::<bool>(), any::<bool>())
}

fn town((policy, is_quiet, inhibits): Kind) -> Town {
    let town = Town::new(policy).rota("r", "u1 50m | - 80m | u2,u4 9d").rules("u2", "sms 0 | voice 4").rules("u4", "sms 3").contact(
        "u3",
        1,
        |contact| contact.verified_at = None,
    );
    let town = if is_quiet { town.quiet("u1", "05:30", "07:00").quiet("u2", "06:00", "09:00") } else { town };
    if inhibits { town.inhibit("rule=a", "rule=b", "zone") } else { town }
}

fn line() -> impl Strategy<Value = (i64, String)> {
    let (id, person) = (1..9_i64, prop::sample::select(vec!["u1", "u2", "u4", "chief"]));
    let label = prop::sample::select(vec!["rule=a zone=1", "rule=b zone=1", "rule=b zone=2", "rule=c"]);
    let severity = prop::sample::select(vec!["critical", "critical", "high", "medium"]);
    let act = prop_oneof![
        6 => (id.clone(), severity, label.clone()).prop_map(|(id, severity, label)| format!("open {id} {severity} {label}")),
        3 => id.clone().prop_map(|id| format!("resolve {id}")),
        1 => id.clone().prop_map(|id| format!("flap {id}")),
        1 => id.clone().prop_map(|id| format!("settle {id}")),
        2 => person.clone().prop_map(|person| format!("ack {person}")),
        1 => (person.clone(), id.clone()).prop_map(|(person, id)| format!("ack {person} {id}")),
        1 => (person.clone(), id.clone()).prop_map(|(person, id)| format!("take {person} {id}")),
        1 => (person.clone(), 1..240_i64).prop_map(|(person, until)| format!("snooze {person} {until}m")),
        1 => (person.clone(), 0..4_i64, 0..5_u32).prop_map(|(person, number, taken)| format!("escalate {person} {number} {taken}")),
        1 => (person.clone(), id.clone(), id.clone()).prop_map(|(person, id, into)| format!("merge {person} {id} {into}")),
        1 => (person.clone(), id.clone(), any::<bool>())
            .prop_map(|(person, id, done)| format!("{} {person} {id} ring", if done { "tick" } else { "untick" })),
        1 => person.prop_map(|person| format!("close {person}")),
    ];
    let silence = (0..9_u32, 1..90_i64, label, any::<bool>(), 0..9000_i64).prop_map(|(id, long, label, maintenance, at)| {
        let kind = if maintenance { "maintenance" } else { "silence" };
        let rule = label.split(' ').next().unwrap();
        format!("{kind} {id} {at}s {}s {rule}", at + long * 60)
    });
    (0..10_800_i64, prop_oneof![9 => act, 1 => silence])
}

fn scripts() -> impl Strategy<Value = String> {
    prop::collection::vec(line(), 1..25).prop_map(|mut lines| {
        lines.sort_by_key(|(at, _)| *at);
        let mut lines: Vec<_> = lines.into_iter().map(|(at, act)| format!("{at}s {act}")).collect();
        lines.push("30h end".to_owned());
        lines.join("\n")
    })
}

/// Each incident by the log alone, at a moment.
fn outcomes(desk: &Desk, at: Timestamp) -> BTreeMap<IncidentId, Outcome> {
    let mut outcomes = BTreeMap::new();
    replay(&mut outcomes, desk.lines.iter().take_while(|line| line.at <= at));
    outcomes
}

/// Whether a person had acknowledged an escalation by then.
fn has_answered(desk: &Desk, person: &PersonId, escalation: i64, by: Timestamp) -> bool {
    desk.lines.iter().filter(|line| line.at <= by).any(|line| match &line.entry {
        Entry::Acknowledged { person: one, escalation: number } => (one, *number) == (person, escalation),
        _ => false,
    })
}

/// Of every page that arrived something waited for an answer; or its person was one of those who are all wanted, and had not
/// answered; or it was a digest of what is theirs.
fn nobody_is_paged_after_the_answer(desk: &Desk, everybody: bool) -> Result<(), TestCaseError> {
    for (at, page) in desk.sent.iter().filter(|(_, page)| asks(page)) {
        let outcomes = outcomes(desk, *at);
        let about = || open_of(page).filter_map(|id| outcomes.get(&id));
        let is_waiting = about().any(|outcome| outcome.standing == Standing::Triggered);
        let is_open = about().any(|outcome| outcome.standing != Standing::Resolved);
        let is_wanted = everybody && is_open && !has_answered(desk, &page.person, page.escalation, *at);
        let is_theirs = |outcome: &Outcome| outcome.assignee.as_ref() == Some(&page.person);
        let is_update = page.kind == PageKind::Digest && about().any(is_theirs);
        prop_assert!(is_waiting || is_wanted || is_update, "{} {page:?}", show(*at));
    }
    Ok(())
}

/// What goes on as a part of an incident by the end of it, with when it was merged; that of it that was merged before included.
fn parts(desk: &Desk, id: IncidentId, until: Timestamp) -> Vec<(IncidentId, Timestamp)> {
    let mut parts = Vec::new();
    for line in desk.lines.iter().filter(|line| line.at <= until && line.incidents.contains(&id)) {
        if let Entry::Absorbed { merged, .. } = line.entry {
            parts.push((merged, line.at));
            parts.extend(self::parts(desk, merged, line.at));
        }
    }
    parts
}

/// Who was told of a beginning is told of the end, and nobody else; each once. Of what was merged they are told with what it
/// was merged into.
fn closures_reach_who_was_paged(desk: &Desk, inhibits: bool) -> Result<(), TestCaseError> {
    // Whether a page that is due at the very moment of an answer was sent is the outbox's to say.
    let is_at_edge = desk.pages.iter().any(|(at, page)| page.due_at > *at && desk.lines.iter().any(|line| line.at == page.due_at));
    let is_merged =
        |id: &IncidentId| desk.lines.iter().any(|line| matches!(line.entry, Entry::Merged { .. }) && line.incidents.contains(id));
    for (at, page) in &desk.sent {
        // A generated number may be opened again after it was merged, and then be over by itself.
        let is_over = |id: &IncidentId| {
            let ends = |line: &LogLine| matches!(line.entry, Entry::Resolved { .. } | Entry::ResolvedByHand { .. }) && line.at <= *at;
            desk.lines.iter().any(|line| ends(line) && line.incidents.contains(id))
        };
        prop_assert!(page.resolved.iter().all(|id| !is_merged(id) || is_over(id)), "{} {page:?}", show(*at));
    }
    for line in desk.lines.iter().filter(|line| matches!(line.entry, Entry::Resolved { .. } | Entry::ResolvedByHand { .. })) {
        let openings = |id: &IncidentId| -> Vec<Timestamp> {
            let opens = |line: &&LogLine| matches!(line.entry, Entry::Opened { .. }) && line.incidents.contains(id);
            desk.lines.iter().filter(opens).map(|line| line.at).collect()
        };
        // A generated number may come again; a store's doesn't.
        for id in line.incidents.iter().filter(|id| openings(id).len() == 1) {
            let parts: Vec<_> = parts(desk, *id, line.at).into_iter().chain([(*id, line.at)]).collect();
            let told = |at: Timestamp, page: &Page| open_of(page).any(|one| parts.iter().any(|(part, until)| one == *part && at <= *until));
            let knows: BTreeSet<_> = desk.sent.iter().filter(|(at, page)| told(*at, page)).map(|(_, page)| &page.person).collect();
            let learn: Vec<_> = desk.sent.iter().filter(|(at, page)| *at >= line.at && page.resolved.contains(id)).collect();
            let who: BTreeSet<_> = learn.iter().map(|(_, page)| &page.person).collect();
            prop_assert!(is_at_edge || knows.is_subset(&who), "{id:?}: {knows:?} know, {who:?} learn");
            // What was held, and then muted when its time came, the group takes for told.
            let held: Vec<_> = desk.pages.iter().filter(|(at, page)| page.due_at > *at && told(page.due_at, page)).collect();
            let is_meant = |person: &&PersonId| knows.contains(person) || held.iter().any(|(_, page)| page.person == **person);
            prop_assert!(is_at_edge || inhibits || who.iter().all(is_meant), "{id:?}: {knows:?} know, {who:?} learn");
        }
    }
    Ok(())
}

/// What still waits for an answer in the end has reached the fall-back, whom no step names; of what flaps nobody hears.
fn nothing_ends_in_silence(desk: &Desk) -> Result<(), TestCaseError> {
    for (id, member) in desk.group.members() {
        if member.standing() == Standing::Triggered
            && member.mute.is_none()
            && !member.flapping
            && member.severity.urgency() == Urgency::High
        {
            let is_told =
                |(_, page): &&(Timestamp, Page)| page.person.as_str() == "chief" && asks(page) && open_of(page).any(|one| one == *id);
            prop_assert!(desk.sent.iter().any(|sent| is_told(&sent)), "{id:?} is nobody's");
        }
    }
    prop_assert!(desk.group.is_over() || desk.group.members().is_empty() || desk.group.next_wake().is_some());
    Ok(())
}

/// What was decided for a person at one moment, and arrives at one moment, is one thing; news that something is over, held by
/// quiet hours, is another, because an answer to the one must not end the other.
fn one_moment_is_one_message(desk: &Desk) -> Result<(), TestCaseError> {
    let mut decided = BTreeMap::new();
    for (at, page) in &desk.pages {
        let is_held_end = page.kind == PageKind::Digest && page.incidents == page.resolved;
        let first = decided.entry((*at, &page.person, page.due_at, is_held_end)).or_insert((&page.incidents, page.turn));
        prop_assert_eq!(*first, (&page.incidents, page.turn));
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_course_of_events_pages_whom_it_should_and_nobody_else(kind in kinds(), script in scripts()) {
        let desk = Desk::run(town(kind), &script);
        nobody_is_paged_after_the_answer(&desk, kind.0.contains("everybody"))?;
        closures_reach_who_was_paged(&desk, kind.2)?;
        nothing_ends_in_silence(&desk)?;
        one_moment_is_one_message(&desk)?;
    }

    #[test]
    fn being_woken_more_often_changes_nothing(kind in kinds(), script in scripts(), wakes in prop::collection::vec(0..20_000_i64, 0..60)) {
        let mut wakes: Vec<Timestamp> = wakes.into_iter().map(|s| moment("0s") + SignedDuration::from_secs(s)).collect();
        wakes.sort();
        let (plain, woken) = (Desk::run(town(kind), &script), Desk::run_woken(town(kind), &script, wakes));
        prop_assert_eq!(&plain.received, &woken.received);
        prop_assert_eq!(&plain.pages, &woken.pages);
        prop_assert_eq!(&plain.lines, &woken.lines);
        prop_assert_eq!(&plain.group, &woken.group);
    }
}
