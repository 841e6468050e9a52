//! Replies: what a person means who answers a message with a few words.
//!
//! It must never act: who may do what is decided by whoever holds the incident.

use taydo_model::incident::IncidentId;

/// What was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// To take this incident, and with it its group.
    Acknowledge(IncidentId),
    /// To get no more messages on this contact.
    Stop,
    /// To get them again.
    Start,
    /// Nothing that is understood: help may be sent, but not without end.
    Unclear,
}

const ACKNOWLEDGE: [&str; 4] = ["ack", "nhan", "nhận", "ok"];
const STOP: [&str; 5] = ["stop", "stopall", "dung", "dừng", "huy"];
const START: [&str; 3] = ["start", "unstop", "batdau"];

/// Reads a reply: `ack198`, `ACK 198`, `Nhận #198 `, `STOP`. Case, spaces around it and a number sign don't matter.
#[must_use]
pub fn read(text: &str) -> Reply {
    let text = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    if STOP.contains(&text.as_str()) {
        return Reply::Stop;
    }
    if START.contains(&text.as_str()) {
        return Reply::Start;
    }
    let number = ACKNOWLEDGE.iter().find_map(|word| text.strip_prefix(word)).map(|rest| rest.trim_start().trim_start_matches('#'));
    let digits = number.filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).map_or(Reply::Unclear, |number| Reply::Acknowledge(IncidentId(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_read_as_people_type_it() {
        for text in ["ack198", "ack198 ", " ACK 198", "Ack #198", "nhận 198", "NHAN198."] {
            assert_eq!(read(text), Reply::Acknowledge(IncidentId(198)), "{text:?}");
        }
        for text in ["ack", "198", "ack 19 8", "ack-1", "ack99999999999999999999", "what?", ""] {
            assert_eq!(read(text), Reply::Unclear, "{text:?}");
        }
        assert_eq!((read(" Stop! "), read("start"), read("Dừng")), (Reply::Stop, Reply::Start, Reply::Stop));
    }
}
