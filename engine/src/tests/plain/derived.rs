//! KPIs from KPIs: the operands' plain readings put together by hand. What each formula comes to is written here once more,
//! as Rust, so that the evaluation of formulas is compared with something else than itself.

use super::{Rows, blank};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::formula::air::{Pollutant, nowcast};
use taydo_model::kpi::{Extreme, From};
use taydo_model::{Definitions, Flags, Kpi, Quality, Reading, Scope};

/// An operand's value, so many hours back.
type Value<'a> = &'a dyn Fn(usize, u8) -> Option<f64>;

/// What the formula of the KPI with this id comes to, and what it divides.
fn outcome(id: &str, value: Value<'_>) -> (Option<f64>, Option<(f64, f64)>) {
    let (a, b) = (value(0, 0), value(1, 0));
    let both = a.zip(b);
    let ratio = both.filter(|(_, b)| *b != 0.0).map(|(a, b)| (a / b, (a, b)));
    match id {
        "ratio" | "per.case" | "day.share" => ratio.unzip(),
        "late.share" => ratio.map(|(ratio, parts)| (ratio * 100.0, parts)).unzip(),
        "fill" => (b.map(|b| a.unwrap_or(0.0) * 2.0 + b), None),
        "nested" | "both.kept" | "sum.of.changed" => (both.map(|(a, b)| a + b), None),
        "worst" | "least" | "spread" => (both.map(|(a, b)| a - b), None),
        "chosen" => (a.and_then(|a| if a < 5.0 { Some(a) } else { b }), None),
        "air" | "air.worst" => {
            let index = nowcast(&|back| value(0, back)).map(|dust| Pollutant::Pm25.index(dust).round());
            (index, None)
        }
        other => panic!("no reference for {other}"),
    }
}

pub(super) fn readings(rows: &Rows, definitions: &Definitions, kpi: &Kpi, at: Timestamp) -> Vec<Reading> {
    let From::Formula { operands, across, .. } = &kpi.from else { return Vec::new() };
    let mut read: Vec<Vec<BTreeMap<Scope, Reading>>> = Vec::new();
    for operand in operands {
        let of = definitions.kpi(&operand.kpi).unwrap();
        let hours = (0..=operand.hours_back).map(|back| at - SignedDuration::from_hours(back.into()));
        let by_scope = |time| rows.readings(definitions, of, time).into_iter().map(|reading| (reading.scope.clone(), reading)).collect();
        read.push(hours.map(by_scope).collect());
    }
    let scopes: BTreeSet<Scope> = read.iter().flatten().flat_map(|readings| readings.keys().cloned()).collect();
    let Some(extreme) = across else {
        let covered = scopes.iter().filter(|scope| kpi.covers(scope));
        return covered.filter_map(|scope| compute(&read, kpi, scope, scope, at)).collect();
    };
    let mut found = Vec::new();
    let mut of_scope: BTreeMap<Scope, Vec<Reading>> = BTreeMap::from([(Scope::City, Vec::new())]);
    for own in scopes {
        let Scope::Asset(id) = &own else { continue };
        // Where an asset is, the register says; one that it doesn't know counts for the city.
        let area = definitions.assets.iter().find(|asset| asset.id == *id).map(|asset| Scope::Area(asset.area.clone()));
        for scope in [Some(Scope::City), area, Some(own.clone())].into_iter().flatten() {
            let reading = compute(&read, kpi, &own, &scope, at);
            of_scope.entry(scope).or_default().extend(reading);
        }
    }
    for (scope, readings) in of_scope {
        if kpi.covers(&scope) && (!readings.is_empty() || scope == Scope::City) {
            found.push(extreme_of(*extreme, kpi, scope, at, readings));
        }
    }
    found
}

/// The reading that the operands' readings for the scope `of` make for `scope`; `None` when none has one.
fn compute(read: &[Vec<BTreeMap<Scope, Reading>>], kpi: &Kpi, of: &Scope, scope: &Scope, at: Timestamp) -> Option<Reading> {
    let get = |operand: usize, back: u8| read.get(operand)?.get(usize::from(back))?.get(of);
    read.iter().flatten().find_map(|readings| readings.get(of))?;
    let (value, parts) = outcome(kpi.id.as_str(), &|operand, back| get(operand, back)?.value);
    let (mut samples, mut coverage, mut oldest, mut worst, mut flags) =
        (0, None::<f64>, None::<Timestamp>, Quality::Good, Flags::default());
    for (operand, hours) in read.iter().enumerate() {
        let newest = (0..hours.len() as u8).find(|back| get(operand, *back).is_some_and(|reading| reading.value.is_some()));
        let Some(part) = get(operand, newest.unwrap_or(0)) else { continue };
        samples += part.samples;
        flags = flags.union(part.flags);
        coverage = [coverage, part.coverage].into_iter().flatten().reduce(f64::min);
        if let Some(back) = newest {
            worst = worst.max(part.quality);
            if back > 0 {
                worst = worst.max(Quality::Partial);
            }
            oldest = [oldest, part.data_time].into_iter().flatten().min();
        }
    }
    let mut reading = blank(kpi, scope, at, value, samples, oldest);
    reading.numerator = parts.map(|(above, _)| above);
    reading.denominator = parts.map(|(_, below)| below);
    reading.coverage = coverage;
    reading.flags = flags;
    Some(judged(reading, kpi, worst))
}

fn judged(mut reading: Reading, kpi: &Kpi, worst: Quality) -> Reading {
    if reading.value.is_some() {
        let is_partial = reading.coverage.zip(kpi.coverage).is_some_and(|(have, want)| have < want);
        let own = if is_partial { Quality::Partial } else { Quality::Good };
        reading.quality = reading.quality.max(own).max(worst);
    }
    reading
}

fn extreme_of(extreme: Extreme, kpi: &Kpi, scope: Scope, at: Timestamp, readings: Vec<Reading>) -> Reading {
    let count = readings.len();
    let fresh = readings.iter().filter(|reading| reading.quality <= Quality::Partial).count();
    let (samples, flags) =
        readings.iter().fold((0, Flags::default()), |(samples, flags), reading| (samples + reading.samples, flags.union(reading.flags)));
    let sign = if extreme == Extreme::Max { 1.0 } else { -1.0 };
    let best = readings.iter().filter(|reading| reading.value.is_some()).max_by(|a, b| {
        let by_value = (sign * a.value.unwrap()).total_cmp(&(sign * b.value.unwrap()));
        by_value.then(b.quality.cmp(&a.quality)).then(a.data_time.cmp(&b.data_time))
    });
    let Some(best) = best.or(readings.first()) else { return blank(kpi, &scope, at, None, 0, None) };
    let reading = Reading { scope, samples, flags, coverage: Some(fresh as f64 / count as f64), ..best.clone() };
    let worst = reading.quality;
    judged(reading, kpi, worst)
}
