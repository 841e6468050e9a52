//! What fires in many areas at once: every incident counted once, every area named, the worst first.

use super::desk::Desk;
use super::town::Town;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::page::Page;

/// The one page of a flood of incidents, each with a severity and an area.
fn page(flood: &[(u8, u8)]) -> Page {
    let severity = |number: u8| ["medium", "high", "critical"][usize::from(number)];
    let area = |number: u8| if number == 0 { String::new() } else { format!("area=a{number}") };
    let opened = flood.iter().zip(1..).map(|((level, place), id)| format!("0s open {id} {} {}", severity(*level), area(*place)));
    let script = format!("{}\n1m end", opened.collect::<Vec<_>>().join("\n"));
    let desk = Desk::run(Town::new("u1 1h").waits("0s", "5m", "4h"), &script);
    let pages: Vec<&Page> = desk.pages.iter().map(|(_, page)| page).collect();
    assert_eq!(pages.len(), 1, "one group, one message");
    pages[0].clone()
}

#[test]
fn a_few_areas_are_told_as_one_place_is() {
    assert!(page(&[(2, 1), (2, 2), (1, 2), (1, 0)]).areas.is_empty());
    let many = page(&[(2, 1), (2, 2), (1, 2), (1, 3), (0, 0)]);
    let counts: Vec<_> = many.areas.iter().map(|count| (count.area.as_str(), count.open)).collect();
    assert_eq!(counts, [("a2", 2), ("a1", 1), ("a3", 1)]);
    let order: Vec<i64> = many.incidents.iter().map(|id| id.0).collect();
    assert_eq!(order, [1, 2, 4, 5, 3], "the worst of each area before the others");
}

proptest! {
    #[test]
    fn many_areas_are_one_message_that_leaves_nothing_out(flood in prop::collection::vec((0..3_u8, 0..40_u8), 1..300)) {
        let page = page(&flood);
        let mut open: BTreeMap<u8, u32> = BTreeMap::new();
        for (_, area) in flood.iter().filter(|(_, area)| *area > 0) {
            *open.entry(*area).or_default() += 1;
        }
        prop_assert_eq!(page.incidents.len() + page.others as usize, flood.len());
        let listed: BTreeSet<_> = page.incidents.iter().collect();
        prop_assert_eq!(listed.len(), page.incidents.len(), "each once");
        let worst = flood.iter().map(|(level, _)| *level).max();
        let first = usize::try_from(page.incidents[0].0).unwrap();
        prop_assert_eq!(Some(flood[first - 1].0), worst);
        let is_many = open.len() >= 3;
        prop_assert_eq!(page.areas.is_empty(), !is_many);
        if is_many {
            prop_assert_eq!(page.areas.iter().map(|count| count.open).sum::<u32>(), open.values().sum::<u32>());
            let counts: BTreeMap<u8, u32> = page.areas.iter().map(|count| (count.area.as_str()[1..].parse().unwrap(), count.open)).collect();
            prop_assert_eq!(&counts, &open);
            prop_assert!(page.areas.is_sorted_by(|a, b| a.open >= b.open));
            let named: BTreeSet<u8> = page.incidents.iter().map(|id| flood[usize::try_from(id.0).unwrap() - 1].1).filter(|area| *area > 0).collect();
            prop_assert_eq!(named, open.keys().copied().collect(), "every area is named, however the list is cut");
        }
    }
}
