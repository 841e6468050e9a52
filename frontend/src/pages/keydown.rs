//! Keys that are listened for on the whole page, so that nothing has to be focused first.
//!
//! Must never take a key from somebody who is typing; whoever listens says which keys it takes.

use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

/// What a page does with a key: whether it takes it from the browser.
pub type Act = Box<dyn Fn(&KeyboardEvent) -> bool>;

/// Calls `act` for every key, as it was at the newest rendering. One listener for all pages: each of its own would weigh a
/// kilobyte.
#[hook]
pub fn use_keydown(act: Act) {
    let newest: Rc<RefCell<Act>> = use_mut_ref(|| Box::new(|_: &KeyboardEvent| false) as Act);
    *newest.borrow_mut() = act;
    use_effect_with((), move |()| {
        let pressed = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if (newest.borrow())(&event) {
                event.prevent_default();
            }
        });
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(document) = &document {
            // Only a listener that is no function is refused.
            let _ = document.add_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
        }
        move || {
            if let Some(document) = document {
                let _ = document.remove_event_listener_with_callback("keydown", pressed.as_ref().unchecked_ref());
            }
        }
    });
}

/// The tag of what has the focus; none where a key with Control, Alt or Meta was pressed, or somebody is typing.
pub fn free_tag(event: &KeyboardEvent) -> Option<String> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let element = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let tag = element.map(|element| element.tag_name()).unwrap_or_default();
    (!matches!(tag.as_str(), "INPUT" | "SELECT" | "TEXTAREA")).then_some(tag)
}
