//! Asking the server again and again: one loop for all who do, as each of its own would weigh seven kilobytes.
//!
//! Must never ask faster than it is told to, nor keep anything once whoever wanted the answers has let go of it: on a wall,
//! scenes come and go sooner than some of them ask again.

use crate::client::{self, ClientError};
use gloo_timers::callback::{Interval, Timeout};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use yew::prelude::*;

/// Asks for as long as it is kept.
pub struct Asker(Rc<Loop>);

struct Loop {
    path: Box<dyn Fn() -> String>,
    every_ms: u32,
    take: Box<dyn Fn(Result<String, ClientError>)>,
    is_wanted: Cell<bool>,
    /// Until it asks again.
    rest: RefCell<Option<Timeout>>,
}

impl Asker {
    /// Asks for `path` now, and again so many milliseconds after each answer, which `take` is given; after a final refusal not
    /// again.
    #[must_use]
    pub fn start(path: Box<dyn Fn() -> String>, every_ms: u32, take: Box<dyn Fn(Result<String, ClientError>)>) -> Self {
        let asked = Rc::new(Loop { path, every_ms, take, is_wanted: Cell::new(true), rest: RefCell::default() });
        asked.clone().ask();
        Self(asked)
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.is_wanted.set(false);
        self.0.rest.take();
    }
}

impl Loop {
    fn ask(self: Rc<Self>) {
        wasm_bindgen_futures::spawn_local(async move {
            let answer = client::text((self.path)()).await;
            if !self.is_wanted.get() {
                return;
            }
            let is_final = answer.as_ref().is_err_and(ClientError::is_final);
            (self.take)(answer);
            // Whoever takes an answer may let go of it.
            if !is_final && self.is_wanted.get() {
                let again = self.clone();
                self.rest.replace(Some(Timeout::new(self.every_ms, move || again.ask())));
            }
        });
    }
}

/// Counts up every so many milliseconds.
#[hook]
pub fn use_rounds(every_ms: u32) -> u32 {
    let round = use_state_eq(|| 0);
    let setter = round.setter();
    use_effect_with((), move |()| {
        let count = Cell::new(0_u32);
        let interval = Interval::new(every_ms, move || {
            count.set(count.get().wrapping_add(1));
            setter.set(count.get());
        });
        move || drop(interval)
    });
    *round
}
