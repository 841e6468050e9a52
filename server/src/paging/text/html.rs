//! A message as HTML for e-mail: a heading, a table for each incident, the chart, and the way to answer.
//!
//! It must never let a value be read as HTML, and needs nothing from elsewhere. Styles stand with their elements, because
//! mail programs drop style sheets.

use super::{Content, MOST_LISTED, PICTURE_ID, Words, details, heading, more, one_line};
use std::fmt::Write as _;
use taydo_model::alert::Severity;

const CELL: &str = "padding:2px 12px 2px 0;vertical-align:top";

pub(super) fn compose(content: &Content, words: &Words, has_picture: bool) -> String {
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\
         <body style=\"margin:0;padding:16px;font:16px/1.45 'Segoe UI',Roboto,Arial,sans-serif;color:#1b1f24;background:#ffffff\">",
        words.tag
    );
    let mut put = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = html.write_fmt(text);
    };
    if content.exercise {
        put(format_args!("<p style=\"padding:8px 12px;border:3px dashed #5b21b6;font-weight:700\">{}</p>", escape(words.exercise_line)));
    }
    let repeat = if content.is_repeat { format!("({}) ", words.repeat) } else { String::new() };
    let colour = content.incidents.first().map_or("#1b1f24", |worst| colour(worst.severity));
    let top = escape(&format!("{repeat}{}", heading(content, words)));
    put(format_args!("<h1 style=\"margin:0 0 4px;font-size:22px;border-left:8px solid {colour};padding-left:10px\">{top}</h1>"));
    if let Some(team) = &content.team {
        put(format_args!("<p style=\"margin:0 0 12px;color:#57606a\">{} {}</p>", capital(words.team), escape(team)));
    }
    if let Some(note) = &content.note {
        put(format_args!("<p style=\"white-space:pre-line\">{}</p>", escape(note)));
    }
    // What is done about it, and the chart of the worst, stand right below the worst, however many follow.
    let mut below = answer(content, words);
    if has_picture {
        let style = "max-width:100%;height:auto;border:0";
        // Writing to a string does not fail.
        let _ = write!(below, "<p><img src=\"cid:{PICTURE_ID}\" alt=\"{}\" width=\"560\" style=\"{style}\"></p>", words.chart);
    }
    for item in content.incidents.iter().take(MOST_LISTED) {
        put(format_args!(
            "<h2 style=\"margin:16px 0 4px;font-size:18px\">#{} {}</h2><table role=\"presentation\">",
            item.number,
            escape(&one_line(&item.title))
        ));
        for (name, value) in details(item, content, words) {
            put(format_args!(
                "<tr><td style=\"{CELL};color:#57606a\">{name}</td><td style=\"{CELL};font-weight:600\">{}</td></tr>",
                escape(&value)
            ));
        }
        put(format_args!("</table>{}", std::mem::take(&mut below)));
    }
    put(format_args!("{below}"));
    if let Some(more) = more(content, MOST_LISTED, words) {
        put(format_args!("<p>{}</p>", escape(&more)));
    }
    if !content.told.is_empty() {
        put(format_args!("<p>{}: {}</p>", words.told, escape(&content.told.join(", "))));
    }
    put(format_args!("<p style=\"color:#57606a;font-size:13px\">{}: {}</p></body></html>", words.reference, escape(&content.reference)));
    html
}

/// The button by which it is answered, where it can be.
fn answer(content: &Content, words: &Words) -> String {
    let style = "display:inline-block;padding:12px 20px;background:#0b4f8a;color:#ffffff;text-decoration:none;font-weight:700";
    let button = |link: &String| format!("<p><a href=\"{}\" style=\"{style}\">{}</a></p>", escape(link), words.answer);
    content.link.as_ref().map(button).unwrap_or_default()
}

/// A word as a line begins with it.
fn capital(word: &str) -> String {
    let mut rest = word.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#b42318",
        Severity::High => "#c2570c",
        Severity::Medium => "#9a6700",
        Severity::Info => "#0b4f8a",
    }
}

/// A text as it stands in HTML, also within quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
