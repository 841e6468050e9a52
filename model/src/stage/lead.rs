//! Who leads the shift, and so confirms the city's stage; and by what somebody confirmed one.
//!
//! Must never let a confirmation pass for the shift lead's that was not.

use crate::{PersonId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By what somebody may confirm a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// They lead a shift log that is not closed.
    ShiftLog,
    /// `duty.toml` says that they lead now: they are on call by its rota, are in its team, or are named.
    Duty,
    /// They keep the server.
    Keeper,
    /// Nobody was known to lead, and so anybody of the roster may.
    Anybody,
}

impl By {
    /// For the store and for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ShiftLog => "shift_log",
            Self::Duty => "duty",
            Self::Keeper => "keeper",
            Self::Anybody => "anybody",
        }
    }

    /// What a word of [`Self::word`] means.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::ShiftLog, Self::Duty, Self::Keeper, Self::Anybody].into_iter().find(|by| by.word() == word)
    }
}

/// Somebody who leads the shift now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lead {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// By what they lead.
    pub by: By,
}

/// By what somebody may confirm a stage while these lead; `keeper` keeps the server.
///
/// # Errors
/// In words, with who can.
pub fn entitled(person: &PersonId, leads: &[Lead], keeper: Option<&PersonId>) -> Result<By, Text> {
    if let Some(lead) = leads.iter().find(|lead| lead.person == *person) {
        return Ok(lead.by);
    }
    if keeper == Some(person) {
        return Ok(By::Keeper);
    }
    if leads.is_empty() {
        return Ok(By::Anybody);
    }
    let names = leads.iter().map(|lead| lead.name.as_str()).collect::<Vec<_>>().join(", ");
    Err(Text {
        vi: format!("cấp vận hành do trưởng ca xác nhận, lúc này là {names}; hãy báo người đó, hoặc mở sổ trực với trưởng ca mới"),
        en: format!("the stage is confirmed by whoever leads the shift, now {names}; tell them, or open a shift log with its new lead"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> PersonId {
        PersonId::new(name).unwrap()
    }

    #[test]
    fn only_who_leads_confirms_where_somebody_is_known_to_lead() {
        let lead = |name: &str, by: By| Lead { person: id(name), name: name.to_uppercase(), by };
        let leads = [lead("an", By::ShiftLog), lead("binh", By::Duty)];
        let keeper = id("keeper");
        assert_eq!(entitled(&id("an"), &leads, None), Ok(By::ShiftLog));
        assert_eq!(entitled(&id("binh"), &leads, Some(&keeper)), Ok(By::Duty));
        assert_eq!(entitled(&keeper, &leads, Some(&keeper)), Ok(By::Keeper));
        let refused = entitled(&id("chi"), &leads, Some(&keeper)).unwrap_err();
        assert!(refused.vi.contains("AN, BINH") && refused.en.contains("AN, BINH"), "{refused:?}");
        assert_eq!(entitled(&id("chi"), &[], Some(&keeper)), Ok(By::Anybody));
        for by in [By::ShiftLog, By::Duty, By::Keeper, By::Anybody] {
            assert_eq!(By::of_word(by.word()), Some(by));
        }
    }
}
