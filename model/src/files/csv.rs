//! CSV sources: which columns mean what, and how numbers and times are written.
//!
//! Must never accept a time format that leaves the moment open.

use super::{
    section::Section,
    source::{Context, fields},
    value::Value,
};
use crate::{
    LabelName, SourceId,
    source::{CaseColumns, Csv, Rows},
};
use jiff::{civil::DateTime, fmt::strtime::BrokenDownTime, tz::TimeZone};

/// Time formats that have a name instead of a pattern.
const NAMED_FORMATS: &[&str] = &["rfc3339", "unix", "unix_ms"];

pub(super) fn read(section: &mut Section<'_>, context: &Context<'_>) -> Option<Csv> {
    let delimiter = section.may("delimiter", |value| value.choice(&[(",", ','), (";", ';'), ("\t", '\t'), ("|", '|')])).unwrap_or(',');
    let decimal = section.may("decimal", |value| value.choice(&[(".", '.'), (",", ',')])).unwrap_or('.');
    if delimiter == decimal && section.has("decimal") {
        section.problem(
            format!("{} has the same sign between columns and in numbers", section.what),
            "set `delimiter = \";\"`, or `decimal = \".\"`",
        );
    }
    let encoding =
        section.may("encoding", |value| value.choice(&[("utf-8", "utf-8"), ("windows-1258", "windows-1258")])).unwrap_or("utf-8");
    let time_format = section.need("time_format", time_format);
    let zone = section.may("zone", super::city::zone).unwrap_or_else(|| context.city.zone.clone());
    let replay = section.may("replay", |value| value.reference::<SourceId>(&context.known.sources));
    let observations = section.may("observations", |value| observations(value, context));
    let cases = section.may("cases", cases);
    let rows = match (section.has("observations"), section.has("cases")) {
        (true, false) => observations?,
        (false, true) => Rows::Cases(cases?),
        _ => {
            section.problem(
                format!("{} must say what its rows are, once", section.what),
                "add `observations = { time = …, values = […] }` or `cases = { kind = …, id = …, opened = … }`",
            );
            return None;
        }
    };
    if replay.is_some() && matches!(rows, Rows::Cases(_)) {
        section.problem(format!("{} can't be replayed: its rows are cases", section.what), "remove `replay`");
    }
    Some(Csv { delimiter, decimal, encoding: encoding.to_owned(), time_format: time_format?, zone, rows, replay })
}

/// A pattern is tried on a moment of its own making: what it writes, it must read back as the same moment. A date
/// alone is its midnight.
fn time_format(value: &Value<'_>) -> Option<String> {
    let format = value.text()?;
    if NAMED_FORMATS.contains(&format.as_str()) {
        return Some(format);
    }
    let tried = jiff::civil::date(2017, 11, 24).at(21, 0, 0, 0);
    let wrong = match read_back(&format, tried) {
        Ok(again) if again == tried => return Some(format),
        Ok(again) => format!("the time format {format:?} reads {tried} as {again}"),
        Err(why) => format!("the time format {format:?} doesn't give a date and a time: {why}"),
    };
    value.problem(wrong, "write strptime's terms, such as \"%Y-%m-%d %H:%M:%S\", or rfc3339, unix or unix_ms");
    None
}

fn read_back(format: &str, tried: DateTime) -> Result<DateTime, jiff::Error> {
    let text = BrokenDownTime::from(&tried.to_zoned(TimeZone::UTC)?).to_string(format)?;
    let parts = BrokenDownTime::parse(format, text)?;
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return Ok(TimeZone::UTC.to_datetime(parts.to_timestamp()?));
    }
    if parts.hour().is_none() && parts.minute().is_none() && parts.second().is_none() {
        return Ok(parts.to_date()?.to_datetime(tried.time()));
    }
    parts.to_datetime()
}

fn observations(value: &Value<'_>, context: &Context<'_>) -> Option<Rows> {
    let mut section = value.section("`observations`")?;
    let time = section.need("time", Value::text);
    let values = section.need("values", |value| fields(value, context));
    let labels = section.may("labels", columns_of_labels).unwrap_or_default();
    section.finish();
    Some(Rows::Observations { time: time?, values: values?, labels })
}

fn cases(value: &Value<'_>) -> Option<CaseColumns> {
    let mut section = value.section("`cases`")?;
    let kind = section.need("kind", kind);
    let snapshot = section.may("mode", |value| value.choice(&[("snapshot", true), ("changes", false)])).unwrap_or(false);
    let least_share = section.may("least_share", |value| value.number_in(0.0, 1.0));
    if least_share.is_some() && !snapshot {
        section.problem("`least_share` is for full exports only", "add `mode = \"snapshot\"`, or remove `least_share`");
    }
    let id = section.need("id", Value::text);
    let opened = section.need("opened", Value::text);
    let columns = CaseColumns {
        kind: kind.unwrap_or_default(),
        snapshot,
        least_share: least_share.unwrap_or(0.5),
        id: id.clone().unwrap_or_default(),
        opened: opened.clone().unwrap_or_default(),
        due: section.may("due", Value::text),
        allowance: section.may("allowance", Value::text),
        closed: section.may("closed", Value::text),
        withdrawn: section.may("withdrawn", Value::text),
        reopened: section.may("reopened", Value::text),
        updated: section.may("updated", Value::text),
        department: section.may("department", Value::text),
        area: section.may("area", Value::text),
        labels: section.may("labels", columns_of_labels).unwrap_or_default(),
    };
    section.finish().then_some(columns)
}

/// A kind of cases: written like an id, so that files and messages can't differ by a capital letter.
pub(super) fn kind(value: &Value<'_>) -> Option<String> {
    value.id::<LabelName>().map(String::from)
}

/// `{ COLUMN = "label" }`.
fn columns_of_labels(value: &Value<'_>) -> Option<Vec<(String, LabelName)>> {
    let section = value.section("`labels`")?;
    Some(section.entries().filter_map(|entry| Some((entry.key.clone(), entry.id::<LabelName>()?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_good_when_it_leaves_no_moment_open() {
        let tried = jiff::civil::date(2017, 11, 24).at(21, 0, 0, 0);
        let reads = |format| read_back(format, tried).is_ok_and(|again| again == tried);
        for good in ["%Y-%m-%d %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S%z", "%s", "%Y-%m-%d %H"]
        {
            assert!(reads(good), "{good}");
        }
        for bad in ["", "%H:%M", "%Y-%m %H:%M", "%Y-%m-%d %I:%M", "%Y-%m-%d %H:%S", "%Y-%m-%d %H:%K", "yyyy-mm-dd"] {
            assert!(!reads(bad), "{bad}");
        }
    }
}
