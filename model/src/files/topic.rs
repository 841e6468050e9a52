//! Topic patterns as files write them: `can-tho/road/{asset}/telemetry`, with `{metric}` and `{_}`.
//!
//! Must never accept what a broker would read as a wildcard.

use super::value::Value;
use crate::{
    LabelName,
    source::{Level, TopicPattern},
};
use std::str::FromStr;

impl FromStr for TopicPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let levels = text.split('/').map(level).collect::<Result<Vec<_>, _>>()?;
        for (at, level) in levels.iter().enumerate() {
            if *level != Level::Any && !matches!(level, Level::Text(_)) && levels.iter().take(at).any(|before| before == level) {
                return Err(format!("the topic {text:?} has the same place twice"));
            }
        }
        Ok(Self { levels })
    }
}

fn level(text: &str) -> Result<Level, String> {
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return match name {
            "metric" => Ok(Level::Metric),
            "_" => Ok(Level::Any),
            _ => LabelName::new(name).map(Level::Label).map_err(|invalid| invalid.to_string()),
        };
    }
    match text {
        "" => Err("a topic's level is empty".to_owned()),
        _ if text.starts_with('$') => Err(format!("the level {text:?} begins with $, which brokers keep for themselves")),
        _ if text.contains(['+', '#', '{', '}']) => Err(format!("the level {text:?} has one of + # {{ }} in it")),
        _ if text.chars().any(char::is_control) => Err("a topic's level has a control character".to_owned()),
        _ => Ok(Level::Text(text.to_owned())),
    }
}

/// A pattern, or a problem.
pub(super) fn pattern(value: &Value<'_>) -> Option<TopicPattern> {
    match value.raw()?.parse() {
        Ok(pattern) => Some(pattern),
        Err(why) => {
            value.problem(why, "levels are texts, or {label}, {metric} or {_} as a whole, between single slashes: city/{asset}/telemetry");
            None
        }
    }
}

/// Whether some topic matches both patterns.
pub(super) fn overlap(a: &TopicPattern, b: &TopicPattern) -> bool {
    let fits = |(a, b): (&Level, &Level)| match (a, b) {
        (Level::Text(a), Level::Text(b)) => a == b,
        _ => true,
    };
    a.levels.len() == b.levels.len() && a.levels.iter().zip(&b.levels).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_texts_and_whole_places() {
        let pattern: TopicPattern = "can-tho/{_}/{asset}/{metric}".parse().unwrap();
        assert_eq!(pattern.filter(), "can-tho/+/+/+");
        assert_eq!(pattern.read("can-tho/x/a1/traffic.speed").unwrap().metric, Some("traffic.speed"));
        for bad in ["", "a//b", "/a", "a/", "a/+/b", "a/#", "a/x{asset}", "$SYS/a", "{Asset}/a", "{asset}/{asset}", "{metric}/{metric}"] {
            assert!(bad.parse::<TopicPattern>().is_err(), "{bad}");
        }
        assert!("{_}/{_}".parse::<TopicPattern>().is_ok());
    }

    #[test]
    fn patterns_overlap_when_one_topic_fits_both() {
        let overlaps = |a: &str, b: &str| overlap(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(overlaps("a/{x}/c", "a/b/{y}"));
        assert!(!overlaps("a/{x}/c", "a/b/d"));
        assert!(!overlaps("a/{x}", "a/{x}/c"));
    }
}
