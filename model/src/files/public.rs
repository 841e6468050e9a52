//! `public.toml`: which figures of the whole city everybody may see, how late, and under what licence.
//!
//! Must never accept a publication without a licence.

use super::{document::Document, name::Known, value::Value};
use crate::{KpiId, public::Publication};

const DAY_S: u32 = 86_400;
/// More figures are no choice any more.
const MOST: usize = 40;

/// The publication as far as it is sound.
pub(super) fn read(document: &Document<'_>, known: &Known) -> Option<Publication> {
    let mut root = document.section();
    let title = root.need("title", Value::both_languages);
    let licence = root.need("licence", Value::text);
    let licence_url = root.need("licence_url", address);
    let delay_s = root.may("delay", |value| value.seconds(0, 366 * DAY_S)).unwrap_or(DAY_S);
    let days = root.may("days", |value| value.whole(1, 3_660)).and_then(|days| u16::try_from(days).ok()).unwrap_or(90);
    let kpis = root.need("kpis", |value| kpis(value, known));
    root.finish();
    Some(Publication { title: title?, licence: licence?, licence_url: licence_url?, delay_s, days, kpis: kpis? })
}

fn address(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if !text.starts_with("https://") {
        value.problem(format!("{text:?} is not the address of a licence"), "write one that begins with https://");
        return None;
    }
    Some(text)
}

fn kpis(value: &Value<'_>, known: &Known) -> Option<Vec<KpiId>> {
    let mut kpis: Vec<KpiId> = Vec::new();
    let items = value.items()?;
    if items.is_empty() || items.len() > MOST {
        value.problem(format!("1 to {MOST} figures are published, not {}", items.len()), "choose the figures to be published");
    }
    for item in items {
        let Some(id) = item.reference::<KpiId>(&known.kpis) else { continue };
        if kpis.contains(&id) {
            item.problem(format!("{id} stands here twice"), "remove one of them");
        }
        kpis.push(id);
    }
    Some(kpis)
}
