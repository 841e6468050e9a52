//! Walls: what people and critical incidents do with them, and screens that are enrolled, draw, and fall silent.

use crate::town::Town;
use harness::{Answer, Viewer};
use serde_json::{Value, json};

const WALL: &str = "/api/v1/walls/main/acts";

impl Town {
    /// An and Bình, of whom An is paged, and nothing that is open.
    async fn with_wall() -> Self {
        let town = Self::start().await;
        town.person("an").await;
        town.person("binh").await;
        town.policy_of("desk", &[json!({ "targets": [{ "person": "an" }], "delay_s": 86_400 })], 0, "binh").await;
        town.team("desk", "desk").await;
        town
    }

    async fn on_wall(&self, act: Value) -> Answer {
        self.centre.post(WALL, &act).await
    }

    async fn wall(&self) -> Value {
        self.centre.get("/api/v1/walls").await.body["walls"][0].clone()
    }

    /// The only screen, as the control page sees it.
    async fn screen(&self) -> Value {
        self.wall().await["screens"][0].clone()
    }

    async fn until_screen(&self, state: &str) {
        harness::eventually(
            || format!("the screen is {state}"),
            std::time::Duration::from_secs(20),
            || async { (self.screen().await["state"] == state).then_some(()) },
        )
        .await;
    }

    /// Lets seconds pass until the screen is in a state, or so many incidents are open: a server that sees the clock jump
    /// waits for its screens anew.
    async fn passing_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        harness::eventually(
            || what.to_owned(),
            std::time::Duration::from_secs(60),
            || async {
                self.pass(1).await;
                is_so().await.then_some(())
            },
        )
        .await;
    }

    async fn attending(&self, token: Option<&str>) -> Viewer {
        let mut viewer = self.centre.viewer().await;
        let mut attend = json!({ "type": "attend", "wall": "main" });
        if let Some(token) = token {
            attend["token"] = json!(token);
        }
        viewer.send(attend).await;
        viewer
    }

    async fn critical(&self, title: &str) -> i64 {
        let body = json!({ "person": "an", "title": title, "severity": "critical", "team": "desk", "area": "north", "caller": "chị Lan 0912345678" });
        let answer = self.centre.post("/api/v1/incidents", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["incident"].as_i64().unwrap()
    }

    /// Lets seconds pass until the wall is told something that satisfies the test.
    async fn told_of(&self, viewer: &mut Viewer, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        let waiting = viewer.until(what, |message| message["type"] == "wall" && test(&message["state"]));
        tokio::pin!(waiting);
        loop {
            tokio::select! {
                            message = &mut waiting => return message["state"].clone(),
            // The server has done what each second brings when it has answered: who runs ahead of it is cut off as silent.
                            () = async {
                                self.pass(1).await;
                                self.wall().await;
                            } => {}
                        }
        }
    }
}

fn number(state: &Value) -> i64 {
    state["plan"]["number"].as_i64().unwrap()
}

#[tokio::test]
async fn what_people_do_with_a_wall_is_announced_kept_and_written_down() {
    let mut town = Town::with_wall().await;
    let mut viewer = town.attending(None).await;
    let first = viewer.until("what it shows", |message| message["type"] == "wall").await;
    assert_eq!((number(&first["state"]), &first["state"]["plan"]["turn"]["kind"]), (0, &json!("rotating")));

    assert_eq!(town.on_wall(json!({ "person": "an", "act": "show", "scene": 1 })).await.status, 204);
    let shown = viewer.until("another scene", |message| message["type"] == "wall").await;
    let (said, from): (jiff::Timestamp, jiff::Timestamp) =
        (shown["time"].as_str().unwrap().parse().unwrap(), shown["state"]["plan"]["from"].as_str().unwrap().parse().unwrap());
    assert!(said < from && from.duration_since(said).as_millis() <= 1000, "it is announced beforehand: {shown}");
    for act in ["hold", "blank", "identify"] {
        assert_eq!(town.on_wall(json!({ "person": "binh", "act": act })).await.status, 204);
        viewer.until(act, |message| message["type"] == "wall").await;
    }
    let before = town.wall().await;
    assert_eq!(
        (&before["state"]["plan"]["turn"], &before["state"]["plan"]["blank"]),
        (&json!({ "kind": "held", "scene": 1 }), &json!(true))
    );
    let acts: Vec<String> = before["acts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["person"].as_str().unwrap(), one["act"]["act"].as_str().unwrap()))
        .collect();
    assert_eq!(acts, ["binh identify", "binh blank", "binh hold", "an show"]);
    assert_eq!(before["watts"], json!(6.0 * 60.0), "a black wall draws little");

    town.killed_for(5).await;
    let after = town.wall().await;
    assert_eq!((&after["state"]["plan"], &after["acts"]), (&before["state"]["plan"], &before["acts"]));

    for (act, status) in [
        (json!({ "person": "nobody", "act": "next" }), 400),
        (json!({ "person": "an", "act": "explode" }), 400),
        (json!({ "person": "an", "act": "show", "scene": 2 }), 400),
        (json!({ "person": "an", "act": "take_over", "incident": 99 }), 400),
    ] {
        assert_eq!(town.on_wall(act.clone()).await.status, status, "{act}");
    }
    assert_eq!(town.centre.post("/api/v1/walls/none/acts", &json!({ "person": "an", "act": "next" })).await.status, 404);
    assert_eq!(number(&town.wall().await["state"]), number(&after["state"]), "what was refused changes nothing");
}

#[tokio::test]
async fn a_critical_incident_takes_the_wall_over_until_a_minute_after_its_acknowledgement() {
    let town = Town::with_wall().await;
    let mut viewer = town.attending(None).await;
    let incident = town.critical("Cháy chợ Tân An").await;
    let taken = town.told_of(&mut viewer, "the takeover", |state| state["plan"]["takeover"].is_object()).await;
    let takeover = &taken["plan"]["takeover"];
    assert_eq!((&takeover["incident"], &takeover["title"]["vi"]), (&json!(incident), &json!("Cháy chợ Tân An")));
    assert_eq!(taken["critical"][0]["incident"], json!(incident));
    assert!(!taken.to_string().contains("0912345678"), "a caller's number is not for a room: {taken}");
    let told = town.told_of(&mut viewer, "who was told", |state| state["plan"]["takeover"]["told"][0]["name"] == "AN").await;
    assert_eq!(told["plan"]["takeover"]["acknowledged"], json!(null));

    // Visitors see the strip, without what people typed.
    assert_eq!(town.on_wall(json!({ "person": "an", "act": "present", "minutes": 1 })).await.status, 204);
    let presented = town.told_of(&mut viewer, "the presentation", |state| state["plan"]["presentation_until"].is_string()).await;
    assert!(presented["plan"]["takeover"].is_null() && presented["critical"][0]["incident"] == json!(incident), "{presented}");
    assert!(!presented.to_string().contains("Tân An") && !presented.to_string().contains("AN\""), "{presented}");
    let back = town.told_of(&mut viewer, "its end by itself", |state| state["plan"]["takeover"].is_object()).await;
    assert!(back["plan"]["presentation_until"].is_null(), "{back}");

    assert_eq!(town.act(incident, json!({ "act": "acknowledge", "person": "binh" })).await.status, 200);
    let known = town.told_of(&mut viewer, "who has it", |state| state["plan"]["takeover"]["acknowledged"].is_object()).await;
    assert_eq!(known["plan"]["takeover"]["acknowledged"]["name"], "BINH");
    let over = town.told_of(&mut viewer, "its end", |state| state["plan"]["takeover"].is_null()).await;
    let until: jiff::Timestamp = known["plan"]["takeover"]["until"].as_str().unwrap().parse().unwrap();
    assert!(over["plan"]["from"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() >= until);
    assert_eq!(over["critical"][0]["standing"], "acknowledged", "the strip still has it");

    // What people let go does not come back; what they call up stays although it is acknowledged.
    let second = town.critical("Ngập đường 30 Tháng 4").await;
    town.told_of(&mut viewer, "the second takeover", |state| state["plan"]["takeover"]["incident"] == json!(second)).await;
    assert_eq!(town.on_wall(json!({ "person": "an", "act": "release" })).await.status, 204);
    town.told_of(&mut viewer, "the release", |state| state["plan"]["takeover"].is_null()).await;
    assert_eq!(town.on_wall(json!({ "person": "an", "act": "take_over", "incident": incident })).await.status, 204);
    town.told_of(&mut viewer, "the first again", |state| state["plan"]["takeover"]["incident"] == json!(incident)).await;
    town.pass(120).await;
    assert_eq!(town.wall().await["state"]["plan"]["takeover"]["incident"], json!(incident));
    // Nobody has read its connection meanwhile, by the clock that moved.
    let mut viewer = town.attending(None).await;
    assert_eq!(town.act(incident, json!({ "act": "resolve", "person": "binh" })).await.status, 200);
    town.told_of(&mut viewer, "the end of what is over", |state| state["plan"]["takeover"].is_null()).await;
    // Who is paged of what is another test's matter.
    town.told().await;
}

#[tokio::test]
async fn a_screen_is_enrolled_once_by_its_code_and_is_missed_when_it_no_longer_draws() {
    let mut town = Town::with_wall().await;
    let issued = town.centre.post("/api/v1/screens/codes", &json!({})).await.body;
    let (code, token) = (issued["code"].as_str().unwrap(), issued["token"].as_str().unwrap().to_owned());
    assert!(code.len() == 6 && code.chars().all(|one| one.is_ascii_digit()) && token.len() == 64, "{issued}");
    assert_eq!(town.centre.post("/api/v1/screens/self", &json!({ "token": token })).await.body, json!({}));
    let enrol = |code: &str, display: &str| json!({ "person": "an", "code": code, "wall": "main", "display": display });
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(town.centre.post("/api/v1/screens", &enrol(wrong, "2")).await.status, 400);
    assert_eq!(town.centre.post("/api/v1/screens", &enrol(code, "9")).await.status, 400, "there is no such display");
    assert_eq!(town.centre.post("/api/v1/screens", &enrol(code, "2")).await.status, 201);
    assert_eq!(town.centre.post("/api/v1/screens", &enrol(code, "3")).await.status, 400, "a code counts once");
    assert_eq!(town.centre.post("/api/v1/screens/self", &json!({ "token": token })).await.body["place"], json!(["main", "2"]));
    let stored: Vec<u8> = town.sql.query_one("SELECT token FROM screen", &[]).await.unwrap().get(0);
    assert!(stored.len() == 32 && stored != token.as_bytes(), "only a hash is kept");

    let mut screen = town.attending(Some(&token)).await;
    screen.until("what it shows", |message| message["type"] == "wall").await;
    assert_eq!(town.screen().await["state"], "awaited", "a connection is no sign of life");
    screen.send(json!({ "type": "beat", "frames": 10, "shows": "second" })).await;
    town.until_screen("live").await;
    assert_eq!((&town.screen().await["shows"], &town.wall().await["viewers"]), (&json!("second"), &json!(0)));
    // It is connected, and counts no further: what stands still is no sign of life either.
    town.pass(8).await;
    screen.send(json!({ "type": "beat", "frames": 10, "shows": "second" })).await;
    town.pass(1).await;
    assert_eq!(town.screen().await["state"], "live");
    town.passing_until("the screen is dead", async || town.screen().await["state"] == "dead").await;
    assert!(town.open().await.is_empty(), "a browser that is started anew is back within a minute");
    town.passing_until("people are told", async || town.open().await.len() == 1).await;
    let open = town.open().await;
    assert!(open[0]["title"]["en"].as_str().unwrap().contains("Screen 2 of Wall"), "{open:?}");
    // Its connection has been cut off meanwhile, by the clock that moved.
    let mut screen = town.attending(Some(&token)).await;
    screen.send(json!({ "type": "beat", "frames": 11, "shows": "second" })).await;
    town.passing_until("the incident is over", async || town.open().await.is_empty()).await;

    // A server that begins waits for its screens before it misses them.
    town.killed_for(3600).await;
    assert_eq!(town.screen().await["state"], "awaited");
    town.passing_until("the screen is dead again", async || town.screen().await["state"] == "dead").await;
    assert!(town.screen().await["drawn_at"].is_string());

    let mut screen = town.attending(Some(&token)).await;
    screen.until("what it shows", |message| message["type"] == "wall").await;
    let id = town.screen().await["id"].clone();
    let gone = town.centre.send(reqwest::Method::DELETE, &format!("/api/v1/screens/{id}?person=binh"), &[]).await;
    assert_eq!(gone.status().as_u16(), 204);
    assert_eq!(screen.close_code().await, Some(1008));
    assert_eq!(town.centre.post("/api/v1/screens/self", &json!({ "token": token })).await.status, 403);
    let mut refused = town.attending(Some(&token)).await;
    assert_eq!(refused.until("a refusal", |message| message["type"] == "error").await["code"], "forbidden");
    let acts = town.wall().await["acts"].clone();
    assert_eq!((&acts[0]["act"]["act"], &acts[0]["person"], &acts[1]["act"]["act"]), (&json!("revoke"), &json!("binh"), &json!("enrol")));
}
