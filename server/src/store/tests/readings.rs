//! T2: fenced, insert-only, and the same when repeated.

use super::{super::*, Fresh, at};
use jiff::Timestamp;
use taydo_engine::alert::Evaluated;
use taydo_engine::{Position, Recorded};
use taydo_model::{
    Definitions, Flags, Kpi, Quality, Reading, Text, Unit,
    kpi::{Better, CaseMeasure, CaseTerms, From, Window},
};

pub(super) fn definitions(version: &str) -> Definitions {
    let kpi = Kpi {
        id: "services.backlog".parse().unwrap(),
        version: version.to_owned(),
        title: Text::default(),
        unit: Unit::default(),
        decimals: 0,
        better: Better::Lower,
        standard: None,
        owner: None,
        from: From::Cases { kind: String::new(), measure: CaseMeasure::Open, window: Window::Sliding(0), terms: CaseTerms::default() },
        by: Vec::new(),
        every_s: 60,
        delay_s: 0,
        lateness_s: 900,
        coverage: None,
        stale_s: 600,
        target: None,
        attention: None,
        critical: None,
        thresholds_for: Vec::new(),
    };
    Definitions { kpis: vec![Arc::new(kpi)], ..Definitions::default() }
}

pub(super) fn recorded(scope: &str, minute: i64, value: f64, correction: bool) -> Recorded {
    let reading = Reading {
        kpi: "services.backlog".parse().unwrap(),
        scope: scope.parse().unwrap(),
        time: at("2026-01-05T00:00:00Z") + jiff::SignedDuration::from_mins(minute),
        value: Some(value),
        numerator: None,
        denominator: None,
        samples: 3,
        coverage: None,
        quality: Quality::Good,
        flags: Flags::default(),
        data_time: None,
    };
    Recorded { reading, correction }
}

/// Takes the lead from whoever has it.
pub(super) async fn lead(store: &Store, now: Timestamp) -> Fence {
    let seen = store.lease_beat("engine").await.unwrap();
    store.take_lease("engine", "test", seen.as_ref(), now).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_reading_is_inserted_once_and_again_only_when_it_changed() {
    let fresh = Fresh::new().await;
    let (store, now) = (&fresh.store, at("2026-01-05T01:00:00Z"));
    let fence = lead(store, now).await;
    let one = definitions("v1");
    // Enough for COPY, and too few for it.
    for count in [1200, 3] {
        let scope = format!("asset:a{count}");
        let readings: Vec<Recorded> = (0..count).map(|minute| recorded(&scope, minute, 5.0, false)).collect();
        let positions = [Position { lane: 1, seq: count }];
        let expected = usize::try_from(count).unwrap();
        assert_eq!(store.commit_readings(&fence, now, &one, &readings, &Evaluated::default(), &positions).await.unwrap(), expected);
        assert_eq!(store.commit_readings(&fence, now, &one, &readings, &Evaluated::default(), &positions).await.unwrap(), 0, "a repeat");
        let mut more = readings.clone();
        more.push(recorded(&scope, count, 5.0, false));
        assert_eq!(store.commit_readings(&fence, now, &one, &more, &Evaluated::default(), &[]).await.unwrap(), 1, "one is new");
        let mended = [
            recorded(&scope, 0, 6.0, true),
            recorded(&scope, 1, 5.0, true),
            recorded(&scope, 2, 1.0, true),
            recorded(&scope, 2, 7.0, true),
        ];
        assert_eq!(store.commit_readings(&fence, now, &one, &mended, &Evaluated::default(), &[]).await.unwrap(), 2);
        let points =
            store.readings(&mended[0].reading.kpi, &mended[0].reading.scope, (mended[0].reading.time, now), None, 3).await.unwrap();
        assert_eq!(points.len(), 3);
        assert!(points.is_sorted_by_key(|point| point.time));
        let until = mended[2].reading.time;
        let points =
            store.readings(&mended[0].reading.kpi, &mended[0].reading.scope, (mended[0].reading.time, until), None, 9).await.unwrap();
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [Some(6.0), Some(5.0), Some(7.0)]);
    }
    assert_eq!(store.positions().await.unwrap(), [Position { lane: 1, seq: 1200 }], "a lane never goes back");
    // A recompute that had read its rows before a correction was recorded doesn't undo it.
    let (early, late) = (at("2026-01-05T00:59:00Z"), at("2026-01-05T01:00:00Z"));
    let stale = [recorded("asset:a3", 2, 4.0, false)];
    assert_eq!(store.mend_readings(&fence, now, &one, &stale, early).await.unwrap(), 0, "what is recorded is newer");
    assert_eq!(store.mend_readings(&fence, now, &one, &stale, late).await.unwrap(), 1);
    let other = definitions("v2");
    assert_eq!(
        store.commit_readings(&fence, now, &other, &[recorded("asset:a3", 1, 5.0, true)], &Evaluated::default(), &[]).await.unwrap(),
        1,
        "another definition"
    );
    let revisions = "SELECT revision, count(*) FROM reading GROUP BY 1 ORDER BY 1";
    assert_eq!(fresh.texts(revisions).await, ["(1,1205)", "(2,5)", "(3,1)"]);
    assert!(store.latest_readings().await.unwrap().is_empty(), "none is the city's");
}

#[tokio::test]
async fn who_has_lost_the_lease_writes_nothing() {
    let fresh = Fresh::new().await;
    let (store, now) = (&fresh.store, at("2026-01-05T01:00:00Z"));
    let old = lead(store, now).await;
    let new = lead(store, now).await;
    assert!(new.number() > old.number());
    let readings = [recorded("city", 0, 5.0, false)];
    let refused =
        store.commit_readings(&old, now, &definitions("v1"), &readings, &Evaluated::default(), &[Position { lane: 1, seq: 1 }]).await;
    assert!(matches!(refused, Err(StoreError::FenceLost(_))));
    assert!(fresh.texts("SELECT 1 FROM reading").await.is_empty());
    assert!(store.positions().await.unwrap().is_empty());
    assert_eq!(store.commit_readings(&new, now, &definitions("v1"), &readings, &Evaluated::default(), &[]).await.unwrap(), 1);
    assert_eq!(store.latest_readings().await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_that_want_the_lease_one_gets_it_and_none_while_its_holder_lives() {
    let fresh = Fresh::new().await;
    let (store, now) = (&fresh.store, at("2026-01-05T01:00:00Z"));
    let free = store.lease_beat("engine").await.unwrap();
    let (a, b) = tokio::join!(store.take_lease("engine", "a", free.as_ref(), now), store.take_lease("engine", "b", free.as_ref(), now));
    let fence = match (a.unwrap(), b.unwrap()) {
        (Some(fence), None) | (None, Some(fence)) => fence,
        both => panic!("{both:?}"),
    };
    let seen = store.lease_beat("engine").await.unwrap();
    store.beat_lease(&fence).await.unwrap();
    assert_eq!(store.take_lease("engine", "c", seen.as_ref(), now).await.unwrap(), None, "it has said something since");
    let seen = store.lease_beat("engine").await.unwrap();
    let next = store.take_lease("engine", "c", seen.as_ref(), now).await.unwrap().unwrap();
    assert!(matches!(store.beat_lease(&fence).await, Err(StoreError::FenceLost(_))));
    store.give_lease_back(&fence).await.unwrap();
    assert_eq!(store.lease_beat("engine").await.unwrap().unwrap().holder.as_deref(), Some("c"), "what was lost can't be given back");
    store.give_lease_back(&next).await.unwrap();
    assert_eq!(store.lease_beat("engine").await.unwrap().unwrap().holder, None);
}
