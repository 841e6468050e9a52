//! Who is on call, as the API and the feeds say it.

use crate::moments::said;
use crate::town::Town;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

async fn rota(town: &Town, id: &str, zone: &str, start: &str, persons: &[&str]) {
    let slots: Vec<Value> = persons.iter().map(|person| json!([person])).collect();
    let layer = json!({ "name": "Ca", "rotation": "weekly", "shift_length": 1, "start": start, "slots": slots });
    town.put(&format!("rotas/{id}"), &json!({ "id": id, "team": "roads", "name": "Ca trực", "zone": zone, "layers": [layer] })).await;
}

/// Who is on call at an instant, by the rota's calendar.
async fn who(town: &Town, rota: &str, at: &str) -> Value {
    let to = at.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(1);
    town.centre.get(&format!("/api/v1/rotas/{rota}?from={at}&to={to}")).await.body["shifts"][0]["persons"].clone()
}

/// The hand-offs of a rota within a year.
async fn hand_offs(town: &Town, rota: &str) -> Vec<String> {
    let path = format!("/api/v1/rotas/{rota}?from=2026-03-16T12:00:00Z&to=2026-12-01T00:00:00Z");
    let shifts = town.centre.get(&path).await.body["shifts"].clone();
    let shifts = shifts.as_array().unwrap();
    assert!(shifts.iter().all(|shift| shift["persons"].as_array().unwrap().len() == 1), "{shifts:?}");
    for pair in shifts.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"]);
    }
    shifts.iter().skip(1).map(|shift| shift["from"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_weekly_hand_off_keeps_its_wall_time_across_both_changes_of_the_clocks() {
    let town = Town::start().await;
    for person in ["an", "binh", "chi"] {
        town.person(person).await;
    }
    rota(&town, "berlin", "Europe/Berlin", "2026-03-16T09:00:00", &["an", "binh", "chi"]).await;
    rota(&town, "saigon", "Asia/Ho_Chi_Minh", "2026-03-16T08:00:00", &["an", "binh", "chi"]).await;
    let berlin = hand_offs(&town, "berlin").await;
    assert_eq!(berlin[..3], ["2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z", "2026-04-06T07:00:00Z"]);
    let autumn = berlin.iter().position(|at| at == "2026-10-19T07:00:00Z").unwrap();
    assert_eq!(berlin[autumn + 1..autumn + 3], ["2026-10-26T08:00:00Z", "2026-11-02T08:00:00Z"]);
    let saigon = hand_offs(&town, "saigon").await;
    assert!(saigon.iter().all(|at| at.ends_with("T01:00:00Z")), "{saigon:?}");
    // 26 October is the 32nd week: the hand-off is from `an` to `binh` or whoever the count says, to the second.
    let order = ["an", "binh", "chi"];
    let week = (autumn + 2) % 3;
    assert_eq!(who(&town, "berlin", "2026-10-26T07:59:59Z").await, json!([order[(week + 2) % 3]]));
    assert_eq!(who(&town, "berlin", "2026-10-26T08:00:00Z").await, json!([order[week]]));
}

#[tokio::test]
async fn who_travels_sees_their_own_zone_and_hands_off_by_the_rotas() {
    let town = Town::start().await;
    town.person("an").await;
    town.person("binh").await;
    let roster = town.centre.get("/api/v1/roster").await.body;
    let mut person = roster["persons"].as_array().unwrap().iter().find(|one| one["id"] == "an").unwrap().clone();
    (person["zone"], person["contacts"]) = (json!("Europe/Berlin"), json!([]));
    person["quiet"] = json!({ "from": "22:00:00", "to": "06:00:00" });
    town.put("persons/an", &person).await;
    rota(&town, "saigon", "Asia/Ho_Chi_Minh", "2026-03-16T08:00:00", &["an", "binh"]).await;
    let page = town.centre.get("/api/v1/persons/an/shifts?from=2026-03-02T00:00:00Z&to=2026-12-01T00:00:00Z").await.body;
    let zone = TimeZone::get(page["zone"].as_str().unwrap()).unwrap();
    let seen = |at: &str| {
        let shift = page["shifts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|shift| shift["from"].as_str().unwrap().starts_with(at) || shift["to"].as_str().unwrap().starts_with(at));
        let shift = shift.unwrap_or_else(|| panic!("no hand-off on {at}: {page}"));
        let name = if shift["from"].as_str().unwrap().starts_with(at) { "from" } else { "to" };
        let instant: Timestamp = shift[name].as_str().unwrap().parse().unwrap();
        (instant.to_string(), zone.to_datetime(instant).strftime("%a %H:%M").to_string())
    };
    for (day, local) in [("2026-03-23", "Mon 02:00"), ("2026-03-30", "Mon 03:00"), ("2026-10-19", "Mon 03:00"), ("2026-10-26", "Mon 02:00")]
    {
        assert_eq!(seen(day), (format!("{day}T01:00:00Z"), local.to_owned()));
    }
    // Their quiet hours are their zone's: it is two at night in Berlin, and eight in the morning at the centre.
    town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "an").await;
    town.team("desk", "desk").await;
    town.report("desk", "Đèn hỏng", "medium").await;
    let wakes = town.start.to_zoned(zone).with().hour(6).minute(0).build().unwrap().timestamp();
    let seconds = wakes.duration_since(town.start).as_secs();
    assert_eq!(seconds, 4 * 3600);
    town.until(seconds - 1).await;
    assert!(town.told().await.is_empty());
    town.until(seconds).await;
    assert_eq!(town.told().await, ["an digest 1"]);
}

/// The events of a feed: their names and instants.
fn events(feed: &str) -> Vec<(String, String, String)> {
    let unfolded = feed.replace("\r\n ", "");
    let value = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
        line.unwrap_or_else(|| panic!("no {name}: {event}")).to_owned()
    };
    unfolded.split("BEGIN:VEVENT").skip(1).map(|event| (value(event, "UID"), value(event, "DTSTART"), value(event, "DTEND"))).collect()
}

#[tokio::test]
async fn a_feed_names_the_same_shifts_the_same_whenever_it_is_fetched() {
    let town = Town::start().await;
    town.person("an").await;
    town.person("binh").await;
    rota(&town, "saigon", "Asia/Ho_Chi_Minh", "2026-03-16T08:00:00", &["an", "binh"]).await;
    let fetch = async || town.centre.get("/api/v1/persons/an/shifts.ics").await.body.as_str().unwrap().to_owned();
    let first = events(&fetch().await);
    assert_eq!(first[0].1, "20260316T010000Z");
    assert!(first.iter().all(|(_, from, to)| from.ends_with("T010000Z") && to.ends_with("T010000Z")), "{first:?}");
    let names: std::collections::BTreeSet<&String> = first.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), first.len(), "each has a name of its own");
    // A day later the window has moved, and every shift that both show has its name still.
    town.until(86_400).await;
    let second = events(&fetch().await);
    assert!(first.iter().filter(|event| second.contains(event)).count() + 1 >= first.len(), "{first:?} {second:?}");
    assert!(first.iter().all(|(name, from, _)| second.iter().all(|(other, at, _)| (name == other) == (from == at))));
}

#[tokio::test]
async fn where_nobody_is_on_call_the_next_step_is_paged_at_once_and_the_gap_is_known_beforehand() {
    let town = Town::start().await;
    for person in ["an", "binh", "chi"] {
        town.person(person).await;
    }
    // From 20:00 to 07:00 only; it is 08:00.
    let layer = json!({ "name": "Đêm", "rotation": "daily", "shift_length": 1, "start": "2026-03-01T20:00:00", "slots": [["an"]],
        "windows": [{ "hours": { "from": "20:00:00", "to": "07:00:00" } }] });
    town.put("rotas/night", &json!({ "id": "night", "team": "desk", "name": "Ca đêm", "zone": "Asia/Ho_Chi_Minh", "layers": [layer] }))
        .await;
    let steps = [json!({ "targets": [{ "rota": "night" }], "delay_s": 600 }), json!({ "targets": [{ "person": "binh" }], "delay_s": 600 })];
    town.policy_of("desk", &steps, 0, "chi").await;
    town.team("desk", "desk").await;
    let id = town.report("desk", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["binh firing 1"]);
    assert_eq!(town.timeline(id).await, ["0 opened", "0 no_target 1.1", "0 escalated 1.2", "0 paged binh firing of 1"]);
    let gaps = town.centre.get("/api/v1/on-call").await.body["rotas"][0]["gaps"].clone();
    assert_eq!(gaps[0], json!({ "from": "2026-03-02T00:00:00Z", "to": "2026-03-02T13:00:00Z" }));
    // Whoever the policy falls back to has been told, of this gap and of tomorrow's.
    town.until(60).await;
    assert_eq!(said(&town.message().await), "chi notice 1");
    let second = town.at().as_secs() + 1;
    town.until(second).await;
    // Nobody in any step: the fall-back at once.
    town.policy_of("night", &[json!({ "targets": [{ "rota": "night" }], "delay_s": 600 })], 1, "chi").await;
    town.team("night", "night").await;
    let id = town.report("night", "Cháy", "critical").await;
    assert_eq!(town.told().await, ["chi exhausted 1"]);
    assert_eq!(
        town.timeline(id).await,
        ["opened", "no_target 1.1", "exhausted nobody_there", "paged chi exhausted of 1"].map(|line| format!("{second} {line}"))
    );
}
