//! History: what was shown then, what a figure is compared with, what is usual, what the centre has missed, and computing
//! the past again.

use super::*;
use harness::program;
use jiff::{SignedDuration, Timestamp};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One value of the hall each hour, at half past, of so many days that end at the hour before [`START`].
async fn send_hours(small: &Small, days: i64, value: impl Fn(Timestamp) -> f64) {
    let end = at(START);
    let hours = (0..days * 24).map(|hour| end - SignedDuration::from_hours(hour) - SignedDuration::from_mins(30));
    let batch: Vec<Value> = hours.map(|time| observation("hall.people", "hall", &time.to_string(), value(time))).collect();
    let answer = small.centre.post("/api/v1/observations?source=api", &json!(batch)).await;
    assert_eq!(answer.body["accepted"], batch.len(), "{answer:?}");
    small.pass(40);
    // The two instants that were touched first and last: the recompute goes from one to the other.
    let newest = end - SignedDuration::from_hours(1);
    let newest_value = value(end - SignedDuration::from_mins(90));
    small.recorded("hall.hourly", "asset:hall", START, is(value(end - SignedDuration::from_mins(30)))).await;
    small.recorded("hall.hourly", "asset:hall", &newest.to_string(), is(newest_value)).await;
    small.recorded("hall.today", "asset:hall", &newest.to_string(), is(24.0)).await;
}

fn near(found: &Value, expected: f64) -> bool {
    found.as_f64().is_some_and(|found| (found - expected).abs() < 1e-9)
}

/// Runs `taydo recompute` against the centre; returns whether it ended well, and what it said.
async fn recompute(small: &Small, kpis: &[&str], from: &str, to: &str) -> (bool, String) {
    let mut command = tokio::process::Command::new(program());
    command.arg("recompute").args(["--from", from, "--to", to, "--server", &small.centre.url]);
    kpis.iter().for_each(|kpi| _ = command.args(["--kpi", kpi]));
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[tokio::test]
async fn as_of_gives_what_was_shown_then() {
    let small = Small::start().await;
    let minute = "2026-03-02T01:01:00Z";
    let send = async |asset: &str, time: &str, value: f64| {
        small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", asset, time, value)])).await;
    };
    send("road-1", "2026-03-02T01:00:00Z", 30.0).await;
    small.pass(70);
    small.recorded("road.speed", "city", minute, is(30.0)).await;
    let first = small.clock.now();
    send("road-2", "2026-03-02T01:00:30Z", 50.0).await;
    small.pass(60);
    small.recorded("road.speed", "city", minute, is(40.0)).await;
    small.pass(60);
    small.recorded("road.speed", "city", "2026-03-02T01:02:00Z", is(40.0)).await;

    let shown = async |as_of: &str| {
        let path = format!("/api/v1/kpis/road.speed/readings?from={minute}&to=2026-03-02T01:02:00Z{as_of}");
        let points = small.centre.get(&path).await.body["points"].clone();
        points.as_array().unwrap().iter().map(|point| point["value"].as_f64()).collect::<Vec<_>>()
    };
    assert_eq!(shown("").await, [Some(40.0), Some(40.0)]);
    assert_eq!(shown(&format!("&as_of={first}")).await, [Some(30.0)], "neither the correction nor the later minute");
    assert_eq!(shown(&format!("&as_of={START}")).await, [None; 0]);

    let beside = async |as_of: &str| {
        let path = format!("/api/v1/kpis/road.speed/compare?at=2026-03-02T01:02:00Z{as_of}");
        let page = small.centre.get(&path).await.body;
        (page["now"]["time"].clone(), page["now"]["value"].clone())
    };
    assert_eq!(beside("").await, (json!("2026-03-02T01:02:00Z"), json!(40.0)));
    assert_eq!(beside(&format!("&as_of={first}")).await, (json!(minute), json!(30.0)), "compared as it was known then");

    let revisions = small.centre.get(&format!("/api/v1/kpis/road.speed/revisions?time={minute}")).await.body["revisions"].clone();
    let told: Vec<_> = revisions.as_array().unwrap().iter().map(|one| (one["revision"].as_i64(), one["value"].as_f64())).collect();
    assert_eq!(told, [(Some(1), Some(30.0)), (Some(2), Some(40.0))], "{revisions}");
    assert!(at(revisions[0]["recorded"].as_str().unwrap()) <= first && at(revisions[1]["recorded"].as_str().unwrap()) > first);
}

#[tokio::test]
async fn a_figure_is_seen_beside_what_it_was_and_should_be() {
    let small = Small::start().await;
    // 10 on Mondays, 20 on other days, of 390 days. 2 March 2026 is the 13th day after Tết, as 11 February 2025, a Tuesday, was.
    let monday = |time: Timestamp| (time + SignedDuration::from_hours(7)).as_second().div_euclid(86_400).rem_euclid(7) == 4;
    send_hours(&small, 390, |time| if monday(time) { 10.0 } else { 20.0 }).await;

    let page = small.centre.get(&format!("/api/v1/kpis/hall.hourly/compare?scope=asset:hall&at={START}")).await.body;
    assert_eq!((&page["now"]["time"], &page["now"]["value"]), (&json!(START), &json!(10.0)), "{page}");
    let against = |name: &str| page["comparisons"].as_array().unwrap().iter().find(|one| one["against"] == name).unwrap().clone();
    let told = |name: &str| {
        let one = against(name);
        let then = &one["then"];
        (then["time"].as_str().unwrap().to_owned(), then["value"].as_f64(), one["percent"].as_f64(), one["verdict"].clone())
    };
    assert_eq!(told("previous"), ("2026-03-02T00:00:00Z".into(), Some(10.0), Some(0.0), json!("same")));
    assert_eq!(told("yesterday"), ("2026-03-01T01:00:00Z".into(), Some(20.0), Some(-50.0), json!("better")));
    assert_eq!(told("last_week"), ("2026-02-23T01:00:00Z".into(), Some(10.0), Some(0.0), json!("same")));
    assert_eq!(told("last_year"), ("2025-02-11T01:00:00Z".into(), Some(20.0), Some(-50.0), json!("better")));
    assert_eq!(against("last_year")["aligned"], "new_year");
    assert_eq!((&page["target"]["difference"], &page["target"]["is_met"]), (&json!(-20.0), &json!(true)));
    assert_eq!((&page["trend"]["way"], &page["trend"]["verdict"]), (&json!("level"), &json!("same")), "{page}");
    assert_eq!(page["trend"]["from"], "2026-02-23T01:00:00Z", "a week of an hourly figure");

    // The first day of the lunar year is seen beside the first day of the one before.
    let tet = small.centre.get("/api/v1/kpis/hall.hourly/compare?scope=asset:hall&at=2026-02-17T01:00:00Z").await.body;
    let last_year = tet["comparisons"].as_array().unwrap().iter().find(|one| one["against"] == "last_year").unwrap();
    assert_eq!((&last_year["aligned"], &last_year["then"]["time"]), (&json!("new_year"), &json!("2025-01-29T01:00:00Z")), "{tet}");
    assert_eq!(tet["comparisons"][2]["then"]["time"], "2026-02-10T01:00:00Z");

    // A count of 24 is enough for a percentage, the nothing of another probe is told as missing.
    let page = small.centre.get(&format!("/api/v1/kpis/hall.today/compare?scope=asset:hall&at={START}")).await.body;
    assert_eq!((&page["comparisons"][1]["percent"], &page["now"]["value"]), (&json!(0.0), &json!(24.0)), "{page}");
    let page = small.centre.get(&format!("/api/v1/kpis/hall.hourly/compare?scope=asset:road-1&at={START}")).await.body;
    assert_eq!((&page["now"]["quality"], &page["comparisons"][0]["without_percent"]), (&json!("missing"), &json!("missing")), "{page}");
    assert!(page["trend"]["way"].is_null(), "{page}");
    assert_eq!(small.centre.get("/api/v1/kpis/hall.hourly/compare?scope=area:north").await.status, 400);
}

#[tokio::test]
async fn a_count_of_few_is_told_as_too_few() {
    let small = Small::start().await;
    let batch: Vec<Value> = (0..3).map(|hour| observation("hall.people", "hall", &format!("2026-03-02T00:{hour}0:00Z"), 1.0)).collect();
    small.centre.post("/api/v1/observations?source=api", &json!(batch)).await;
    small.pass(40);
    small.clock.advance(SignedDuration::from_hours(1));
    small.recorded("hall.today", "asset:hall", "2026-03-02T02:00:00Z", is(3.0)).await;
    let path = "/api/v1/kpis/hall.today/compare?scope=asset:hall&at=2026-03-02T02:00:00Z";
    let one = small.centre.get(path).await.body["comparisons"][0].clone();
    assert_eq!((&one["without_percent"], &one["percent"]), (&json!("missing"), &Value::Null), "nothing was recorded a day before: {one}");
    small.clock.advance(SignedDuration::from_hours(24));
    small.centre.post("/api/v1/observations?source=api", &json!([observation("hall.people", "hall", "2026-03-03T01:30:00Z", 1.0)])).await;
    small.recorded("hall.today", "asset:hall", "2026-03-03T02:00:00Z", is(1.0)).await;
    let path = "/api/v1/kpis/hall.today/compare?scope=asset:hall&at=2026-03-03T02:00:00Z";
    let one = small.centre.get(path).await.body["comparisons"][0].clone();
    assert_eq!((&one["without_percent"], &one["difference"], &one["verdict"]), (&json!("too_few"), &json!(-2.0), &Value::Null), "{one}");
}

#[tokio::test]
async fn the_band_of_an_hour_is_learnt_and_every_version_is_kept() {
    let small = Small::start().await;
    let hour = |time: Timestamp| f64::from(i32::try_from((time.as_second() / 3600 + 7) % 24).unwrap());
    // Every fourth week differs a little, and one hour of one Monday is wild.
    send_hours(&small, 56, |time| if time == at("2026-02-16T03:30:00Z") { 1e6 } else { 50.0 + hour(time) }).await;
    let missing =
        small.centre.get("/api/v1/kpis/hall.hourly/baseline?scope=asset:hall&from=2026-03-02T01:00:00Z&to=2026-03-02T05:00:00Z").await;
    assert_eq!((missing.status, &missing.body), (200, &Value::Null));
    let made = small.centre.post("/api/v1/kpis/hall.hourly/baseline?scope=asset:hall", &json!({})).await.body;
    assert_eq!((&made["version"], &made["hours"]), (&json!(1), &json!(168)), "{made}");
    let band = async |version: &str| {
        let path = format!("/api/v1/kpis/hall.hourly/baseline?scope=asset:hall&from=2026-03-02T01:20:00Z&to=2026-03-02T04:00:00Z{version}");
        small.centre.get(&path).await.body
    };
    let page = band("").await;
    let then = small.clock.now();
    assert_eq!(band(&format!("&as_of={START}")).await, Value::Null, "it was not made yet");
    let points = page["points"].as_array().unwrap();
    assert_eq!(points.len(), 3, "{page}");
    assert_eq!(points[2]["time"], "2026-03-02T03:00:00Z");
    assert!(
        near(&points[2]["middle"], 60.0) && near(&points[2]["low"], 59.85) && near(&points[2]["high"], 60.15),
        "the wild one counts for nothing: {page}"
    );

    // What is learnt later is a new version, and the first one says what it said.
    small
        .centre
        .post(
            "/api/v1/observations?source=api",
            &json!(
                (1..=6)
                    .map(|week| {
                        let time = at("2026-03-02T03:30:00Z") - SignedDuration::from_hours(168 * week);
                        let mut one = observation("hall.people", "hall", &time.to_string(), 90.0);
                        one["revision"] = json!(1);
                        one
                    })
                    .collect::<Vec<_>>()
            ),
        )
        .await;
    small.pass(40);
    small.recorded("hall.hourly", "asset:hall", "2026-02-23T04:00:00Z", is(90.0)).await;
    small.recorded("hall.hourly", "asset:hall", "2026-01-19T04:00:00Z", is(90.0)).await;
    let made = small.centre.post("/api/v1/kpis/hall.hourly/baseline?scope=asset:hall", &json!({})).await.body;
    assert_eq!(made["version"], 2);
    assert!(near(&band("").await["points"][2]["middle"], 90.0));
    assert_eq!(band("&version=1").await, page);
    assert_eq!(band(&format!("&as_of={then}")).await, page, "what was usual, as far as it was known then");
    let few = small.centre.post("/api/v1/kpis/hall.hourly/baseline?scope=asset:road-1", &json!({})).await;
    assert_eq!((few.status, &few.body["code"]), (400, &json!("invalid")));
}

#[tokio::test]
async fn baselines_are_made_by_themselves() {
    let small = Small::start().await;
    send_hours(&small, 28, |_| 7.0).await;
    let path = "/api/v1/kpis/hall.hourly/baseline?scope=asset:hall&from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z";
    assert_eq!(small.centre.get(path).await.body, Value::Null);
    let made = async |version: i64, step: SignedDuration| {
        let page = eventually("a baseline", Duration::from_secs(60), || async {
            small.clock.advance(step);
            Some(small.centre.get(path).await.body).filter(|page| page["version"] == version)
        })
        .await;
        at(page["made_at"].as_str().unwrap())
    };
    small.clock.advance(SignedDuration::from_mins(15));
    let first = made(1, SignedDuration::from_secs(1)).await;
    // It is not a week old in the nights that pass over it at first, and in the next one, at 02:30 in the city, it is.
    small.clock.advance(SignedDuration::from_hours(6 * 24 + 12));
    let night = at("2026-03-09T19:30:00Z").duration_since(small.clock.now());
    small.clock.advance(night);
    let second = made(2, SignedDuration::from_secs(1)).await;
    let age = second.duration_since(first);
    assert!((7 * 24..8 * 24).contains(&age.as_hours()), "{first} {second}");
}

#[tokio::test]
async fn the_past_is_computed_again_by_hand() {
    let small = Small::start().await;
    send_hours(&small, 3, |_| 7.0).await;
    let (well, said) = recompute(&small, &["hall.hourly", "hall.today"], "2026-02-27T02:00:00Z", START).await;
    assert!(well && said.contains("144 instants computed, 0 readings changed"), "{said}");

    // A value is changed where nothing could notice it.
    let sql = small.database.client().await;
    sql.execute("UPDATE observation SET value = 9 WHERE time = '2026-02-28T05:30:00Z'", &[]).await.unwrap();
    let (well, said) = recompute(&small, &["hall.hourly"], "2026-02-28T00:00:00Z", "2026-02-28T12:00:00Z").await;
    assert!(well && said.contains("13 instants computed, 2 readings changed"), "the probe's and the city's: {said}");
    small.recorded("hall.hourly", "asset:hall", "2026-02-28T06:00:00Z", is(9.0)).await;
    let jobs = small.centre.get("/api/v1/recomputes").await.body["jobs"].clone();
    assert_eq!((jobs.as_array().unwrap().len(), &jobs[0]["state"], &jobs[0]["instants_done"]), (2, &json!("done"), &json!(13)), "{jobs}");

    let (well, said) = recompute(&small, &["hall.hourli"], "2026-02-28T00:00:00Z", START).await;
    assert!(!well && said.contains("there is no KPI hall.hourli"), "{said}");
    let (well, said) = recompute(&small, &["hall.hourly"], "2026-02-28T01:01:00Z", "2026-02-28T01:59:00Z").await;
    assert!(!well && said.contains("a longer range"), "{said}");
    let (well, said) = recompute(&small, &["hall.hourly"], START, "2026-02-28T01:59:00Z").await;
    assert!(!well && said.contains("is after --to"), "{said}");
}

#[tokio::test]
async fn a_recompute_that_was_asked_for_survives_a_kill() {
    let mut small = Small::start().await;
    send_hours(&small, 2, |_| 7.0).await;
    let sql = small.database.client().await;
    small.centre.kill();
    // As the process before has left it: asked for, and not begun.
    sql.execute("UPDATE observation SET value = 9 WHERE time = '2026-03-01T05:30:00Z'", &[]).await.unwrap();
    let ask = "INSERT INTO recompute (requested_at, kpis, from_time, to_time, instants, changed) \
        VALUES ('2026-03-02T01:00:00Z', '{hall.hourly}', '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', 25, 0)";
    sql.execute(ask, &[]).await.unwrap();
    small.centre = small.again().await;
    small.recorded("hall.hourly", "asset:hall", "2026-03-01T06:00:00Z", is(9.0)).await;
    let job = eventually("the job ends", Duration::from_secs(20), || async {
        small.clock.advance(SignedDuration::from_millis(100));
        let job = small.centre.get("/api/v1/recomputes/1").await.body;
        (job["state"] == "done").then_some(job)
    })
    .await;
    assert_eq!(job["changed"], 2, "{job}");
}

#[tokio::test]
async fn a_scope_that_did_not_exist_loses_its_reading() {
    let small = Small::start().await;
    let dossier = |department: &str, updated: &str| json!([{ "id": "1", "kind": "dossier", "department": department, "area": "north", "opened": "2026-03-02T00:30:00Z", "updated": updated }]);
    small.centre.post("/api/v1/cases?source=desk", &dossier("roads", "2026-03-02T00:40:00Z")).await;
    small.pass(70);
    let minute = "2026-03-02T01:01:00Z";
    small.recorded("desk.open", "department:roads", minute, is(1.0)).await;
    // Two hours later it turns out to have been another department's all the time.
    small.clock.advance(SignedDuration::from_hours(2));
    small.pass(10);
    small.centre.post("/api/v1/cases?source=desk", &dossier("desk", "2026-03-02T02:00:00Z")).await;
    small.pass(40);
    small.recorded("desk.open", "department:desk", minute, is(1.0)).await;
    let gone = small.recorded("desk.open", "department:roads", minute, |point| point["quality"] == "missing").await;
    assert!(gone["value"].is_null());
    let path = format!("/api/v1/kpis/desk.open/revisions?scope=department:roads&time={minute}");
    let revisions = small.centre.get(&path).await.body["revisions"].clone();
    assert_eq!((revisions.as_array().unwrap().len(), &revisions[0]["value"]), (2, &json!(1.0)), "what was shown is kept: {revisions}");
}

#[tokio::test]
async fn an_absence_is_reported_and_the_report_follows_what_comes_back() {
    let mut small = Small::start().await;
    let send = async |centre: &Centre, source: &str, time: &str, value: f64| {
        let batch = json!([observation("road.speed", "road-1", time, value)]);
        assert_eq!(centre.post(&format!("/api/v1/observations?source={source}"), &batch).await.body["accepted"], 1);
    };
    send(&small.centre, "api", "2026-03-02T01:00:00Z", 30.0).await;
    let other = json!([observation("probe.value", "probe-01", START, 1.0)]);
    small.centre.post("/api/v1/observations?source=small", &other).await;
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(30.0)).await;
    assert_eq!(small.centre.get("/api/v1/gaps").await.body["gaps"], json!([]), "a minute is no absence");
    small.centre.kill();
    small.clock.advance(SignedDuration::from_mins(30));
    small.centre = small.again().await;

    let gap = async |test: &dyn Fn(&Value) -> bool| {
        let seen = std::cell::RefCell::new(Value::Null);
        eventually(
            || format!("the gap's report, last seen as {}", seen.borrow()),
            Duration::from_secs(30),
            || async {
                small.clock.advance(SignedDuration::from_secs(1));
                // A slow machine may see the moved clock jump, and tell of that too.
                let gaps = small.centre.get("/api/v1/gaps").await.body["gaps"].clone();
                let gap = gaps.as_array().unwrap().iter().find(|gap| gap["cause"] == "stopped").cloned().unwrap_or_default();
                seen.replace(gap.clone());
                Some(gap).filter(|gap| test(gap))
            },
        )
        .await
    };
    let feed = |gap: &Value, source: &str| gap["feeds"].as_array().unwrap().iter().find(|feed| feed["source"] == source).unwrap().clone();
    let first = gap(&|gap| gap["is_recomputing"] == false).await;
    assert_eq!((&first["cause"], &first["is_closed"]), (&json!("stopped"), &json!(false)), "{first}");
    let (from, to) = (at(first["from"].as_str().unwrap()), at(first["to"].as_str().unwrap()));
    assert!(from >= at(START) && from <= at("2026-03-02T01:01:15Z"), "{from}");
    assert!(to >= from + SignedDuration::from_mins(30), "{to}");
    assert_eq!(first["feeds"].as_array().unwrap().len(), 2, "those that had reported: {first}");
    assert!(feed(&first, "api")["back"].is_null());

    // A sensor delivers what it has kept: for five minutes the road was blocked.
    send(&small.centre, "api", "2026-03-02T01:10:00Z", 8.0).await;
    let back = gap(&|gap| gap["conditions"].as_array().is_some_and(|held| !held.is_empty()) && gap["is_recomputing"] == false).await;
    assert!(!feed(&back, "api")["back"].is_null() && feed(&back, "small")["back"].is_null(), "{back}");
    let held =
        back["conditions"].as_array().unwrap().iter().find(|one| one["kpi"] == "road.speed" && one["scope"] == "city").unwrap().clone();
    assert_eq!((&held["status"], &held["worst"]), (&json!("critical"), &json!(8.0)), "{held}");
    assert_eq!((&held["from"], &held["to"]), (&json!("2026-03-02T01:10:00Z"), &json!("2026-03-02T01:14:00Z")));

    let other = json!([observation("probe.value", "probe-01", &small.clock.now().to_string(), 2.0)]);
    small.centre.post("/api/v1/observations?source=small", &other).await;
    small.clock.advance(SignedDuration::from_secs(90));
    small.clock.advance(SignedDuration::from_secs(100));
    small.clock.advance(SignedDuration::from_secs(100));
    small.clock.advance(SignedDuration::from_secs(100));
    small.clock.advance(SignedDuration::from_secs(100));
    let closed = gap(&|gap| gap["is_closed"] == true).await;
    assert!(!feed(&closed, "small")["back"].is_null(), "{closed}");
    assert_eq!(closed["conditions"], back["conditions"]);
}

#[tokio::test]
async fn a_machine_that_slept_is_noticed() {
    let small = Small::start().await;
    small.pass(30);
    small.clock.advance(SignedDuration::from_mins(20));
    let gap = eventually("a report", Duration::from_secs(20), || async {
        small.clock.advance(SignedDuration::from_millis(100));
        small.centre.get("/api/v1/gaps").await.body["gaps"].as_array().and_then(|gaps| gaps.first().cloned())
    })
    .await;
    assert_eq!(gap["cause"], "suspended", "{gap}");
    assert!(at(gap["to"].as_str().unwrap()).duration_since(at(gap["from"].as_str().unwrap())) >= SignedDuration::from_mins(20), "{gap}");
}

#[tokio::test]
async fn events_are_said_changed_and_withdrawn_and_nothing_that_was_said_is_lost() {
    let small = Small::start().await;
    let works = |to: &str, withdrawn: bool| {
        json!({ "kind": "roadworks", "title": { "vi": "Sửa cầu", "en": "Bridge repair" }, "area": "north",
                "from": "2026-03-02T00:00:00Z", "to": to, "source": "Sở Xây dựng", "withdrawn": withdrawn })
    };
    let said = small.centre.post("/api/v1/events", &works("2026-03-03T00:00:00Z", false)).await;
    assert_eq!((said.status, &said.body["id"], &said.body["version"]), (200, &json!(1), &json!(1)), "{said:?}");
    let rain = json!({ "kind": "rain", "title": { "vi": "Mưa lớn", "en": "Heavy rain" }, "from": "2026-03-02T06:00:00Z", "source": "Đài khí tượng" });
    assert_eq!(small.centre.post("/api/v1/events", &rain).await.body["id"], 2);
    let listed = async |query: &str| {
        let answer = small.centre.get(&format!("/api/v1/events?{query}")).await;
        answer.body["events"].as_array().unwrap().iter().map(|event| event["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed("from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z").await, [1]);
    assert_eq!(listed("from=2026-03-02T01:00:00Z&to=2026-03-02T08:00:00Z").await, [1, 2]);
    assert_eq!(listed("from=2026-04-01T00:00:00Z&to=2026-04-02T00:00:00Z").await, [2], "nobody knows when the rain ends");
    let then = small.clock.now();

    small.pass(5);
    let changed = small.centre.put("/api/v1/events/1", &works("2026-03-05T00:00:00Z", false)).await.body;
    assert_eq!((&changed["version"], &changed["says"]["to"]), (&json!(2), &json!("2026-03-05T00:00:00Z")), "{changed}");
    assert_eq!(listed("from=2026-03-04T00:00:00Z&to=2026-03-04T01:00:00Z").await, [1, 2]);
    small.centre.put("/api/v1/events/1", &works("2026-03-05T00:00:00Z", true)).await;
    assert_eq!(listed("from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z").await, [0_i64; 0]);
    assert_eq!(listed("from=2026-03-02T01:00:00Z&to=2026-03-02T02:00:00Z&withdrawn=true").await, [1]);
    assert_eq!(listed(&format!("from=2026-03-02T01:00:00Z&to=2026-03-04T02:00:00Z&as_of={then}")).await, [1, 2], "as it was said then");
    assert_eq!(listed(&format!("from=2026-03-04T00:00:00Z&to=2026-03-04T01:00:00Z&as_of={then}")).await, [2], "it was to end before");
    let history = small.centre.get("/api/v1/events/1").await.body["events"].clone();
    let told: Vec<_> =
        history.as_array().unwrap().iter().map(|one| (one["version"].as_i64().unwrap(), one["says"]["withdrawn"].clone())).collect();
    assert_eq!(told, [(3, json!(true)), (2, json!(false)), (1, json!(false))], "{history}");
    assert!(at(history[2]["updated"].as_str().unwrap()) < at(history[1]["updated"].as_str().unwrap()));

    let mut bad = works("2026-03-01T00:00:00Z", false);
    assert_eq!(small.centre.post("/api/v1/events", &bad).await.body["code"], "invalid", "it ends before it begins");
    bad["kind"] = json!("party");
    assert_eq!(small.centre.post("/api/v1/events", &bad).await.body["code"], "malformed");
    assert_eq!(small.centre.put("/api/v1/events/77", &works("2026-03-05T00:00:00Z", false)).await.status, 404);
    assert_eq!(small.centre.get("/api/v1/events/77").await.status, 404);
}

#[tokio::test]
async fn what_is_made_from_a_kpi_is_recomputed_with_it() {
    let small = Small::start().await;
    let ask = json!({ "kpis": ["load.total"], "from": "2026-03-01T00:00:00Z", "to": "2026-03-01T01:00:00Z" });
    let job = small.centre.post("/api/v1/recomputes", &ask).await.body;
    assert_eq!((&job["request"]["kpis"], &job["instants"]), (&json!(["load.total", "load.twice"]), &json!(122)), "{job}");
}
