//! Tables of topics and bodies.

use super::super::tests::show;
use super::*;
use proptest::prelude::*;
use taydo_model::{
    LabelName, Labels, MetricId, Unit,
    source::{Level, StateField},
};

fn field(name: &str, metric: &str, unit: &str) -> Field {
    Field {
        name: name.into(),
        metric: MetricId::new(metric).unwrap(),
        unit: Unit::parse(unit).unwrap(),
        labels: Labels::default(),
        state: None,
    }
}

fn pattern() -> TopicPattern {
    TopicPattern { levels: vec![Level::Text("ct".into()), Level::Label(LabelName::new("asset").unwrap()), Level::Metric] }
}

fn read(topic: &str, body: &str, shape: &Body) -> Vec<String> {
    let mut out = Vec::new();
    decode(topic, body.as_bytes(), &pattern(), shape, &mut |item| out.push(show(&item)));
    out
}

#[test]
fn a_plain_value_takes_its_metric_from_the_topic_or_the_mapping() {
    let by_topic = Body::Value(None);
    assert_eq!(read("ct/a1/traffic.speed", "31.5", &by_topic), ["0: traffic.speed{asset=a1} 31.5 @-"]);
    assert_eq!(read("ct/a1/traffic.speed", " \"31.5\" ", &by_topic), ["0: traffic.speed{asset=a1} 31.5 @-"]);
    let dated = r#"{"ts": 1500, "value": 31.5}"#;
    assert_eq!(read("ct/a1/traffic.speed", dated, &by_topic), ["0: traffic.speed{asset=a1} 31.5 @1970-01-01T00:00:01.5Z"]);
    assert_eq!(read("ct/a1/x", "true", &Body::Value(MetricId::new("m").ok())), ["0: m{asset=a1} 1 @-"]);
    for (body, expected) in [
        ("", "0: Malformed: EOF"),
        ("31.5 km", "0: Malformed: trailing"),
        ("NaN", "0: Malformed: expected value"),
        ("null", "0: InvalidValue: the body is null"),
        ("[1]", "0: InvalidValue: an object or an array"),
        ("{\"a\":1}", "0: Invalid: unknown field `a`"),
        ("\"fast\"", "0: InvalidValue: \"fast\" is not a number"),
    ] {
        let got = read("ct/a1/m", body, &by_topic);
        assert!(got.len() == 1 && got[0].starts_with(expected), "{body}: {got:?}");
    }
    assert!(read("dn/a1/m", "1", &by_topic)[0].starts_with("0: Invalid: topic \"dn/a1/m\" does not match \"ct/+/+\""));
    assert!(read("ct/a1/m", &" ".repeat(MAX_BODY_BYTES + 1), &by_topic)[0].starts_with("0: TooLarge"));
}

#[test]
fn fields_come_bare_timed_and_in_arrays() {
    let shape = Body::Fields(vec![field("v", "speed", "km/h"), field("on", "state", "1")]);
    let table: &[(&str, &[&str])] = &[
        (r#"{"v":30,"on":true,"other":{"x":[1]}}"#, &["0: speed{asset=a} 30 km/h @-", "0: state{asset=a} 1 1 @-"]),
        (r#"{"v":null,"on":"0"}"#, &["0: state{asset=a} 0 1 @-"]),
        (r#"{"ts":1000,"v":30}"#, &["0: speed{asset=a} 30 km/h @1970-01-01T00:00:01Z"]),
        (r#"{"ts":1500,"values":{"v":"7"}}"#, &["0: speed{asset=a} 7 km/h @1970-01-01T00:00:01.5Z"]),
        (
            r#"[{"ts":0,"values":{"v":1}},{"v":}, {"v":2}]"#,
            &[
                "0: speed{asset=a} 1 km/h @1970-01-01T00:00:00Z",
                "1: Malformed: expected value at line 1 column 6",
                "2: speed{asset=a} 2 km/h @-",
            ],
        ),
        (r#"{"v":{"x":1},"on":1}"#, &["0: InvalidValue: field \"v\": an object or an array is not a number", "0: state{asset=a} 1 1 @-"]),
        (r#"{"V":1}"#, &["0: Invalid: none of the source's fields is there: v, on"]),
        (r#"{"v":1,"v":2}"#, &["0: Invalid: duplicate field `v` at line 1 column 13"]),
        (
            r#"{"ts":"noon","values":{"v":1}}"#,
            &["0: InvalidTime: `ts` is not a whole number of milliseconds, or `values` is not an object"],
        ),
        ("[]", &[]),
        (r#"[{"v":1}] x"#, &["0: speed{asset=a} 1 km/h @-", "0: Malformed: there is more after the array; send one array"]),
    ];
    for (body, expected) in table {
        assert_eq!(read("ct/a/x", body, &shape), *expected, "{body}");
    }
    let many = format!("[{}0]", "0,".repeat(MAX_MESSAGE_ITEMS));
    assert!(read("ct/a/x", &many, &shape)[0].starts_with("0: TooLarge"));
}

proptest! {
    #[test]
    fn no_body_makes_it_panic(body in "[\\[\\]{}\",:vts0-9.e\\\\ ]{0,60}") {
        let shape = Body::Fields(vec![field("v", "speed", "km/h")]);
        read("ct/a/x", &body, &shape);
        read("ct/a/x", &body, &Body::Value(None));
    }
}

#[test]
fn a_state_is_read_beside_the_value() {
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let state = StateField {
        name: "st".into(),
        normal: codes(&["00", "0"]),
        calibrating: codes(&["01"]),
        fault: codes(&["2"]),
        provisional: vec![],
    };
    let shape = Body::Fields(vec![Field { state: Some(state), ..field("v", "pm", "ug/m3") }]);
    let table = [
        (r#"{"v":30,"st":"00"}"#, "0: pm{asset=a} 30 ug/m3 @-"),
        (r#"{"v":30}"#, "0: pm{asset=a} 30 ug/m3 @-"),
        (r#"{"v":30,"st":"01"}"#, "0: pm{asset=a} 30 ug/m3 Calibrating @-"),
        (r#"{"ts":1000,"values":{"v":30,"st":2}}"#, "0: pm{asset=a} 30 ug/m3 Fault @1970-01-01T00:00:01Z"),
        (
            r#"{"v":30,"st":"09"}"#,
            "0: InvalidValue: \"st\" is \"09\", a state that the source's mapping doesn't know; add it to one of the lists",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(read("ct/a/m", body, &shape), [expected], "{body}");
    }
}
