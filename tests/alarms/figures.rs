//! What the duty is measured by: how soon alerts are answered, who was on call, and nothing of an exercise.

use crate::town::Town;
use serde_json::{Value, json};

/// The figures of all the test's time until now.
async fn figures(town: &Town) -> Value {
    let answer = town.centre.get(&format!("/api/v1/alerts/figures?from={}", town.start)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["figures"].clone()
}

#[tokio::test]
async fn incidents_are_measured_from_their_log_and_exercises_apart() {
    let town = Town::with_steps(&["an", "binh"], 600).await;
    let first = town.report("roads", "Cháy", "critical").await;
    town.until(240).await;
    assert_eq!(town.act(first, json!({ "act": "acknowledge", "person": "an" })).await.status, 200);
    town.until(1_200).await;
    assert_eq!(town.act(first, json!({ "act": "resolve", "person": "an" })).await.status, 200);
    // Over before anybody answers, and after the second step.
    town.until(3_600).await;
    let second = town.report("roads", "Cây đổ", "high").await;
    town.until(4_500).await;
    assert_eq!(town.act(second, json!({ "act": "resolve", "person": "binh" })).await.status, 200);
    let body = json!({ "person": "an", "title": "Vỡ đê", "severity": "critical", "team": "roads", "exercise": true });
    assert_eq!(town.centre.post("/api/v1/incidents", &body).await.status, 200);
    town.until(7_200).await;
    let figures = figures(&town).await;
    let incidents = &figures["incidents"];
    let counts = ["opened", "acknowledged", "never_acknowledged", "waiting", "resolved"].map(|name| incidents[name].as_i64().unwrap());
    assert_eq!(counts, [2, 1, 1, 0, 2], "{incidents:#}");
    assert_eq!(incidents["time_to_acknowledge"]["mean_s"], json!(240.0));
    assert_eq!(incidents["time_to_resolve"]["mean_s"], json!(1_050.0));
    assert_eq!(incidents["by_severity"][0]["key"], "critical");
    assert_eq!(figures["exercises"]["opened"], 1);
    assert_eq!(figures["load"]["alarms"], 2);
    assert_eq!(figures["load"]["judgement"], "acceptable");
    let pages = |person: &str| figures["people"].as_array().unwrap().iter().find(|one| one["person"] == person).unwrap()["pages"].clone();
    // The second one climbed to the second step after ten minutes.
    assert_eq!((pages("an"), pages("binh")), (json!(2), json!(1)), "{:#}", figures["people"]);
    let table = town.centre.get(&format!("/api/v1/alerts/figures.csv?from={}", town.start)).await;
    assert!(table.body.as_str().unwrap().contains("time_to_acknowledge,mean,240.0,s"), "{table:?}");
    drop(town.sms.take_all());
}

/// Lets seconds pass until a person's shift is on record: it is from when the rota was first seen, which is within one.
async fn on_record(town: &Town, person: &str) {
    harness::eventually("the shift is on record", std::time::Duration::from_secs(20), || async {
        town.clock.advance(jiff::SignedDuration::from_secs(1));
        let sql = "SELECT count(*) FROM shift WHERE person = $1 AND ended_at IS NULL";
        (town.sql.query_one(sql, &[&person]).await.unwrap().get::<_, i64>(0) == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn hours_on_call_are_those_that_were_whatever_becomes_of_the_rota() {
    let mut town = Town::start().await;
    for person in ["an", "binh"] {
        town.person(person).await;
    }
    // It is eight in the morning; hand-overs are at eight and at twenty.
    let layer =
        json!({ "name": "Ca", "rotation": "hourly", "shift_length": 12, "start": "2026-03-02T08:00:00", "slots": [["an"], ["binh"]] });
    let rota = |layers: Value| json!({ "id": "roads", "team": "roads", "name": "Ca trực", "zone": "Asia/Ho_Chi_Minh", "layers": layers });
    town.put("rotas/roads", &rota(json!([layer]))).await;
    on_record(&town, "an").await;
    let begun = town.at().as_secs();
    let replace =
        json!({ "id": 0, "change": "replace", "person": "an", "by": "binh", "from": town.moment(3_600), "to": town.moment(7_200) });
    assert_eq!(town.centre.post("/api/v1/rotas/roads/overrides", &replace).await.status, 201);
    town.until(1_800).await;
    // The override comes and goes while no server is there.
    town.killed_for(9_000).await;
    let hours = |figures: &Value, person: &str| {
        let people = figures["people"].as_array().unwrap();
        people.iter().find(|one| one["person"] == person).map_or(0, |one| one["on_call_s"].as_i64().unwrap())
    };
    let recorded = async |town: &Town| {
        let what = || "the shifts on record".to_owned();
        harness::eventually(what, std::time::Duration::from_secs(20), || async {
            town.clock.advance(jiff::SignedDuration::from_secs(1));
            let sql = "SELECT extract(epoch FROM until)::bigint FROM shift_record";
            let until: Option<i64> = town.sql.query_one(sql, &[]).await.unwrap().get(0);
            (until? > town.moment(10_800).as_second() - 1).then_some(())
        })
        .await;
        figures(town).await
    };
    let first = recorded(&town).await;
    let (an, binh) = (hours(&first, "an"), hours(&first, "binh"));
    assert_eq!(binh, 3_600, "{:#}", first["people"]);
    let passed = town.at().as_secs() - 3_600;
    assert!((passed - begun - 3..=passed + 3).contains(&an), "{an} of {passed}");
    // What was is not changed by a rota that is another one from now on.
    let other = json!({ "name": "Ca", "rotation": "daily", "shift_length": 1, "start": "2026-03-01T08:00:00", "slots": [["binh"]] });
    town.put("rotas/roads", &rota(json!([other]))).await;
    // It is noticed within a second, which must not be the hour that passes next.
    on_record(&town, "binh").await;
    let changed = town.at().as_secs();
    town.until(changed + 3_600).await;
    let last = figures(&town).await;
    let (an_at_last, binh_at_last) = (hours(&last, "an") - an, hours(&last, "binh") - binh - 3_600);
    assert!((0..30).contains(&an_at_last) && (0..30).contains(&binh_at_last), "{an_at_last} {binh_at_last} {:#}", last["people"]);
    drop(town.sms.take_all());
}
