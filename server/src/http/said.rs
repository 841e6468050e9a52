//! The lines of an incident's log in words.
//!
//! It must never leave a line out: whatever was written is said.

use jiff::Timestamp;
use taydo_model::alert::Cause;
use taydo_model::console::SaidLine;
use taydo_model::incident::log::{Again, Entry, Exhaustion, LogLine, Mute};
use taydo_model::incident::{Assignment, Party};
use taydo_model::page::PageKind;
use taydo_model::text::Language;
use taydo_model::{PersonId, TeamId, Text};

/// The log in both languages.
pub(super) fn said(
    log: &[LogLine],
    name: &dyn Fn(&PersonId) -> String,
    team: &dyn Fn(&TeamId) -> String,
    moment: &dyn Fn(Timestamp) -> String,
) -> Vec<SaidLine> {
    let line = |line: &LogLine| {
        let text = |language| Saying { name, team, moment, language }.line(line);
        let note = if let Entry::Noted { text, .. } = &line.entry { Some(text.clone()) } else { None };
        SaidLine { number: line.number, at: line.at, text: Text { vi: text(Language::Vi), en: text(Language::En) }, note }
    };
    log.iter().map(line).collect()
}

/// What the lines are said with.
pub(super) struct Saying<'s> {
    /// What people are called.
    pub(super) name: &'s dyn Fn(&PersonId) -> String,
    /// What teams are called.
    pub(super) team: &'s dyn Fn(&TeamId) -> String,
    /// How times are written.
    pub(super) moment: &'s dyn Fn(Timestamp) -> String,
    /// The language.
    pub(super) language: Language,
}

impl Saying<'_> {
    /// A line in words.
    pub(super) fn line(&self, line: &LogLine) -> String {
        let pick = |vi: &'static str, en: &'static str| self.language.pick(vi, en);
        let by = |person: &PersonId, did: &str| format!("{} {did}", (self.name)(person));
        match &line.entry {
            Entry::Opened { flapping: false, .. } => pick("Mở sự cố", "Opened").to_owned(),
            Entry::Opened { flapping: true, .. } => pick("Mở sự cố, đang dao động", "Opened, flapping").to_owned(),
            Entry::DuplicateSuppressed => pick("Được báo lại, không mở thêm", "Reported again, duplicate suppressed").to_owned(),
            Entry::Muted { by } => format!("{}: {}", pick("Tạm không báo ai", "Pages nobody for now"), self.mute(*by)),
            Entry::Unmuted => pick("Được báo trở lại", "May page again").to_owned(),
            Entry::Flapping => pick("Dao động liên tục", "Has begun to flap").to_owned(),
            Entry::Settled => pick("Hết dao động, vẫn còn", "Has settled, and is still there").to_owned(),
            Entry::Escalated { step, round, by, .. } => {
                let who = by.as_ref().map(|person| format!(", {} {}", pick("theo yêu cầu của", "wanted by"), (self.name)(person)));
                format!(
                    "{} {step}, {} {round}{}",
                    pick("Chuyển tới bước", "Escalated to step"),
                    pick("vòng", "round"),
                    who.unwrap_or_default()
                )
            }
            Entry::NoTarget { step, round, .. } => {
                format!(
                    "{} {step}, {} {round}",
                    pick("Không liên lạc được ai ở bước", "Nobody could be reached at step"),
                    pick("vòng", "round")
                )
            }
            Entry::Paged { kind, persons, .. } => {
                let names: Vec<String> = persons.iter().map(|person| (self.name)(person)).collect();
                format!("{} {}: {}", pick("Báo cho", "Told"), names.join(", "), self.kind(*kind))
            }
            Entry::Exhausted { why, .. } => self.exhausted(*why).to_owned(),
            Entry::Unreachable { .. } => pick("Không liên lạc được với ai", "Nobody can be reached").to_owned(),
            Entry::Acknowledged { person, .. } => by(person, pick("nhận xử lý", "acknowledged it")),
            Entry::Joined { person } => {
                by(person, pick("đang xử lý việc cùng nhóm, nhận luôn việc này", "has what it joined, and so has this too"))
            }
            Entry::Taken { person } => by(person, pick("nhận về mình", "took it over")),
            Entry::Snoozed { person, until } => by(person, &format!("{} {}", pick("hoãn đến", "snoozed it until"), (self.moment)(*until))),
            Entry::Triggered { why } => format!("{}: {}", pick("Báo lại từ đầu", "Triggered again"), self.again(*why)),
            Entry::Noted { person, text } => format!("{}: {text}", (self.name)(person)),
            Entry::Ticked { person, step } => by(person, &format!("{}: {}", pick("đã làm", "did"), step.get(self.language))),
            Entry::Unticked { person, step } => {
                by(person, &format!("{}: {}", pick("bỏ đánh dấu, chưa làm", "unticked, not done"), step.get(self.language)))
            }
            Entry::Assigned { person, assignment } => by(person, &self.assigned(assignment)),
            Entry::Merged { person, into } => by(person, &format!("{} #{}", pick("nhập vào sự cố", "merged it into"), into.0)),
            Entry::Absorbed { person, merged, .. } => {
                by(person, &format!("{} #{} {}", pick("nhập sự cố", "merged"), merged.0, pick("vào đây", "into this one")))
            }
            Entry::Resolved { cause } => format!("{}: {}", pick("Tự hết", "Over by itself"), self.cause(*cause)),
            Entry::ResolvedByHand { person } => by(person, pick("đóng sự cố", "resolved it")),
            Entry::Closed => pick("Mọi việc trong nhóm đã xong", "All of the group is over").to_owned(),
        }
    }

    fn assigned(&self, assignment: &Assignment) -> String {
        let pick = |vi: &'static str, en: &'static str| self.language.pick(vi, en);
        let told = format!("{} {}", pick("đã báo lúc", "told at"), (self.moment)(assignment.told_at));
        let to = match &assignment.party {
            Party::Team(team) => (self.team)(team),
            Party::Agency { name, phone } if phone.is_empty() => name.clone(),
            Party::Agency { name, phone } => format!("{name} ({phone})"),
        };
        format!("{} {to}, {told}", pick("giao cho", "gave it to"))
    }

    fn mute(&self, mute: Mute) -> &'static str {
        let (vi, en) = match mute {
            Mute::Silence => ("đang tắt báo", "silenced"),
            Mute::Maintenance => ("đang bảo trì", "planned work"),
            Mute::Inhibition => ("đã có sự cố khác giải thích", "explained by another incident"),
        };
        self.language.pick(vi, en)
    }

    fn again(&self, why: Again) -> &'static str {
        let (vi, en) = match why {
            Again::AcknowledgementTimedOut => ("đã nhận nhưng chưa xong đúng hạn", "acknowledged, and not over in time"),
            Again::SnoozeEnded => ("hết thời gian hoãn", "the snooze has ended"),
            Again::Escalated => ("người đang giữ chuyển tiếp", "its owner escalated it"),
        };
        self.language.pick(vi, en)
    }

    fn exhausted(&self, why: Exhaustion) -> &'static str {
        let (vi, en) = match why {
            Exhaustion::NobodyAnswered => ("Không ai trả lời, báo người dự phòng", "Nobody answered, the fall-back is told"),
            Exhaustion::NobodyThere => ("Không bước nào có người, báo người dự phòng", "No step had anybody, the fall-back is told"),
        };
        self.language.pick(vi, en)
    }

    fn cause(&self, cause: Cause) -> &'static str {
        let (vi, en) = match cause {
            Cause::Condition => ("điều kiện không còn", "the condition no longer holds"),
            Cause::Missing => ("không còn số liệu", "its readings are missing"),
            Cause::NoData => ("số liệu của quy tắc đã hết hoặc đã về", "on the rule's readings as a whole"),
            Cause::Flapping => ("dao động", "flapping"),
            Cause::Settled => ("đã ổn định", "settled"),
            Cause::RuleGone => ("quy tắc không còn", "the rule is gone"),
        };
        self.language.pick(vi, en)
    }

    fn kind(&self, kind: PageKind) -> &'static str {
        let (vi, en) = match kind {
            PageKind::Firing => ("cần người xử lý", "somebody is wanted"),
            PageKind::StillFiring => ("vẫn còn", "still firing"),
            PageKind::Update => ("có điều mới", "something new"),
            PageKind::Resolved => ("đã hết", "over"),
            PageKind::Exhausted => ("không ai trả lời", "nobody answered"),
            PageKind::Reminder => ("nhắc lại", "a reminder"),
            PageKind::Digest => ("bản gộp", "a digest"),
            PageKind::Shift => ("đầu ca trực", "a shift begins"),
            PageKind::Code => ("mã xác nhận", "a code"),
            PageKind::Reply => ("trả lời tin nhắn", "an answer to a reply"),
            PageKind::Notice => ("thông báo", "a notice"),
            PageKind::Letter => ("thư buổi sáng", "the morning letter"),
        };
        self.language.pick(vi, en)
    }
}
