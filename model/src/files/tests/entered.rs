//! KPIs that departments enter: what the loader makes of them, and what it refuses.
//!
//! Must never depend on anything but the text in here.

use super::broken::{mistake, town};
use super::*;
use crate::{KpiId, MetricId, form::Cadence, kpi, source::Way};

const OLD: &str = "from = { cases = \"dossier\", measure = \"open\" }\nowner = \"roads\"";

fn entered(from: &str) -> String {
    format!("owner = \"roads\"\nby = [\"area\"]\nfrom = {{ {from} }}")
}

#[test]
fn an_entered_kpi_brings_its_metric_and_the_source() {
    let from = entered("form = \"month\", due = \"10wd\", remind = \"5d\", resolution = 1, range = [0, 9000], jump = 0.5");
    let (set, problems) = check(&town(&[("kpis/traffic.toml", OLD, &from)]));
    assert_eq!(problems, []);
    let kpi = set.kpi(&KpiId::new("services.open").unwrap()).unwrap();
    let kpi::From::Form(form) = &kpi.from else { panic!("{:?}", kpi.from) };
    assert_eq!((form.cadence, form.due.to_string().as_str(), form.remind_days, form.jump), (Cadence::Month, "10wd", 5, Some(0.5)));
    assert_eq!((kpi.every_s, kpi.stale_s, kpi.decimals), (86_400, form.stale_s(), 0));
    let metric = set.metric(&MetricId::new("services.open").unwrap()).unwrap();
    assert_eq!((metric.unit, metric.resolution, metric.range), (kpi.unit, 1.0, Some((0.0, 9000.0))));
    assert!(set.sources.iter().any(|source| source.id.as_str() == "forms" && source.way == Way::Form));
}

#[test]
fn what_can_not_be_entered_is_refused() {
    let file = "kpis/traffic.toml";
    let line = |rest: &str| format!("kpis/traffic.toml:{rest}");
    mistake(
        file,
        OLD,
        "from = { form = \"month\", due = \"10d\" }",
        &line("10:11: KPI services.open is entered, and no department is asked for it | add a line `owner = \"DEPARTMENT\"`"),
    );
    mistake(file, OLD, &entered("form = \"month\""), &line("16:1: `from` has no `due` | add a line `due = …`"));
    mistake(
        file,
        OLD,
        &entered("form = \"monthly\", due = \"10d\""),
        &line("16:17: `form` can't be \"monthly\" | did you mean \"month\"?"),
    );
    mistake(
        file,
        OLD,
        &entered("form = \"month\", due = \"10\""),
        &line(
            "16:32: `due`: \"10\" is not a number of days from 1 to 250: write 10d, or 10wd for working days | write \"10d\", or \"10wd\" for working days",
        ),
    );
    mistake(
        file,
        OLD,
        &entered("form = \"month\", due = \"10d\"").replace("area", "asset"),
        &line("15:7: figures are entered for areas and departments, not for assets | write area or department"),
    );
    mistake(
        "sources.toml",
        "[export]",
        "[forms]",
        "sources.toml:6:2: the source `forms` is made for the figures that departments enter | choose another name",
    );
}

#[test]
fn a_metric_of_the_same_name_is_refused() {
    let from = "from = { form = \"year\", due = \"90d\" }\nowner = \"roads\"";
    let files = town(&[("kpis/traffic.toml", "from = { observations = \"traffic.speed\", aggregate = \"mean\", window = \"5m\" }", from)]);
    let (_, problems) = check(&files);
    assert!(problems.iter().any(|problem| problem.message.contains("metrics.toml has traffic.speed too")), "{problems:?}");
}

#[test]
fn what_entered_numbers_mean_can_not_be_changed_while_running() {
    let running = sound("tests/cities/office");
    let changed = |old: &str, new: &str| {
        let mut files = shipped("tests/cities/office");
        let file = files.iter_mut().find(|file| file.name == "kpis/entered.toml").unwrap();
        assert!(file.text.contains(old), "{old}");
        file.text = file.text.replacen(old, new, 1);
        check_change(&files, &running).1
    };
    assert!(changed("title", "title").is_empty());
    let refused = changed("unit = \"%\"", "unit = \"ratio\"");
    assert!(refused.iter().any(|problem| problem.message.contains("stored values keep their unit")), "{refused:?}");
}
