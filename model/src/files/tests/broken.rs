//! Broken files: each is one mistake in a small sound city, and the lines that it must be answered with.

use super::{town::CITY, *};
use crate::kpi::From;
use proptest::prelude::*;

/// The sound city with pieces of its files replaced; a file that is only named by `add` is new.
pub(super) fn town(changes: &[(&str, &str, &str)]) -> Vec<File> {
    let mut files: Vec<File> = CITY.iter().map(|(name, text)| File { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    for (name, old, new) in changes {
        match files.iter_mut().find(|file| file.name == *name) {
            Some(file) => {
                assert_eq!(file.text.matches(old).count(), 1, "{name} has not exactly one {old:?}");
                file.text = file.text.replace(old, new);
            }
            None => files.push(File { name: (*name).to_owned(), text: (*new).to_owned() }),
        }
    }
    files
}

/// Every problem as `file:line:column: message | hint` must be one of `expected`, in order; `…` at an end stands for the rest.
pub(super) fn check_problems(files: &[File], expected: &[&str]) {
    let (_, problems) = check(files);
    let lines: Vec<String> = problems
        .iter()
        .map(|one| format!("{}:{}:{}: {} | {}", one.file, one.line, one.column, one.message, one.hint.as_deref().unwrap_or_default()))
        .collect();
    let fits = |line: &String, wanted: &&str| match wanted.strip_suffix('…') {
        Some(start) => line.starts_with(start),
        None => line == wanted,
    };
    let same = lines.len() == expected.len() && lines.iter().zip(expected).all(|(line, wanted)| fits(line, wanted));
    assert!(same, "expected\n  {}\nfound\n  {}", expected.join("\n  "), lines.join("\n  "));
}

/// One mistake: a file, a piece of it, what replaces it, and the only line that follows.
pub(super) fn mistake(file: &str, old: &str, new: &str, expected: &str) {
    check_problems(&town(&[(file, old, new)]), &[expected]);
}

#[test]
fn the_town_is_sound() {
    check_problems(&town(&[]), &[]);
}

#[test]
fn keys_and_types() {
    mistake(
        "kpis/traffic.toml",
        "target = 30",
        "targt = 30",
        "kpis/traffic.toml:7:1: KPI traffic.speed has an unknown key `targt` | did you mean `target`?",
    );
    mistake(
        "kpis/traffic.toml",
        "better = \"higher\"\n",
        "",
        "kpis/traffic.toml:1:10: KPI traffic.speed has no `better` | add a line `better = …`",
    );
    mistake(
        "kpis/traffic.toml",
        "target = 30",
        "target = \"30\"",
        "kpis/traffic.toml:7:10: `target` must be a number, not a text | write it like 12.5",
    );
    mistake(
        "kpis/traffic.toml",
        "target = 30",
        "target = inf",
        "kpis/traffic.toml:7:10: `target` must be a finite number | write it like 12.5",
    );
    mistake("city.toml", "population = 1000", "population = -5", "city.toml:5:14: `population` is -5, which is outside 1 to 100000000 | …");
    mistake("assets.toml", "interval = \"60s\"", "interval = 60", "assets.toml:3:12: `interval` must be a duration, not a number | …");
    mistake(
        "assets.toml",
        "interval = \"60s\"",
        "interval = \"60sec\"",
        "assets.toml:3:12: `interval` is \"60sec\", which is not a duration | …",
    );
    mistake(
        "assets.toml",
        "interval = \"60s\"\n",
        "",
        "assets.toml:4:1: asset r1 has no `interval` | add `interval = …` to it, or to [defaults] for all assets of the file",
    );
    mistake("city.toml", "hex = [0, 1]", "hex = [0]", "city.toml:7:38: `hex` must have two items, not 1 | write it like [1, 2]");
    mistake(
        "kpis/traffic.toml",
        "\"mean\"",
        "\"average\"",
        "kpis/traffic.toml:5:54: `aggregate` can't be \"average\" | write one of count, sum, mean, min, max, last, rate, increase, median, p90, p95, p99, time_weighted_mean, distinct, share_above, share_below",
    );
}

#[test]
fn names_and_references() {
    mistake(
        "assets.toml",
        "r1 = {",
        "R1 = {",
        "assets.toml:5:1: \"R1\" is not an asset id: an id has 1 to 64 of a-z 0-9 . - _ and begins with a letter or a digit | for example `r1`",
    );
    mistake(
        "city.toml",
        "\"town\"",
        "\"Cần Thơ\"",
        "city.toml:2:6: \"Cần Thơ\" is not a city's id: it has a-z, 0-9 and single dashes | for example `can-tho`",
    );
    mistake("assets.toml", "\"roads\"", "\"raods\"", "assets.toml:2:9: there is no department `raods` | did you mean `roads`?");
    mistake(
        "assets.toml",
        "area = \"north\"",
        "area = \"x\"",
        "assets.toml:5:43: there is no area `x` | define it in city.toml under [areas]",
    );
    mistake(
        "kpis/traffic.toml",
        "observations = \"traffic.speed\"",
        "observations = \"traffic.sped\"",
        "kpis/traffic.toml:5:25: there is no metric `traffic.sped` | did you mean `traffic.speed`?",
    );
    mistake(
        "boards/main.toml",
        "value = \"traffic.speed\"",
        "value = \"trafic.speed\"",
        "boards/main.toml:6:9: there is no KPI `trafic.speed` | did you mean `traffic.speed`?",
    );
    mistake(
        "goals.toml",
        "services.open",
        "services.opn",
        "goals.toml:6:9: there is no KPI `services.opn` | did you mean `services.open`?",
    );
    mistake(
        "goals.toml",
        "services.open",
        "traffic.speed",
        "goals.toml:6:9: traffic.speed measures a goal, and nobody answers for it | give traffic.speed an `owner`",
    );
    mistake("goals.toml", "[\"services.open\"]", "[]", "goals.toml:6:8: nothing measures this goal | name at least one KPI");
    mistake(
        "goals.toml",
        "[\"services.open\"]",
        "[\"services.open\", \"services.open\"]",
        "goals.toml:6:26: services.open stands here twice | remove one of them",
    );
    mistake("walls.toml", "\"main\"", "\"mian\"", "walls.toml:7:21: there is no board `mian` | did you mean `main`?");
    mistake("boards/main.toml", "area:north", "area:nort", "boards/main.toml:7:9: there is no area `nort` | did you mean `north`?");
    mistake("boards/main.toml", "area:north", "ward:north", "boards/main.toml:7:9: \"ward:north\" is not a scope: …");
    mistake(
        "boards/main.toml",
        "area:north",
        "department:roads",
        "boards/main.toml:7:9: traffic.speed is not computed by department | add \"department\" to `by` of traffic.speed",
    );
    mistake("boards/main.toml", "by = \"area\"", "by = \"asset\"", "boards/main.toml:12:6: traffic.speed is not computed by asset | …");
    mistake(
        "kpis/more.toml",
        "",
        "[services.open]\ntitle = { vi = \"A\", en = \"A\" }\nunit = \"1\"\nbetter = \"lower\"\nowner = \"roads\"\nfrom = { cases = \"\", measure = \"open\" }\n",
        "kpis/traffic.toml:10:11: the KPI `services.open` is defined twice | rename one, or remove it",
    );
}

#[test]
fn aggregates_and_suspect_values() {
    let from = |new: &'static str, expected: &str| {
        mistake("kpis/traffic.toml", "aggregate = \"mean\", window = \"5m\"", new, expected);
    };
    from(
        "aggregate = \"increase\", window = \"5m\"",
        "kpis/traffic.toml:5:1: traffic.speed is no counter, so it has no increase and no rate | set `kind = \"counter\"` where the metric is defined, or write another aggregate",
    );
    from(
        "aggregate = \"share_above\", limit = 50, window = \"5m\"",
        "kpis/traffic.toml:5:1: a share can't be in km/h | set the KPI's unit to %",
    );
    from("aggregate = \"p90\", limit = 50, window = \"5m\"", "kpis/traffic.toml:5:61: `from` has an unknown key `limit` | known here: …");
    from(
        "aggregate = \"p90\", window = \"5m\", suspect = \"drop\"",
        "kpis/traffic.toml:5:86: `suspect` can't be \"drop\" | write one of flag, exclude",
    );
    from(
        "aggregate = \"p90\", window = \"5m\", at_least = 0",
        "kpis/traffic.toml:5:87: `at_least` is 0, which is outside 1 to 1000000 | …",
    );
    let metric = |new: &'static str, expected: &str| mistake("metrics.toml", "range = [0, 200]", new, expected);
    metric("jump = { more_than = 30 }", "metrics.toml:5:1: `jump` has no `within` | add a line `within = …`");
    metric(
        "jump = { more_than = 0.01, within = \"2m\" }",
        "metrics.toml:5:22: `more_than` is 0.01, which is outside 0.1 to 1000000000000000 | …",
    );
    metric("frozen = \"3 h\"", "metrics.toml:5:10: `frozen` is \"3 h\", which is not a duration | …");
    let counter = ("metrics.toml", "range = [0, 200]", "kind = \"counter\"");
    let rate = ("kpis/traffic.toml", "aggregate = \"mean\"", "aggregate = \"rate\"");
    check_problems(
        &town(&[counter, rate]),
        &["kpis/traffic.toml:5:1: traffic.speed is in km/h, which by time doesn't become km/h | kWh by time is kW, …"],
    );
    let energy =
        ("metrics.toml", "unit = \"km/h\"\nresolution = 0.1\nrange = [0, 200]", "unit = \"Wh\"\nresolution = 1\nkind = \"counter\"");
    let unit = ("sources.toml", ", unit = \"km/h\"", "");
    let load = ("kpis/traffic.toml", "unit = \"km/h\"", "unit = \"MW\"");
    let (set, problems) = check(&town(&[energy, unit, load, rate]));
    assert_eq!(problems, []);
    let Some(From::Observations { factor, .. }) = set.kpis.iter().find(|kpi| kpi.id.as_str() == "traffic.speed").map(|kpi| &kpi.from)
    else {
        panic!()
    };
    assert!((factor - 1e-6).abs() < 1e-18, "{factor}");
    let state = |state: &'static str, expected: &str| {
        let new: &'static str = Box::leak(format!("unit = \"km/h\", state = {state} }}").into_boxed_str());
        mistake("sources.toml", "unit = \"km/h\" }", new, expected);
    };
    state(
        "{ name = \"st\" }",
        "sources.toml:5:70: the state names no codes | list the codes of normal, calibrating, fault or provisional values",
    );
    state(
        "{ name = \"st\", normal = [\"0\"], fault = [\"0\"] }",
        "sources.toml:5:70: the state's code \"0\" stands in two lists | leave it in one of them",
    );
}

#[test]
fn units_and_numbers() {
    mistake("metrics.toml", "\"km/h\"", "\"knots\"", "metrics.toml:3:8: there is no unit \"knots\" | units are 1, %, …");
    mistake(
        "kpis/traffic.toml",
        "unit = \"km/h\"",
        "unit = \"km\"",
        "kpis/traffic.toml:5:1: traffic.speed is in km/h, which can't become km | set the KPI's unit to km/h, or to another that measures the same",
    );
    mistake("kpis/traffic.toml", "unit = \"cases\"", "unit = \"h\"", "kpis/traffic.toml:14:1: a number of cases can't be in h | …");
    mistake(
        "sources.toml",
        "unit = \"km/h\"",
        "unit = \"kW\"",
        "sources.toml:5:62: kW can't become km/h, the unit of traffic.speed | name another metric, or correct the unit",
    );
    mistake(
        "metrics.toml",
        "resolution = 0.1",
        "resolution = 0.3",
        "metrics.toml:4:14: the resolution 0.3 does not divide 1 | write 1, 0.1, 0.01 … or a whole number",
    );
    mistake(
        "metrics.toml",
        "[0, 200]",
        "[200, 0]",
        "metrics.toml:5:9: the range begins at 200 and ends at 0 | write the smaller end first",
    );
    mistake(
        "kpis/traffic.toml",
        "attention = 25",
        "attention = 35",
        "kpis/traffic.toml:8:13: `attention` is 35, above `target`, although higher is better | write 30 or less",
    );
    mistake(
        "kpis/traffic.toml",
        "better = \"lower\"",
        "better = \"neither\"\ntarget = 1",
        "kpis/traffic.toml:14:10: `target` has no meaning where neither direction is better | …",
    );
    mistake(
        "kpis/traffic.toml",
        "target = 30",
        "thresholds_for = [\"asset\"]\ntarget = 30",
        "kpis/traffic.toml:7:19: it is not computed by asset | add the dimension to `by`, …",
    );
    mistake(
        "kpis/traffic.toml",
        "measure = \"open\" }",
        "measure = \"open\" }\nby = [\"area\"]\nthresholds_for = [\"area\"]",
        "kpis/traffic.toml:16:18: there is no target or threshold that could hold for anything | remove `thresholds_for`, or set one",
    );
    mistake(
        "kpis/traffic.toml",
        "window = \"5m\"",
        "window = \"90s\"",
        "kpis/traffic.toml:1:10: KPI traffic.speed: neither of the window 90s and the grid 1m is a multiple of the other | change `window` or `every`",
    );
    mistake(
        "kpis/traffic.toml",
        "window = \"5m\"",
        "window = \"2d\"",
        "kpis/traffic.toml:1:10: KPI traffic.speed: a window of 2d needs a grid of whole hours, not 1m | write every = \"1h\", or a window of a day at most",
    );
    mistake(
        "kpis/traffic.toml",
        "window = \"5m\"",
        "window = \"month\"",
        "kpis/traffic.toml:1:10: KPI traffic.speed: a week, a month or a year to date needs a grid of an hour, not 1m | write every = \"1h\"; …",
    );
    mistake(
        "kpis/traffic.toml",
        "window = \"5m\" }\n",
        "window = \"day\" }\nevery = \"2h\"\n",
        "kpis/traffic.toml:1:10: KPI traffic.speed: no reading would come at the end of a period: an hour is not a whole number of 2h | …",
    );
    mistake("kpis/traffic.toml", "target = 30", "every = \"7m\"", "kpis/traffic.toml:7:9: a day is not a whole number of 7m | …");
    mistake(
        "assets.toml",
        "[10.0, 105.7]",
        "[105.7, 10.0]",
        "assets.toml:5:86: [105.7, 10] is no place on Earth | write degrees north, then degrees east: [10.03, 105.78]",
    );
    // An address that a browser is sent to by a link can't be a script.
    mistake(
        "assets.toml",
        "at = [10.0, 105.7]",
        "camera = \"javascript:alert(1)\"",
        "assets.toml:5:90: `javascript:alert(1)` is no address of the web | write the whole address, such as https://camera.example.vn/12",
    );
}

#[test]
fn boards_and_walls() {
    mistake("boards/main.toml", "at = [4, 1]", "at = [3, 2]", "boards/main.toml:8:1: panel 2 lies over panel 1 | move one of them");
    mistake(
        "boards/main.toml",
        "at = [4, 1]",
        "at = [10, 1]",
        "boards/main.toml:8:1: panel 2 reaches column 13 and row 2 of a grid of 12 by 8 | …",
    );
    mistake(
        "boards/main.toml",
        "value = \"traffic.speed\"\n",
        "value = \"traffic.speed\"\ntrend = \"traffic.speed\"\n",
        "boards/main.toml:3:1: panel 1 must show one thing | …",
    );
    let tile = "value = \"traffic.speed\"\n";
    mistake(
        "boards/main.toml",
        tile,
        "value = \"traffic.speed\"\ncompare = \"last_wek\"\n",
        "boards/main.toml:7:11: `compare` can't be \"last_wek\" | did you mean \"last_week\"?",
    );
    let trend = |rest: &str| format!("trend = \"traffic.speed\"\n{rest}\n");
    let one = "value = \"traffic.speed\"\nscope = \"area:north\"\n";
    mistake("boards/main.toml", one, &trend("band = 1"), "boards/main.toml:7:8: `band` must be true or false, not a number | …");
    mistake(
        "boards/main.toml",
        one,
        &trend("scopes = [\"city\", \"area:north\"]\nband = true"),
        "boards/main.toml:8:8: a band belongs to one line, and this chart has 2 | …",
    );
    mistake("walls.toml", "screens = [4, 3]", "screens = [4, 0]", "walls.toml:3:15: `screens` is 0, which is outside 1 to 32 | …");
}

#[test]
fn sources_and_zones() {
    mistake("city.toml", "Asia/Ho_Chi_Minh", "Asia/Can_Tho", "city.toml:4:8: there is no time zone \"Asia/Can_Tho\" | …");
    mistake("sources.toml", "town/{asset}/telemetry", "town/+/telemetry", "sources.toml:4:9: the level \"+\" has one of + # { } in it | …");
    mistake(
        "sources.toml",
        "town/{asset}/telemetry",
        "town/{asset}/{metric}",
        "sources.toml:1:2: source sensors says more than once which metrics its messages carry | …",
    );
    mistake("sources.toml", "way = \"mqtt\"", "way = \"mqt\"", "sources.toml:3:7: `way` can't be \"mqt\" | did you mean \"mqtt\"?");
    mistake(
        "sources.toml",
        "%Y-%m-%d %H:%M\"",
        "%Y-%m %H:%M\"",
        "sources.toml:9:15: the time format \"%Y-%m %H:%M\" doesn't give a date and a time: …",
    );
    mistake(
        "sources.toml",
        "%Y-%m-%d %H:%M\"",
        "%Y-%m-%d %I:%M\"",
        "sources.toml:9:15: the time format \"%Y-%m-%d %I:%M\" reads 2017-11-24T21:00:00 as 2017-11-24T09:00:00 | …",
    );
    mistake(
        "sources.toml",
        "opened = \"OPEN\"",
        "opened = \"OPEN\", least_share = 0.5",
        "sources.toml:10:1: `least_share` is for full exports only | …",
    );
    let twice =
        "[sensors]\nway = \"mqtt\"\ntitle = { vi = \"A\", en = \"A\" }\ntopic = \"town/{x}/{y}\"\nvalue = \"traffic.speed\"\n[again]\n";
    mistake(
        "sources.toml",
        "[sensors]\n",
        &twice.replace("[sensors]", "[values]").replace("[again]", "[sensors]"),
        "sources.toml:1:2: the topics of sensors and values overlap | …",
    );
    let behind = |id: &str, via: &str| format!("[{id}]\ntitle = {{ vi = \"A\", en = \"A\" }}\nway = \"http\"\nvia = \"{via}\"\n");
    mistake(
        "sources.toml",
        "[sensors]\n",
        &format!("{}{}[sensors]\nvia = \"one\"\n", behind("one", "two"), behind("two", "one")),
        "sources.toml:1:2: one comes through itself: one → two → one | let one of them have no `via`",
    );
}

#[test]
fn texts_and_files() {
    mistake("kpis/traffic.toml", "vi = \"Hồ sơ\", ", "", "kpis/traffic.toml:11:1: `title` has no `vi` | add a line `vi = …`");
    // The same word, its marks as letters of their own.
    mistake(
        "kpis/traffic.toml",
        "Hồ sơ",
        "Ho\u{302}\u{300} sơ",
        "kpis/traffic.toml:11:18: this letter is not in Unicode's composed form (NFC) | …",
    );
    mistake(
        "kpis/traffic.toml",
        "Hồ sơ",
        "H\u{fffd} sơ",
        "kpis/traffic.toml:11:18: these bytes are no UTF-8 text | save the file as UTF-8",
    );
    mistake("city.toml", "format_version = 1", "format_version = 2", "city.toml:1:18: format_version is 2, and this program reads 1 | …");
    mistake("city.toml", "format_version = 1\n", "", "city.toml:1:1: city.toml has no `format_version` | …");
    mistake("kpi/traffic.toml", "", "", "kpi/traffic.toml:1:1: no definitions are read from a file of this name | …");
    mistake("kpis/traffic.toml", "target = 30", "target = 30\ntarget = 31", "kpis/traffic.toml:8:1: duplicate key | …");
    let without_city: Vec<File> = town(&[]).into_iter().filter(|file| file.name != "city.toml").collect();
    check_problems(&without_city, &["city.toml:1:1: the folder has no city.toml | …"]);
}

#[test]
fn a_files_syntax_errors_hide_nothing_of_the_others_and_accuse_none_of_them() {
    let files = town(&[
        ("metrics.toml", "resolution = 0.1", "resolution = "),
        ("city.toml", "[departments]", "[departments"),
        ("walls.toml", "screen_width_mm", "screen_width"),
    ]);
    check_problems(
        &files,
        &[
            "city.toml:8:13: …",
            "metrics.toml:4:14: …",
            "walls.toml:1:2: wall main has no `screen_width_mm` | …",
            "walls.toml:4:1: wall main has an unknown key `screen_width` | did you mean `screen_width_mm`?",
        ],
    );
}

#[test]
fn a_definition_with_a_problem_is_left_out_and_its_name_is_still_known() {
    let (set, problems) = check(&town(&[("kpis/traffic.toml", "target = 30", "target = \"30\"")]));
    assert_eq!(problems.len(), 1, "the board that shows it is not accused");
    assert_eq!(set.kpis.iter().map(|kpi| kpi.id.as_str()).collect::<Vec<_>>(), ["services.open"]);
}

proptest! {
    /// Whatever is typed into a file: the check comes to an end, and names places that are there.
    #[test]
    fn any_text_is_answered_with_places_in_it(
        file in 0..CITY.len(),
        from in 0.0..1.0_f64,
        length in 0..12_usize,
        typed in prop_oneof!["[\\[\\]{}=\",.\n#' ]{0,6}", "[a-z0-9ư\u{302}-]{0,4}", Just("[[a.b]]\n".to_owned()), Just("a.".repeat(500))],
    ) {
        let mut files = town(&[]);
        let letters: Vec<char> = files[file].text.chars().collect();
        let from = (from * letters.len() as f64) as usize;
        let rest = letters.iter().skip(from + length);
        files[file].text = letters.iter().take(from).copied().chain(typed.chars()).chain(rest.copied()).collect();
        for problem in check(&files).1 {
            let Some(file) = files.iter().find(|file| file.name == problem.file) else { panic!("{problem} is in no file") };
            let line = file.text.split('\n').nth(problem.line - 1);
            prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{problem}");
        }
    }
}
