//! What a panel shows: each kind's keys, and whether its KPIs can be shown so.
//!
//! Must never accept a kind for a KPI that is not computed for what the kind shows.

use crate::files::{alert::SEVERITIES, duration, kpi::DIMENSIONS, name::Known, section::Section, value::Value};
use crate::{City, Kpi, KpiId, Scope, alert::Severity, api, baseline, board::Content, compare::Against, kpi::Dimension};
use std::sync::Arc;

const DAY_S: u32 = 86_400;
/// More lines in one chart can't be told apart.
const MOST_LINES: usize = 6;
/// More figures side by side, or one below the other, are not read at a glance.
const MOST_FIGURES: usize = 8;

/// The kinds, by the key that names what is shown.
const KINDS: [&str; 11] = ["value", "trend", "ranking", "bullet", "hexmap", "map", "table", "heatmap", "alerts", "text", "clock"];

/// What a tile's line may compare with.
const AGAINST: &[(&str, Against)] = &[
    ("previous", Against::Previous),
    ("yesterday", Against::Yesterday),
    ("last_week", Against::LastWeek),
    ("last_year", Against::LastYear),
];

/// What panels may refer to.
pub(super) struct Context<'a> {
    pub(super) known: &'a Known,
    pub(super) city: &'a City,
    pub(super) kpis: &'a [Arc<Kpi>],
}

impl Context<'_> {
    /// A KPI with problems of its own is not in the list; what depends on it is checked when they are mended.
    fn kpi(&self, id: &KpiId) -> Option<&Kpi> {
        self.kpis.iter().find(|one| one.id == *id).map(AsRef::as_ref)
    }
}

pub(super) fn content(section: &mut Section<'_>, context: &Context<'_>) -> Option<Content> {
    let mut present = KINDS.into_iter().filter(|kind| section.has(kind));
    let (Some(kind), None) = (present.next(), present.next()) else {
        section.problem(
            format!("{} must show one thing", section.what),
            "add one of `value = \"KPI\"`, `trend = \"KPI\"`, `ranking = \"KPI\"`, `bullet = [\"KPI\"]`, `hexmap = \"KPI\"`, `map = \"KPI\"`, `table = [\"KPI\"]`, `heatmap = \"KPI\"`, `alerts = 8`, `text = { vi = …, en = … }`, `clock = true`",
        );
        return None;
    };
    match kind {
        "bullet" | "table" => several(section, kind, context),
        "alerts" | "text" | "clock" => without_kpi(section, kind),
        _ => of_one(section, kind, context),
    }
}

/// The kinds that show one KPI.
fn of_one(section: &mut Section<'_>, kind: &'static str, context: &Context<'_>) -> Option<Content> {
    let kpi = section.need(kind, |value| value.reference::<KpiId>(&context.known.kpis))?;
    let found = context.kpi(&kpi);
    match kind {
        "value" => {
            let scope = section.may("scope", |value| scope(value, found, context)).unwrap_or_default();
            let compare = section.may("compare", against).unwrap_or_default();
            Some(Content::Value { kpi, scope, compare })
        }
        "trend" => {
            let scopes = section.may("scopes", |value| scopes(value, found, context)).unwrap_or_else(|| vec![Scope::City]);
            let span_s = section.may("span", |value| span(value, found)).unwrap_or(DAY_S);
            let band = section.may("band", |value| band(value, found, &scopes)).unwrap_or(false);
            Some(Content::Trend { kpi, scopes, span_s, band })
        }
        "hexmap" => {
            if context.city.areas.iter().all(|area| area.hex.is_none()) {
                section.problem("the city's areas have no places on a tile map", "add `hex` to them in city.toml, or show a ranking");
            }
            by_area(section, found, context);
            Some(Content::Hexmap { kpi })
        }
        "map" => {
            by_area(section, found, context);
            let map = section.need("shapes", |value| map(value, context))?;
            Some(Content::Map { kpi, map })
        }
        "heatmap" => {
            let scope = section.may("scope", |value| scope(value, found, context)).unwrap_or_default();
            let days = section.may("days", |value| value.whole(1, 28)).unwrap_or(7);
            if let Some(kpi) = found.filter(|kpi| kpi.every_s > 3_600) {
                section.problem(
                    format!("{} is recorded every {}, so hours can't be told apart", kpi.id, duration::show(kpi.every_s)),
                    "show a trend of it, or record the KPI each hour",
                );
            }
            Some(Content::Heatmap { kpi, scope, days: u16::try_from(days).ok()? })
        }
        _ => {
            let by = section.need("by", |value| dimension(value, found.into_iter()));
            Some(Content::Ranking { kpi, by: by?, limit: limit(section, 10)? })
        }
    }
}

/// One word, or several in an array, each once.
fn against(value: &Value<'_>) -> Option<Vec<Against>> {
    if value.quiet_text().is_some() {
        return value.choice(AGAINST).map(|one| vec![one]);
    }
    let found = value.each(|item| item.choice(AGAINST))?;
    let twice = found.iter().enumerate().any(|(at, one)| found.iter().take(at).any(|before| before == one));
    if twice {
        value.problem("a comparison is named twice", "name each once");
    }
    Some(found)
}

/// The kinds that show several KPIs.
fn several(section: &mut Section<'_>, kind: &'static str, context: &Context<'_>) -> Option<Content> {
    let kpis = section.need(kind, |value| {
        let kpis = value.each(|item| item.reference::<KpiId>(&context.known.kpis))?;
        let count = value.items()?.len();
        if count == 0 || count > MOST_FIGURES {
            value.problem(format!("a panel shows 1 to {MOST_FIGURES} figures so, not {count}"), "choose the figures to be shown");
        }
        Some(kpis)
    })?;
    let mut found = kpis.iter().filter_map(|id| context.kpi(id));
    if kind == "table" {
        let by = section.need("by", |value| dimension(value, found));
        let limit = limit(section, 10)?;
        return Some(Content::Table { kpis, by: by?, limit });
    }
    if let Some(aimless) = found.find(|kpi| kpi.target.is_none()) {
        section.problem(format!("{} has no target to be shown against", aimless.id), "give it one, or show its value");
    }
    let scope = section.may("scope", |value| {
        let judged = scope(value, None, context)?;
        kpis.iter().filter_map(|id| context.kpi(id)).all(|kpi| scope_fits(value, kpi, &judged)).then_some(judged)
    });
    Some(Content::Bullet { kpis, scope: scope.unwrap_or_default() })
}

/// The kinds that show no KPI.
fn without_kpi(section: &mut Section<'_>, kind: &'static str) -> Option<Content> {
    match kind {
        "alerts" => {
            let limit = section.need("alerts", |value| value.whole(1, 50))?;
            let least = section.may("severity", |value| value.choice(SEVERITIES)).unwrap_or(Severity::Info);
            Some(Content::Alerts { limit: u16::try_from(limit).ok()?, least })
        }
        "text" => Some(Content::Text { text: section.need("text", Value::both_languages)? }),
        _ => {
            let is_wanted = section.need("clock", |value| {
                let is_wanted = value.boolean()?;
                if !is_wanted {
                    value.problem("a clock that is not wanted", "write `clock = true`, or remove the panel");
                }
                Some(is_wanted)
            });
            is_wanted.map(|_| Content::Clock)
        }
    }
}

fn limit(section: &mut Section<'_>, usual: u64) -> Option<u16> {
    u16::try_from(section.may("limit", |value| value.whole(1, 150)).unwrap_or(usual)).ok()
}

/// A dimension that all of these KPIs are computed by.
fn dimension<'k>(value: &Value<'_>, kpis: impl Iterator<Item = &'k Kpi>) -> Option<Dimension> {
    let by = value.choice(DIMENSIONS)?;
    for kpi in kpis.filter(|kpi| !kpi.by.contains(&by)) {
        value.problem(
            format!("{} is not computed by {}", kpi.id, value.raw().unwrap_or_default()),
            format!("add it to `by` of {}, or rank by another", kpi.id),
        );
    }
    Some(by)
}

fn by_area(section: &Section<'_>, kpi: Option<&Kpi>, context: &Context<'_>) {
    if let Some(kpi) = kpi.filter(|kpi| !kpi.by.contains(&Dimension::Area)) {
        let noun = context.known.areas.noun;
        section.problem(format!("{} is not computed by {noun}", kpi.id), format!("add \"{noun}\" to `by` of {}", kpi.id));
    }
}

fn map(value: &Value<'_>, context: &Context<'_>) -> Option<String> {
    let name = value.named(&context.known.maps)?;
    Some(name.to_owned())
}

/// A band behind several lines would be nobody's.
fn band(value: &Value<'_>, kpi: Option<&Kpi>, scopes: &[Scope]) -> Option<bool> {
    let wanted = value.boolean()?;
    if wanted && scopes.len() != 1 {
        value.problem(format!("a band belongs to one line, and this chart has {}", scopes.len()), "leave one scope, or leave the band out");
    }
    if let Some(kpi) = kpi.filter(|kpi| wanted && !baseline::has_season(kpi)) {
        value.problem(format!("{} has no usual course of a week, because its window or its grid is longer", kpi.id), "leave the band out");
    }
    Some(wanted)
}

fn scopes(value: &Value<'_>, kpi: Option<&Kpi>, context: &Context<'_>) -> Option<Vec<Scope>> {
    let scopes = value.each(|item| scope(item, kpi, context))?;
    let count = value.items()?.len();
    if count == 0 || count > MOST_LINES {
        value.problem(format!("a chart has 1 to {MOST_LINES} lines, not {count}"), "choose the scopes to be shown");
    }
    Some(scopes)
}

fn scope(value: &Value<'_>, kpi: Option<&Kpi>, context: &Context<'_>) -> Option<Scope> {
    let scope = match value.raw()?.parse::<Scope>() {
        Ok(scope) => scope,
        Err(why) => {
            value.problem(why, "for example \"city\" or \"area:31135\"");
            return None;
        }
    };
    let (names, id) = match &scope {
        Scope::City => return Some(scope),
        Scope::Area(id) => (&context.known.areas, id.as_str()),
        Scope::Department(id) => (&context.known.departments, id.as_str()),
        Scope::Asset(id) => (&context.known.assets, id.as_str()),
    };
    if !names.allows(id) {
        value.problem(format!("there is no {} `{id}`", names.noun), names.hint(id));
        return None;
    }
    kpi.is_none_or(|kpi| scope_fits(value, kpi, &scope)).then_some(scope)
}

/// Whether a KPI is computed for a scope; a problem where it isn't.
fn scope_fits(value: &Value<'_>, kpi: &Kpi, scope: &Scope) -> bool {
    let noun = DIMENSIONS.iter().find(|(_, dimension)| scope.dimension() == Some(*dimension)).map_or("city", |(noun, _)| *noun);
    let fits = kpi.covers(scope);
    if !fits {
        value.problem(format!("{} is not computed by {noun}", kpi.id), format!("add \"{noun}\" to `by` of {}", kpi.id));
    }
    fits
}

fn span(value: &Value<'_>, kpi: Option<&Kpi>) -> Option<u32> {
    let span_s = value.seconds(60, 366 * DAY_S)?;
    if let Some(kpi) = kpi
        && span_s / kpi.every_s.max(1) > api::MAX_POINTS
    {
        let (span, every, most) = (duration::show(span_s), duration::show(kpi.every_s), api::MAX_POINTS);
        value.problem(
            format!("{span} of {}, recorded every {every}, are more than the {most} readings that an answer holds", kpi.id),
            "write a shorter span, or record the KPI less often",
        );
    }
    if let Some(kpi) = kpi
        && span_s < kpi.every_s.saturating_mul(2)
    {
        let (span, every) = (duration::show(span_s), duration::show(kpi.every_s));
        value
            .problem(format!("in {span} there are not two readings of {}, which is recorded every {every}", kpi.id), "write a longer span");
    }
    Some(span_s)
}
