//! The sign that the screen draws: frames are counted in the frame loop, and from inside that loop the server is told.
//!
//! Must never be sent by a timer: a page whose frames stand still must fall silent.

use crate::{browser, centre::Centre};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use taydo_model::{
    wall::{page::BEAT_MS, report::Report},
    wire::ClientMessage,
};
use wasm_bindgen::{JsCast, prelude::Closure};

/// Between two counted frames, in milliseconds: a loop at the screen's own pace would keep it from resting.
const REST_MS: u32 = 200;

/// The loop.
struct Beat {
    /// The wall that is attended, with what is on; none while the screen shows a code or waits for the server.
    wall: RefCell<Option<(Centre, Shows)>>,
    frames: Cell<u32>,
    sent_ms: Cell<f64>,
    /// Whether the window is a kiosk's, which reads from its title that it draws.
    tells_title: bool,
    frame: RefCell<Option<Closure<dyn FnMut()>>>,
}

/// What is on.
pub(crate) type Shows = Rc<RefCell<Report>>;

/// The page's loop.
#[derive(Clone)]
pub(super) struct Pacer(Rc<Beat>);

impl PartialEq for Pacer {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Pacer {
    /// From now on the server is told too.
    pub(super) fn attend(&self, centre: Centre, shows: Shows) {
        self.0.wall.replace(Some((centre, shows)));
    }
}

/// Counts frames for as long as the page lives.
pub(super) fn start() -> Pacer {
    let beat = Rc::new(Beat {
        wall: RefCell::default(),
        frames: Cell::new(0),
        sent_ms: Cell::new(f64::NEG_INFINITY),
        tells_title: browser::query("output").is_some(),
        frame: RefCell::default(),
    });
    let own = beat.clone();
    *beat.frame.borrow_mut() = Some(Closure::new(move || own.drawn()));
    beat.ask();
    Pacer(beat)
}

impl Beat {
    fn ask(&self) {
        if let (Some(window), Some(frame)) = (web_sys::window(), self.frame.borrow().as_ref()) {
            // Without frames there are no beats, and the server notices.
            let _ = window.request_animation_frame(frame.as_ref().unchecked_ref());
        }
    }

    fn drawn(self: &Rc<Self>) {
        self.frames.set(self.frames.get().wrapping_add(1));
        let now = browser::monotonic_ms();
        if now - self.sent_ms.get() >= f64::from(BEAT_MS) - f64::from(REST_MS) / 2.0 {
            self.sent_ms.set(now);
            if self.tells_title {
                browser::set_title(&format!("Tây Đô {}", self.frames.get()));
            }
            if let Some((centre, shows)) = &*self.wall.borrow() {
                let Report { shows, showing, plan } = shows.borrow().clone();
                centre.say(&ClientMessage::Beat { frames: u64::from(self.frames.get()), shows, showing, plan });
            }
        }
        let this = self.clone();
        browser::after(REST_MS, move || this.ask());
    }
}
