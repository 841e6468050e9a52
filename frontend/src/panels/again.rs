//! Answers that are asked for again and again while a panel is on the page.
//!
//! Must never ask faster than it is told to, whatever the answer is.

use crate::client::ClientError;
use gloo_timers::future::TimeoutFuture;
use std::{cell::Cell, future::Future, rc::Rc};
use yew::prelude::*;

/// The newest answer; none before the first, and none asked for without a key. One that can't be had leaves the last as
/// it is.
#[hook]
pub fn use_again<K, T, F>(key: Option<K>, every_ms: u32, ask: impl Fn(K) -> F + 'static) -> Option<Rc<T>>
where
    K: Clone + PartialEq + 'static,
    T: PartialEq + 'static,
    F: Future<Output = Result<T, ClientError>> + 'static,
{
    let answer = use_state_eq(|| None::<Rc<T>>);
    let setter = answer.setter();
    use_effect_with(key, move |key| {
        let is_wanted = Rc::new(Cell::new(true));
        if let Some(key) = key.clone() {
            let wanted = is_wanted.clone();
            wasm_bindgen_futures::spawn_local(async move {
                while wanted.get() {
                    let found = ask(key.clone()).await.ok();
                    if let Some(found) = found.filter(|_| wanted.get()) {
                        setter.set(Some(Rc::new(found)));
                    }
                    TimeoutFuture::new(every_ms).await;
                }
            });
        }
        move || is_wanted.set(false)
    });
    (*answer).clone()
}
