//! KPIs that are made from KPIs: what a folder's formulas come to, and what they are refused for.
//!
//! The language itself has its own tests; here are the names, and what must hold between a KPI and its parts.

use super::{
    broken::{check_problems, town},
    *,
};
use crate::kpi::{Extreme, From};
use crate::{KpiId, Unit};

fn kpi(id: &str, unit: &str, from: &str, rest: &str) -> String {
    format!("[{id}]\ntitle = {{ vi = \"A\", en = \"A\" }}\nunit = \"{unit}\"\nbetter = \"neither\"\nfrom = {from}\n{rest}\n")
}

fn with(kpis: &[String]) -> Vec<File> {
    town(&[("kpis/made.toml", "", &kpis.concat())])
}

fn refused(from: &str, rest: &str, expected: &str) {
    check_problems(&with(&[kpi("made", "km/h", from, rest)]), &[expected]);
}

fn sound(kpis: &[String]) -> Definitions {
    let (set, problems) = check(&with(kpis));
    assert!(problems.is_empty(), "{problems:?}");
    set
}

fn id(text: &str) -> KpiId {
    KpiId::new(text).unwrap()
}

#[test]
fn a_formula_is_read_with_its_parts() {
    let set = sound(&[kpi("made", "m/s", "{ formula = \"traffic.speed - 3.6\" }", "every = \"5m\"\nby = [\"area\"]")]);
    let (made, part) = (set.kpi(&id("made")).unwrap(), set.kpi(&id("traffic.speed")).unwrap());
    let From::Formula { text, operands, formula, across } = &made.from else { panic!("{:?}", made.from) };
    assert_eq!((text.as_str(), *across), ("traffic.speed - 3.6", None));
    assert_eq!(operands.iter().map(|operand| (operand.kpi.as_str(), operand.hours_back)).collect::<Vec<_>>(), [("traffic.speed", 0)]);
    assert_eq!(formula.evaluate(&|_, _| Some(39.6)).value.map(|value| (value * 1e9).round() / 1e9), Some(10.0));
    assert_eq!((made.delay_s, made.lateness_s, made.stale_s), (part.delay_s, part.lateness_s, part.stale_s));
    assert_eq!((made.every_s, made.decimals, made.unit), (300, 2, Unit::parse("m/s").unwrap()));
}

#[test]
fn the_citys_constants_are_numbers_with_units() {
    let cases = kpi("made", "/1k people", "{ formula = \"services.open / city.population\" }", "");
    let set = sound(&[cases]);
    let From::Formula { formula, .. } = &set.kpi(&id("made")).unwrap().from else { panic!() };
    let outcome = formula.evaluate(&|_, _| Some(5.0));
    assert_eq!((outcome.value, outcome.parts), (Some(5.0), Some((5.0, 1000.0))));

    let constants = "[constants]\nservices = { value = 1_250, unit = \"services\" }\n[areas]";
    let files = |formula: &str, unit: &str| {
        let made = kpi("made", unit, &format!("{{ formula = \"{formula}\" }}"), "");
        town(&[("city.toml", "[areas]", constants), ("kpis/made.toml", "", &made)])
    };
    let (set, problems) = check(&files("city.services / services.open * services.open", "1"));
    assert!(problems.is_empty(), "{problems:?}");
    let From::Formula { formula, .. } = &set.kpi(&id("made")).unwrap().from else { panic!() };
    assert_eq!(formula.evaluate(&|_, _| Some(2.0)).value, Some(1250.0));
    check_problems(
        &files("services.open / city.service", "%"),
        &["kpis/made.toml:5:37: there is no constant of the city `service` | did you mean `services`?"],
    );
    check_problems(
        &files("city.services * 1", "1"),
        &["kpis/made.toml:5:21: the formula names no KPI | name the KPIs that it is made from"],
    );
    let of_parts = kpi("made", "km/h", "{ formula = \"traffic.speed * city.services\" }", "by = [\"area\"]");
    check_problems(
        &town(&[("city.toml", "[areas]", constants), ("kpis/made.toml", "", &of_parts)]),
        &["kpis/made.toml:5:37: city.services is the whole city's, and a part of it can't be divided by that | remove `by` …"],
    );
    let wrong = "[constants]\nPrice = { value = 1, unit = \"vnd\" }\npopulation = { value = 2, unit = \"people\" }\nx = { value = \"2\", unit = \"stones\" }\n[areas]";
    check_problems(
        &town(&[("city.toml", "[areas]", wrong)]),
        &[
            "city.toml:7:1: `Price` can't be named in a formula | begin with a-z, and use a-z 0-9 _ alone",
            "city.toml:8:1: the population has a line of its own | remove it here, and write `population = …` above",
            "city.toml:9:15: `value` must be a number, not a text | write it like 12.5",
            "city.toml:9:27: there is no unit \"stones\" | did you mean \"sites\"?",
        ],
    );
}

#[test]
fn a_formula_is_refused_at_its_place_in_the_text() {
    refused(
        "{ formula = \"traffic.speed + services.open\" }",
        "",
        "kpis/made.toml:5:35: km/h and cases don't go together: they measure different things | …",
    );
    refused(
        "{ formula = \"traffic.sped * 2\" }",
        "",
        "kpis/made.toml:5:21: there is no KPI `traffic.sped` | did you mean `traffic.speed`?",
    );
    refused(
        "{ formula = \"2 * traffic.speed-services.open\" }",
        "",
        "kpis/made.toml:5:25: there is no KPI `traffic.speed-services.open` | did you mean `traffic.speed`?; around a minus there must be blanks",
    );
    refused(
        "{ formula = \"\"\"\n  traffic.speed\n  + 2 *\"\"\" }",
        "",
        "kpis/made.toml:7:8: the end stands where a number, a name or ( should | …",
    );
    refused(
        "{ formula = \"services.open\" }",
        "",
        "kpis/made.toml:5:21: the formula gives cases, which can't become km/h | set the unit to cases, or …",
    );
    refused("{ formula = 12 }", "", "kpis/made.toml:5:20: `formula` must be a text, not a number | …");
    refused("{ formula = \"traffic.speed\", window = \"5m\" }", "", "kpis/made.toml:5:37: `from` has an unknown key `window` | …");
    refused(
        "{ formula = \"traffic.speed\", cases = \"dossier\" }",
        "",
        "kpis/made.toml:5:1: `from` must name one of observations, cases, formula and form | …",
    );
}

#[test]
fn a_part_must_have_a_reading_wherever_and_whenever_the_kpi_has_one() {
    let formula = "{ formula = \"2 * traffic.speed\" }";
    refused(
        formula,
        "every = \"30s\"",
        "kpis/made.toml:5:25: traffic.speed is computed every 1m, which doesn't divide this one's 30s | set `every` to 1m …",
    );
    refused(
        formula,
        "by = [\"asset\"]",
        "kpis/made.toml:5:25: traffic.speed has no value by asset | add asset to its `by`, or remove it here",
    );
    refused(formula, "delay = \"2s\"", "kpis/made.toml:6:9: `delay` is 2s, which is outside 5s to 1h | …");
    refused(
        "{ formula = \"2 * traffic.speed\", across = \"max\" }",
        "by = [\"area\"]",
        "kpis/made.toml:5:25: traffic.speed has no value by asset | …",
    );
    let hourly = |every: &str| {
        [
            kpi(
                "dust",
                "ug/m3",
                "{ observations = \"air.dust\", aggregate = \"mean\", window = \"1h\" }",
                &format!("every = \"{every}\"\nby = [\"asset\"]"),
            ),
            kpi("made", "index", "{ formula = \"vn_aqi(pm25: dust)\", across = \"max\" }", "every = \"1d\"\nby = [\"asset\", \"area\"]"),
        ]
        .concat()
    };
    let metric = "[air.dust]\ntitle = { vi = \"Bụi\", en = \"Dust\" }\nunit = \"ug/m3\"\nresolution = 0.1\n[traffic.speed]";
    let files = |every: &str| town(&[("metrics.toml", "[traffic.speed]", metric), ("kpis/made.toml", "", &hourly(every))]);
    let (set, problems) = check(&files("15m"));
    assert!(problems.is_empty(), "{problems:?}");
    let From::Formula { operands, across, .. } = &set.kpi(&id("made")).unwrap().from else { panic!() };
    assert_eq!((operands[0].hours_back, *across), (11, Some(Extreme::Max)));
    check_problems(
        &files("2h"),
        &["kpis/made.toml:12:34: dust is read for past hours, and computed every 2h | set its `every` to 1h or what divides that"],
    );
}

#[test]
fn formulas_that_lead_back_to_themselves_are_named_with_the_way() {
    let of = |name: &str, formula: &str| kpi(name, "km/h", &format!("{{ formula = \"{formula}\" }}"), "");
    check_problems(
        &with(&[of("a", "traffic.speed + b"), of("b", "c - 1"), of("c", "2 * a"), of("d", "a + 1")]),
        &[
            "kpis/made.toml:17:25: the formulas go round in a circle: a → b → c → a | make one of them from observations, cases or other KPIs",
        ],
    );
    check_problems(&with(&[of("a", "a + 1")]), &["kpis/made.toml:5:21: the formulas go round in a circle: a → a | …"]);
    check_problems(
        &with(&[of("a", "b + 1"), of("b", "c + 1"), of("c", "b + 1")]),
        &["kpis/made.toml:17:21: the formulas go round in a circle: b → c → b | …"],
    );
}

#[test]
fn formulas_may_be_made_from_formulas_but_not_without_end() {
    let chain = |length: usize, name: fn(usize, usize) -> usize| {
        let of = |at: usize| format!("k{:03}", name(at, length));
        let link = |at: usize| {
            let part = if at == 0 { "traffic.speed".to_owned() } else { of(at - 1) };
            kpi(&of(at), "km/h", &format!("{{ formula = \"{part} + 1\" }}"), "")
        };
        with(&(0..length).map(link).collect::<Vec<_>>())
    };
    for name in [|at, _| at, |at, length| length - at] {
        let (set, problems) = check(&chain(7, name));
        assert!(problems.is_empty() && set.kpis.len() == 9, "{problems:?}");
        for length in [8, 9, 500] {
            let (_, problems) = check(&chain(length, name));
            assert!(!problems.is_empty() && problems.iter().all(|one| one.message.starts_with("too many formulas")), "{problems:?}");
        }
    }
}

#[test]
fn a_faulty_part_is_told_once() {
    let faulty = kpi("part", "km/h", "{ formula = \"nothing\" }", "");
    let made = kpi("made", "km/h", "{ formula = \"part + traffic.speed\" }", "");
    check_problems(&with(&[faulty, made]), &["kpis/made.toml:5:21: there is no KPI `nothing` | …"]);
}

#[test]
fn a_changed_part_changes_the_version() {
    let version = |speed: &str| {
        let made = kpi("made", "km/h", "{ formula = \"part + 1\" }", "");
        let part = kpi("part", "km/h", "{ formula = \"traffic.speed * 2\" }", "");
        let files = town(&[("kpis/traffic.toml", "window = \"5m\"", speed), ("kpis/made.toml", "", &format!("{made}{part}"))]);
        let (set, problems) = check(&files);
        assert!(problems.is_empty(), "{problems:?}");
        set.kpi(&id("made")).unwrap().version.clone()
    };
    assert_eq!(version("window = \"5m\""), version("window = \"5m\""));
    assert_ne!(version("window = \"5m\""), version("window = \"10m\""));
}
