//! Answers that are asked for again and again while a panel is on the page.
//!
//! Must never ask faster than it is told to, whatever the answer is.

use crate::{client, tree};
use gloo_timers::future::TimeoutFuture;
use serde::de::DeserializeOwned;
use std::{cell::Cell, rc::Rc};
use yew::prelude::*;

/// The newest answer to `GET` of the path that `path` gives; none before the first, and none asked for without a key. One
/// that can't be had leaves the last as it is.
#[hook]
pub fn use_again<K, T>(key: Option<K>, every_ms: u32, path: impl Fn(&K) -> String + 'static) -> Option<Rc<T>>
where
    K: Clone + PartialEq + 'static,
    T: PartialEq + DeserializeOwned + 'static,
{
    let answer = use_state_eq(|| None::<Rc<T>>);
    let setter = answer.setter();
    use_effect_with(key, move |key| {
        let is_wanted = Rc::new(Cell::new(true));
        if let Some(key) = key.clone() {
            let take = move |text: &str| {
                if let Some(found) = tree::parse(text) {
                    setter.set(Some(Rc::new(found)));
                }
            };
            ask(Box::new(move || path(&key)), every_ms, Box::new(take), is_wanted.clone());
        }
        move || is_wanted.set(false)
    });
    (*answer).clone()
}

/// One loop for all types: each of its own would weigh seven kilobytes.
fn ask(path: Box<dyn Fn() -> String>, every_ms: u32, take: Box<dyn Fn(&str)>, is_wanted: Rc<Cell<bool>>) {
    wasm_bindgen_futures::spawn_local(async move {
        while is_wanted.get() {
            if let Ok(text) = client::text(path()).await
                && is_wanted.get()
            {
                take(&text);
            }
            TimeoutFuture::new(every_ms).await;
        }
    });
}
