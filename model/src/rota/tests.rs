//! What is refused, by its name, and what is not.

use super::*;

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn parts() -> RotaParts {
    serde_json::from_value(serde_json::json!({
        "id": "giao-thong-ca", "team": "giao-thong", "name": "Ca trực giao thông", "zone": "Asia/Ho_Chi_Minh",
        "layers": [{
            "name": "Ca chính", "rotation": "weekly", "shift_length": 1, "start": "2026-03-16T08:00:00",
            "slots": [["an"], ["binh", "chi"]],
            "windows": [{"weekdays": ["monday", "friday"], "hours": {"from": "22:00:00", "to": "06:00:00"}}, {}]
        }],
        "overrides": [
            {"id": 1, "from": "2026-03-17T00:00:00Z", "to": "2026-03-18T00:00:00Z", "change": "replace", "person": "an", "by": "dung"},
            {"id": 2, "from": "2026-03-18T00:00:00Z", "to": "2026-03-19T00:00:00Z", "change": "remove", "person": "an"},
            {"id": 3, "from": "2026-03-17T00:00:00Z", "to": "2026-03-19T00:00:00Z", "change": "add", "person": "chi"}
        ],
        "temporary": [{"id": 1, "from": "2026-04-01T00:00:00Z", "to": "2026-04-03T00:00:00Z", "shifts": [
            {"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z", "person": "an"}
        ]}]
    }))
    .unwrap()
}

/// The problems of the parts after a change.
fn problems(change: impl FnOnce(&mut RotaParts)) -> Vec<Problem> {
    let mut parts = parts();
    change(&mut parts);
    Rota::new(parts).map(|_| ()).unwrap_err()
}

#[test]
fn a_rota_is_written_as_it_is_read() {
    let rota = Rota::new(parts()).unwrap();
    let text = serde_json::to_string(rota.parts()).unwrap();
    assert_eq!(serde_json::from_str::<RotaParts>(&text).unwrap(), parts());
    assert_eq!(rota.zone().iana_name(), Some("Asia/Ho_Chi_Minh"));
}

#[test]
fn the_example_of_the_documentation_is_a_rota() {
    let text = include_str!("../../../docs/on-call.md");
    let example = text.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let rota = Rota::new(serde_json::from_str(example).unwrap()).unwrap();
    assert_eq!(rota.parts().layers.len(), 2);
}

#[test]
fn every_mistake_is_named() {
    assert_eq!(problems(|parts| parts.zone = " ".into()), [Problem::NoZone]);
    assert_eq!(problems(|parts| parts.zone = "Asia/Can_Tho".into()), [Problem::UnknownZone { zone: "Asia/Can_Tho".into() }]);
    assert_eq!(problems(|parts| parts.zone = "Etc/Unknown".into()), [Problem::UnknownZone { zone: "Etc/Unknown".into() }]);
    assert_eq!(problems(|parts| parts.name = String::new()), [Problem::Name { layer: None }]);
    assert_eq!(problems(|parts| parts.layers[0].name = "x".repeat(101)), [Problem::Name { layer: Some(0) }]);
    assert_eq!(problems(|parts| parts.layers[0].shift_length = 0), [Problem::NoLength { layer: 0 }]);
    assert_eq!(problems(|parts| parts.layers[0].slots.clear()), [Problem::NoMembers { layer: 0 }]);
    assert_eq!(problems(|parts| parts.layers[0].slots[1].clear()), [Problem::EmptySlot { layer: 0, slot: 1 }]);
    assert_eq!(problems(|parts| parts.layers[0].until = Some(parts.layers[0].start)), [Problem::LayerEndsFirst { layer: 0 }]);
    let early = "1926-03-16T08:00:00".parse().unwrap();
    assert_eq!(problems(|parts| parts.layers[0].start = early), [Problem::StartYear { layer: 0, year: 1926 }]);
    assert_eq!(problems(|parts| parts.overrides[1].to = parts.overrides[1].from), [Problem::OverrideEndsFirst { id: OverrideId(2) }]);
    let itself = Change::Replace { person: person("an"), by: person("an") };
    assert_eq!(problems(|parts| parts.overrides[0].change = itself), [Problem::ReplacesSelf { id: OverrideId(1) }]);
    let outside = Problem::ShiftOutside { id: TemporaryId(1), person: person("an"), from: at("2026-04-01T00:00:00Z") };
    assert_eq!(problems(|parts| parts.temporary[0].from = at("2026-04-01T01:00:00Z")), [outside]);
    let (from, to) = (at("2026-04-01T00:00:00Z"), at("2026-04-03T00:00:00Z"));
    let again = |parts: &mut RotaParts| {
        let other =
            TemporarySchedule { id: TemporaryId(2), from: at("2026-04-02T00:00:00Z"), shifts: vec![], ..parts.temporary[0].clone() };
        parts.temporary.push(other);
    };
    assert_eq!(problems(again), [Problem::TemporaryOverlap { id: TemporaryId(2), other: TemporaryId(1), from, to }]);
    // All of them at once, in the parts' order.
    let all = problems(|parts| {
        parts.zone.clear();
        parts.layers[0].shift_length = 0;
        parts.overrides[2].to = at("2026-03-16T00:00:00Z");
    });
    assert_eq!(all, [Problem::NoZone, Problem::NoLength { layer: 0 }, Problem::OverrideEndsFirst { id: OverrideId(3) }]);
}

#[test]
fn overrides_of_one_person_overlap_in_any_role_but_may_touch() {
    let one = |id, from: &str, to: &str, change| Override { id: OverrideId(id), from: at(from), to: at(to), change };
    let stored = parts().overrides;
    let hour = |id, change| one(id, "2026-03-17T23:00:00Z", "2026-03-18T00:00:00Z", change);
    let names = |change| hour(0, change).conflict(&stored).map(|other| other.id.0);
    assert_eq!(names(Change::Add { person: person("dung") }), Some(1), "stands in there");
    assert_eq!(names(Change::Remove { person: person("an") }), Some(1), "is replaced there");
    assert_eq!(names(Change::Replace { person: person("binh"), by: person("chi") }), Some(3), "is added there");
    assert_eq!(names(Change::Add { person: person("binh") }), None, "somebody else");
    let touching = one(0, "2026-03-19T00:00:00Z", "2026-03-20T00:00:00Z", Change::Remove { person: person("an") });
    assert_eq!(touching.conflict(&stored), None);
    // An override that is changed is not in its own way.
    assert_eq!(hour(1, Change::Remove { person: person("an") }).conflict(&stored), None);
    let message = problems(|parts| parts.overrides[1].from = at("2026-03-17T12:00:00Z"))[0].to_string();
    assert_eq!(
        message,
        "override 2 overlaps override 1 of an from 2026-03-17T00:00:00Z to 2026-03-18T00:00:00Z; change that one, or choose a time \
         that only touches it"
    );
}

#[test]
fn an_override_is_past_from_its_end_on() {
    let one = &parts().overrides[0];
    assert!(!one.is_past(at("2026-03-17T23:59:59Z")));
    assert!(one.is_past(at("2026-03-18T00:00:00Z")));
}

#[test]
fn a_past_override_is_refused_and_so_is_what_would_change_one() {
    let rota = Rota::new(parts()).unwrap();
    let refusals = |id, from: &str, to: &str, now: &str| {
        let one = Override { id: OverrideId(id), from: at(from), to: at(to), change: Change::Add { person: person("em") } };
        rota.refusals(&one, at(now))
    };
    let (from, to) = ("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z");
    assert_eq!(refusals(0, from, to, "2026-05-01T23:59:59Z"), []);
    assert_eq!(refusals(0, from, to, to), [Problem::Past { id: OverrideId(0) }]);
    assert_eq!(refusals(1, from, to, "2026-03-17T23:59:59Z"), []);
    assert_eq!(refusals(1, from, to, "2026-03-18T00:00:00Z"), [Problem::Past { id: OverrideId(1) }], "the stored one is past");
    assert_eq!(refusals(0, to, from, "2026-03-01T00:00:00Z"), [Problem::OverrideEndsFirst { id: OverrideId(0) }]);
}

#[test]
fn two_people_who_swap_stand_in_for_each_other() {
    let shift = |from: &str, to: &str, id: &str| FixedShift { from: at(from), to: at(to), person: person(id) };
    let monday = shift("2026-05-04T00:00:00Z", "2026-05-05T00:00:00Z", "an");
    let [one, other] = Override::swap(&monday, &shift("2026-05-05T00:00:00Z", "2026-05-06T00:00:00Z", "binh"));
    assert_eq!(one.change, Change::Replace { person: person("an"), by: person("binh") });
    assert_eq!(other.change, Change::Replace { person: person("binh"), by: person("an") });
    assert_eq!((one.from, one.to), (monday.from, monday.to));
    let with = |one: Override| Rota::new(RotaParts { overrides: vec![Override { id: OverrideId(7), ..one }], ..parts() }).unwrap();
    assert_eq!(with(one).refusals(&other, monday.from), [], "they touch");
    let [one, other] = Override::swap(&monday, &shift("2026-05-04T12:00:00Z", "2026-05-06T00:00:00Z", "binh"));
    assert!(matches!(with(one).refusals(&other, monday.from)[..], [Problem::Overlap { .. }]));
}
