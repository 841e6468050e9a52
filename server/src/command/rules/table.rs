//! A backtest's report as tables on a terminal, in Vietnamese or English.
//!
//! It must never leave out what is unwelcome.

use crate::dry_run::{Caught, Outcome};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use taydo_engine::backtest::{Hours, Report, RuleReport};
use taydo_model::Definitions;
use taydo_model::alert::Severity;
use taydo_model::text::Language;

/// EEMUA 191: on average at most one alarm in ten minutes for an operator, and at most ten in the first ten minutes of an upset.
const MEAN: f64 = 1.0;
const UPSET: usize = 10;
/// A night has at most so many pages that wake, for each team.
const A_NIGHT: usize = 1;

/// What each rule would have done. A part of the day is working hours / evenings and days off / nights.
pub(super) fn rules(definitions: &Definitions, report: &Report, language: Language) -> String {
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en).to_owned();
    let mut rows = vec![vec![
        pick("quy tắc", "rule"),
        pick("mức", "severity"),
        pick("đội", "team"),
        pick("lần báo (giờ làm/tối/đêm)", "fired (work/evening/night)"),
        pick("tổng", "in all"),
        pick("dài nhất", "longest"),
        pick("nhấp nháy", "flapped"),
        pick("nhắn (giờ làm/tối/đêm)", "pages (work/evening/night)"),
    ]];
    rows.extend(report.rules.iter().map(|rule| row(rule, language)));
    let zone = definitions.city.time_zone();
    let span = format!("{} – {}", shown(&zone, report.from), shown(&zone, report.until));
    format!("{}: {span}\n\n{}\n", definitions.city.name.get(language), aligned(&rows))
}

fn row(rule: &RuleReport, language: Language) -> Vec<String> {
    let fired =
        if rule.evaluations == 0 { language.pick("không có số liệu", "no readings").to_owned() } else { parts(rule.episodes) };
    vec![
        rule.rule.to_string(),
        severity(rule.severity, language).to_owned(),
        rule.team.to_string(),
        fired,
        length(rule.total_s),
        length(rule.longest_s),
        rule.flapped.to_string(),
        parts(rule.pages),
    ]
}

/// What each team would have been told.
pub(super) fn teams(report: &Report, language: Language) -> String {
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en).to_owned();
    let mut rows = vec![vec![
        pick("đội", "team"),
        pick("nhắn cần trả lời (giờ làm/tối/đêm)", "pages (work/evening/night)"),
        pick("mọi tin", "all messages"),
        pick("đêm bị đánh thức", "nights woken"),
        pick("nhiều nhất một đêm", "most in a night"),
    ]];
    rows.extend(report.teams.iter().map(|team| {
        let most = team.woken.on.map_or_else(String::new, |on| format!(" ({on})"));
        let most = format!("{}{most}", team.woken.most);
        vec![team.team.to_string(), parts(team.pages), team.messages.total().to_string(), team.woken.nights.to_string(), most]
    }));
    format!("{}\n", aligned(&rows))
}

/// The load on one operator who sees everything.
pub(super) fn load(report: &Report, language: Language) -> String {
    let load = &report.load;
    match language {
        Language::Vi => format!(
            "Một người trực: {} cảnh báo; trung bình {:.3} trong 10 phút; nhiều nhất {} trong 10 phút và {} trong một ngày.\n",
            load.alarms, load.mean, load.most, load.most_a_day
        ),
        Language::En => format!(
            "One operator: {} alarms; {:.3} in 10 minutes on average; at most {} in any 10 minutes and {} in a day.\n",
            load.alarms, load.mean, load.most, load.most_a_day
        ),
    }
}

/// Every incident and every message, in order of time.
pub(super) fn course(definitions: &Definitions, report: &Report, language: Language) -> String {
    let zone = definitions.city.time_zone();
    let mut lines: Vec<(Timestamp, String)> = Vec::new();
    for episode in &report.episodes {
        let end = episode.to.map_or_else(|| "…".to_owned(), |to| length(to.duration_since(episode.from).as_secs()));
        let value = episode.value.map_or_else(String::new, |value| format!(" {value:.2}"));
        let no_data = if episode.no_data { " no-data" } else { "" };
        let place = definitions.scope_name(&episode.scope, language);
        lines.push((episode.from, format!("{}{no_data} {place}{value} ({end})", episode.rule)));
    }
    for message in &report.messages {
        let rules: Vec<&str> = message.rules.iter().map(|rule| rule.as_str()).collect();
        let wakes = if message.wakes() { "!" } else { "" };
        lines.push((message.at, format!("  → {} {:?}{wakes}: {} ({})", message.team, message.kind, rules.join(", "), message.incidents)));
    }
    lines.sort();
    lines.iter().map(|(at, line)| format!("{} {line}\n", shown(&zone, *at))).collect()
}

/// What became of each incident that was let happen.
pub(super) fn caught(definitions: &Definitions, caught: &[Caught], language: Language) -> String {
    let zone = definitions.city.time_zone();
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en).to_owned();
    let mut rows = vec![vec![pick("sự cố", "incident"), pick("lúc", "at"), pick("phát hiện bởi", "caught by"), pick("sau", "after")]];
    rows.extend(caught.iter().map(|one| {
        let (by, after) = match &one.outcome {
            Outcome::Caught { rule, after_s, .. } => (rule.to_string(), length(*after_s)),
            Outcome::Open { rule } => (rule.to_string(), pick("đang báo sẵn", "open already")),
            Outcome::Missed => (pick("BỎ SÓT", "MISSED"), String::new()),
        };
        vec![one.happening.clone(), shown(&zone, one.from), by, after]
    }));
    let missed = caught.iter().filter(|one| one.is_missed()).count();
    let total = caught.len();
    let sum = match language {
        Language::Vi => format!("{} trong {total} sự cố được phát hiện", total - missed),
        Language::En => format!("{} of {total} incidents caught", total - missed),
    };
    format!("\n{}{sum}\n", aligned(&rows))
}

/// What is more than people can bear.
pub(super) fn excesses(report: &Report, language: Language) -> Vec<String> {
    let mut excesses = Vec::new();
    let load = &report.load;
    if load.mean > MEAN {
        excesses.push(match language {
            Language::Vi => format!("quá tải: trung bình {:.2} cảnh báo trong 10 phút, EEMUA 191 cho phép {MEAN}", load.mean),
            Language::En => format!("too many: {:.2} alarms in 10 minutes on average, EEMUA 191 allows {MEAN}", load.mean),
        });
    }
    if load.most > UPSET {
        let at = load.most_at.map_or_else(String::new, |at| at.to_string());
        excesses.push(match language {
            Language::Vi => format!("quá tải: {} cảnh báo trong 10 phút từ {at}, EEMUA 191 cho phép {UPSET}", load.most),
            Language::En => format!("too many: {} alarms in the 10 minutes from {at}, EEMUA 191 allows {UPSET}", load.most),
        });
    }
    for team in report.teams.iter().filter(|team| team.woken.most > A_NIGHT) {
        excesses.push(match language {
            Language::Vi => format!("đội {} bị đánh thức {} lần trong một đêm", team.team, team.woken.most),
            Language::En => format!("team {} is woken {} times in one night", team.team, team.woken.most),
        });
    }
    excesses
}

/// That readings were left out.
pub(super) fn left_out(late: usize, language: Language) -> String {
    match language {
        Language::Vi => format!("{late} trị số được ghi muộn nên không được xét, như khi đang trực; thêm --late để xét cả chúng"),
        Language::En => {
            format!("{late} readings were recorded late and are left out, as the rules would have left them; take them too with --late")
        }
    }
}

fn severity(severity: Severity, language: Language) -> &'static str {
    match severity {
        Severity::Critical => language.pick("nghiêm trọng", "critical"),
        Severity::High => language.pick("cao", "high"),
        Severity::Medium => language.pick("trung bình", "medium"),
        Severity::Info => language.pick("thông tin", "info"),
    }
}

fn parts(hours: Hours) -> String {
    format!("{} ({}/{}/{})", hours.total(), hours.work, hours.evening, hours.night)
}

fn shown(zone: &TimeZone, at: Timestamp) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A length as days, hours and minutes.
fn length(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes:02}m"),
        (days, hours, _) => format!("{days}d{hours:02}h"),
    }
}

/// Columns, each as wide as its widest cell.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))))
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}
