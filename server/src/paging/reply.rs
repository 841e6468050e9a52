//! Replies: what a person means who answers a message with a few words, or a call with a key.
//!
//! It must never act: who may do what is decided under the lock of whoever holds the incident.

use super::hook::{HookError, Posted, Proof, at};
use super::report::message;
use super::sms::is_number;
use crate::store::reply::{NewReply, ReplyFrom, Wish};
use taydo_model::incident::IncidentId;
use taydo_model::oncall::Channel;

const ACKNOWLEDGE: [&str; 5] = ["ack", "nhan", "nhận", "ok", "take"];
const ESCALATE: [&str; 4] = ["esc", "chuyen", "chuyển", "escalate"];
const STOP: [&str; 7] = ["stop", "stopall", "unsubscribe", "dung", "dừng", "huy", "hủy"];
const START: [&str; 4] = ["start", "unstop", "batdau", "bắt đầu"];

/// Reads a reply: `ack198`, `ACK 198`, `Nhận #198 `, `STOP`. Case, spaces around it and a number sign don't matter.
#[must_use]
pub fn read(text: &str) -> Wish {
    let text = text.trim().trim_end_matches(['.', '!']).trim_end().to_lowercase();
    if STOP.contains(&text.as_str()) {
        return Wish::Stop;
    }
    if START.contains(&text.as_str()) {
        return Wish::Start;
    }
    if let Some(incident) = numbered(&text, &ACKNOWLEDGE) {
        return Wish::Acknowledge(incident);
    }
    numbered(&text, &ESCALATE).map_or(Wish::Unclear, Wish::Escalate)
}

/// The incident that follows one of these words; none where the word stands alone, and nothing where anything else follows.
fn numbered(text: &str, words: &[&str]) -> Option<Option<IncidentId>> {
    words.iter().find_map(|word| {
        let rest = text.strip_prefix(word)?.trim_start();
        let digits = rest.strip_prefix('#').unwrap_or(rest).trim_start();
        if rest.is_empty() {
            return Some(None);
        }
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { digits.parse().ok().map(|number| Some(IncidentId(number))) } else { None }
    })
}

/// What a key means that somebody pressed during a call: 1 takes it, 2 escalates it; by everything else it is said again.
#[must_use]
pub fn key(text: &str) -> Wish {
    match text.trim() {
        "1" => Wish::Acknowledge(None),
        "2" => Wish::Escalate(None),
        _ => Wish::Unclear,
    }
}

/// How a provider passes on what people answer: JSON pointers.
#[derive(Debug, Clone)]
pub(super) struct ReplyShape {
    pub(super) channel: Channel,
    pub(super) proof: Proof,
    /// Where the event's id is.
    pub(super) event: String,
    /// Where it says from which address it comes; or else where the message's reference is, ours or theirs.
    pub(super) from: Option<String>,
    pub(super) ours: Option<String>,
    pub(super) theirs: Option<String>,
    /// Where the words are, or the key.
    pub(super) text: String,
    /// What national numbers are put after instead of their 0.
    pub(super) country_code: Option<String>,
}

/// A reply that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    channel: Channel,
    event: String,
    from: Option<String>,
    ours: Option<String>,
    theirs: Option<String>,
    wish: Wish,
}

impl Answered {
    /// As the store takes it.
    #[must_use]
    pub fn reply<'a>(&'a self, provider: &'a str) -> NewReply<'a> {
        let from = match &self.from {
            Some(address) => ReplyFrom::Address(self.channel, address),
            None => ReplyFrom::Message(message(self.ours.as_deref(), self.theirs.as_deref())),
        };
        NewReply { provider, event: &self.event, from, wish: self.wish }
    }

    /// Over which channel it came.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }
}

impl ReplyShape {
    /// Reads a reply.
    pub(super) fn read(&self, posted: &Posted<'_>) -> Result<Answered, HookError> {
        let body = self.proof.open(posted)?;
        let pointed = |pointer: &Option<String>| pointer.as_deref().and_then(|pointer| at(&body, pointer));
        let event = at(&body, &self.event).ok_or(HookError::Incomplete)?;
        // Somebody may send nothing at all, or press no key: that isn't understood, but it is an event.
        let text = at(&body, &self.text).unwrap_or_default();
        let from = pointed(&self.from).map(|from| self.address(&from));
        let (ours, theirs) = (pointed(&self.ours), pointed(&self.theirs));
        if from.is_none() && ours.is_none() && theirs.is_none() {
            return Err(HookError::Incomplete);
        }
        let wish = if self.channel == Channel::Voice { key(&text) } else { read(&text) };
        Ok(Answered { channel: self.channel, event, from, ours, theirs, wish })
    }

    /// An address as contacts have it: a telephone number in E.164, however the provider writes it.
    fn address(&self, given: &str) -> String {
        if !matches!(self.channel, Channel::Sms | Channel::Voice) {
            return given.to_owned();
        }
        let bare: String = given.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let international = bare.strip_prefix("00").map(|rest| format!("+{rest}"));
        let national = || bare.strip_prefix('0').zip(self.country_code.as_ref()).map(|(rest, country)| format!("+{country}{rest}"));
        let number =
            international.or_else(national).unwrap_or_else(|| if bare.starts_with('+') { bare.clone() } else { format!("+{bare}") });
        if is_number(&number) { number } else { given.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_as_people_type_it() {
        for text in ["ack198", "ack198 ", " ACK 198", "Ack #198", "nhận 198", "NHAN198.", "ok 198 !"] {
            assert_eq!(read(text), Wish::Acknowledge(Some(IncidentId(198))), "{text:?}");
        }
        for text in
            ["198", "ack 19 8", "ack-1", "ack99999999999999999999", "what?", "", "help", "okay", "acknowledge", "ack #", "nhanh len"]
        {
            assert_eq!(read(text), Wish::Unclear, "{text:?}");
        }
        assert_eq!((read("ack"), read(" Nhận ")), (Wish::Acknowledge(None), Wish::Acknowledge(None)));
        assert_eq!((read("esc 7"), read("Chuyển")), (Wish::Escalate(Some(IncidentId(7))), Wish::Escalate(None)));
        assert_eq!((read(" Stop! "), read("start"), read("Dừng")), (Wish::Stop, Wish::Start, Wish::Stop));
        assert_eq!((key("1"), key(" 2"), key("3"), key("")), (Wish::Acknowledge(None), Wish::Escalate(None), Wish::Unclear, Wish::Unclear));
    }

    #[test]
    fn a_number_is_known_however_the_provider_writes_it() {
        let proof = Proof::Token { header: String::new(), secret: String::new() };
        let shape = ReplyShape {
            channel: Channel::Sms,
            proof,
            event: String::new(),
            from: None,
            ours: None,
            theirs: None,
            text: String::new(),
            country_code: Some("84".to_owned()),
        };
        for given in ["+84901234567", "84901234567", "0084901234567", "0901234567", "+84 90 123-45-67"] {
            assert_eq!(shape.address(given), "+84901234567", "{given}");
        }
        assert_eq!(shape.address("TAYDO"), "TAYDO");
        assert_eq!(ReplyShape { channel: Channel::Chat, ..shape }.address("0901"), "0901");
    }
}
