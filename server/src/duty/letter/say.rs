//! How a letter says things: its sentences, numbers, times and ages, in one language.
//!
//! It must never say a value without what it is of. It knows no HTML.

use super::content::{Episode, Figure, Letter, Silent};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use taydo_model::alert::Severity;
use taydo_model::figures::IncidentFigures;
use taydo_model::incident::Standing;
use taydo_model::number::{count, difference, number, span};
use taydo_model::text::Language;
use taydo_model::{Quality, Status, Text};

/// A letter in one language.
pub(super) struct Say<'l> {
    pub(super) letter: &'l Letter,
    pub(super) language: Language,
    zone: TimeZone,
}

/// How bad something is: a shape and a word, and a fill for those who see colours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) shape: &'static str,
    pub(super) word: &'static str,
    pub(super) fill: &'static str,
}

const CRITICAL: &str = "#ff6a3d";
const HIGH: &str = "#ffb000";
const MEDIUM: &str = "#f7e463";
const INFO: &str = "#9fd3f7";

impl<'l> Say<'l> {
    pub(super) fn new(letter: &'l Letter, language: Language) -> Self {
        Self { letter, language, zone: letter.time_zone() }
    }

    pub(super) fn pick<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        self.language.pick(vi, en)
    }

    pub(super) fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.language)
    }

    fn count(&self, number: usize) -> String {
        count(number as u64, self.language)
    }

    /// The whole letter in one sentence.
    pub(super) fn sentence(&self) -> String {
        match (self.language, self.letter.exceptions()) {
            (Language::Vi, 0) => "Không có việc nào cần chú ý".to_owned(),
            (Language::Vi, many) => format!("{} việc cần chú ý", self.count(many)),
            (Language::En, 0) => "Nothing needs attention".to_owned(),
            (Language::En, 1) => "1 thing needs attention".to_owned(),
            (Language::En, many) => format!("{} things need attention", self.count(many)),
        }
    }

    /// How much of the plan that sentence doesn't know of.
    pub(super) fn unknown(&self) -> Option<String> {
        let (without, all) = (self.letter.without_data, self.letter.figures);
        (without > 0).then(|| match self.language {
            Language::Vi => format!("{} trong {} chỉ số không có số liệu mới", self.count(without), self.count(all)),
            Language::En => format!("{} of {} figures have no new data", self.count(without), self.count(all)),
        })
    }

    /// The sentence never stands alone where it doesn't know everything: some read nothing else.
    pub(super) fn subject(&self) -> String {
        let date = self.letter.date.strftime("%d/%m");
        let unknown = self.unknown().map_or_else(String::new, |unknown| format!("; {unknown}"));
        format!("{} {date}: {}{unknown}", self.text(&self.letter.city), self.sentence())
    }

    /// The day, and the moment that everything is of.
    pub(super) fn day(&self) -> String {
        let weekday = match self.letter.date.weekday() {
            Weekday::Monday => ("Thứ Hai", "Monday"),
            Weekday::Tuesday => ("Thứ Ba", "Tuesday"),
            Weekday::Wednesday => ("Thứ Tư", "Wednesday"),
            Weekday::Thursday => ("Thứ Năm", "Thursday"),
            Weekday::Friday => ("Thứ Sáu", "Friday"),
            Weekday::Saturday => ("Thứ Bảy", "Saturday"),
            Weekday::Sunday => ("Chủ nhật", "Sunday"),
        };
        let (date, moment) = (self.letter.date.strftime("%d/%m/%Y"), self.clock(self.letter.written_at));
        let weekday = self.pick(weekday.0, weekday.1);
        match self.language {
            Language::Vi => format!("{weekday}, {date} · tình hình lúc {moment}"),
            Language::En => format!("{weekday}, {date} · as of {moment}"),
        }
    }

    /// Why it comes late, when it does.
    pub(super) fn late(&self) -> Option<String> {
        let (due, written) = (self.letter.due_at, self.letter.written_at);
        let late_s = written.duration_since(due).as_secs();
        (late_s >= 300).then(|| match self.language {
            Language::Vi => {
                format!("Thư này đến muộn {}: lúc {} không có máy chủ nào hoạt động.", span(late_s, self.language), self.clock(due))
            }
            Language::En => format!("This letter is {} late: no server was there at {}.", span(late_s, self.language), self.clock(due)),
        })
    }

    fn clock(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%H:%M").to_string()
    }

    /// A moment: its time alone where it is of the letter's date.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        let shown = self.zone.to_datetime(at);
        let form = if shown.date() == self.letter.date { "%H:%M" } else { "%H:%M %d/%m/%Y" };
        shown.strftime(form).to_string()
    }

    fn ago(&self, at: Timestamp) -> String {
        let span = span(self.letter.written_at.duration_since(at).as_secs(), self.language);
        match self.language {
            Language::Vi => format!("{span} trước"),
            Language::En => format!("{span} ago"),
        }
    }

    pub(super) fn amount(&self, value: f64, figure: &Figure) -> String {
        format!("{} {}", number(value, figure.decimals, self.language), self.text(&figure.unit)).trim_end().to_owned()
    }

    pub(super) fn value(&self, figure: &Figure) -> String {
        figure.value.map_or_else(|| "—".to_owned(), |value| self.amount(value, figure))
    }

    /// What a value is of, and how old that is.
    pub(super) fn age(&self, figure: &Figure) -> String {
        let Some(of) = figure.of else {
            return self.pick("KHÔNG CÓ SỐ LIỆU trong 40 ngày qua", "NO DATA within 40 days").to_owned();
        };
        let (moment, ago) = (self.moment(of), self.ago(of));
        match (figure.quality, self.language) {
            (Quality::Good, Language::Vi) => format!("số liệu {moment}"),
            (Quality::Good, Language::En) => format!("data of {moment}"),
            (Quality::Partial, Language::Vi) => format!("số liệu {moment}, thiếu một phần"),
            (Quality::Partial, Language::En) => format!("data of {moment}, incomplete"),
            (Quality::Stale, Language::Vi) => format!("SỐ LIỆU CŨ: {moment} ({ago})"),
            (Quality::Stale, Language::En) => format!("OLD DATA: {moment} ({ago})"),
            (Quality::Missing, Language::Vi) => format!("KHÔNG TÍNH ĐƯỢC lúc {moment}"),
            (Quality::Missing, Language::En) => format!("NOT COMPUTED at {moment}"),
        }
    }

    pub(super) fn is_old(figure: &Figure) -> bool {
        figure.quality >= Quality::Stale
    }

    /// Target, and whether it is reached; nothing is said of that where the value is old.
    pub(super) fn target(&self, figure: &Figure) -> Option<String> {
        let target = self.amount(figure.target?, figure);
        let met = figure.met.filter(|_| !Self::is_old(figure)).map(|met| match met {
            true => self.pick("✓ đạt", "✓ met"),
            false => self.pick("✗ chưa đạt", "✗ not met"),
        });
        let met = met.map_or_else(String::new, |met| format!(" · {met}"));
        Some(format!("{} {target}{met}", self.pick("mục tiêu", "target")))
    }

    /// The difference to a week before.
    pub(super) fn change(&self, figure: &Figure) -> Option<String> {
        let change = figure.change?;
        let by = format!("{} {}", difference(change, figure.decimals, self.language), self.text(&figure.unit));
        Some(format!("{} {}", by.trim_end(), self.pick("so với tuần trước", "on last week")))
    }

    pub(super) fn mark(&self, severity: Severity) -> Mark {
        let (shape, word, fill) = match severity {
            Severity::Critical => ("▲", self.pick("Nghiêm trọng", "Critical"), CRITICAL),
            Severity::High => ("◆", self.pick("Cao", "High"), HIGH),
            Severity::Medium => ("●", self.pick("Trung bình", "Medium"), MEDIUM),
            Severity::Info => ("■", self.pick("Thông tin", "Info"), INFO),
        };
        Mark { shape, word, fill }
    }

    /// How bad a figure is; `None` where it isn't.
    pub(super) fn figure_mark(&self, figure: &Figure) -> Option<Mark> {
        match figure.status {
            Status::Critical => Some(self.mark(Severity::Critical)),
            Status::Attention => Some(Mark { word: self.pick("Cần chú ý", "Attention"), ..self.mark(Severity::Medium) }),
            Status::Normal => None,
        }
    }

    /// When it was opened, and how long until it was answered and over.
    pub(super) fn course(&self, episode: &Episode) -> String {
        let after = |at: Timestamp| span(at.duration_since(episode.opened_at).as_secs(), self.language);
        let opened = self.moment(episode.opened_at);
        let is_over = episode.standing == Standing::Resolved;
        let answered = match (episode.acknowledged_at, self.language) {
            (Some(at), Language::Vi) => format!("nhận sau {}", after(at)),
            (Some(at), Language::En) => format!("answered after {}", after(at)),
            (None, _) if is_over => self.pick("hết trước khi có người nhận", "over before anybody answered").to_owned(),
            (None, _) => self.pick("CHƯA AI NHẬN", "UNANSWERED").to_owned(),
        };
        let over = match (episode.resolved_at, self.language) {
            (Some(at), Language::Vi) => format!("xong sau {}", after(at)),
            (Some(at), Language::En) => format!("over after {}", after(at)),
            (None, Language::Vi) => format!("còn mở, đã {}", after(self.letter.written_at)),
            (None, Language::En) => format!("still open, for {}", after(self.letter.written_at)),
        };
        format!("{} {opened} · {answered} · {over}", self.pick("mở", "opened"))
    }

    /// The title of the incidents' section.
    pub(super) fn incidents_title(&self) -> String {
        let since = self.zone.to_datetime(self.letter.since).strftime("%H:%M %d/%m").to_string();
        match self.language {
            Language::Vi => format!("Sự cố từ {since}"),
            Language::En => format!("Incidents since {since}"),
        }
    }

    /// How the incidents were answered.
    pub(super) fn answered(&self) -> Option<String> {
        let IncidentFigures { opened, acknowledged, joined, never_acknowledged, waiting, time_to_acknowledge, time_to_resolve, .. } =
            self.letter.answered.as_ref()?;
        let mean = |times: &Option<taydo_model::figures::Times>| times.map(|times| span(times.mean_s.round() as i64, self.language));
        let mut said = Vec::new();
        let mut say = |number: u64, vi: &str, en: &str, after: Option<String>| {
            if number > 0 {
                let after = after.map(|after| match self.language {
                    Language::Vi => format!(" (trung bình sau {after})"),
                    Language::En => format!(" (after {after} in the mean)"),
                });
                said.push(format!("{} {}{}", count(number, self.language), self.pick(vi, en), after.unwrap_or_default()));
            }
        };
        say(*opened, "sự cố", if *opened == 1 { "incident" } else { "incidents" }, None);
        say(*acknowledged, "có người nhận", "answered", mean(time_to_acknowledge));
        say(*joined, "nhập vào việc đang xử lý", "joined what was in hand", None);
        say(*never_acknowledged, "hết trước khi có người nhận", "over before anybody answered", None);
        say(*waiting, "chưa ai nhận", "unanswered", None);
        say(time_to_resolve.map_or(0, |times| times.count), "đã xong", "over", mean(time_to_resolve));
        (*opened > 0).then(|| said.join("; "))
    }

    pub(super) fn exercises(&self) -> Option<String> {
        let number = self.letter.exercises;
        (number > 0).then(|| match self.language {
            Language::Vi => format!("{} sự cố diễn tập, không tính ở trên.", count(number, self.language)),
            Language::En => format!("{} incidents of exercises, not counted above.", count(number, self.language)),
        })
    }

    /// Since when nothing has come.
    pub(super) fn silence(&self, silent: &Silent) -> String {
        match (silent.last_at, self.language) {
            (Some(at), Language::Vi) => format!("nhận lần cuối {} ({})", self.moment(at), self.ago(at)),
            (Some(at), Language::En) => format!("last heard {} ({})", self.moment(at), self.ago(at)),
            (None, _) => self.pick("chưa nhận gì từ khi máy chủ khởi động", "nothing since the server's start").to_owned(),
        }
    }

    /// A link to one of the centre's pages.
    pub(super) fn link(&self, path: &str) -> Option<String> {
        self.letter.url.as_ref().map(|url| format!("{url}{path}"))
    }

    /// The pages at the letter's end, with their names.
    pub(super) fn links(&self) -> Vec<(&'l str, String)> {
        let board = self.letter.board.as_ref().map(|board| (("Bảng điều hành", "Leaders' board"), format!("/board/{board}")));
        let fixed =
            [(("Sự cố đang mở", "Open incidents"), "/console".to_owned()), (("Nguồn dữ liệu", "Data sources"), "/sources".to_owned())];
        let named = |((vi, en), path): ((&'static str, &'static str), String)| Some((self.language.pick(vi, en), self.link(&path)?));
        board.into_iter().chain(fixed).filter_map(named).collect()
    }
}
