//! A letter as plain text, for programs and people that read no HTML.
//!
//! It must never leave out what the HTML says.

use super::content::{Episode, Figure};
use super::say::Say;

pub(super) fn compose(say: &Say<'_>) -> String {
    let letter = say.letter;
    let mut lines = vec![say.sentence().to_uppercase(), say.day()];
    lines.extend(say.unknown());
    lines.extend(say.late());
    for entry in letter.open.iter().map(|one| episode(say, one)).chain(letter.beyond.iter().map(|one| figure(say, one))) {
        lines.push(String::new());
        lines.extend(entry);
    }
    if !letter.parts.is_empty() {
        heading(&mut lines, say.pick("Số liệu so với mục tiêu", "Figures against target"));
    }
    for part in &letter.parts {
        lines.push(format!("{}:", say.text(&part.title)));
        lines.extend(part.figures.iter().flat_map(|one| figure(say, one)));
    }
    heading(&mut lines, &say.incidents_title());
    lines.push(say.answered().unwrap_or_else(|| say.pick("Không có sự cố nào.", "There were none.").to_owned()));
    lines.extend(letter.episodes.iter().flat_map(|one| episode(say, one)));
    if letter.more_episodes > 0 {
        lines.push(format!("+{} {}", letter.more_episodes, say.pick("sự cố khác", "more")));
    }
    if !letter.episodes.is_empty() {
        lines.push(say.text(&letter.load).to_owned());
    }
    lines.extend(say.exercises());
    heading(&mut lines, say.pick("Đang im lặng", "Silent now"));
    if letter.silent.is_empty() {
        lines.push(say.pick("Không có nguồn nào im lặng.", "No source is silent.").to_owned());
    }
    lines.extend(letter.silent.iter().map(|one| format!("{}: {}", say.text(&one.title), say.silence(one))));
    lines.push(String::new());
    lines.extend(say.links().into_iter().map(|(name, link)| format!("{name}: {link}")));
    lines.join("\n")
}

fn heading(lines: &mut Vec<String>, title: &str) {
    lines.extend([String::new(), format!("== {title} ==")]);
}

fn figure(say: &Say<'_>, figure: &Figure) -> Vec<String> {
    let mark =
        say.figure_mark(figure).filter(|_| !Say::is_old(figure)).map_or_else(String::new, |mark| format!("{} {}: ", mark.shape, mark.word));
    let said: Vec<String> = say.target(figure).into_iter().chain(say.change(figure)).chain([say.age(figure)]).collect();
    vec![format!("{mark}{}: {}", say.text(&figure.title), say.value(figure)), format!("  {}", said.join(" · "))]
}

fn episode(say: &Say<'_>, episode: &Episode) -> Vec<String> {
    let mark = say.mark(episode.severity);
    let place = say.text(&episode.place);
    let place = if place.is_empty() { String::new() } else { format!(" · {place}") };
    vec![
        format!("{} {}: {}{place}", mark.shape, mark.word, say.text(&episode.title)),
        format!("  #{} {}", episode.number, say.course(episode)),
    ]
}
