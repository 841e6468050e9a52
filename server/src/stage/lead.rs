//! Who leads the shift now: whoever leads a shift log that is open, and whom `duty.toml` names as `shift_lead`.
//!
//! It must never ask whether somebody can be paged: a lead who sits in the room leads without a telephone.

use crate::store::roster::Roster;
use jiff::Timestamp;
use taydo_engine::rota::OnCall;
use taydo_model::PersonId;
use taydo_model::oncall::Target;
use taydo_model::shift_log::Standing;
use taydo_model::shift_log::page::LogHead;
use taydo_model::stage::lead::{By, Lead};

/// Everybody who leads, each once; a log counts before a plan of duty.
pub(super) fn leads(logs: &[LogHead], duty: Option<&Target>, roster: &Roster, now: Timestamp) -> Vec<Lead> {
    let open = logs.iter().filter(|log| log.standing != Standing::Closed).map(|log| (log.lead.clone(), By::ShiftLog));
    let planned = duty.map(|target| persons(target, roster, now)).unwrap_or_default();
    let mut leads: Vec<Lead> = Vec::new();
    for (id, by) in open.chain(planned.into_iter().map(|id| (id, By::Duty))) {
        // Who has left the roster leads nothing.
        if let Some(person) = roster.persons.get(&id)
            && !leads.iter().any(|lead| lead.person == id)
        {
            leads.push(Lead { person: id, name: person.name.clone(), by });
        }
    }
    leads
}

fn persons(target: &Target, roster: &Roster, now: Timestamp) -> Vec<PersonId> {
    match target {
        Target::Person(person) => vec![person.clone()],
        Target::Team(team) => roster.teams.get(team).map(|team| team.members.clone()).unwrap_or_default(),
        Target::Rota(rota) => roster.rotas.get(rota).map(|rota| OnCall::planned(rota).at(now)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::oncall::Person;
    use taydo_model::rota::{Layer, Rota, RotaParts, Rotation};
    use taydo_model::shift_log::ShiftLogId;
    use taydo_model::{RotaId, TeamId};

    fn id(name: &str) -> PersonId {
        PersonId::new(name).unwrap()
    }

    fn log(lead: &str, standing: Standing) -> LogHead {
        LogHead {
            id: ShiftLogId(1),
            desk: "1".to_owned(),
            lead: id(lead),
            on_duty: Vec::new(),
            opened_at: Timestamp::UNIX_EPOCH,
            standing,
            lines: 1,
            handed_over: None,
            taken_over: None,
        }
    }

    /// A roster in which An and Bình take turns in leading, a day each, and neither has a telephone.
    fn roster() -> Roster {
        let layer = Layer {
            name: "1".to_owned(),
            rotation: Rotation::Daily,
            shift_length: 1,
            start: "2026-06-01T07:00:00".parse().unwrap(),
            until: None,
            slots: vec![vec![id("an")], vec![id("binh")]],
            windows: Vec::new(),
        };
        let parts = RotaParts {
            id: RotaId::new("lead").unwrap(),
            team: TeamId::new("room").unwrap(),
            name: "Trưởng ca".to_owned(),
            zone: "Asia/Ho_Chi_Minh".to_owned(),
            layers: vec![layer],
            overrides: Vec::new(),
            temporary: Vec::new(),
        };
        let person = |name: &str| {
            let json = serde_json::json!({ "id": name, "name": name.to_uppercase(), "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
            (id(name), serde_json::from_value::<Person>(json).unwrap())
        };
        Roster {
            persons: ["an", "binh", "chi"].map(person).into_iter().collect(),
            rotas: [(RotaId::new("lead").unwrap(), Rota::new(parts).unwrap())].into_iter().collect(),
            ..Roster::default()
        }
    }

    #[test]
    fn who_leads_is_read_from_open_logs_and_from_the_plan_of_duty() {
        let (roster, rota) = (roster(), Target::Rota(RotaId::new("lead").unwrap()));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let said = |logs: &[LogHead], duty: Option<&Target>, now: &str| -> Vec<(String, By)> {
            leads(logs, duty, &roster, at(now)).into_iter().map(|lead| (lead.name, lead.by)).collect()
        };
        let duty = |name: &str| (name.to_owned(), By::Duty);
        assert_eq!(said(&[], Some(&rota), "2026-06-01T12:00:00+07:00"), [duty("AN")]);
        assert_eq!(said(&[], Some(&rota), "2026-06-02T07:00:00+07:00"), [duty("BINH")], "the hand-off is at seven");
        let open = [log("chi", Standing::Open), log("an", Standing::Closed)];
        let both = [("CHI".to_owned(), By::ShiftLog), duty("AN")];
        assert_eq!(said(&open, Some(&rota), "2026-06-01T12:00:00+07:00"), both);
        assert_eq!(said(&[log("an", Standing::HandedOver)], Some(&rota), "2026-06-01T12:00:00+07:00"), [("AN".to_owned(), By::ShiftLog)]);
        assert!(said(&[log("gone", Standing::Open)], None, "2026-06-01T12:00:00+07:00").is_empty(), "who has left leads nothing");
    }
}
