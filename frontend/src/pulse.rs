//! When panels look again: all that were woken since the last animation frame, together, in the next one.
//!
//! Must never wake a panel twice in a frame, or ask for a frame that nobody needs.

use crate::{browser, store::PanelId};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::Callback;

/// A panel on the page.
struct Panel {
    id: PanelId,
    look: Callback<()>,
    is_woken: bool,
    /// When it wants to look again by itself, in milliseconds.
    due: Option<f64>,
}

/// The page's one scheduler.
pub struct Pulse {
    /// Some dozens.
    panels: RefCell<Vec<Panel>>,
    is_asked: Cell<bool>,
    frame: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Pulse {
    /// A scheduler without panels.
    #[must_use]
    pub fn new() -> Rc<Self> {
        Rc::new_cyclic(|this: &std::rc::Weak<Self>| {
            let this = this.clone();
            let frame = Closure::<dyn FnMut()>::new(move || {
                if let Some(this) = this.upgrade() {
                    this.run();
                }
            });
            Self { panels: RefCell::default(), is_asked: Cell::new(false), frame: RefCell::new(Some(frame)) }
        })
    }

    /// From now on `look` is called in the frame after the panel was woken.
    pub fn add(&self, id: PanelId, look: Callback<()>) {
        self.panels.borrow_mut().push(Panel { id, look, is_woken: false, due: None });
    }

    /// Lets a panel go.
    pub fn remove(&self, id: PanelId) {
        self.panels.borrow_mut().retain(|panel| panel.id != id);
    }

    /// Wakes panels for the next frame.
    pub fn wake(&self, is_woken: impl Fn(PanelId) -> bool) {
        let mut is_needed = false;
        for panel in self.panels.borrow_mut().iter_mut().filter(|panel| is_woken(panel.id)) {
            panel.is_woken = true;
            is_needed = true;
        }
        if is_needed {
            self.ask();
        }
    }

    /// Wakes a panel at a time, in milliseconds, unless it is to be woken before.
    pub fn wake_at(self: &Rc<Self>, id: PanelId, at_ms: f64) {
        let mut panels = self.panels.borrow_mut();
        let Some(panel) = panels.iter_mut().find(|panel| panel.id == id) else { return };
        if panel.due.is_some_and(|sooner| sooner <= at_ms) {
            return;
        }
        panel.due = Some(at_ms);
        let this = self.clone();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wait = (at_ms - browser::monotonic_ms()).clamp(0.0, 60_000.0).ceil() as u32;
        browser::after(wait, move || this.fall_due(id, at_ms));
    }

    fn fall_due(&self, id: PanelId, at_ms: f64) {
        // One that was asked for earlier has been before it.
        for panel in self.panels.borrow_mut().iter_mut().filter(|panel| panel.id == id && panel.due == Some(at_ms)) {
            panel.due = None;
            panel.is_woken = true;
        }
        self.ask();
    }

    fn ask(&self) {
        if self.is_asked.get() {
            return;
        }
        if let (Some(window), Some(frame)) = (web_sys::window(), self.frame.borrow().as_ref()) {
            self.is_asked.set(window.request_animation_frame(frame.as_ref().unchecked_ref()).is_ok());
        }
    }

    fn run(&self) {
        self.is_asked.set(false);
        // Looking may add and remove panels, so nothing is borrowed meanwhile.
        let mut panels = self.panels.borrow_mut();
        let looks: Vec<Callback<()>> =
            panels.iter_mut().filter_map(|panel| std::mem::take(&mut panel.is_woken).then(|| panel.look.clone())).collect();
        drop(panels);
        for look in looks {
            look.emit(());
        }
    }
}
