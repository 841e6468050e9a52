//! When panels look again: all that were woken since the last animation frame, together, in the next one.
//!
//! Must never wake a panel twice in a frame, or ask for a frame that nobody needs.

use crate::{browser, store::PanelId};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::Callback;

/// The page's one scheduler.
pub struct Pulse {
    looks: RefCell<HashMap<PanelId, Callback<()>>>,
    woken: RefCell<HashSet<PanelId>>,
    /// When a panel wants to look again by itself, in milliseconds; one time each.
    due: RefCell<HashMap<PanelId, f64>>,
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
            Self {
                looks: RefCell::default(),
                woken: RefCell::default(),
                due: RefCell::default(),
                is_asked: Cell::new(false),
                frame: RefCell::new(Some(frame)),
            }
        })
    }

    /// From now on `look` is called in the frame after the panel was woken.
    pub fn add(&self, panel: PanelId, look: Callback<()>) {
        self.looks.borrow_mut().insert(panel, look);
    }

    /// Lets a panel go.
    pub fn remove(&self, panel: PanelId) {
        self.looks.borrow_mut().remove(&panel);
        self.woken.borrow_mut().remove(&panel);
        self.due.borrow_mut().remove(&panel);
    }

    /// Wakes panels for the next frame.
    pub fn wake(&self, panels: impl IntoIterator<Item = PanelId>) {
        self.woken.borrow_mut().extend(panels);
        if !self.woken.borrow().is_empty() {
            self.ask();
        }
    }

    /// Wakes a panel at a time, in milliseconds, unless it is to be woken before.
    pub fn wake_at(self: &Rc<Self>, panel: PanelId, at_ms: f64) {
        let mut due = self.due.borrow_mut();
        if due.get(&panel).is_some_and(|sooner| *sooner <= at_ms) {
            return;
        }
        due.insert(panel, at_ms);
        let this = self.clone();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wait = (at_ms - browser::monotonic_ms()).clamp(0.0, 60_000.0).ceil() as u32;
        gloo_timers::callback::Timeout::new(wait, move || {
            let mine = this.due.borrow().get(&panel).is_some_and(|due| *due <= at_ms);
            if mine {
                this.due.borrow_mut().remove(&panel);
                this.wake([panel]);
            }
        })
        .forget();
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
        let woken = self.woken.take();
        for panel in woken {
            // Looking may add and remove panels, so nothing is borrowed meanwhile.
            let look = self.looks.borrow().get(&panel).cloned();
            if let Some(look) = look {
                look.emit(());
            }
        }
    }
}
