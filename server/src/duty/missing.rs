//! Readings that went missing while others went on: what fired there is taken for over, and the feed's owner is told why.
//!
//! It must never say that something is over: whoever was paged learns that as always.

use super::steward::notice;
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use taydo_engine::rota::OnCall;
use taydo_model::alert::Transition;
use taydo_model::duty::Steward;
use taydo_model::oncall::Target;
use taydo_model::page::{About, Page, PageKind};
use taydo_model::{Definitions, DepartmentId, PersonId, RuleId, Scope};

/// What went missing longer ago isn't told any more.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The notices to stewards about what went missing lately, in their office hours: one for each rule and instant. Found again
/// they are the same pages.
pub(super) async fn notices(store: &Store, roster: &Roster, definitions: &Definitions, now: Timestamp) -> Result<Vec<Page>, StoreError> {
    if definitions.duty.stewards.is_empty() {
        return Ok(Vec::new());
    }
    let gone = store.gone_missing(now.saturating_sub(TOLD_WITHIN).unwrap_or(now)).await?;
    let mut scopes: BTreeMap<(DepartmentId, RuleId, Timestamp), u32> = BTreeMap::new();
    for transition in gone {
        if let Some(owner) = owner(&transition, definitions) {
            *scopes.entry((owner, transition.rule, transition.at)).or_default() += 1;
        }
    }
    let mut notices = Vec::new();
    for ((owner, rule, at), scopes) in scopes {
        let steward = definitions.duty.steward_of(&owner).and_then(|team| definitions.duty.steward(team));
        let Some(steward) = steward else { continue };
        let told_at = steward.hours_from(at);
        for person in persons(steward, roster, at) {
            let about = About::Missing { rule: rule.clone(), at, scopes };
            notices.extend(notice(roster, &person, PageKind::Notice, about, told_at));
        }
    }
    Ok(notices)
}

/// Whose readings they were: the asset's owner, or the department itself, or else the KPI's owner.
fn owner(transition: &Transition, definitions: &Definitions) -> Option<DepartmentId> {
    let kpi = definitions.rule(&transition.rule).and_then(|rule| definitions.kpi(&rule.kpi));
    let of_kpi = || kpi.and_then(|kpi| kpi.owner.clone());
    match &transition.scope {
        Scope::Department(department) => Some(department.clone()),
        Scope::Asset(asset) => definitions.asset(asset).map(|asset| asset.owner.clone()).or_else(of_kpi),
        Scope::City | Scope::Area(_) => of_kpi(),
    }
}

/// Whom a steward stands for at a moment.
pub(super) fn persons(steward: &Steward, roster: &Roster, at: Timestamp) -> Vec<PersonId> {
    match &steward.target {
        Target::Person(person) => vec![person.clone()],
        Target::Team(team) => roster.teams.get(team).map(|team| team.members.clone()).unwrap_or_default(),
        Target::Rota(rota) => {
            let reachable = |person: &PersonId| roster.reaches(person, false);
            roster.rotas.get(rota).map(|rota| OnCall::new(rota, &reachable).at(at)).unwrap_or_default()
        }
    }
}
