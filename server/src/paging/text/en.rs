//! The words of messages in English.
//!
//! Nothing else may stand here: how they are put together is the same in every language.

use super::Words;
use taydo_model::alert::Severity;
use taydo_model::page::PageKind;

pub(super) const WORDS: Words = Words {
    tag: "en",
    kind,
    severity,
    exercise: "EXERCISE",
    exercise_line: "EXERCISE: this is not a real incident",
    repeat: "repeat",
    place: "Where",
    value: "Value",
    limit: "limit",
    since: "Since",
    team: "team",
    told: "Also told",
    answer: "See and take it",
    more: "more",
    reference: "Reference",
    reply: "Reply:",
    press: "Press 1 to take it",
    chart: "Chart around the event",
};

fn kind(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Firing => "Alert",
        PageKind::StillFiring => "Still firing",
        PageKind::Update => "News of what you have taken",
        PageKind::Resolved => "Resolved",
        PageKind::Exhausted => "Nobody has answered",
        PageKind::Reminder => "Reminder: still open",
        PageKind::Digest => "Digest of your quiet hours",
        PageKind::Shift => "Your shift begins",
        PageKind::Code => "Verification code",
        PageKind::Reply => "Tây Đô",
        PageKind::Notice => "Duty notice",
        PageKind::Letter => "Morning letter",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Info => "for information",
    }
}
