//! Whatever happens in whatever order, and however often the centre is killed: the log is whole and says what the rows say.

use crate::town::Town;
use serde_json::json;
use taydo_server::clock::Clock;
use taydo_server::store::{DatabaseAddress, Store};

/// Numbers that look like chance and are the same every time (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Three storms of five minutes, each with a calm that is long enough for all to be over.
const MINUTES: u32 = 36;

#[tokio::test]
async fn the_log_is_whole_and_its_replay_equals_the_rows_whatever_happened() {
    let mut town = Town::with_steps(&["an", "binh"], 300).await;
    let mut dice = Dice(0x7a11_0c1d);
    for minute in 0..MINUTES {
        let is_storm = minute % 12 < 5;
        let probes = ["p1", "p2", "p3", "keep", "flood", "wet", "dry"];
        let values: Vec<(&str, f64)> =
            probes.iter().map(|probe| (*probe, if dice.roll(3) == 0 && is_storm { 90.0 } else { 10.0 })).collect();
        // Killed as it may be in the middle of anything: time has moved on, and nobody waited for what comes of it.
        if dice.roll(6) == 0 {
            let seconds = 30 + i64::try_from(dice.roll(90)).unwrap();
            town.killed_for(seconds).await;
        }
        town.evaluation(&values).await;
        something(&town, &mut dice).await;
        drop(town.sms.take_all());
    }
    let ended = town.at().as_secs() + 600;
    town.until(ended).await;
    look(&town).await;
    drop(town.sms.take_all());
}

/// Somebody does something about an incident.
async fn something(town: &Town, dice: &mut Dice) {
    let open = town.open().await;
    let Some(one) = usize::try_from(dice.roll(8)).ok().and_then(|number| open.get(number)) else { return };
    let id = one["incident"]["id"].as_i64().unwrap();
    let person = if dice.roll(2) == 0 { "an" } else { "binh" };
    let seen = town.centre.get(&format!("/api/v1/incidents/{id}")).await.body["escalation"].clone();
    let until = town.clock.now() + jiff::SignedDuration::from_mins(2);
    let act = match dice.roll(6) {
        0 | 1 => json!({ "act": "acknowledge", "person": person }),
        2 => json!({ "act": "snooze", "person": person, "until": until }),
        3 => json!({ "act": "escalate", "person": person, "escalation": seen[0], "taken": seen[1] }),
        4 => json!({ "act": "take", "person": person }),
        _ => json!({ "act": "resolve", "person": person }),
    };
    let answer = town.act(id, act).await;
    assert!([200, 409].contains(&answer.status), "{answer:?}");
    if dice.roll(3) == 0 {
        town.silence("roads", town.at().as_secs() + 200, "an").await;
    }
}

/// Every group's chain holds, and replaying its lines gives its incidents' rows; every page belongs to a line.
pub async fn look(town: &Town) {
    let address = DatabaseAddress::parse(&town.database.url().await, None).unwrap();
    let store = Store::open(address.config(), Clock::real()).await.unwrap();
    let audit = store.audit_incidents().await.unwrap();
    assert!(audit.groups > 2, "a course of events with {} groups shows little", audit.groups);
    assert!(audit.problems.is_empty(), "{:#?}", audit.problems);
    println!("{} incidents in {} groups", audit.incidents, audit.groups);
}
