//! Tables of files.

use super::super::tests::show;
use super::*;
use taydo_model::source::CaseColumns;
use taydo_model::{MetricId, Unit};

fn observations_of(values: &[(&str, &str, &str)]) -> Csv {
    let field = |&(name, metric, unit): &(&str, &str, &str)| Field {
        name: name.into(),
        metric: MetricId::new(metric).unwrap(),
        unit: Unit::parse(unit).unwrap(),
        labels: Labels::default(),
        state: None,
    };
    Csv {
        delimiter: ',',
        decimal: '.',
        encoding: "utf-8".into(),
        time_format: "%Y-%m-%d %H:%M:%S".into(),
        zone: "Asia/Ho_Chi_Minh".into(),
        rows: Rows::Observations {
            time: "timestamp".into(),
            values: values.iter().map(field).collect(),
            labels: vec![("đường".into(), LabelName::new("road").unwrap())],
        },
        replay: None,
    }
}

fn read(csv: &Csv, file: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    if let Err(refusal) = decode(file, csv, "2026-03-01T00:00:00Z".parse().ok(), &mut |item| out.push(show(&item))) {
        out.push(format!("file: {:?}: {}", refusal.code, refusal.message));
    }
    out
}

#[test]
fn rows_become_observations_and_bad_cells_are_named() {
    let csv = observations_of(&[("v", "speed", "mph"), ("n", "flow", "veh/h")]);
    let file = "\u{feff}timestamp,v,n,đường\n2026-03-01 07:00:00,31.5,,Trần Hưng Đạo\n2026-03-01 07:05:00,fast,12,\n\
                2026-03-01 7h,1,2,x\n\n2026-03-01 07:10:00,1\n,1,2,x\n";
    assert_eq!(
        read(&csv, file.as_bytes()),
        [
            "0: speed{road=Trần Hưng Đạo} 31.5 mph @2026-03-01T00:00:00Z",
            "1: InvalidValue: row 3, column \"v\": \"fast\" is not a number with decimal sign '.'",
            "1: flow{} 12 veh/h @2026-03-01T00:05:00Z",
            "2: InvalidTime: row 4, column \"timestamp\": \"2026-03-01 7h\" is not a time written as %Y-%m-%d %H:%M:%S",
            "3: Malformed: row 5 has 2 cells, and the header 4",
            "4: InvalidTime: row 6, column \"timestamp\": the cell is empty",
        ]
    );
    assert!(read(&csv, b"timestamp,v\n")[0].contains("no column \"n\"; its columns are: \"timestamp\", \"v\""));
}

#[test]
fn a_vietnamese_export_is_read_in_its_own_writing() {
    let mut csv = observations_of(&[("tốc độ", "speed", "km/h")]);
    (csv.delimiter, csv.decimal, csv.encoding, csv.time_format) = (';', ',', "windows-1258".into(), "%d/%m/%Y %H:%M".into());
    let text = "timestamp;t\u{f4}\u{301}c đ\u{f4}\u{323};đường\r\n1/3/2026 7:05;31,5;Trần\r\n1/3/2026 7:06;1.000;x\r\n";
    // The code page has ô, and the tone marks apart from it; what has no place in it would be written as `&#…;`.
    let decomposed: String = text.replace('ầ', "â\u{300}").replace('ờ', "ơ\u{300}");
    let (bytes, _, lossy) = encoding_rs::WINDOWS_1258.encode(&decomposed);
    assert!(!lossy);
    let got = read(&csv, &bytes);
    assert_eq!(nfc(&got[0]), "0: speed{road=Trần} 31.5 km/h @2026-03-01T00:05:00Z");
    assert!(got[1].starts_with("1: InvalidValue: row 3, column \"tốc độ\""), "{got:?}");
}

#[test]
fn times_come_in_several_writings_and_an_hour_that_is_skipped_or_repeated_is_the_earlier_one() {
    let table: &[(&str, &str, &str, &str)] = &[
        ("%m/%d/%y %H:%M", "Africa/Casablanca", "1/1/17 0:10", "2017-01-01T00:10:00Z"),
        ("%m/%d/%Y %I:%M:%S %p", "America/New_York", "01/01/2015 12:20:09 AM", "2015-01-01T05:20:09Z"),
        ("%m/%d/%Y %I:%M:%S %p", "America/New_York", "03/08/2015 02:30:00 AM", "2015-03-08T06:30:00Z"),
        ("%m/%d/%Y %I:%M:%S %p", "America/New_York", "11/01/2015 01:30:00 AM", "2015-11-01T05:30:00Z"),
        ("%Y-%m-%dT%H:%M:%S%z", "UTC", "2026-03-01T07:00:00+0700", "2026-03-01T00:00:00Z"),
        ("%Y-%m-%d", "Asia/Ho_Chi_Minh", "2026-03-01", "2026-02-28T17:00:00Z"),
        ("unix", "UTC", "1.5", "1970-01-01T00:00:01.5Z"),
        ("unix_ms", "UTC", "1500", "1970-01-01T00:00:01.5Z"),
        ("rfc3339", "UTC", "2026-03-01T07:00:00+07:00", "2026-03-01T00:00:00Z"),
    ];
    for (format, zone, text, expected) in table {
        let mut csv = observations_of(&[]);
        (csv.time_format, csv.zone) = ((*format).into(), (*zone).into());
        assert_eq!(Cells::new(&csv).unwrap().time(text).map(|time| time.to_string()).as_deref(), Ok(*expected), "{format} {text}");
    }
}

#[test]
fn rows_become_cases_and_a_refused_one_still_says_which_it_was() {
    let mut csv = observations_of(&[]);
    csv.rows = Rows::Cases(CaseColumns {
        kind: "dossier".into(),
        snapshot: true,
        least_share: 0.5,
        id: "id".into(),
        opened: "opened".into(),
        due: Some("due".into()),
        allowance: Some("allowance".into()),
        closed: Some("closed".into()),
        withdrawn: Some("withdrawn".into()),
        reopened: None,
        updated: None,
        department: Some("dept".into()),
        area: None,
        labels: vec![("type".into(), LabelName::new("type").unwrap())],
    });
    let file = "id,opened,due,allowance,closed,withdrawn,dept,type\n\
        H1,2026-02-01 08:00:00,2026-03-01 08:00:00,,,,Sở Giao thông,đất đai\n\
        H2,soon,,,,,,\n\
        H4,2026-02-01 08:00:00,,5wd,2026-02-03 08:00:00,2026-02-02 08:00:00,,\n\
        H5,2026-02-01 08:00:00,,5 days,,,,\n\
        H3,2026";
    let mut refused = Vec::new();
    let mut taken = Vec::new();
    let ending = decode(file.as_bytes(), &csv, "2026-03-01T00:00:00Z".parse().ok(), &mut |item| match item.content {
        Ok(Incoming::Case(case)) => taken.push(*case),
        Err(refusal) => refused.push(refusal.case.map(|id| id.to_string())),
        Ok(Incoming::Observation(_)) => panic!("no observation is there"),
    })
    .unwrap();
    assert_eq!(ending, Ending { rows: 5, cut_off: true });
    assert_eq!(refused.into_iter().flatten().collect::<Vec<_>>(), ["H2", "H5", "H3"]);
    let case = &taken[0];
    assert_eq!((case.id.as_str(), case.department.as_ref().map(DepartmentId::as_str)), ("H1", Some("so-giao-thong")));
    assert_eq!(
        (case.opened.to_string(), case.updated.unwrap().to_string()),
        ("2026-02-01T01:00:00Z".into(), "2026-03-01T00:00:00Z".into())
    );
    assert_eq!((case.labels.get("type"), case.closed), (Some("đất đai"), None));
    let case = &taken[1];
    assert_eq!((case.allowance, case.due), ("5wd".parse().ok(), None));
    assert_eq!(case.withdrawn.map(|time| time.to_string()).as_deref(), Some("2026-02-02T01:00:00Z"));
}
