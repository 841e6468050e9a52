//! What an element measures, while it is on the page.

use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Element, ResizeObserver};
use yew::prelude::*;

/// What `measure` finds of an element, as soon as it is laid out and whenever its size changes.
#[hook]
pub fn use_measured<T: Clone + PartialEq + 'static>(node: NodeRef, measure: fn(&Element) -> Option<T>) -> Option<T> {
    let found = use_state_eq(|| None);
    let setter = found.setter();
    use_effect_with((), move |()| {
        let element = node.cast::<Element>();
        let seen = element.clone();
        let resized = Closure::<dyn FnMut()>::new(move || setter.set(seen.as_ref().and_then(measure)));
        let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(resized);
        }
    });
    (*found).clone()
}
