//! `assets.toml` and `assets/*.toml`: the register of what measures or is measured.
//!
//! Must never let an asset stand in an area or belong to a department that the city doesn't have.

use super::{document::Document, name::Known, section::Section, value::Value};
use crate::{AreaId, Asset, AssetId, DepartmentId, MetricId};

const DAY_S: u32 = 86_400;

/// What the assets of one file have in common.
#[derive(Default)]
struct Defaults {
    site: Option<String>,
    area: Option<AreaId>,
    owner: Option<DepartmentId>,
    metrics: Option<Vec<MetricId>>,
    interval_s: Option<u32>,
}

/// The sound assets of a file.
pub(super) fn read(document: &Document<'_>, known: &Known) -> Vec<Asset> {
    let mut root = document.section();
    let defaults = root.may("defaults", |value| {
        let mut section = value.section("[defaults]")?;
        let defaults = shared(&mut section, known);
        section.finish();
        Some(defaults)
    });
    let defaults = defaults.unwrap_or_default();
    let assets = root.may("assets", |value| {
        let section = value.section("[assets]")?;
        Some(section.entries().filter_map(|entry| asset(&entry, known, &defaults)).collect())
    });
    root.finish();
    assets.unwrap_or_default()
}

fn shared(section: &mut Section<'_>, known: &Known) -> Defaults {
    Defaults {
        site: section.may("site", Value::text),
        area: section.may("area", |value| value.reference(&known.areas)),
        owner: super::city::owner(section, known),
        metrics: section.may("metrics", |value| value.each(|one| one.reference(&known.metrics))),
        interval_s: section.may("interval", |value| value.seconds(1, DAY_S)),
    }
}

fn asset(entry: &Value<'_>, known: &Known, defaults: &Defaults) -> Option<Asset> {
    let id = entry.key_id::<AssetId>();
    let mut section = entry.section(&format!("asset {}", entry.key))?;
    let name = section.need("name", Value::text);
    let at = section.may("at", coordinates);
    let own = shared(&mut section, known);
    let valid_from = section.may("valid_from", Value::moment);
    let valid_to = section.may("valid_to", Value::moment);
    if valid_from.zip(valid_to).is_some_and(|(from, to)| from >= to) {
        section.problem(format!("{} goes out of service before it is put into it", section.what), "write valid_from before valid_to");
    }
    let site = or_default(&section, "site", own.site, defaults.site.as_ref());
    let area = or_default(&section, "area", own.area, defaults.area.as_ref());
    let owner = or_default(&section, "owner", own.owner, defaults.owner.as_ref());
    let metrics = or_default(&section, "metrics", own.metrics, defaults.metrics.as_ref());
    let interval_s = or_default(&section, "interval", own.interval_s, defaults.interval_s.as_ref());
    let sound = section.finish();
    let asset = Asset {
        id: id?,
        name: name?,
        site: site?,
        area: area?,
        latitude: at.map(|(latitude, _)| latitude),
        longitude: at.map(|(_, longitude)| longitude),
        owner: owner?,
        metrics: metrics?,
        interval_s: interval_s?,
        valid_from,
        valid_to,
    };
    sound.then_some(asset)
}

fn or_default<T: Clone>(section: &Section<'_>, key: &str, own: Option<T>, default: Option<&T>) -> Option<T> {
    let value = own.or_else(|| default.cloned());
    // A faulty value of its own has been reported already, so only a key that is nowhere is missing.
    if value.is_none() && !section.has(key) {
        section.problem(
            format!("{} has no `{key}`", section.what),
            format!("add `{key} = …` to it, or to [defaults] for all assets of the file"),
        );
    }
    value
}

/// Degrees north and east.
fn coordinates(value: &Value<'_>) -> Option<(f64, f64)> {
    let (latitude, longitude) = value.pair(Value::number)?;
    if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 {
        return Some((latitude, longitude));
    }
    value.problem(format!("[{latitude}, {longitude}] is no place on Earth"), "write degrees north, then degrees east: [10.03, 105.78]");
    None
}
