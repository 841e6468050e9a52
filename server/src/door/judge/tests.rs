//! Figures, good and bad, one line each.

use super::*;
use crate::door::layout::Table;
use crate::door::sheet;
use taydo_model::files::{File, check};

/// A city whose finance department enters four figures, one of them for each ward.
pub(in crate::door) fn city() -> Definitions {
    let kpi = |id: &str, vi: &str, unit: &str, rest: &str| {
        format!("[\"{id}\"]\ntitle = {{ vi = \"{vi}\", en = \"{id}\" }}\nunit = \"{unit}\"\nbetter = \"neither\"\n{rest}\n")
    };
    let kpis = [
        kpi(
            "money.spent",
            "Tỷ lệ giải ngân",
            "%",
            "owner = \"finance\"\nfrom = { form = \"month\", due = \"10d\", resolution = 0.1, range = [0, 100], jump = 0.5 }",
        ),
        kpi("money.rank", "Xếp hạng", "1", "owner = \"finance\"\nfrom = { form = \"year\", due = \"90d\", resolution = 1 }"),
        kpi(
            "money.wards",
            "Thu ngân sách",
            "vnd",
            "owner = \"finance\"\nby = [\"area\"]\nfrom = { form = \"quarter\", due = \"20wd\", resolution = 1 }",
        ),
        kpi("road.killed", "Số người chết", "people", "owner = \"roads\"\nfrom = { form = \"month\", due = \"5wd\", resolution = 1 }"),
        kpi("road.open", "Hồ sơ", "cases", "from = { cases = \"dossier\", measure = \"open\" }"),
    ]
    .concat();
    let city = "format_version = 1\nid = \"town\"\nname = { vi = \"Phố\", en = \"Town\" }\nzone = \"Asia/Ho_Chi_Minh\"\npopulation = 1000\n\
         [areas]\n1 = { name = \"Phường Bắc\" }\n2 = { name = \"Xã Bắc\" }\n\
         [departments]\nfinance = { vi = \"Sở Tài chính\", en = \"Finance\" }\nroads = { vi = \"Sở Xây dựng\", en = \"Roads\" }\n";
    let file = |name: &str, text: &str| File { name: name.to_owned(), text: text.to_owned() };
    let (definitions, problems) = check(&[file("city.toml", city), file("kpis/a.toml", &kpis)]);
    assert_eq!(problems, []);
    definitions
}

pub(in crate::door) fn current(term: &str, value: f64, stated: Stated) -> Current {
    Current {
        term: term.parse().unwrap(),
        value,
        stated,
        revision: 0,
        recorded_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        name: "A".to_owned(),
    }
}

pub(in crate::door) fn ledger(figures: &[(&str, &str, f64, Stated)]) -> Ledger {
    let figure =
        |(kpi, term, value, stated): &(&str, &str, f64, Stated)| (kpi.parse().unwrap(), Scope::City, current(term, *value, *stated));
    Ledger::new(figures.iter().map(figure).collect())
}

/// What becomes of each row of a CSV file, as `cell: state kpi scope term value, problem at cell …`.
fn judged_with(figures: &[(&str, &str, f64, Stated)], confirmed: bool, file: &str) -> Vec<String> {
    let (definitions, ledger) = (city(), ledger(figures));
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
    let department = DepartmentId::new("finance").unwrap();
    let now = "2026-11-05T03:00:00Z".parse().unwrap();
    let judge = Judge {
        definitions: &definitions,
        ledger: &ledger,
        zone: &zone,
        now,
        department: &department,
        stated: Stated::Official,
        reason: "",
        confirmed,
    };
    let sheets = sheet::read("S.csv", file.as_bytes()).unwrap();
    let table = Table::find(&sheets[0]).unwrap().unwrap();
    let mut rows: Vec<Judged> = table.records().filter_map(|record| judge.record(&record, |cadence| table.term(cadence))).collect();
    refuse_twins(&mut rows);
    rows.iter().map(|one| show(&one.row)).collect()
}

fn show(row: &Row) -> String {
    let kpi = row.kpi.as_ref().map_or("-", |kpi| kpi.as_str());
    let term = row.term.map_or_else(|| "-".to_owned(), |term| term.to_string());
    let value = row.value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let problems: Vec<String> =
        row.problems.iter().map(|one| format!("; {} {}", one.cell.as_deref().unwrap_or("-"), one.what.en)).collect();
    format!("{} {:?} {kpi} {} {term} {value}{}", row.cell.as_deref().unwrap_or("-"), row.state, row.scope, problems.concat())
}

const OFFICIAL: Stated = Stated::Official;

/// One row against a plain heading and what stands.
fn one(figures: &[(&str, &str, f64, Stated)], row: &str) -> String {
    let rows = judged_with(figures, false, &format!("Mã;Tên chỉ tiêu;ĐVT;Phạm vi;Kỳ;Giá trị;Trạng thái;Lý do\n{row}\n"));
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

#[test]
fn good_rows_are_understood_however_they_are_written() {
    for (row, expected) in [
        ("money.spent;;;;10/2026;61,5;;", "S!F2 New money.spent city 2026-10 61.5"),
        ("MONEY.SPENT;tỷ lệ giải ngân;%;Toàn thành phố;Tháng 10 năm 2026;61.5 %;Chính thức;", "S!F2 New money.spent city 2026-10 61.5"),
        (";TỶ LỆ GIẢI NGÂN;;;T10/2026;61;tạm tính;", "S!F2 New money.spent city 2026-10 61"),
        ("money.rank;;;;Năm 2025;12;;", "S!F2 New money.rank city 2025 12"),
        ("money.wards;;đồng;Phường Bắc;Quý III/2026;1.234.567;;", "S!F2 New money.wards area:1 2026-Q3 1234567"),
        ("money.wards;;VND;2;Q3/2026;5;;", "S!F2 New money.wards area:2 2026-Q3 5"),
    ] {
        assert_eq!(one(&[], row), expected);
    }
}

#[test]
fn each_mistake_is_named_at_its_cell() {
    for (row, expected) in [
        ("money.spend;;;;10/2026;5;;", "S!F2 Wrong - city - -; S!A2 there is no figure “money.spend”"),
        (";Giải ngân vốn;;;10/2026;5;;", "S!F2 Wrong - city - -; S!B2 there is no figure “Giải ngân vốn”"),
        ("road.open;;;;10/2026;5;;", "S!F2 Wrong - city - -; S!A2 there is no figure “road.open”"),
        ("road.killed;;;;10/2026;5;;", "S!F2 Wrong - city - -; S!A2 road.killed is entered by Roads"),
        (
            "money.spent;Xếp hạng;;;10/2026;5;;",
            "S!F2 Wrong - city - -; S!B2 money.spent is “money.spent”, but the name in the row is that of money.rank",
        ),
        (
            "money.spent;;đồng;;10/2026;5;;",
            "S!F2 Wrong money.spent city 2026-10 5; S!C2 the file's unit is “đồng”, and this figure is in %",
        ),
        (
            "money.spent;;;Phường Bắc;10/2026;5;;",
            "S!F2 Wrong money.spent city 2026-10 -; S!D2 this figure has no area or department “Phường Bắc”",
        ),
        ("money.wards;;;Bắc;Q3/2026;5;;", "S!F2 Wrong money.wards city 2026-Q3 -; S!D2 this figure has no area or department “Bắc”"),
        ("money.spent;;;;;5;;", "S!F2 Wrong money.spent city - -; S!E2 the term is missing"),
        ("money.spent;;;;Quý 3/2026;5;;", "S!F2 Wrong money.spent city - -; S!E2 “Quý 3/2026” is not a term of this figure"),
        ("money.spent;;;;11/2026;5;;", "S!F2 Wrong money.spent city 2026-11 5; S!E2 11/2026 is not over"),
        ("money.spent;;;;10/2026;năm;;", "S!F2 Wrong money.spent city 2026-10 -; S!F2 “năm” is not a number"),
        ("money.rank;;;;2025;1,234;;", "S!F2 Wrong money.rank city 2025 -; S!F2 “1,234” can be read in two ways"),
        ("money.spent;;;;10/2026;12,34;;", "S!F2 Wrong money.spent city 2026-10 12.3; S!F2 “12,34” is finer than what is kept (0.1 %)"),
        (
            "money.spent;;;;10/2026;120;;",
            "S!F2 Wrong money.spent city 2026-10 120; S!F2 120.0 % is outside of what is possible, 0.0 % to 100.0 %",
        ),
        ("money.spent;;;;10/2026;5;xong;", "S!F2 Wrong money.spent city 2026-10 -; S!G2 the state “xong” is not understood"),
        (
            "money.spent;;kg;;13/2026;x;;",
            "S!F2 Wrong money.spent city - -; S!C2 the file's unit is “kg”, and this figure is in %; S!E2 “13/2026” is not a term of this figure; S!F2 “x” is not a number",
        ),
    ] {
        assert_eq!(one(&[], row), expected);
    }
}

#[test]
fn a_figure_is_weighed_against_those_that_stand() {
    let official = [("money.spent", "2026-09", 50.0, OFFICIAL), ("money.spent", "2026-10", 60.0, OFFICIAL)];
    assert_eq!(one(&official, "money.spent;;;;10/2026;60,0;;"), "S!F2 Same money.spent city 2026-10 60");
    assert_eq!(
        one(&official, "money.spent;;;;10/2026;61;;"),
        "S!F2 Wrong money.spent city 2026-10 61; S!H2 this term's official figure is 60.0 %; a correction needs a reason"
    );
    assert_eq!(one(&official, "money.spent;;;;10/2026;61;;đối chiếu lại"), "S!F2 Changed money.spent city 2026-10 61");
    let provisional = [("money.spent", "2026-10", 60.0, Stated::Provisional)];
    assert_eq!(one(&provisional, "money.spent;;;;10/2026;61;;"), "S!F2 Changed money.spent city 2026-10 61");
    assert_eq!(one(&provisional, "money.spent;;;;10/2026;60;;"), "S!F2 Changed money.spent city 2026-10 60", "it is made official");
    assert_eq!(one(&provisional, "money.spent;;;;10/2026;60;tạm tính;"), "S!F2 Same money.spent city 2026-10 60");
}

#[test]
fn an_unlikely_jump_must_be_confirmed() {
    let before = [("money.spent", "2026-09", 50.0, OFFICIAL)];
    assert_eq!(one(&before, "money.spent;;;;10/2026;75;;"), "S!F2 New money.spent city 2026-10 75");
    assert_eq!(
        one(&before, "money.spent;;;;10/2026;75,1;;"),
        "S!F2 Confirm money.spent city 2026-10 75.1; S!F2 75.1 % is far from 50.0 % of 09/2026 (+50%)"
    );
    assert_eq!(
        one(&before, "money.spent;;;;10/2026;0,6;;"),
        "S!F2 Confirm money.spent city 2026-10 0.6; S!F2 0.6 % is far from 50.0 % of 09/2026 (−99%); \
         S!F2 the cell may be formatted as a percentage, and then 0.95 is kept for 95"
    );
    let rows = judged_with(&before, true, "Mã;Kỳ;Giá trị\nmoney.spent;10/2026;75,1\n");
    assert_eq!(rows, ["S!C2 New money.spent city 2026-10 75.1"]);
}

#[test]
fn the_same_figure_twice_is_a_mistake() {
    let rows = judged_with(&[], false, "Mã;Kỳ;Giá trị\nmoney.spent;10/2026;75\nmoney.spent;T10/2026;75\n");
    assert_eq!(
        rows,
        ["S!C2 New money.spent city 2026-10 75", "S!C3 Wrong money.spent city 2026-10 75; S!C3 this figure and term stand in S!C2 already"]
    );
}

#[test]
fn empty_lines_notes_and_signatures_are_no_figures() {
    let file = "BÁO CÁO THÁNG 10 NĂM 2026\nMã;Chỉ tiêu;Giá trị\n;I. Đầu tư công;\nmoney.spent;Tỷ lệ giải ngân;61\nmoney.rank;Xếp hạng;\n;Cần Thơ, ngày 05 tháng 11 năm 2026;\n;;\n";
    assert_eq!(judged_with(&[], false, file), ["S!C4 New money.spent city 2026-10 61"]);
}
