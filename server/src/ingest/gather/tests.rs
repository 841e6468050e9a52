//! What gathering makes of items, and what it remembers from one submission to the next.

use super::*;
use crate::ingest::{check::tests::city, decode::line};
use taydo_engine::Series;
use taydo_model::{SourceId, Text, source::Way};

fn source(max_series: u32) -> Source {
    let way = Way::Line { fields: vec![] };
    Source {
        id: SourceId::new("telegraf").unwrap(),
        title: Text::default(),
        owner: None,
        way,
        max_series,
        silent_s: None,
        urgent: false,
        via: None,
    }
}

fn gather(memory: &Arc<Memory>, registry: &Registry, source: &Source, body: &str) -> Gathered {
    let city = city();
    let mut gathering = memory.gather(&city, source, registry, "2026-03-01T07:00:00Z".parse().unwrap());
    line::decode(body.as_bytes(), line::Precision::Seconds, &[], &mut |item| gathering.take(item)).unwrap();
    gathering.finish()
}

/// What the intake does between gathering and committing, with a store that counts from 1.
fn intern(memory: &Memory, registry: &Registry, source: &Source, gathered: &mut Gathered) {
    let first = i32::try_from(registry.created(&source.id)).unwrap() + 1;
    let ids: Vec<SeriesId> = (first..).map(SeriesId).take(gathered.fresh.len()).collect();
    registry.learn(&source.id, gathered.fresh.clone(), &ids);
    memory.learn(source, gathered, &ids);
}

fn ids(gathered: &Gathered) -> Vec<i32> {
    gathered.samples.iter().map(|row| row.sample.series.0).collect()
}

#[test]
fn a_series_is_made_once_and_found_again() {
    let (memory, registry, source) = (Arc::<Memory>::default(), Registry::new(vec![]), source(100));
    let in_service = "traffic,asset=a1 speed=31.54 1772000000\n";
    let before = "traffic,asset=a1 speed=30 1700000000\n";
    let mut first = gather(&memory, &registry, &source, &[in_service, in_service, before].concat());
    assert_eq!((ids(&first), first.fresh.len()), (vec![-1, -1, -2], 2));
    assert_eq!(first.fresh[0].1.get("area"), Some("31135"));
    assert_eq!(first.fresh[1].1.get("area"), None);
    assert_eq!((first.samples[0].sample.ticks, first.samples[0].value), (315, 31.5));
    intern(&memory, &registry, &source, &mut first);
    assert_eq!(ids(&first), [1, 1, 2]);
    let second = gather(&memory, &registry, &source, &[before, in_service].concat());
    assert_eq!((ids(&second), second.fresh.len(), second.learned.len()), (vec![2, 1], 0, 0));
    assert_eq!(registry.created(&source.id), 2);
    // Another spelling of the same series is not another series.
    let spelled = gather(&memory, &registry, &source, "traffic,area=1,asset=a1 speed=1 1772000000");
    assert_eq!((ids(&spelled), spelled.fresh.len(), spelled.learned.len()), (vec![1], 0, 1));
}

#[test]
fn a_key_that_is_remembered_for_one_half_learns_the_other() {
    let (memory, registry, source) = (Arc::<Memory>::default(), Registry::new(vec![]), source(100));
    let mut first = gather(&memory, &registry, &source, "traffic,asset=a1 speed=1 1772000000");
    intern(&memory, &registry, &source, &mut first);
    let mut second = gather(&memory, &registry, &source, "traffic,asset=a1 speed=1 1700000000");
    intern(&memory, &registry, &source, &mut second);
    let both = gather(&memory, &registry, &source, "traffic,asset=a1 speed=1 1772000000\ntraffic,asset=a1 speed=1 1700000000");
    assert_eq!((ids(&both), both.learned.len()), (vec![1, 2], 0));
}

#[test]
fn a_source_makes_no_more_series_than_it_may() {
    let known = Series { id: SeriesId(7), metric: taydo_model::MetricId::new("energy.load").unwrap(), labels: Default::default() };
    let (memory, source) = (Arc::<Memory>::default(), source(2));
    let registry = Registry::new(vec![(source.id.clone(), known)]);
    let gathered =
        gather(&memory, &registry, &source, "energy,meter=m1 load=1\nenergy,meter=m2 load=1\nenergy load=1\nenergy,meter=m1 load=2");
    assert_eq!(ids(&gathered), [-1, 7, -1]);
    assert_eq!((gathered.rejects.len(), gathered.rejects[0].code, gathered.errors[0].item), (1, ErrorCode::TooManySeries, 1));
    assert_eq!(gathered.rejects[0].payload, "energy,meter=m2 load=1\n");
}

#[test]
fn unknown_assets_are_counted_and_what_named_them_is_kept() {
    let (memory, registry, source) = (Arc::<Memory>::default(), Registry::new(vec![]), source(9));
    let body = "traffic,asset=a9 speed=1\ntraffic,asset=a9 speed=2\ntraffic,asset=a9 speed=1e300\ntraffic.x speed=1 99999999999\n";
    let gathered = gather(&memory, &registry, &source, body);
    assert_eq!((gathered.samples.len(), gathered.unknown.get("a9")), (2, Some(&2)));
    let codes: Vec<ErrorCode> = gathered.rejects.iter().map(|reject| reject.code).collect();
    assert_eq!(codes, [ErrorCode::InvalidValue, ErrorCode::InvalidTime]);
}

#[test]
fn keys_of_different_labels_are_never_equal() {
    let pair = |name: &'static str, value: &'static str| (name.into(), value.into());
    let key = |labels: &[crate::ingest::decode::Pair<'_>]| {
        let mut key = Vec::new();
        write_key(
            &mut key,
            &Draft { metric: "m", labels, time: None, value: 0.0, unit: Given::Metrics, revision: 0, state: Default::default() },
        );
        key
    };
    assert_ne!(key(&[pair("a", "b"), pair("c", "d")]), key(&[pair("a", "bc"), pair("", "d")]));
    assert_ne!(key(&[pair("a", "")]), key(&[pair("", "a")]));
}
