//! The language by examples: what a text gives, and what it is refused for, with its place.
//!
//! Nothing here may know KPIs; names are those of [`NAMES`].

use super::*;
use proptest::prelude::*;

/// Names with unit and value; `gone` has none.
const NAMES: &[(&str, &str, Option<f64>)] = &[
    ("load", "kW", Some(30.0)),
    ("peak", "MW", Some(0.04)),
    ("used", "kWh", Some(120.0)),
    ("hours", "h", Some(4.0)),
    ("speed", "km/h", Some(25.0)),
    ("free.flow", "km/h", Some(40.0)),
    ("late", "cases", Some(3.0)),
    ("all", "cases", Some(12.0)),
    ("share", "%", Some(80.0)),
    ("deaths", "deaths", Some(6.0)),
    ("noise", "dB", Some(60.0)),
    ("dust-1h", "ug/m3", Some(20.0)),
    ("carbon", "mg/m3", Some(20.0)),
    ("minutes", "customer-min", Some(600.0)),
    ("hit", "customers", Some(50.0)),
    ("gone", "kW", None),
    ("trip", "min", Some(30.0)),
    ("nothing", "kW", Some(0.0)),
];
const CONSTANTS: &[(&str, &str, f64)] = &[("city.population", "people", 300_000.0), ("city.customers", "customers", 200.0)];

struct Table;

impl Environment for Table {
    fn named(&mut self, name: &str, at: Range<usize>) -> Result<Named, Stop> {
        let unit = |code| Unit::parse(code).unwrap();
        if let Some((_, code, value)) = CONSTANTS.iter().find(|(known, ..)| *known == name) {
            return Ok(Named::Constant { value: *value, unit: unit(code) });
        }
        match NAMES.iter().position(|(known, ..)| *known == name) {
            Some(place) => Ok(Named::Operand { number: place as u16, unit: unit(NAMES[place].1) }),
            None => Err(Stop::at(at, format!("there is no `{name}`"), "")),
        }
    }
}

fn value_of(operand: u16, _: u8) -> Option<f64> {
    NAMES[usize::from(operand)].2
}

fn gives(text: &str, unit: &str, expected: impl Into<Option<f64>>) {
    let expected = expected.into();
    let formula = number(text, Unit::parse(unit).unwrap(), &mut Table).unwrap_or_else(|stop| panic!("{text}: {stop:?}"));
    let found = formula.evaluate(&value_of).value;
    let same = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-12 * expected.abs(),
        (found, expected) => found == expected,
    };
    assert!(same, "{text} in {unit}: {found:?}, not {expected:?}");
}

/// The piece of the text that is at fault, and how the message begins.
fn refused(text: &str, unit: &str, piece: &str, message: &str) {
    match number(text, Unit::parse(unit).unwrap(), &mut Table) {
        Err(Stop::Fault(fault)) => {
            assert_eq!(text.get(fault.at.clone()), Some(piece), "{text}: {fault:?}");
            assert!(fault.message.starts_with(message), "{text}: {}", fault.message);
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn arithmetic_binds_as_in_any_language() {
    gives("load + 2 * 3 - 4 / 2", "kW", 34.0);
    gives("(load + 2) * 3", "kW", 96.0);
    gives("load - 5 - 5", "kW", 20.0);
    gives("-load", "kW", -30.0);
    gives("load * -(1 - 3)", "kW", 60.0);
    gives("load % 7", "kW", 2.0);
    gives("1_000 * 1e-3 * load * .5", "kW", 15.0);
    gives("load / 2 / 3", "kW", 5.0);
    gives("speed > 20 ? load : 0", "kW", 30.0);
    gives("speed > 20 && late >= 4 || !(share < 90) ? load : load / 2", "kW", 15.0);
    gives("speed < 5 ? 1 : speed < 30 ? 2 + load : 3", "kW", 32.0);
    gives("min(load, 12, 40)", "kW", 12.0);
    gives("max(load, 12) + abs(-load) + round(load / 7)", "kW", 64.0);
    gives("clamp(load, 0, 25)", "kW", 25.0);
    gives("late == 3 ? load : 0", "kW", 30.0);
    gives("late != 3 ? load : 0", "kW", 0.0);
}

#[test]
fn units_follow_from_the_parts() {
    gives("load * hours", "kWh", 120.0);
    gives("used / hours", "kW", 30.0);
    gives("used / load", "h", 4.0);
    gives("load + peak", "kW", 70.0);
    gives("peak + load", "MW", 0.07);
    gives("max(load, peak)", "MW", 0.04);
    gives("load < peak ? 1 + load : 0", "kW", 31.0);
    gives("speed * hours", "km", 100.0);
    gives("late / all", "%", 25.0);
    gives("late / all * 100", "%", 25.0);
    gives("100 * late / all", "%", 25.0);
    gives("late / all", "ratio", 0.25);
    gives("100 - share", "%", 20.0);
    gives("share * load", "kW", 24.0);
    gives("load / city.population * 1000", "W/person", 0.1);
    gives("load / city.population", "W/person", 0.1);
    gives("deaths / city.population", "/100k people", 2.0);
    gives("deaths / city.population * 100000", "/100k people", 2.0);
    gives("peak * 1000", "kW", 40.0);
    gives("trip / 60", "h", 0.5);
    gives("late", "1", 3.0);
    gives("round(share)", "%", 80.0);
}

#[test]
fn what_measures_different_things_is_not_added() {
    refused("load + used", "kW", "+", "kW and kWh don't go together");
    refused("load * hours + load", "kWh", "+", "kWh and kW don't go together");
    refused("late + deaths", "cases", "+", "cases and deaths don't go together");
    refused("max(load, speed)", "kW", "max(load, speed)", "kW and km/h don't go together");
    refused("load < speed ? 1 : 2", "kW", "<", "kW and km/h don't go together");
    refused("speed > 1 ? load : used", "kW", "?", "kW and kWh don't go together");
    refused("coalesce(load, used)", "kW", "coalesce(load, used)", "kW and kWh don't go together");
    refused("load % hours", "kW", "%", "kW and h don't go together");
    refused("load", "kWh", "load", "the formula gives kW, which can't become kWh");
    refused("load * speed", "kWh", "load * speed", "the formula gives length·time^-2·energy, which can't become kWh");
    refused("late / city.population", "%", "late / city.population", "the formula gives cases·people^-1, which can't become %");
    refused("deaths / all", "/100k people", "deaths / all", "the formula gives");
    refused("noise + 3", "dB", "noise", "decibels are logarithms");
    refused("-noise", "dB", "noise", "decibels are logarithms");
    refused("1 + 2", "kW", "1 + 2", "the formula names no figure");
    gives("max(noise, 50)", "dB", 60.0);
}

#[test]
fn a_conversion_is_not_made_twice() {
    refused("late / all * 1000", "%", "late / all * 1000", "ratio becomes % by itself, and the formula multiplies by 1000");
    refused("load * 1000", "MW", "load * 1000", "kW becomes MW by itself");
    gives("late / all * 12", "%", 300.0);
    gives("load * 1000", "kW", 30_000.0);
}

#[test]
fn what_is_missing_makes_missing_unless_the_formula_says_otherwise() {
    gives("load + gone", "kW", None);
    gives("load / nothing * 1", "ratio", None);
    gives("load % nothing", "kW", None);
    gives("max(load, gone)", "kW", None);
    gives("gone > 1 ? load : load", "kW", None);
    gives("has(gone) ? gone : load", "kW", 30.0);
    gives("has(gone + load) || gone > 1 ? 1 + load : load", "kW", None);
    gives("has(gone) && gone > 1 ? 1 + load : load", "kW", 30.0);
    gives("has(load) || gone > 1 ? 1 + load : load", "kW", 31.0);
    gives("coalesce(gone, gone, load)", "kW", 30.0);
    gives("coalesce(gone, 0) + load", "kW", 30.0);
    gives("speed > 20 ? load : gone", "kW", 30.0);
}

#[test]
fn named_functions_know_their_units() {
    gives("travel_time_index(free.flow, speed)", "ratio", 1.6);
    gives("travel_time_index(trip, hours)", "ratio", 8.0);
    gives("saidi(minutes, city.customers)", "min", 3.0);
    gives("saidi(minutes, city.customers)", "h", 0.05);
    gives("saifi(hit, city.customers)", "outages/customer", 0.25);
    gives("vn_aqi(pm25: dust-1h)", "index", 40.0);
    gives("vn_aqi(pm25: dust-1h, co: carbon)", "index", 75.0);
    gives("vn_aqi_pollutant(pm25: dust-1h, co: carbon)", "1", 2.0);
    gives("vn_aqi_day(pm10: dust-1h)", "index", 20.0);
    refused("travel_time_index(speed, trip)", "ratio", "travel_time_index(speed, trip)", "free flow and actual must both be speeds");
    refused("saidi(hours, city.customers)", "min", "hours", "this must be in customer-min");
    refused("saifi(hit, city.population)", "outages/customer", "city.population", "this must be in customers");
    refused("saidi(minutes, city.customers)", "ratio", "saidi(minutes, city.customers)", "the formula gives min");
    refused("vn_aqi(o3: dust-1h)", "index", "vn_aqi(o3: dust-1h)", "the index needs dust");
    refused("vn_aqi(pm25: load)", "index", "pm25: load", "this is in kW, which is no concentration");
    refused("vn_aqi(pm1: dust-1h)", "index", "pm1: dust-1h", "the index knows no pollutant `pm1`");
    refused("vn_aqi(pm25: dust-1h, pm25: carbon)", "index", "pm25: carbon", "`pm25` stands here twice");
    refused("vn_aqi(pm25: city.population)", "index", "city.population", "city.population has no hours");
    refused("vn_aqi(dust-1h)", "index", ")", "`)` stands where `:` should");
    refused("vn_aqi(pm25: dust-1h)", "%", "vn_aqi(pm25: dust-1h)", "the formula gives index, which can't become %");
}

#[test]
fn a_text_that_is_no_formula_is_refused_at_its_place() {
    refused("", "kW", "", "the end stands where a number, a name or ( should");
    refused("load +", "kW", "", "the end stands where");
    refused("load load", "kW", "load", "`load` stands where an operator or the end should");
    refused("(load", "kW", "", "the end stands where `)` should");
    refused("load × 2", "kW", "×", "formulas have no \"×\"");
    refused("load = 2", "kW", "=", "formulas have no \"=\"");
    refused("load ; 2", "kW", ";", "formulas have no \";\"");
    refused("load * 1.2.3", "kW", "1.2.3", "\"1.2.3\" is not a number");
    refused("load * 0x12", "kW", "0x12", "\"0x12\" is not a number");
    refused("load * 1e999", "kW", "1e999", "\"1e999\" is not a number");
    refused("lod", "kW", "lod", "there is no `lod`");
    refused("load-late", "kW", "load-late", "there is no `load-late`");
    refused("sqrt(load)", "kW", "sqrt", "there is no function `sqrt`");
    refused("clamp(load, 1)", "kW", "clamp(load, 1)", "`clamp` takes other arguments");
    refused("min(load)", "kW", "min(load)", "`min` takes other arguments");
    refused("1 < load < 3 ? load : 0", "kW", "<", "comparisons don't follow one another");
    refused("load > 1", "kW", "load > 1", "this is a condition, not a number");
    refused("load ? 1 : 2", "kW", "load", "this is a number, not a condition");
    refused("load && load > 1 ? 1 : 2", "kW", "load", "this is a number, not a condition");
    refused("(load > 1) + 1", "kW", "(load > 1)", "this is a condition, not a number");
    refused("!load ? 1 : 2", "kW", "load", "this is a number, not a condition");
    refused("has(load > 1) ? load : 1", "kW", "load > 1", "this is a condition, not a number");
}

#[test]
fn hostile_texts_are_answered_and_not_followed() {
    let deep = |open: &str, close: &str, times: usize| format!("{}load{}", open.repeat(times), close.repeat(times));
    for text in [deep("(", ")", 900), deep("-", "", 1900), deep("!", "", 1900), deep("abs(", ")", 380), deep("load > 1 ? 1 : ", "", 120)] {
        let found = number(&text, Unit::parse("kW").unwrap(), &mut Table);
        assert!(matches!(&found, Err(Stop::Fault(fault)) if fault.message.contains("nested")), "{found:?}");
    }
    gives(&deep("(", ")", 20), "kW", 30.0);
    let long = format!("load{}", "+1".repeat(600));
    let found = number(&long, Unit::parse("kW").unwrap(), &mut Table);
    assert!(matches!(&found, Err(Stop::Fault(fault)) if fault.message.contains("more than 500 parts")), "{found:?}");
    gives(&format!("load{}", "+1".repeat(200)), "kW", 230.0);
    let longer = "load + ".repeat(400);
    let found = number(&longer, Unit::parse("kW").unwrap(), &mut Table);
    assert!(matches!(&found, Err(Stop::Fault(fault)) if fault.message.contains("longer than")), "{found:?}");
}

#[test]
fn a_condition_is_a_formula_of_its_own() {
    let holds = |text: &str| condition(text, &mut Table).unwrap().holds(&value_of);
    assert_eq!(holds("speed < 30"), Some(true));
    assert_eq!(holds("speed < 30 && share > 90"), Some(false));
    assert_eq!(holds("gone < 30"), None);
    assert_eq!(holds("!has(gone)"), Some(true));
    assert!(condition("speed", &mut Table).is_err());
}

#[test]
fn a_quotient_keeps_its_parts_through_a_conversion() {
    for text in ["late / all", "late / all * 100", "100 * (late / all)", "100 * late / all", "late * 100 / all"] {
        let formula = number(text, Unit::parse("%").unwrap(), &mut Table).unwrap();
        assert_eq!(formula.evaluate(&value_of).parts, Some((3.0, 12.0)), "{text}");
    }
    let formula = number("late / all + late / all", Unit::parse("%").unwrap(), &mut Table).unwrap();
    assert_eq!(formula.evaluate(&value_of).parts, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text is read or refused at a place in it, and what is read gives a finite number or none.
    #[test]
    fn any_text_is_answered(text in "([a-z0-9 .+*/%()<>=!&|?:,-]|load|used|gone|has\\(|max\\(|vn_aqi\\(pm25:|×|đ){0,40}") {
        match number(&text, Unit::parse("kW").unwrap(), &mut Table) {
            Ok(formula) => prop_assert!(formula.evaluate(&value_of).value.is_none_or(f64::is_finite)),
            Err(Stop::Fault(fault)) => prop_assert!(text.get(fault.at).is_some()),
            Err(Stop::Elsewhere) => prop_assert!(false, "nothing else can be at fault"),
        }
    }
}
