//! Tables of lines, and the round trip through an encoder. They never look inside the cursor.

use super::super::tests::show;
use super::*;
use proptest::prelude::*;
use taydo_model::{LabelName, MetricId, Unit, source::StateField};

fn mapping() -> Vec<Field> {
    let field = |name: &str, metric: &str, unit: &str| Field {
        name: name.into(),
        metric: MetricId::new(metric).unwrap(),
        unit: Unit::parse(unit).unwrap(),
        labels: taydo_model::Labels::default(),
        state: None,
    };
    let mut lane = field("lane1", "traffic.flow", "veh/h");
    lane.labels.set(LabelName::new("lane").unwrap(), "1".into());
    vec![field("road.v", "traffic.speed", "mph"), field("v", "other.v", "1"), lane]
}

fn lines(body: &[u8], precision: Precision) -> Vec<String> {
    let mut out = Vec::new();
    decode(body, precision, &mapping(), &mut |item| out.push(show(&item))).unwrap();
    out
}

#[test]
fn lines_become_observations() {
    let table: &[(&str, &[&str])] = &[
        ("road,asset=a1 v=31.5 1000000000", &["0: traffic.speed{asset=a1} 31.5 mph @1970-01-01T00:00:01Z"]),
        ("bus v=1", &["0: other.v{} 1 1 @-"]),
        (
            "cpu,host=h usage=1.5,n=2i,m=3u,up=t,down=FALSE,name=\"x,y z\" 0",
            &[
                "0: cpu.usage{host=h} 1.5 @1970-01-01T00:00:00Z",
                "0: cpu.n{host=h} 2 @1970-01-01T00:00:00Z",
                "0: cpu.m{host=h} 3 @1970-01-01T00:00:00Z",
                "0: cpu.up{host=h} 1 @1970-01-01T00:00:00Z",
                "0: cpu.down{host=h} 0 @1970-01-01T00:00:00Z",
            ],
        ),
        ("# a comment\n\n  \r\nx a=1\r\ny a=-2e3 5\r\n", &["3: x.a{} 1 @-", "4: y.a{} -2000 @1970-01-01T00:00:00.000000005Z"]),
        ("my\\ m\\,x,a\\=b=c\\ d\\,e f\\ g=1", &["0: my m,x.f g{a=b=c d,e} 1 @-"]),
        ("m,path=C:\\dir f=1", &["0: m.f{path=C:\\dir} 1 @-"]),
        ("road,asset=a lane1=5", &["0: traffic.flow{asset=a,lane=1} 5 veh/h @-"]),
        ("m s=\"two\nlines \\\" and\",f=1\nn f=2", &["0: m.f{} 1 @-", "2: n.f{} 2 @-"]),
        ("m f=NaN", &["0: m.f{} NaN @-"]),
    ];
    for (body, expected) in table {
        assert_eq!(lines(body.as_bytes(), Precision::Nanoseconds), *expected, "{body:?}");
    }
    for (precision, count) in [("s", "7"), ("ms", "7000"), ("us", "7000000"), ("ns", "7000000000")] {
        let body = format!("m f=1 {count}");
        assert_eq!(lines(body.as_bytes(), Precision::parse(precision).unwrap()), ["0: m.f{} 1 @1970-01-01T00:00:07Z"]);
    }
}

#[test]
fn a_bad_line_is_named_and_the_others_are_taken() {
    let bad: &[(&str, &str)] = &[
        ("m", "Malformed: line 2, column 2: the fields are missing"),
        ("m,a f=1", "Malformed: line 2, column 4: expected a tag"),
        ("m,a= f=1", "Malformed: line 2, column 5: expected the tag's value"),
        ("m f", "Malformed: line 2, column 4: expected a field"),
        ("m f=", "Malformed: line 2, column 5: expected a number"),
        ("m f=1x", "Malformed: line 2, column 5: expected a number"),
        ("m f=9223372036854775808i", "Malformed: line 2, column 5: expected a number"),
        ("m f=1,", "Malformed: line 2, column 7: expected a field"),
        ("m f=1 12x", "Malformed: line 2, column 9: expected the timestamp"),
        ("m f=1 99999999999999999999", "InvalidTime: line 2, column 7: the timestamp"),
        ("m f=\"open", "Malformed: line 2, column 5: the text that begins here"),
        (",a=b f=1", "Malformed: line 2, column 1: a line begins with"),
        ("road v=\"fast\"", "InvalidValue: line 2: field \"v\" is a text"),
    ];
    for (line, expected) in bad {
        let body = format!("a f=1\n{line}\nb f=2\n");
        let got = lines(body.as_bytes(), Precision::Nanoseconds);
        assert_eq!(got.len(), 3, "{line:?}: {got:?}");
        assert_eq!((got[0].as_str(), got[2].as_str()), ("0: a.f{} 1 @-", "2: b.f{} 2 @-"), "{line:?}");
        assert!(got[1].starts_with(&format!("1: {expected}")), "{line:?}: {}", got[1]);
    }
    // A quote that is left open closes at the next line's first one; that line is read by itself all the same.
    let got = lines(b"m s=\"open\nb f=1,t=\"x\"\nc f=2", Precision::Nanoseconds);
    assert_eq!((got.len(), got[1].as_str(), got[2].as_str()), (3, "1: b.f{} 1 @-", "2: c.f{} 2 @-"), "{got:?}");
    assert_eq!(lines(b"m,a=\xff f=1\nn f=2", Precision::Nanoseconds).len(), 2);
}

#[test]
fn a_body_with_too_many_lines_is_refused_whole() {
    let body = "\n".repeat(MAX_ITEMS);
    let mut taken = 0;
    let refusal = decode(body.as_bytes(), Precision::Seconds, &[], &mut |_| taken += 1).unwrap_err();
    assert_eq!((refusal.code, taken), (ErrorCode::TooLarge, 0));
}

fn escape(text: &str, specials: &str) -> String {
    text.chars().flat_map(|c| specials.contains(c).then_some('\\').into_iter().chain([c])).collect()
}

proptest! {
    #[test]
    fn what_an_encoder_writes_is_read_again(
        measurement in "[a-zđ ,=]{1,8}".prop_filter("comments and blanks", |m| !m.starts_with('#') && !m.starts_with(' ')),
        tags in prop::collection::vec(("[a-z ,=]{1,5}", "[a-z0-9 ,=ế]{1,6}"), 0..4),
        value in -1e12..1e12f64,
        seconds in 0..4_000_000_000i64,
    ) {
        let mut text = escape(&measurement, ", ");
        for (name, tag) in &tags {
            text += &format!(",{}={}", escape(name, ",= "), escape(tag, ",= "));
        }
        text += &format!(" f={value} {seconds}");
        let mut seen = 0;
        decode(text.as_bytes(), Precision::Seconds, &[], &mut |item| {
            let Ok(Incoming::Observation(draft)) = item.content else { panic!("{text:?}: {item:?}") };
            assert_eq!(draft.metric, format!("{measurement}.f"));
            let pairs: Vec<_> = draft.labels.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            assert_eq!(pairs, tags);
            assert_eq!(draft.value, value);
            assert_eq!(draft.time, Some(Timestamp::from_second(seconds).unwrap()));
            seen += 1;
        }).unwrap();
        prop_assert_eq!(seen, 1);
    }

    #[test]
    fn no_bytes_make_it_panic_or_hide_a_good_line(body in "[mf=1, \\\\\"i\n#ế]{0,60}") {
        let body = format!("{body}\nlast f=1");
        let mut last = false;
        decode(body.as_bytes(), Precision::Seconds, &[], &mut |item| {
            last = matches!(&item.content, Ok(Incoming::Observation(draft)) if draft.metric == "last.f");
        }).unwrap();
        // A quote that is closed by nothing is refused line by line, so the last line is always its own.
        prop_assert!(last || body.contains('"'));
    }

    #[test]
    fn arbitrary_bytes_do_not_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        decode(&body, Precision::Nanoseconds, &mapping(), &mut |_| {}).unwrap();
    }
}

#[test]
fn a_state_is_read_beside_the_value() {
    let state = StateField { name: "st".into(), calibrating: vec!["01".into(), "1".into()], ..StateField::default() };
    let field = Field { state: Some(state), ..mapping().remove(1) };
    let mut out = Vec::new();
    let body = "air v=5,st=\"01\"\nair v=5,st=1i\nair v=5,st=\"00\"\nair v=5";
    decode(body.as_bytes(), Precision::Seconds, &[field], &mut |item| out.push(show(&item))).unwrap();
    assert_eq!(out, ["0: other.v{} 5 1 Calibrating @-", "1: other.v{} 5 1 Calibrating @-", "2: other.v{} 5 1 @-", "3: other.v{} 5 1 @-"]);
}
