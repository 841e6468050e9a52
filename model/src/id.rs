//! Names of things: one type each, so that a department can't be passed where an area is meant.
//!
//! An id is made of lower-case letters, digits, `.`, `-` and `_`, begins with a letter or a digit, and has at
//! most 64 bytes. An id never means anything by its spelling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

/// The longest id, in bytes.
pub const MAX_ID_BYTES: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    noun: &'static str,
    text: String,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.text.chars().take(80).collect();
        write!(f, "{shown:?} is not {}: an id has 1 to {MAX_ID_BYTES} of a-z 0-9 . - _ and begins with a letter or a digit", self.noun)
    }
}

impl std::error::Error for InvalidId {}

fn is_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && text.len() <= MAX_ID_BYTES
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
}

/// Makes an id of any text: lower case, everything else than letters and digits joined by one `-`. Vietnamese
/// letters lose their marks. `None` where nothing is left.
#[must_use]
pub fn slug(text: &str) -> Option<String> {
    use unicode_normalization::UnicodeNormalization;
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().flat_map(char::to_lowercase) {
        let c = if c == 'đ' { 'd' } else { c };
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !('\u{300}'..='\u{36f}').contains(&c) && !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
        if out.len() == MAX_ID_BYTES {
            break;
        }
    }
    let out = out.trim_end_matches('-').to_owned();
    (!out.is_empty()).then_some(out)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $noun:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as an id, or says why it isn't one.
            ///
            /// # Errors
            /// When the text has other characters than an id may have, or is too long.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
                let text = text.as_ref();
                if is_id(text) { Ok(Self(text.into())) } else { Err(InvalidId { noun: $noun, text: text.to_owned() }) }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
        impl fmt::Debug for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{:?}", &*self.0) } }
        impl AsRef<str> for $name { fn as_ref(&self) -> &str { &self.0 } }
        impl Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
        impl FromStr for $name { type Err = InvalidId; fn from_str(text: &str) -> Result<Self, InvalidId> { Self::new(text) } }
        impl TryFrom<String> for $name { type Error = InvalidId; fn try_from(text: String) -> Result<Self, InvalidId> { Self::new(text) } }
        impl From<$name> for String { fn from(id: $name) -> String { (*id.0).to_owned() } }
    )+ };
}

ids! {
    /// Names a metric, such as `traffic.speed`.
    MetricId, "a metric id";
    /// Names a KPI, such as `services.backlog`.
    KpiId, "a KPI id";
    /// Names an asset of the register, such as `ql91-12`.
    AssetId, "an asset id";
    /// Names an area: a ward by its GSO code, such as `31135`.
    AreaId, "an area id";
    /// Names a department or another owner, such as `so-giao-thong`.
    DepartmentId, "a department id";
    /// Names a configured way in.
    SourceId, "a source id";
    /// Names a board.
    BoardId, "a board id";
    /// Names a wall.
    WallId, "a wall id";
    /// Names a goal of the city's plan.
    GoalId, "a goal id";
    /// Names an alert rule, such as `traffic-jam`.
    RuleId, "a rule id";
    /// A kind of incidents that people open by hand.
    KindId, "a kind of incidents";
    /// Names a team of people who answer alerts, such as `giao-thong`.
    TeamId, "a team id";
    /// Names a rota of a team, such as `giao-thong-ca`.
    RotaId, "a rota id";
    /// Names an escalation policy.
    PolicyId, "a policy id";
    /// Names a person who can be on call.
    PersonId, "a person id";
    /// Names a label of a series, such as `lane`.
    LabelName, "a label name";
}

/// Names a case within its source: whatever the source calls it, at most 128 bytes, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId(Arc<str>);

impl CaseId {
    /// Takes the text as a case id, or says why it isn't one.
    ///
    /// # Errors
    /// When the text is empty, longer than 128 bytes, or has control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
        let text = text.as_ref().trim();
        if text.is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
            return Err(InvalidId { noun: "a case id", text: text.to_owned() });
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for CaseId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}
impl From<CaseId> for String {
    fn from(id: CaseId) -> String {
        (*id.0).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_and_short() {
        for good in ["traffic.speed", "31135", "so-giao-thong", "a", "ql91_12"] {
            assert!(KpiId::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".a", "-a", "Traffic", "a b", "đường", "<script>", &"x".repeat(65)] {
            assert!(KpiId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slug_drops_vietnamese_marks_and_joins_words() {
        assert_eq!(slug("Sở Giao thông – Vận tải").as_deref(), Some("so-giao-thong-van-tai"));
        assert_eq!(slug("Đường 30/4").as_deref(), Some("duong-30-4"));
        assert_eq!(slug("PWDx").as_deref(), Some("pwdx"));
        assert_eq!(slug(" – "), None);
    }
}
