//! A letter as HTML: one column that reads the same on a phone and on a desk.
//!
//! It must never let a value be read as HTML, and needs nothing from elsewhere. Styles stand with their elements, because mail
//! programs drop style sheets.

use super::content::{Episode, Figure};
use super::say::{Mark, Say};
use crate::paging::text::escape;
use std::fmt::Write as _;

const BODY: &str = "margin:0;padding:0;background:#eef1f4;font:16px/1.5 'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;color:#1b1f24";
const SHEET: &str = "width:100%;max-width:600px;margin:0 auto;background:#ffffff;border-collapse:collapse";
const GREY: &str = "color:#57606a;font-size:14px";
const HEADING: &str = "margin:28px 0 4px;padding-bottom:4px;border-bottom:2px solid #1b1f24;font-size:18px;line-height:1.4";
const ROW: &str = "padding:10px 0;border-bottom:1px solid #d8dee4;vertical-align:top";
const NUMBER: &str = "padding:10px 0 10px 12px;border-bottom:1px solid #d8dee4;vertical-align:top;text-align:right;white-space:nowrap;font-size:18px;font-weight:700";
const TABLE: &str = "width:100%;border-collapse:collapse";
const LINK: &str = "color:#0b4f8a";

/// Writes a letter down, part by part.
struct Sheet<'s> {
    say: &'s Say<'s>,
    html: String,
}

pub(super) fn compose(say: &Say<'_>) -> String {
    let mut sheet = Sheet { say, html: String::with_capacity(16_384) };
    sheet.head();
    sheet.exceptions();
    sheet.figures();
    sheet.incidents();
    sheet.silent();
    sheet.foot();
    sheet.html
}

fn chip(mark: Mark) -> String {
    let style = format!(
        "display:inline-block;margin-bottom:4px;padding:0 8px;background:{};border:1px solid #1b1f24;border-radius:4px;color:#1b1f24;font-size:13px;font-weight:700",
        mark.fill
    );
    format!("<span style=\"{style}\">{} {}</span>", mark.shape, escape(mark.word))
}

impl Sheet<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.html.write_fmt(text);
    }

    fn head(&mut self) {
        let say = self.say;
        let tag = say.pick("vi", "en");
        let title = escape(&say.subject());
        self.put(format_args!(
            "<!DOCTYPE html><html lang=\"{tag}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light\"><title>{title}</title></head><body style=\"{BODY}\">\
             <table role=\"presentation\" style=\"{SHEET}\"><tr><td style=\"padding:20px 20px 32px\">"
        ));
        let centre = format!("{} {}", say.pick("Trung tâm điều hành", "Operations centre ·"), say.text(&say.letter.city));
        self.put(format_args!("<p style=\"margin:0;{GREY}\">{}<br>{}</p>", escape(&centre), escape(&say.day())));
        self.put(format_args!("<h1 style=\"margin:8px 0 0;font-size:26px;line-height:1.35\">{}</h1>", escape(&say.sentence())));
        for note in say.unknown().into_iter().chain(say.late()) {
            self.put(format_args!("<p style=\"margin:4px 0 0;font-weight:600\">{}</p>", escape(&note)));
        }
    }

    fn heading(&mut self, title: &str) {
        self.put(format_args!("<h2 style=\"{HEADING}\">{}</h2>", escape(title)));
    }

    fn linked(&self, text: &str, path: &str) -> String {
        match self.say.link(path) {
            Some(link) => format!("<a href=\"{}\" style=\"{LINK}\">{}</a>", escape(&link), escape(text)),
            None => escape(text),
        }
    }

    fn exceptions(&mut self) {
        let say = self.say;
        if say.letter.exceptions() == 0 {
            return;
        }
        self.put(format_args!("<table role=\"presentation\" style=\"{TABLE};margin-top:12px;border-top:2px solid #1b1f24\">"));
        for episode in &say.letter.open {
            self.episode(episode);
        }
        for figure in &say.letter.beyond {
            self.figure(figure);
        }
        self.put(format_args!("</table>"));
    }

    fn figure(&mut self, figure: &Figure) {
        let say = self.say;
        let title = self.linked(say.text(&figure.title), &format!("/kpi/{}", figure.kpi));
        let mark = say.figure_mark(figure).filter(|_| !Say::is_old(figure));
        let chip = mark.map_or_else(String::new, |mark| format!("{}<br>", chip(mark)));
        let said: Vec<String> = say.target(figure).into_iter().chain(say.change(figure)).map(|said| escape(&said)).collect();
        let said = if said.is_empty() { String::new() } else { format!("<br>{}", said.join(" · ")) };
        let (value, age) = (escape(&say.value(figure)), escape(&say.age(figure)));
        let is_old = Say::is_old(figure);
        let (number, weight) = if is_old { (";color:#57606a;font-size:16px", "font-weight:700;color:#1b1f24") } else { ("", "") };
        self.put(format_args!(
            "<tr><td style=\"{ROW}\">{chip}{title}<span style=\"{GREY}\">{said}<br><span style=\"{weight}\">{age}</span></span></td>\
             <td style=\"{NUMBER}{number}\">{value}</td></tr>"
        ));
    }

    fn figures(&mut self) {
        let say = self.say;
        if say.letter.parts.is_empty() {
            return;
        }
        self.heading(say.pick("Số liệu so với mục tiêu", "Figures against target"));
        for part in &say.letter.parts {
            self.put(format_args!("<h3 style=\"margin:16px 0 0;font-size:15px\">{}</h3>", escape(say.text(&part.title))));
            self.put(format_args!("<table role=\"presentation\" style=\"{TABLE}\">"));
            for figure in &part.figures {
                self.figure(figure);
            }
            self.put(format_args!("</table>"));
        }
    }

    fn episode(&mut self, episode: &Episode) {
        let say = self.say;
        let chip = chip(say.mark(episode.severity));
        let title = self.linked(say.text(&episode.title), &format!("/incidents/{}", episode.number));
        let place = escape(say.text(&episode.place));
        let place = if place.is_empty() { place } else { format!(" · {place}") };
        let course = escape(&say.course(episode));
        self.put(format_args!(
            "<tr><td colspan=\"2\" style=\"{ROW}\">{chip}<br>{title}{place}<br><span style=\"{GREY}\">#{} {course}</span></td></tr>",
            episode.number
        ));
    }

    fn incidents(&mut self) {
        let say = self.say;
        self.heading(&say.incidents_title());
        let summary = say.answered().unwrap_or_else(|| say.pick("Không có sự cố nào.", "There were none.").to_owned());
        self.put(format_args!("<p style=\"margin:8px 0 0\">{}</p>", escape(&summary)));
        if !say.letter.episodes.is_empty() {
            self.put(format_args!("<table role=\"presentation\" style=\"{TABLE}\">"));
            for episode in &say.letter.episodes {
                self.episode(episode);
            }
            self.put(format_args!("</table>"));
        }
        if say.letter.more_episodes > 0 {
            let more = say.letter.more_episodes;
            self.put(format_args!("<p style=\"margin:8px 0 0\">+{more} {}</p>", say.pick("sự cố khác", "more")));
        }
        let load = Some(say.text(&say.letter.load).to_owned()).filter(|load| !load.is_empty() && !say.letter.episodes.is_empty());
        for note in load.into_iter().chain(say.exercises()) {
            self.put(format_args!("<p style=\"margin:8px 0 0;{GREY}\">{}</p>", escape(&note)));
        }
    }

    fn silent(&mut self) {
        let say = self.say;
        self.heading(say.pick("Đang im lặng", "Silent now"));
        if say.letter.silent.is_empty() {
            let none = say.pick("Không có nguồn nào im lặng.", "No source is silent.");
            self.put(format_args!("<p style=\"margin:8px 0 0\">{none}</p>"));
            return;
        }
        self.put(format_args!("<table role=\"presentation\" style=\"{TABLE}\">"));
        for silent in &say.letter.silent {
            let (title, since) = (escape(say.text(&silent.title)), escape(&say.silence(silent)));
            self.put(format_args!("<tr><td style=\"{ROW}\">{title}<br><span style=\"{GREY}\">{since}</span></td></tr>"));
        }
        self.put(format_args!("</table>"));
    }

    fn foot(&mut self) {
        let say = self.say;
        let links: Vec<String> = say
            .links()
            .into_iter()
            .map(|(name, link)| {
                let style = "display:inline-block;margin:0 8px 8px 0;padding:10px 14px;background:#0b4f8a;color:#ffffff;text-decoration:none;font-weight:700;border-radius:4px";
                format!("<a href=\"{}\" style=\"{style}\">{}</a>", escape(&link), escape(name))
            })
            .collect();
        if !links.is_empty() {
            self.put(format_args!("<p style=\"margin:28px 0 0\">{}</p>", links.concat()));
        }
        let note = say.pick(
            "Thư tự động của Tây Đô. Mỗi con số kèm thời điểm của số liệu; số liệu cũ hoặc thiếu được ghi rõ.",
            "Written by Tây Đô. Each figure comes with the time of its data; what is old or missing is said to be.",
        );
        self.put(format_args!("<p style=\"margin:20px 0 0;{GREY}\">{note}</p></td></tr></table></body></html>"));
    }
}
