//! Answers that are asked for again and again while a panel is on the page.
//!
//! Must never let what belongs to one instant, or one figure, stand in for another.

use super::use_look;
use crate::{asker::Asker, centre::Centre, client::ClientError, tree};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::{cell::Cell, rc::Rc};
use yew::prelude::*;

/// What belongs to a played instant is asked for at most so often, in seconds.
const REPLAY_S: i64 = 5;
/// How often a panel looks whether the played instant has come to its next step, in milliseconds.
const LOOK_MS: f64 = 250.0;

/// In a replay the played instant, in steps of so many seconds or longer ones when it plays fast; none in the present.
#[hook]
pub fn use_played(centre: &Centre, step_s: u32) -> Option<Timestamp> {
    let look = move |centre: &Centre, now: crate::centre::Moment| {
        if !centre.is_past() {
            return (None, None);
        }
        let speed = centre.played().map_or(0, |played| i64::from(played.playing.speed));
        let step_s = i64::from(step_s).max(REPLAY_S * speed);
        let second = now.time.as_second();
        (Timestamp::from_second(second - second.rem_euclid(step_s)).ok(), Some(now.ms + LOOK_MS))
    };
    use_look(centre, step_s, Vec::new, || Box::new(look)).flatten()
}

/// The newest answer to `GET` of the path that `path` gives; none before the first, and none asked for without a key. One
/// that can't be had leaves the last to the same key as it is.
#[hook]
pub fn use_again<K, T>(key: Option<K>, every_ms: u32, path: impl Fn(&K) -> String + 'static) -> Option<Rc<T>>
where
    K: Clone + PartialEq + 'static,
    T: PartialEq + DeserializeOwned + 'static,
{
    let answer = use_state_eq(|| None::<Rc<T>>);
    let setter = answer.setter();
    use_effect_with(key, move |key| {
        let asker = key.clone().map(|key| {
            let is_heard = Cell::new(false);
            let take = move |answer: Result<String, ClientError>| {
                if let Some(found) = answer.ok().as_deref().and_then(tree::parse) {
                    is_heard.set(true);
                    setter.set(Some(Rc::new(found)));
                } else if !is_heard.get() {
                    setter.set(None);
                }
            };
            Asker::start(Box::new(move || path(&key)), every_ms, Box::new(take))
        });
        move || drop(asker)
    });
    (*answer).clone()
}
