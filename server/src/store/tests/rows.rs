//! T1: what is stored doesn't depend on how it came.

use super::{super::*, Fresh, at};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use taydo_engine::{CaseVersion, Position, Sample, SeriesId};
use taydo_model::{
    Case, CaseId, CaseKey, Definitions, ErrorCode, LabelName, Labels, Metric, MetricId, SourceId, Text, Unit, observation::MetricKind,
};

fn source() -> SourceId {
    SourceId::new("sensors").unwrap()
}

fn definitions() -> Definitions {
    let id = MetricId::new("traffic.speed").unwrap();
    let metric = Metric {
        id,
        title: Text::default(),
        unit: Unit::default(),
        resolution: 0.1,
        range: None,
        jump: None,
        frozen_s: None,
        kind: MetricKind::Gauge,
    };
    Definitions { metrics: vec![Arc::new(metric)], ..Definitions::default() }
}

async fn series(store: &Store, count: usize) -> Vec<SeriesId> {
    let keys: Vec<(MetricId, Labels)> = (0..count)
        .map(|at| {
            let labels = [(LabelName::new("asset").unwrap(), format!("sensor-{at}"))].into_iter().collect();
            (MetricId::new("traffic.speed").unwrap(), labels)
        })
        .collect();
    store.intern_series(&source(), &keys, at("2026-01-05T00:00:00Z")).await.unwrap()
}

fn sample(series: SeriesId, second: i64, ticks: i64, revision: i32) -> NewSample {
    let time = at("2026-01-04T23:59:00Z") + SignedDuration::from_secs(second);
    #[allow(clippy::cast_precision_loss)]
    NewSample { sample: Sample { series, time, ticks, revision, state: taydo_model::SampleState::Normal }, value: ticks as f64 / 10.0 }
}

fn batch(samples: Vec<NewSample>) -> WriteBatch {
    WriteBatch { received: at("2026-01-05T00:00:00Z"), samples, ..WriteBatch::default() }
}

/// Numbers that look random and are the same every time.
fn scatter(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[tokio::test]
async fn the_same_samples_in_any_order_and_any_batches_give_the_same_rows() {
    // Two lanes at once; batches on both sides of what goes by COPY; keys that come several times; two partitions.
    let mut seed = 7;
    let ids: Vec<i32> = (1..=20).collect();
    let all: Vec<(i32, i64, i64, i32)> = (0..12_000)
        .map(|_| {
            let mut next = |below: u64| i64::try_from(scatter(&mut seed) % below).unwrap();
            (ids[usize::try_from(next(20)).unwrap()], next(400), next(900) - 100, i32::try_from(next(3)).unwrap())
        })
        .collect();
    let mut outcomes = Vec::new();
    for (order, size) in [(1_u64, 12_000), (2, 4_000), (3, 700), (4, 120)] {
        let fresh = Fresh::new().await;
        let series = series(&fresh.store, 20).await;
        assert_eq!(series.iter().map(|id| id.0).collect::<BTreeSet<_>>().len(), 20);
        let mut shuffled = all.clone();
        let mut seed = order;
        shuffled.sort_by_cached_key(|_| scatter(&mut seed));
        let batches: Vec<WriteBatch> = shuffled
            .chunks(size)
            .map(|chunk| {
                // By label, because the numbers of series are each database's own.
                let id = |label: i32| series[usize::try_from(label - 1).unwrap()];
                batch(chunk.iter().map(|&(label, second, ticks, revision)| sample(id(label), second, ticks, revision)).collect())
            })
            .collect();
        let (left, right) = batches.split_at(batches.len() / 2);
        let send = async |lane: i16, batches: &[WriteBatch]| {
            let mut writer = fresh.store.writer(lane);
            for (number, batch) in batches.iter().enumerate() {
                let committed = writer.commit(batch).await.unwrap();
                assert_eq!(committed.position, Position { lane, seq: i64::try_from(number).unwrap() + 1 });
            }
        };
        tokio::join!(send(1, left), send(2, right));
        let again = fresh.store.writer(1).commit(&batches[0]).await.unwrap();
        assert!(again.samples.is_empty(), "a repeat changes nothing");
        assert_eq!(again.span, None);
        let sql = "SELECT labels ->> 'asset', extract(epoch FROM time - '2026-01-04T23:59:00Z')::int, (value * 10)::int, revision \
            FROM observation JOIN series ON series.id = series_id";
        outcomes.push(fresh.texts(sql).await.into_iter().collect::<BTreeSet<_>>());
    }
    // What must be there, reckoned apart: of each key the highest revision, then the larger value.
    let mut expected: BTreeMap<(i32, i64), (i32, i64)> = BTreeMap::new();
    for (label, second, ticks, revision) in all {
        let best = expected.entry((label, second)).or_insert((revision, ticks));
        *best = (*best).max((revision, ticks));
    }
    let expected: BTreeSet<String> = expected
        .into_iter()
        .map(|((label, second), (revision, ticks))| format!("(sensor-{},{second},{ticks},{revision})", label - 1))
        .collect();
    for outcome in outcomes {
        assert!(outcome == expected, "{} rows, {} expected", outcome.len(), expected.len());
    }
}

#[tokio::test]
async fn a_commit_says_what_changed_and_reading_gives_the_exact_ticks_back() {
    let fresh = Fresh::new().await;
    let ids = series(&fresh.store, 2).await;
    let mut writer = fresh.store.writer(3);
    let first = writer.commit(&batch(vec![sample(ids[0], 10, 315, 0), sample(ids[1], 70, 1, 0)])).await.unwrap();
    assert_eq!(first.samples.len(), 2);
    assert_eq!(first.span, Some((at("2026-01-04T23:59:10Z"), at("2026-01-05T00:00:10Z"))));
    // Lower, equal, larger value, higher revision with a smaller value.
    for (ticks, revision, wins) in [(314, 0, false), (315, 0, false), (316, 0, true), (200, 1, true), (999, 0, false)] {
        let new = sample(ids[0], 10, ticks, revision);
        let committed = writer.commit(&batch(vec![new])).await.unwrap();
        assert_eq!(committed.samples, if wins { vec![new.sample] } else { Vec::new() }, "{ticks} {revision}");
    }
    let mut stream = fresh.store.samples(&definitions(), at("2026-01-04T23:59:10Z"), Timestamp::MAX, None).await.unwrap();
    let read = stream.next().await.unwrap().unwrap();
    assert_eq!(read, [sample(ids[0], 10, 200, 1).sample, sample(ids[1], 70, 1, 0).sample]);
    assert_eq!(stream.next().await.unwrap(), None);
    let mut after = fresh.store.samples(&definitions(), at("2026-01-04T23:59:11Z"), Timestamp::MAX, None).await.unwrap();
    assert_eq!(after.next().await.unwrap().map(|chunk| chunk.len()), Some(1));

    assert_eq!(fresh.store.positions().await.unwrap(), [Position { lane: 3, seq: 0 }]);
    let batches = fresh.store.batches_after(Position { lane: 3, seq: 1 }).await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.position.seq).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    assert_eq!(batches[0].span, None);
}

#[tokio::test]
async fn interning_twice_gives_the_same_numbers() {
    let fresh = Fresh::new().await;
    let (first, second) = tokio::join!(series(&fresh.store, 50), series(&fresh.store, 50));
    assert_eq!(first, second);
    assert_eq!(fresh.store.series_counts().await.unwrap(), HashMap::from([(source(), 50)]));
    let stored = fresh.store.series().await.unwrap();
    let last = stored.iter().find(|(_, series)| series.id == first[49]).unwrap();
    assert_eq!(last.1.labels.get("asset"), Some("sensor-49"));
}

fn case(id: &str, closed: Option<&str>, updated: &str, hash: i64) -> CaseVersion {
    let id = CaseId::new(id).unwrap();
    let case = Case {
        department: Some("so-xay-dung".parse().unwrap()),
        due: Some(at("2026-01-09T08:00:00Z")),
        allowance: Some("5wd".parse().unwrap()),
        calendar: Some("v1".to_owned()),
        closed: closed.map(at),
        withdrawn: closed.map(at),
        reopened: closed.map(at),
        updated: Some(at(updated)),
        ..Case::new(id.clone(), "dossier\0", at("2026-01-02T08:00:00Z"))
    };
    CaseVersion { key: CaseKey { source: source(), id }, updated: at(updated), hash, case }
}

#[tokio::test]
async fn the_latest_state_of_a_case_stays_and_each_one_is_remembered() {
    let fresh = Fresh::new().await;
    let mut writer = fresh.store.writer(1);
    let mut commit = async |cases: Vec<CaseVersion>| {
        let batch = WriteBatch { received: at("2026-01-05T00:00:00Z"), cases, ..WriteBatch::default() };
        writer.commit(&batch).await.unwrap().cases.len()
    };
    let closed = Some("2026-01-04T08:00:00Z");
    assert_eq!(commit(vec![case("a", None, "2026-01-03T00:00:00Z", 5), case("b", None, "2026-01-03T00:00:00Z", 1)]).await, 2);
    assert_eq!(commit(vec![case("a", None, "2026-01-03T00:00:00Z", 5)]).await, 0, "a repeat");
    assert_eq!(commit(vec![case("a", closed, "2026-01-03T00:00:00Z", 4)]).await, 0, "the smaller hash");
    assert_eq!(commit(vec![case("a", None, "2026-01-02T00:00:00Z", 9), case("a", closed, "2026-01-04T00:00:00Z", 0)]).await, 1);
    assert_eq!(fresh.texts("SELECT case_id, version, seq FROM case_version ORDER BY 1, 2").await, ["(a,1,1)", "(a,2,4)", "(b,1,1)"]);

    let open = fresh.store.open_cases(&source()).await.unwrap();
    assert_eq!(open.iter().map(|version| version.key.id.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(open[0].case.kind, "dossier\u{fffd}");
    let count = async |mut stream: CaseStream| stream.next().await.unwrap().map_or(0, |chunk| chunk.len());
    assert_eq!(count(fresh.store.cases(at("2026-01-04T08:00:00Z")).await.unwrap()).await, 2);
    assert_eq!(count(fresh.store.cases(at("2026-01-04T08:00:01Z")).await.unwrap()).await, 1);
    assert_eq!(count(fresh.store.cases_after(Position { lane: 1, seq: 1 }).await.unwrap()).await, 1);
}

#[tokio::test]
async fn rejects_are_kept_with_their_reason_and_pruned_after_a_week() {
    let fresh = Fresh::new().await;
    let reject = NewReject {
        source: source(),
        code: ErrorCode::WrongUnit,
        reason: "kW is no speed".into(),
        payload: format!("\0{}", "đ".repeat(4000)),
    };
    let batch = WriteBatch { received: at("2026-01-05T00:00:00Z"), rejects: vec![reject], ..WriteBatch::default() };
    fresh.store.writer(1).commit(&batch).await.unwrap();
    let kept = fresh.store.rejects(10).await.unwrap();
    assert_eq!((kept[0].code, kept[0].reason.as_str(), kept[0].time), (ErrorCode::WrongUnit, "kW is no speed", batch.received));
    assert_eq!(kept[0].payload.chars().count(), 2048);
    fresh.store.prune(at("2026-01-05T00:00:00Z"), at("2026-01-12T00:00:00Z")).await.unwrap();
    assert_eq!(fresh.store.rejects(10).await.unwrap().len(), 1);
    fresh.store.prune(at("2026-01-05T00:00:01Z"), at("2026-01-12T00:00:01Z")).await.unwrap();
    assert_eq!(fresh.store.rejects(10).await.unwrap().len(), 0);
    assert_eq!(fresh.texts("SELECT seq FROM ingest_batch").await.len(), 1, "a batch that isn't consumed stays");
}
