//! A gap's report in words, in both languages.
//!
//! It must never say that nothing happened while it is not known.

use super::{Condition, Gap, GapCause, GapWords};
use crate::number::{count, number, span};
use crate::text::Language;
use crate::{Kpi, KpiId, Scope, SourceId, Status, Text};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Conditions that are told; the others are counted.
const TOLD: usize = 8;

/// What things are called.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The city's zone.
    pub zone: &'a TimeZone,
    /// A KPI's definition, where it is still defined.
    pub kpi: &'a dyn Fn(&KpiId) -> Option<&'a Kpi>,
    /// A scope's name.
    pub scope: &'a dyn Fn(&Scope) -> Text,
    /// A source's title.
    pub source: &'a dyn Fn(&SourceId) -> Text,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names").field("zone", self.zone).finish_non_exhaustive()
    }
}

fn both(say: impl Fn(Language) -> String) -> Text {
    Text { vi: say(Language::Vi), en: say(Language::En) }
}

impl Gap {
    /// The report as people read it.
    #[must_use]
    pub fn in_words(&self, names: &Names<'_>) -> GapWords {
        let mut lines = vec![both(|language| self.feeds_in_words(names, language))];
        if self.is_recomputing {
            lines.push(Text::new("Số liệu của khoảng này đang được tính lại", "The figures of this time are being recomputed"));
        } else if self.conditions.is_empty() {
            lines.push(Text::new("Không có chỉ tiêu nào ở mức cần chú ý", "No figure was at attention or critical"));
        }
        lines.extend(self.conditions.iter().take(TOLD).map(|one| both(|language| one.in_words(names, language))));
        let more = self.conditions.len().saturating_sub(TOLD) as u64 + self.more_conditions;
        if more > 0 {
            lines.push(both(|language| language.pick("và {} tình trạng khác", "and {} more").replace("{}", &count(more, language))));
        }
        GapWords { title: both(|language| self.title(names, language)), lines }
    }

    fn title(&self, names: &Names<'_>, language: Language) -> String {
        let cause = match self.cause {
            GapCause::Stopped => language.pick("máy chủ không chạy", "the server was not running"),
            GapCause::Suspended => language.pick("máy chủ đứng yên", "the server stood still"),
        };
        let state = if self.is_closed { "" } else { language.pick("; đang cập nhật", "; being updated") };
        let length = span(self.to.duration_since(self.from).as_secs(), language);
        format!("{} – {} ({length}): {cause}{state}", moment(self.from, names.zone), moment(self.to, names.zone))
    }

    fn feeds_in_words(&self, names: &Names<'_>, language: Language) -> String {
        let missing: Vec<String> = self.missing().map(|source| (names.source)(source).get(language).to_owned()).collect();
        if missing.is_empty() {
            return language.pick("Mọi nguồn đã trở lại", "All feeds are back").to_owned();
        }
        format!("{}: {}", language.pick("Nguồn chưa trở lại", "Feeds not back yet"), missing.join(", "))
    }
}

impl Condition {
    fn in_words(&self, names: &Names<'_>, language: Language) -> String {
        let status = match self.status {
            Status::Critical => language.pick("Nghiêm trọng", "Critical"),
            Status::Attention | Status::Normal => language.pick("Cần chú ý", "Attention"),
        };
        let (title, worst) = match (names.kpi)(&self.kpi) {
            Some(kpi) => {
                let unit = kpi.unit.symbol();
                let worst = format!("{} {}", number(self.worst, kpi.decimals, language), unit.get(language));
                (kpi.title.get(language).to_owned(), worst.trim_end().to_owned())
            }
            None => (self.kpi.to_string(), number(self.worst, 1, language)),
        };
        let scope = (names.scope)(&self.scope);
        let (from, to) = (moment(self.from, names.zone), moment(self.to, names.zone));
        let when = if from == to { from } else { format!("{from} – {to}") };
        format!("{status}: {title} ({}), {when}, {} {worst}", scope.get(language), language.pick("xấu nhất", "at worst"))
    }
}

/// `02/03 08:10`.
fn moment(time: Timestamp, zone: &TimeZone) -> String {
    let shown = zone.to_datetime(time);
    format!("{:02}/{:02} {:02}:{:02}", shown.day(), shown.month(), shown.hour(), shown.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gap::GapFeed;

    #[test]
    fn a_report_reads_as_people_say_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let speed = Kpi { title: Text::new("Tốc độ", "Speed"), ..crate::compare::speed() };
        let condition = Condition {
            kpi: speed.id.clone(),
            scope: Scope::City,
            status: Status::Critical,
            from: at("2026-03-02T01:10:00Z"),
            to: at("2026-03-02T01:14:00Z"),
            worst: 8.04,
        };
        let mut gap = Gap {
            id: 1,
            cause: GapCause::Stopped,
            from: at("2026-03-02T01:00:00Z"),
            to: at("2026-03-02T01:31:00Z"),
            updated: at("2026-03-02T01:31:00Z"),
            is_closed: false,
            is_recomputing: true,
            feeds: vec![GapFeed { source: "roads".parse().unwrap(), back: None }],
            conditions: vec![condition; 10],
            more_conditions: 3,
        };
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let names = Names {
            zone: &zone,
            kpi: &|_| Some(&speed),
            scope: &|_| Text::new("Toàn thành phố", "Whole city"),
            source: &|_| Text::new("Cảm biến đường", "Road sensors"),
        };
        let words = gap.in_words(&names);
        assert_eq!(words.title.vi, "02/03 08:00 – 02/03 08:31 (31 phút): máy chủ không chạy; đang cập nhật");
        assert_eq!(words.lines[0].vi, "Nguồn chưa trở lại: Cảm biến đường");
        assert_eq!(words.lines[2].vi, "Nghiêm trọng: Tốc độ (Toàn thành phố), 02/03 08:10 – 02/03 08:14, xấu nhất 8,0 km/h");
        assert_eq!((words.lines.len(), words.lines[10].en.as_str()), (11, "and 5 more"));
        gap.feeds.clear();
        gap.conditions.clear();
        (gap.is_recomputing, gap.is_closed, gap.more_conditions) = (false, true, 0);
        let words = gap.in_words(&names);
        assert_eq!(words.title.en, "02/03 08:00 – 02/03 08:31 (31 min): the server was not running");
        let lines: Vec<&str> = words.lines.iter().map(|line| line.vi.as_str()).collect();
        assert_eq!(lines, ["Mọi nguồn đã trở lại", "Không có chỉ tiêu nào ở mức cần chú ý"]);
    }
}
