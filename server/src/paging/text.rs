//! What messages say: one content, made into a text for each channel, in the person's language.
//!
//! Place and value come first, marks (exercise, repeat) before everything. It must never look anything up, and never cut
//! a word in two.

mod en;
mod gsm;
mod html;
mod vi;

pub(crate) use html::escape;

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use taydo_model::alert::Severity;
use taydo_model::page::PageKind;
use taydo_model::text::Language;

/// Names the chart within an e-mail.
pub const PICTURE_ID: &str = "chart";
/// The longest subject, in characters.
const MOST_SUBJECT: usize = 120;
/// The most incidents that are listed in full; of the others their number is told.
const MOST_LISTED: usize = 20;
/// An SMS of one part, in characters of GSM 03.38's basic alphabet.
const MOST_SMS: usize = 160;

/// One incident, as it is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Its number.
    pub number: i64,
    /// What it is, in the person's language.
    pub title: String,
    /// Where, in words.
    pub place: String,
    /// How bad.
    pub severity: Severity,
    /// The value that decided it, with its unit, as the screens write it.
    pub value: Option<String>,
    /// The value beyond which it is bad, with its unit.
    pub limit: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What a message has to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Content {
    /// What it tells; paging sets it from the pages.
    pub kind: PageKind,
    /// Whether it belongs to an exercise; paging sets it from the pages.
    pub exercise: bool,
    /// Whether it may have been received before; paging sets it.
    pub is_repeat: bool,
    /// Our reference; paging sets it.
    pub reference: String,
    /// Whose incidents they are, in words.
    pub team: Option<String>,
    /// The worst first.
    pub incidents: Vec<Item>,
    /// What there is to say beside them, or instead of them: of a gap, a shift, a silence that ends.
    pub note: Option<String>,
    /// Where it is answered.
    pub link: Option<String>,
    /// Who else was told, by name.
    pub told: Vec<String>,
    /// The person's zone, in which times are written.
    #[serde(skip)]
    pub zone: TimeZone,
    /// What it says on each channel, where that was made beforehand: the morning letter.
    #[serde(skip)]
    pub said: Option<Box<Texts>>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            kind: PageKind::Notice,
            exercise: false,
            is_repeat: false,
            reference: String::new(),
            team: None,
            incidents: Vec::new(),
            note: None,
            link: None,
            told: Vec::new(),
            zone: TimeZone::UTC,
            said: None,
        }
    }
}

/// A content as each channel says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// One line: an e-mail's subject.
    pub subject: String,
    /// Plain, of several lines: e-mail and chat.
    pub text: String,
    /// E-mail.
    pub html: String,
    /// Unaccented, at most 160 characters.
    pub sms: String,
    /// To be read aloud.
    pub voice: String,
    /// The content itself, for other systems.
    pub json: String,
}

/// The words of one language.
#[derive(Debug)]
struct Words {
    tag: &'static str,
    kind: fn(PageKind) -> &'static str,
    severity: fn(Severity) -> &'static str,
    exercise: &'static str,
    exercise_line: &'static str,
    repeat: &'static str,
    place: &'static str,
    value: &'static str,
    limit: &'static str,
    since: &'static str,
    team: &'static str,
    told: &'static str,
    answer: &'static str,
    more: &'static str,
    reference: &'static str,
    reply: &'static str,
    press: &'static str,
    chart: &'static str,
}

/// Says the content for every channel.
#[must_use]
pub fn compose(content: &Content, language: Language, has_picture: bool) -> Texts {
    if let Some(said) = &content.said {
        return Texts::clone(said);
    }
    let words = match language {
        Language::Vi => &vi::WORDS,
        Language::En => &en::WORDS,
    };
    Texts {
        subject: subject(content, words),
        text: plain(content, words),
        html: html::compose(content, words, has_picture),
        sms: sms(content, words),
        voice: voice(content, words),
        json: serde_json::to_string(content).unwrap_or_default(),
    }
}

/// The marks that stand before everything else.
fn marks(content: &Content, words: &Words) -> String {
    let exercise = if content.exercise { format!("[{}] ", words.exercise) } else { String::new() };
    let repeat = if content.is_repeat { format!("({}) ", words.repeat) } else { String::new() };
    format!("{exercise}{repeat}")
}

/// What is told, and how bad the worst of it is.
fn heading(content: &Content, words: &Words) -> String {
    let kind = (words.kind)(content.kind);
    match content.incidents.first() {
        Some(worst) if matches!(content.kind, PageKind::Firing | PageKind::StillFiring) => {
            format!("{kind} {}", (words.severity)(worst.severity))
        }
        _ => kind.to_owned(),
    }
}

/// Place and value of an incident.
fn head(item: &Item) -> String {
    match &item.value {
        Some(value) => format!("{} {value}", item.place),
        None => item.place.clone(),
    }
}

fn more(content: &Content, listed: usize, words: &Words) -> Option<String> {
    let left = content.incidents.len().saturating_sub(listed);
    (left > 0).then(|| format!("+{left} {}", words.more))
}

fn subject(content: &Content, words: &Words) -> String {
    let about = content.incidents.first().map(|item| format!("{}: {}", head(item), item.title)).or_else(|| content.note.clone());
    let more = more(content, 1, words).map_or_else(String::new, |more| format!(" ({more})"));
    let marks = marks(content, words);
    let line = format!("{}: {}", heading(content, words), one_line(&about.unwrap_or_default()));
    let room = MOST_SUBJECT.saturating_sub(marks.chars().count() + more.chars().count());
    format!("{marks}{}{more}", whole_words(line.trim_end_matches(": "), room))
}

fn plain(content: &Content, words: &Words) -> String {
    let mut lines = Vec::new();
    if content.exercise {
        lines.push(words.exercise_line.to_owned());
    }
    let repeat = if content.is_repeat { format!("({}) ", words.repeat) } else { String::new() };
    let team = content.team.as_ref().map_or_else(String::new, |team| format!(" · {} {team}", words.team));
    lines.push(format!("{repeat}{}{team}", heading(content, words)));
    lines.extend(content.note.clone());
    for item in content.incidents.iter().take(MOST_LISTED) {
        lines.push(String::new());
        lines.push(format!("#{} {}", item.number, one_line(&item.title)));
        lines.extend(details(item, content, words).into_iter().map(|(name, value)| format!("{name}: {value}")));
    }
    lines.extend(more(content, MOST_LISTED, words));
    lines.push(String::new());
    if !content.told.is_empty() {
        lines.push(format!("{}: {}", words.told, content.told.join(", ")));
    }
    lines.extend(content.link.as_ref().map(|link| format!("{}: {link}", words.answer)));
    lines.push(format!("{}: {}", words.reference, content.reference));
    lines.join("\n")
}

/// What is said of one incident, by name.
fn details(item: &Item, content: &Content, words: &Words) -> Vec<(&'static str, String)> {
    let mut details = vec![(words.place, one_line(&item.place))];
    if let Some(value) = &item.value {
        let limit = item.limit.as_ref().map_or_else(String::new, |limit| format!(" ({} {limit})", words.limit));
        details.push((words.value, format!("{value}{limit}")));
    }
    details.push((words.since, item.since.to_zoned(content.zone.clone()).strftime("%H:%M %d/%m/%Y").to_string()));
    details
}

/// Marks, place and value, and the way to answer always stand; the title takes what room is left, in whole words.
fn sms(content: &Content, words: &Words) -> String {
    let marks = gsm::plain(&marks(content, words));
    let kind = gsm::plain(&heading(content, words));
    let (place, value, title) = match content.incidents.first() {
        Some(item) => (gsm::plain(&item.place), gsm::plain(item.value.as_deref().unwrap_or_default()), gsm::plain(&item.title)),
        None => (String::new(), String::new(), gsm::plain(content.note.as_deref().unwrap_or_default())),
    };
    let number = content.incidents.first().map(|item| item.number);
    let answer = match (&content.link, number) {
        (Some(link), _) => format!(" {}", gsm::plain(link)),
        (None, Some(number)) if content.kind != PageKind::Resolved => format!(" {} ack{number}", words.reply),
        _ => String::new(),
    };
    let more = more(content, 1, words).map_or_else(String::new, |more| format!(" {}", gsm::plain(&more)));
    let room = |taken: &[&str]| MOST_SMS.saturating_sub(taken.iter().map(|part| part.len()).sum());
    // A link that leaves no room for the rest is left out: without the place nobody knows what it is about.
    let answer = if answer.len() > MOST_SMS / 2 { String::new() } else { answer };
    // A long name of a place gives way to the value.
    let value = whole_words(&value, room(&[&marks, &answer, &more, "  "]));
    let place = whole_words(&place, room(&[&marks, &answer, &more, &value, "   "]));
    let head = format!("{place} {value}").trim().to_owned();
    let kind = whole_words(&kind, room(&[&marks, &answer, &more, &head, "  : "]));
    let title = whole_words(&title, room(&[&marks, &answer, &more, &head, &kind, "  : "]));
    let said = [head, kind, title].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    format!("{marks}{}{more}{answer}", said.join(". "))
}

fn voice(content: &Content, words: &Words) -> String {
    let mut said = Vec::new();
    if content.exercise {
        said.push(words.exercise_line.to_owned());
    }
    if content.is_repeat {
        said.push(words.repeat.to_owned());
    }
    said.push(heading(content, words));
    match content.incidents.first() {
        Some(item) => {
            said.push(head(item));
            said.push(one_line(&item.title));
        }
        None => said.extend(content.note.clone()),
    }
    said.extend(more(content, 1, words));
    if content.kind != PageKind::Resolved && !content.incidents.is_empty() {
        said.push(words.press.to_owned());
    }
    said.join(". ")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As many whole words as fit into so many characters.
fn whole_words(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut length = 0_usize;
    for word in text.split_whitespace() {
        let more = word.chars().count().saturating_add(usize::from(length > 0));
        if length.saturating_add(more) > room {
            break;
        }
        if length > 0 {
            out.push(' ');
        }
        out.push_str(word);
        length = length.saturating_add(more);
    }
    out
}

#[cfg(test)]
mod tests;
