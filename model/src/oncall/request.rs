//! What is asked to change the roster, and what of it makes no sense.
//!
//! It must never accept a name or an address that could not be shown or sent.

use super::{Channel, Person, Policy, Team};
use crate::rota::RotaParts;
use crate::silence::Matcher;
use crate::{PersonId, Text};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name or reason, in characters.
const MOST_CHARS: usize = 200;
/// The most steps of a policy, targets of a step, members of a team, rules of a person.
const MOST_ITEMS: usize = 50;
/// The longest delay or time-out, in seconds.
const LONGEST_S: u32 = 7 * 86_400;

/// What is answered of something new that has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Made {
    /// The number.
    pub id: i64,
}

/// `GET /api/v1/roster`: all of it, with people's addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RosterPage {
    /// Everybody who has not left.
    pub persons: Vec<Person>,
    /// The teams.
    pub teams: Vec<Team>,
    /// The policies.
    pub policies: Vec<Policy>,
    /// The rotas, with what is changed for once and not past.
    pub rotas: Vec<RotaParts>,
    /// Who is told when nobody else can be.
    pub keeper: Option<PersonId>,
}

/// `POST /api/v1/persons/{id}/contacts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    /// The channel.
    pub channel: Channel,
    /// E-mail address, telephone number in E.164, URL or chat id.
    pub address: String,
    /// Whether it is for exercises only.
    #[serde(default)]
    pub exercise: bool,
}

/// `POST /api/v1/contacts/{id}/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code that was sent.
    pub code: String,
}

/// `PUT /api/v1/keeper`: who is told when nobody else can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Keeper {
    /// Who; nobody, where it is absent.
    #[serde(default)]
    pub person: Option<PersonId>,
}

/// `POST /api/v1/silences`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// All of these hold for what it mutes.
    pub matchers: Vec<Matcher>,
    /// From when on; now, where it is absent. A later start is planned work.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Who wants it.
    pub author: PersonId,
    /// Why.
    pub reason: String,
    /// Whether it is planned work.
    #[serde(default)]
    pub maintenance: bool,
}

fn text(name: &str, text: &str) -> Option<Text> {
    let is_sound = !text.trim().is_empty() && text.chars().count() <= MOST_CHARS && !text.chars().any(char::is_control);
    (!is_sound).then(|| {
        Text::new(
            &format!("`{name}` có từ 1 đến {MOST_CHARS} ký tự trên một dòng"),
            &format!("`{name}` has 1 to {MOST_CHARS} characters in one line"),
        )
    })
}

fn count(name: &str, count: usize) -> Option<Text> {
    let (vi, en) = (
        format!("`{name}` có {count} mục; nhiều nhất là {MOST_ITEMS}"),
        format!("`{name}` has {count} items; at most {MOST_ITEMS} are taken"),
    );
    (count > MOST_ITEMS).then_some(Text { vi, en })
}

impl NewContact {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let address = &self.address;
        if let Some(problem) = text("address", address) {
            return Some(problem);
        }
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_phone = address.strip_prefix('+').is_some_and(|rest| (8..=15).contains(&rest.len()) && digits(rest));
        let is_mail = address
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !address.contains([' ', ',', ';', '<', '>']));
        match self.channel {
            Channel::Sms | Channel::Voice if !is_phone => Some(Text::new(
                &format!("{address:?} không phải số điện thoại; hãy viết kèm mã nước, ví dụ +84901234567"),
                &format!("{address:?} is no telephone number; write it with its country, such as +84901234567"),
            )),
            Channel::Email if !is_mail => {
                Some(Text::new(&format!("{address:?} không phải địa chỉ e-mail"), &format!("{address:?} is no e-mail address")))
            }
            Channel::Webhook if !address.starts_with("https://") && !address.starts_with("http://") => {
                Some(Text::new(&format!("{address:?} không phải địa chỉ web"), &format!("{address:?} is no web address")))
            }
            _ => None,
        }
    }
}

impl Person {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let zone = TimeZone::get(&self.zone).is_err().then(|| {
            Text::new(
                &format!("`zone` là {:?}; hãy viết tên IANA như Asia/Ho_Chi_Minh", self.zone),
                &format!("`zone` is {:?}; write an IANA name such as Asia/Ho_Chi_Minh", self.zone),
            )
        });
        let language =
            (!["vi", "en"].contains(&self.language.as_str())).then(|| Text::new("`language` là vi hoặc en", "`language` is vi or en"));
        let late = self
            .rules
            .iter()
            .any(|rule| rule.after_min > LONGEST_S / 60)
            .then(|| Text::new("`after_min` nhiều nhất là một tuần", "`after_min` is at most a week"));
        let contacts = (!self.contacts.is_empty()).then(|| {
            Text::new("liên lạc được thêm riêng: hãy để trống `contacts`", "contacts are added by themselves: leave `contacts` empty")
        });
        text("name", &self.name).or(zone).or(language).or_else(|| count("rules", self.rules.len())).or(late).or(contacts)
    }
}

impl Team {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        text("name", &self.name).or_else(|| count("members", self.members.len())).or_else(|| self.timings.problem())
    }
}

impl Policy {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if self.steps.is_empty() {
            return Some(Text::new("`steps` trống; hãy nêu báo cho ai trước", "`steps` is empty; say whom to page first"));
        }
        let long = self.steps.iter().map(|step| step.delay_s).chain(self.acknowledgement_timeout_s).any(|seconds| seconds > LONGEST_S);
        let short = self.steps.iter().any(|step| step.delay_s == 0) && self.repeats > 0;
        count("steps", self.steps.len())
            .or_else(|| self.steps.iter().find_map(|step| count("targets", step.targets.len())))
            .or_else(|| (self.repeats > 20).then(|| Text::new("`repeats` nhiều nhất là 20", "`repeats` is at most 20")))
            .or_else(|| long.then(|| Text::new("thời gian chờ nhiều nhất là một tuần", "delays and time-outs are at most a week")))
            .or_else(|| {
                short.then(|| {
                    Text::new(
                        "bước không có thời gian chờ thì không lặp lại được; hãy cho vài giây",
                        "a step without a delay can't be repeated; give it some seconds",
                    )
                })
            })
            .or_else(|| {
                (self.acknowledgement_timeout_s == Some(0)).then(|| {
                    Text::new(
                        "`acknowledgement_timeout_s` là 0; nếu không cần thì bỏ đi",
                        "`acknowledgement_timeout_s` is 0; leave it out for none",
                    )
                })
            })
    }
}

impl NewSilence {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self, now: Timestamp) -> Option<Text> {
        let from = self.from.unwrap_or(now);
        if self.until <= from.max(now) {
            return Some(Text::new("`until` đã qua, hoặc trước `from`", "`until` is over already, or before `from`"));
        }
        if self.until.duration_since(from).as_hours() > 30 * 24 {
            return Some(Text::new(
                "khoảng lặng dài nhất 30 ngày; nếu cần lâu hơn hãy sửa quy tắc",
                "a silence lasts at most 30 days; change the rule for what is to be quiet for longer",
            ));
        }
        if self.matchers.is_empty() {
            return Some(Text::new(
                "`matchers` trống nên không tắt gì; hãy nêu điều cần lặng",
                "`matchers` is empty, which mutes nothing; name what is to be quiet",
            ));
        }
        text("reason", &self.reason).or_else(|| count("matchers", self.matchers.len())).or_else(|| {
            let wrong = self
                .matchers
                .iter()
                .find(|matcher| text("label", &matcher.label).is_some() || count("values", matcher.values.len()).is_some())?;
            Some(Text::new(
                &format!("điều kiện trên nhãn {:?} không hợp lệ", wrong.label),
                &format!("the matcher of {:?} makes no sense", wrong.label),
            ))
        })
    }
}
