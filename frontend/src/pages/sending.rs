//! What a form sends, and what came of it.
//!
//! Must never send twice what was pressed once.

use super::answered;
use crate::{client, locale::Language};
use yew::prelude::*;

/// A form's way to the server.
#[derive(Clone)]
pub struct Sending {
    said: UseStateHandle<Option<Result<&'static str, String>>>,
    is_busy: UseStateHandle<bool>,
    again: Callback<()>,
    language: Language,
}

/// A way to the server; `again` is called when something was sent.
#[hook]
pub fn use_sending(again: &Callback<()>, language: Language) -> Sending {
    Sending { said: use_state_eq(|| None), is_busy: use_state_eq(|| false), again: again.clone(), language }
}

impl Sending {
    /// Whether an answer is being waited for.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        *self.is_busy
    }

    /// Says what is missing, and sends nothing.
    pub fn refuse(&self, why: &'static str) {
        self.said.set(Some(Err(why.to_owned())));
    }

    /// Sends a body, says `done` when it was taken, and calls `then`.
    pub fn send(&self, path: String, body: String, done: &'static str, then: Callback<()>) {
        if *self.is_busy {
            return;
        }
        self.is_busy.set(true);
        let sending = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let result = client::send(path, body).await;
            if result.is_ok() {
                then.emit(());
            }
            sending.said.set(Some(result.map(|()| done).map_err(|error| error.sentence(sending.language))));
            sending.is_busy.set(false);
            sending.again.emit(());
        });
    }

    /// Takes what is at a path away, and says `done` when it is gone.
    pub fn remove(&self, path: String, done: &'static str) {
        if *self.is_busy {
            return;
        }
        self.is_busy.set(true);
        let sending = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let result = client::remove(path).await;
            sending.said.set(Some(result.map(|()| done).map_err(|error| error.sentence(sending.language))));
            sending.is_busy.set(false);
            sending.again.emit(());
        });
    }

    /// What came of it.
    pub fn view(&self) -> Html {
        answered(self.said.as_ref().map(|said| said.as_ref().map(|text| *text).map_err(String::as_str)))
    }
}
