//! Rules that mute each other in a circle: while all of them fire nobody would be told of any.
//!
//! Must never judge a rule that has problems of its own: what it mutes is seen when those are mended.

use super::KEYS;
use crate::files::document::Document;
use crate::files::section::definitions;
use crate::rule::Rule;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Reports each circle once, at the `inhibits` of its first rule.
pub(in crate::files) fn check<'d>(documents: impl Iterator<Item = &'d Document<'d>>, rules: &[Arc<Rule>]) {
    let mutes: BTreeMap<&str, Vec<&str>> = rules.iter().map(|rule| (rule.id.as_str(), muted(rule, rules))).collect();
    let entries: Vec<_> = documents.flat_map(|document| definitions(document, &document.table, KEYS)).collect();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for first in mutes.keys() {
        let Some(path) = back_to(first, &mutes).filter(|_| !told.contains(first)) else { continue };
        told.extend(&path);
        let Some(entry) = entries.iter().find(|entry| entry.key == *first) else { continue };
        let message = format!("the rules mute each other in a circle: {} → {first}", path.join(" → "));
        let hint = "let the one that explains the others mute them, and not the other way round";
        match entry.section("rule").and_then(|mut section| section.get("inhibits")) {
            Some(inhibits) => inhibits.problem(message, hint),
            None => entry.problem(message, hint),
        }
    }
}

/// The other rules whose alerts a rule mutes, all or some of them.
fn muted<'r>(rule: &Rule, rules: &'r [Arc<Rule>]) -> Vec<&'r str> {
    let is_muted = |other: &&Arc<Rule>| {
        let named =
            |one: &crate::rule::Inhibition| one.rules.contains(&other.id) || one.domains.iter().any(|domain| domain == other.domain());
        other.id != rule.id && rule.inhibits.iter().any(named)
    };
    rules.iter().filter(is_muted).map(|other| other.id.as_str()).collect()
}

/// The shortest way from a rule over what it mutes back to itself, itself first.
fn back_to<'r>(first: &'r str, mutes: &BTreeMap<&'r str, Vec<&'r str>>) -> Option<Vec<&'r str>> {
    let mut ways: Vec<Vec<&str>> = vec![vec![first]];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| mutes.get(last)).into_iter().flatten() {
                if *next == first {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}
