//! Functions: what they take, what they give, and where their definition is from.
//!
//! Must never compute anything itself.

use super::Stop;
use super::infer::{self, Kind, Term};
use super::parse::Parser;
use crate::Unit;
use crate::files::name::nearest;
use crate::formula::air::{AirQuality, Concentration, Pollutant, Span, Wanted};
use crate::formula::{Arithmetic, Node};
use std::ops::Range;

/// The functions' names, each with the arguments as messages show them.
const FUNCTIONS: &[(&str, &str)] = &[
    ("min", "(a, b, …)"),
    ("max", "(a, b, …)"),
    ("abs", "(a)"),
    ("round", "(a)"),
    ("clamp", "(a, low, high)"),
    ("has", "(a)"),
    ("coalesce", "(a, b, …)"),
    ("travel_time_index", "(free_flow, actual)"),
    ("saidi", "(customer_minutes, customers)"),
    ("saifi", "(customers_affected, customers)"),
    ("vn_aqi", "(pm25: A, pm10: B, o3: C, …)"),
    ("vn_aqi_day", "(pm25: A, pm10: B, o3: C, …)"),
    ("vn_aqi_pollutant", "(pm25: A, pm10: B, o3: C, …)"),
];

/// The call of a function, from its opening parenthesis on.
pub(super) fn call(parser: &mut Parser<'_>, name: &str, at: Range<usize>) -> Result<Term, Stop> {
    let Some((known, shape)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
        let names = FUNCTIONS.iter().map(|(known, _)| *known);
        let hint = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("functions are {}", names.collect::<Vec<_>>().join(", ")),
        };
        return Err(Stop::at(at, format!("there is no function `{name}`"), hint));
    };
    parser.need("(")?;
    match *known {
        "vn_aqi" => return air_quality(parser, Span::Hour, Wanted::Index, at),
        "vn_aqi_day" => return air_quality(parser, Span::Day, Wanted::Index, at),
        "vn_aqi_pollutant" => return air_quality(parser, Span::Hour, Wanted::Pollutant, at),
        _ => {}
    }
    let mut arguments = vec![parser.choice()?];
    while parser.take(",").is_some() {
        arguments.push(parser.choice()?);
    }
    let end = parser.need(")")?;
    apply(parser, name, arguments, at.start..end.end, shape)
}

fn apply(parser: &mut Parser<'_>, name: &str, mut arguments: Vec<Term>, at: Range<usize>, shape: &str) -> Result<Term, Stop> {
    for argument in &mut arguments {
        *argument = argument.clone().number()?;
    }
    let several = arguments.len() > 1;
    let nodes = &mut parser.nodes;
    match (name, arguments.as_slice()) {
        ("abs", [one]) => infer::same(nodes, Node::Absolute, one.clone(), at),
        ("round", [one]) => infer::same(nodes, Node::Round, one.clone(), at),
        ("has", [one]) => nodes.term(Node::Has(one.node), Kind::Condition, at),
        ("min" | "max" | "coalesce", _) if several => {
            let (parts, kind) = infer::alike(nodes, arguments, &at)?;
            let parts = parts.iter().map(|part| part.node).collect();
            let node = match name {
                "min" => Node::Least(parts),
                "max" => Node::Greatest(parts),
                _ => Node::Coalesce(parts),
            };
            nodes.term(node, kind, at)
        }
        ("clamp", [_, _, _]) => {
            let (parts, kind) = infer::alike(nodes, arguments, &at)?;
            match parts.as_slice() {
                [value, low, high] => nodes.term(Node::Clamp(value.node, low.node, high.node), kind, at),
                _ => Err(Stop::Elsewhere),
            }
        }
        ("travel_time_index", [free_flow, actual]) => travel_time_index(parser, free_flow, actual, at),
        ("saidi", [minutes, customers]) => per_customer(parser, minutes, customers, Served::MINUTES, at),
        ("saifi", [affected, customers]) => per_customer(parser, affected, customers, Served::OUTAGES, at),
        _ => Err(Stop::at(at, format!("`{name}` takes other arguments than these"), format!("write {name}{shape}"))),
    }
}

/// U4SSC EC: I: T: 5A: the travel time at the time over that of free flow. Given as times it is actual ÷ free flow, given
/// as speeds free flow ÷ actual. A ratio; 1 is free flow.
fn travel_time_index(parser: &mut Parser<'_>, free_flow: &Term, actual: &Term, at: Range<usize>) -> Result<Term, Stop> {
    let is = |term: &Term, code: &str| measures(term, code).is_some();
    let (above, below) = match () {
        () if is(free_flow, "km/h") && is(actual, "km/h") => (free_flow, actual),
        () if is(free_flow, "min") && is(actual, "min") => (actual, free_flow),
        () => return Err(Stop::at(at, "free flow and actual must both be speeds, or both be times", "use KPIs in km/h, or in min")),
    };
    let sign = at.clone();
    let term = infer::arithmetic(&mut parser.nodes, Arithmetic::Divide, above.clone(), below.clone(), sign)?;
    Ok(term.spanning(at))
}

/// What IEEE 1366 divides by the customers served, and what that gives.
struct Served {
    unit: &'static str,
    gives: &'static str,
}

impl Served {
    /// SAIDI: the minutes that customers were without power, added up over the customers of each outage.
    const MINUTES: Self = Self { unit: "customer-min", gives: "min" };
    /// SAIFI: how many customers were without power, added up over the outages.
    const OUTAGES: Self = Self { unit: "customers", gives: "outages/customer" };
}

/// SAIDI and SAIFI (IEEE 1366; SAIFI is U4SSC EC: I: ES: 1C): a sum over the outages of a period ÷ the customers served.
fn per_customer(parser: &mut Parser<'_>, sum: &Term, customers: &Term, served: Served, at: Range<usize>) -> Result<Term, Stop> {
    for (term, code) in [(sum, served.unit), (customers, "customers")] {
        if measures(term, code).is_none() {
            return Err(Stop::at(term.at.clone(), format!("this must be in {code}"), "use a KPI or a constant in that unit"));
        }
    }
    let sign = at.clone();
    let term = infer::arithmetic(&mut parser.nodes, Arithmetic::Divide, sum.clone(), customers.clone(), sign)?;
    let term = term.spanning(at);
    Ok(Unit::parse(served.gives).map_or(term.clone(), |unit| term.measuring(unit)))
}

/// What the term must be multiplied by to be in this unit.
fn measures(term: &Term, code: &str) -> Option<f64> {
    let unit = Unit::parse(code)?;
    match &term.kind {
        Kind::Measured(dimensions, scale) if *dimensions == unit.dimensions() => Some(Unit::ratio(*scale, unit.scale())),
        _ => None,
    }
}

/// VN_AQI by [`crate::formula::air`], from KPIs that are hourly means. Of a day: at 00:00, of the day that has ended.
fn air_quality(parser: &mut Parser<'_>, span: Span, wanted: Wanted, at: Range<usize>) -> Result<Term, Stop> {
    let mut from: Vec<Concentration> = Vec::new();
    let end = loop {
        let (word, operand, unit, place) = parser.labelled()?;
        let Some(pollutant) = Pollutant::ALL.into_iter().find(|pollutant| pollutant.name() == word) else {
            let names = Pollutant::ALL.map(Pollutant::name).join(", ");
            return Err(Stop::at(place, format!("the index knows no pollutant `{word}`"), format!("pollutants are {names}")));
        };
        if from.iter().any(|one| one.pollutant == pollutant) {
            return Err(Stop::at(place, format!("`{word}` stands here twice"), "remove one of them"));
        }
        let Some(factor) = Unit::parse("ug/m3").and_then(|wanted| unit.factor_to(wanted)) else {
            return Err(Stop::at(place, format!("this is in {unit}, which is no concentration"), "use KPIs in ug/m3 or mg/m3"));
        };
        from.push(Concentration { pollutant, operand, factor });
        if parser.take(",").is_none() {
            break parser.need(")")?;
        }
    };
    let at = at.start..end.end;
    if !from.iter().any(|one| one.pollutant.is_dust()) {
        return Err(Stop::at(at, "the index needs dust", "add pm25 or pm10"));
    }
    let unit = Unit::parse(if wanted == Wanted::Index { "index" } else { "1" }).unwrap_or_default();
    let node = Node::AirQuality(AirQuality { span, wanted, from });
    parser.nodes.term(node, Kind::Measured(unit.dimensions(), unit.scale()), at)
}
