//! `assets.toml` and `assets/*.toml`: the register of what measures or is measured.
//!
//! Must never let an asset stand in an area or belong to a department that the city doesn't have.

use super::{document::Document, name::Known, section::Section, value::Value};
use crate::{AreaId, Asset, AssetId, DepartmentId, MetricId};

const DAY_S: u32 = 86_400;

/// What an asset may leave to the defaults of its file.
#[derive(Default)]
struct Shared {
    site: Option<String>,
    area: Option<AreaId>,
    owner: Option<DepartmentId>,
    metrics: Option<Vec<MetricId>>,
    interval_s: Option<u32>,
    /// The keys that are there, also those whose values are at fault: assets aren't accused of lacking them.
    keys: Vec<&'static str>,
}

/// The keys that an asset must have, of itself or by the file's defaults.
const SHARED: &[&str] = &["site", "area", "owner", "metrics", "interval"];

impl Shared {
    fn or(mut self, defaults: &Self) -> Self {
        self.keys.extend(&defaults.keys);
        Self {
            site: self.site.or_else(|| defaults.site.clone()),
            area: self.area.or_else(|| defaults.area.clone()),
            owner: self.owner.or_else(|| defaults.owner.clone()),
            metrics: self.metrics.or_else(|| defaults.metrics.clone()),
            interval_s: self.interval_s.or(defaults.interval_s),
            keys: self.keys,
        }
    }
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

fn shared(section: &mut Section<'_>, known: &Known) -> Shared {
    let keys = SHARED.iter().copied().filter(|key| section.has(key)).collect();
    Shared {
        keys,
        site: section.may("site", Value::text),
        area: section.may("area", |value| value.reference(&known.areas)),
        owner: super::city::owner(section, known),
        metrics: section.may("metrics", |value| value.each(|one| one.reference(&known.metrics))),
        interval_s: section.may("interval", |value| value.seconds(1, DAY_S)),
    }
}

fn asset(entry: &Value<'_>, known: &Known, defaults: &Shared) -> Option<Asset> {
    let id = entry.key_id::<AssetId>();
    let mut section = entry.section(&format!("asset {}", entry.key))?;
    let name = section.need("name", Value::text);
    let at = section.may("at", coordinates);
    let camera = section.may("camera", address);
    let common = shared(&mut section, known).or(defaults);
    for key in SHARED.iter().filter(|key| !common.keys.contains(key)) {
        let hint = format!("add `{key} = …` to it, or to [defaults] for all assets of the file");
        section.problem(format!("{} has no `{key}`", section.what), hint);
    }
    let valid_from = section.may("valid_from", Value::moment);
    let valid_to = section.may("valid_to", Value::moment);
    if valid_from.zip(valid_to).is_some_and(|(from, to)| from >= to) {
        section.problem(format!("{} goes out of service before it is put into it", section.what), "write valid_from before valid_to");
    }
    let sound = section.finish();
    let asset = Asset {
        id: id?,
        name: name?,
        site: common.site?,
        area: common.area?,
        latitude: at.map(|(latitude, _)| latitude),
        longitude: at.map(|(_, longitude)| longitude),
        owner: common.owner?,
        metrics: common.metrics?,
        interval_s: common.interval_s?,
        camera,
        valid_from,
        valid_to,
    };
    sound.then_some(asset)
}

/// An address that a browser may be sent to.
fn address(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme)) {
        return Some(text);
    }
    value.problem(format!("`{text}` is no address of the web"), "write the whole address, such as https://camera.example.vn/12");
    None
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
