//! The hand-over sheet as a page that prints on A4.
//!
//! It must never look signed when it is a draft, nor whole when something was changed.

use super::super::answer::escape;
use crate::store::word;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use taydo_model::alert::Severity;
use taydo_model::api::FeedState;
use taydo_model::incident::Standing;
use taydo_model::number::span;
use taydo_model::shift_log::page::{LogHead, Signature};
use taydo_model::shift_log::sheet::{OpenIncident, Sheet, Silenced, Turn};
use taydo_model::text::Language;
use taydo_model::{PersonId, Text};

/// A sheet, and what is said of it.
pub(super) struct Print<'p> {
    pub(super) sheet: &'p Sheet,
    pub(super) head: &'p LogHead,
    pub(super) names: &'p BTreeMap<PersonId, String>,
    /// The SHA-256 of the sheet that was signed; none of a draft.
    pub(super) digest: Option<&'p str>,
    pub(super) is_intact: bool,
    pub(super) zone: TimeZone,
    pub(super) language: Language,
}

impl Print<'_> {
    fn pick(&self, vi: &'static str, en: &'static str) -> &'static str {
        self.language.pick(vi, en)
    }

    fn moment(&self, time: Timestamp) -> String {
        self.zone.to_datetime(time).strftime("%H:%M %d/%m/%Y").to_string()
    }

    /// A time of day, with the day where it is another than the sheet's.
    fn short(&self, time: Timestamp) -> String {
        let (at, made) = (self.zone.to_datetime(time), self.zone.to_datetime(self.sheet.made_at));
        let form = if at.date() == made.date() { "%H:%M" } else { "%H:%M %d/%m" };
        at.strftime(form).to_string()
    }

    fn text(&self, text: &Text) -> String {
        escape(text.get(self.language))
    }

    /// The page.
    pub(super) fn html(&self) -> String {
        let title = format!("{} {} – {}", self.pick("Phiếu giao ca số", "Hand-over sheet no."), self.sheet.log.0, self.sheet.desk);
        let mut out = format!(
            "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{}</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/shift-logs/sheet.css\"><main>",
            self.pick("vi", "en"),
            escape(&title)
        );
        out.push_str(&self.top());
        out.push_str(&self.incidents());
        out.push_str(&self.silences());
        out.push_str(&self.feeds());
        out.push_str(&self.entries());
        out.push_str(&self.turns());
        out.push_str(&self.signatures());
        out.push_str("</main></html>");
        out
    }

    fn top(&self) -> String {
        let sheet = self.sheet;
        let state = match (self.digest, &self.head.taken_over) {
            (None, _) => self.pick("BẢN NHÁP – chưa ai ký", "DRAFT – nobody has signed"),
            (Some(_), None) => self.pick("Đã ký giao, chờ ký nhận", "Handed over, not yet taken over"),
            (Some(_), Some(_)) => self.pick("Đã ký giao và nhận", "Signed by both"),
        };
        let people: Vec<String> = sheet.on_duty.iter().map(|name| escape(name)).collect();
        let row = |name: &str, text: &str| if text.is_empty() { String::new() } else { format!("<dt>{name}</dt><dd>{text}</dd>") };
        let broken = self.pick(
            "Sổ này đã bị sửa sau khi ghi: mã kiểm tra không khớp. Không dùng để giao ca.",
            "This log was changed after it was written: its hashes don't fit. Don't hand over by it.",
        );
        format!(
            "<header><p class=\"city\">{} · {}</p><h1>{}</h1><p class=\"state\">{state}</p>{}</header>\
             <dl>{}{}{}{}{}{}</dl>",
            self.text(&sheet.city),
            self.pick("Trung tâm điều hành thông minh", "Intelligent operations centre"),
            self.pick("PHIẾU GIAO CA", "SHIFT HAND-OVER"),
            if self.is_intact { String::new() } else { format!("<p class=\"broken\" role=\"alert\">{broken}</p>") },
            row(self.pick("Bàn trực", "Desk"), &escape(&sheet.desk)),
            row(self.pick("Sổ trực số", "Shift log"), &sheet.log.0.to_string()),
            row(self.pick("Trưởng ca", "Shift lead"), &escape(&sheet.lead)),
            row(self.pick("Cùng trực", "On duty"), &people.join(", ")),
            row(self.pick("Vào ca", "Opened"), &self.moment(sheet.opened_at)),
            row(self.pick("Lập phiếu", "As of"), &self.moment(sheet.made_at)),
        )
    }

    /// A section with a table; a sentence where there is nothing, so that nobody wonders whether it was left out.
    fn table(&self, title: &str, nothing: &str, columns: &[&str], rows: &[String]) -> String {
        let mut out = format!("<section><h2>{title} ({})</h2>", rows.len());
        if rows.is_empty() {
            let _ = write!(out, "<p class=\"nothing\">{nothing}</p>");
        } else {
            let heads: String = columns.iter().map(|column| format!("<th scope=\"col\">{column}</th>")).collect();
            let _ = write!(out, "<table><thead><tr>{heads}</tr></thead><tbody>{}</tbody></table>", rows.concat());
        }
        out.push_str("</section>");
        out
    }

    fn incidents(&self) -> String {
        let rows: Vec<String> = self.sheet.incidents.iter().map(|one| self.incident(one)).collect();
        let columns = [
            self.pick("Số", "No."),
            self.pick("Mức", "Severity"),
            self.pick("Sự cố", "Incident"),
            self.pick("Mở lúc, đã", "Opened, age"),
            self.pick("Tình trạng", "Standing"),
        ];
        let mut out = self.table(
            self.pick("Sự cố đang mở", "Open incidents"),
            self.pick("Không có sự cố nào đang mở.", "Nothing is open."),
            &columns,
            &rows,
        );
        if self.sheet.more_incidents > 0 {
            let more = self.pick("sự cố nhẹ hơn đang mở, không liệt kê ở đây", "milder ones are open and not listed here");
            let _ = write!(out, "<p class=\"more\">+ {} {more}</p>", self.sheet.more_incidents);
        }
        out
    }

    fn incident(&self, one: &OpenIncident) -> String {
        let age = span(self.sheet.made_at.duration_since(one.opened_at).as_secs().max(0), self.language);
        let exercise =
            if one.exercise { format!("<b class=\"exercise\">{}</b> ", self.pick("DIỄN TẬP", "EXERCISE")) } else { String::new() };
        let place = if one.place.get(self.language).is_empty() { String::new() } else { format!("<br>{}", self.text(&one.place)) };
        let mut standing = self.standing(one);
        let (done, all) = one.steps;
        if all > 0 {
            let _ = write!(standing, "<br>{} {done}/{all}", self.pick("Các bước xử lý:", "Check-list:"));
        }
        if !one.assignments.is_empty() {
            let to: Vec<String> = one.assignments.iter().map(|to| escape(to)).collect();
            let _ = write!(standing, "<br>{} {}", self.pick("Đã giao:", "Given to:"), to.join("; "));
        }
        format!(
            "<tr class=\"{}\"><td class=\"number\">#{}</td><td>{}</td><td>{exercise}{}{place}</td><td>{}<br>{age}</td><td>{standing}</td></tr>",
            word(one.severity),
            one.id.0,
            self.severity(one.severity),
            self.text(&one.title),
            self.short(one.opened_at),
        )
    }

    fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => self.pick("Nghiêm trọng", "Critical"),
            Severity::High => self.pick("Cao", "High"),
            Severity::Medium => self.pick("Trung bình", "Medium"),
            Severity::Info => self.pick("Thông tin", "Info"),
        }
    }

    fn standing(&self, one: &OpenIncident) -> String {
        let owner = one.owner.as_deref().map(escape).unwrap_or_default();
        match (one.standing, one.until) {
            (Standing::Triggered, _) => format!("<b>{}</b>", self.pick("Chưa ai nhận", "Unanswered")),
            (Standing::Acknowledged, _) => format!("{} {owner}", self.pick("Đang xử lý:", "In hand:")),
            (Standing::Snoozed, Some(until)) => format!("{} {} ({owner})", self.pick("Tạm hoãn đến", "Snoozed until"), self.short(until)),
            (Standing::Snoozed, None) => format!("{} ({owner})", self.pick("Tạm hoãn", "Snoozed")),
            (Standing::Resolved, _) => self.pick("Đã đóng", "Closed").to_owned(),
        }
    }

    fn silences(&self) -> String {
        let row = |one: &Silenced| {
            let kind = if one.maintenance { self.pick("Bảo trì", "Planned work") } else { self.pick("Tắt báo", "Silence") };
            format!(
                "<tr><td>{kind}</td><td>{}</td><td>{} – {}</td><td>{}: {}</td></tr>",
                self.text(&one.what),
                self.short(one.from),
                self.short(one.until),
                escape(&one.author),
                escape(&one.reason)
            )
        };
        let rows: Vec<String> = self.sheet.silences.iter().map(row).collect();
        let columns =
            [self.pick("Loại", "Kind"), self.pick("Với", "What"), self.pick("Từ – đến", "From – to"), self.pick("Ai, vì sao", "Who, why")];
        let nothing = self.pick("Không có gì đang hoặc sắp tắt báo.", "Nothing is silenced, now or later.");
        self.table(self.pick("Đang và sắp tắt báo", "Silenced"), nothing, &columns, &rows)
    }

    fn feeds(&self) -> String {
        let state = |state: FeedState| match state {
            FeedState::Live => self.pick("đang có số liệu", "live"),
            FeedState::Silent => self.pick("IM LẶNG", "SILENT"),
            FeedState::Problem => self.pick("TRỤC TRẶC", "BROKEN"),
            FeedState::Waiting => self.pick("chưa từng có số liệu", "nothing has ever come"),
        };
        let rows: Vec<String> = self
            .sheet
            .feeds
            .iter()
            .map(|feed| {
                let last = feed.last_seen.map_or_else(|| "–".to_owned(), |at| self.short(at));
                format!(
                    "<tr><td>{}</td><td>{}</td><td>{last}</td><td>{}</td></tr>",
                    self.text(&feed.title),
                    state(feed.state),
                    escape(feed.problem.as_deref().unwrap_or_default())
                )
            })
            .collect();
        let columns = [
            self.pick("Nguồn", "Feed"),
            self.pick("Tình trạng", "State"),
            self.pick("Số liệu cuối", "Last data"),
            self.pick("Ghi nhận", "What is known"),
        ];
        let nothing = self.pick("Mọi nguồn đều đang có số liệu.", "All feeds are live.");
        self.table(self.pick("Nguồn số liệu không hoạt động", "Feeds that don't work"), nothing, &columns, &rows)
    }

    fn entries(&self) -> String {
        let rows: Vec<String> = self
            .sheet
            .entries
            .iter()
            .map(|entry| {
                let corrects = entry
                    .corrects
                    .map(|number| format!("<b>{} {number}:</b> ", self.pick("Đính chính mục", "Corrects entry")))
                    .unwrap_or_default();
                format!(
                    "<tr><td class=\"number\">{}</td><td>{}</td><td>{}</td><td class=\"written\">{corrects}{}</td></tr>",
                    entry.number,
                    self.short(entry.at),
                    escape(&entry.person),
                    escape(&entry.text)
                )
            })
            .collect();
        let columns = [self.pick("Mục", "No."), self.pick("Lúc", "At"), self.pick("Người ghi", "By"), self.pick("Nội dung", "What")];
        let nothing = self.pick("Không ghi gì trong ca.", "Nothing was written.");
        self.table(self.pick("Ghi chép trong ca", "Entries of the shift"), nothing, &columns, &rows)
    }

    fn turns(&self) -> String {
        let people = |names: &[String]| {
            if names.is_empty() { format!("<b>{}</b>", self.pick("KHÔNG CÓ AI", "NOBODY")) } else { escape(&names.join(", ")) }
        };
        let row = |turn: &Turn| {
            let until = turn.until.map_or_else(|| "–".to_owned(), |until| self.short(until));
            let next = if turn.until.is_some() { people(&turn.next) } else { "–".to_owned() };
            format!("<tr><td>{}</td><td>{}</td><td>{until}</td><td>{next}</td></tr>", escape(&turn.rota), people(&turn.now))
        };
        let rows: Vec<String> = self.sheet.rotas.iter().map(row).collect();
        let columns =
            [self.pick("Lịch trực", "Rota"), self.pick("Đang trực", "On call"), self.pick("Đến", "Until"), self.pick("Kế tiếp", "Next")];
        self.table(self.pick("Trực ban", "On call"), self.pick("Chưa có lịch trực nào.", "There are no rotas."), &columns, &rows)
    }

    fn signatures(&self) -> String {
        let one = |title: &str, signature: Option<&Signature>| {
            let signed = signature.map_or_else(
                || format!("<p class=\"nothing\">{}</p><p class=\"line\"></p>", self.pick("(chưa ký)", "(not signed)")),
                |signature| {
                    let name = self.names.get(&signature.person).map_or_else(|| signature.person.to_string(), Clone::clone);
                    format!("<p><b>{}</b></p><p>{} {}</p>", escape(&name), self.pick("Đã ký lúc", "Signed at"), self.moment(signature.at))
                },
            );
            format!("<div><h2>{title}</h2>{signed}</div>")
        };
        let digest = self.digest.map(|digest| format!("<p class=\"digest\">SHA-256 {digest}</p>")).unwrap_or_default();
        format!(
            "<section class=\"signatures\">{}{}</section>{digest}",
            one(self.pick("Người giao ca", "Handed over by"), self.head.handed_over.as_ref()),
            one(self.pick("Người nhận ca", "Taken over by"), self.head.taken_over.as_ref()),
        )
    }
}
