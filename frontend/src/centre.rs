//! The page's shell around its pure parts: one store, one link, one clock, one pulse. Panels read from here and are
//! woken from here.
//!
//! Must never sit in a Yew context as a value that changes: it is a handle, so a frame wakes no component by itself.

use crate::{
    browser,
    calendar::Calendar,
    client,
    clock::ServerClock,
    link::{
        Action, Health, Input, Link,
        socket::{Report, Socket},
    },
    played::Played,
    pulse::Pulse,
    store::{Interest, Key, PanelId, Store},
    tree,
};
use gloo_timers::callback::Interval;
use jiff::Timestamp;
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use taydo_model::{
    BoardId, Reading,
    api::{CityPage, Point},
    console::IncidentsNotes,
    wire::{ClientMessage, Knowledge, Replay, ServerMessage, Topic, View},
};
use yew::Callback;

/// How often the link is looked after, in milliseconds; every fourth time the ages on all panels are renewed.
const TICK_MS: u32 = 250;

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The server's time.
    pub time: Timestamp,
    /// The page's age, in milliseconds.
    pub ms: f64,
}

/// What components beside the panels need to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Notice {
    /// How the link is.
    pub health: Health,
    /// When the figures were last known to be current, while the link is lost.
    pub lost_since: Option<Timestamp>,
    /// Counts the times that definitions have changed.
    pub generation: u32,
    /// Whether the server has another build than this page.
    pub is_outdated: bool,
}

/// What is known of a replay.
struct Past {
    replay: Replay,
    /// The played instant; none before the first frame.
    played: Option<Played>,
    incidents: Option<Rc<IncidentsNotes>>,
    /// Why the server can't show it.
    refused: Option<String>,
}

/// The handle that pages and panels share.
#[derive(Clone)]
pub struct Centre(Rc<Inner>);

struct Inner {
    city: RefCell<Rc<CityPage>>,
    calendar: RefCell<Calendar>,
    store: RefCell<Store>,
    clock: RefCell<ServerClock>,
    link: RefCell<Link>,
    /// The past that is shown in place of the present.
    past: RefCell<Option<Past>>,
    socket: RefCell<Option<Socket>>,
    pulse: Rc<Pulse>,
    watchers: RefCell<Vec<(u32, Callback<Notice>)>>,
    last_watcher: Cell<u32>,
    generation: Cell<u32>,
    is_outdated: Cell<bool>,
    is_kiosk: Cell<bool>,
    /// Whoever follows what a wall shows.
    wall: RefCell<Option<Callback<Value>>>,
    is_slow: Cell<bool>,
    is_past: Cell<bool>,
    fonts: Cell<u32>,
    ticks: Cell<u32>,
    told: Cell<Option<Notice>>,
    interval: RefCell<Option<Interval>>,
    /// In place of the server's history, where everything is a sample.
    samples: RefCell<Option<Vec<(Key, Vec<Point>)>>>,
}

impl PartialEq for Centre {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Centre {
    /// The centre of a page that was built from `city`.
    #[must_use]
    pub fn new(city: CityPage) -> Self {
        let mut clock = ServerClock::new(browser::guessed_time(), browser::monotonic_ms());
        clock.hear(city.time, browser::monotonic_ms());
        let inner = Rc::new(Inner {
            calendar: RefCell::new(browser::calendar(&city.city.zone)),
            city: RefCell::new(Rc::new(city)),
            store: RefCell::default(),
            clock: RefCell::new(clock),
            link: RefCell::default(),
            past: RefCell::default(),
            socket: RefCell::default(),
            pulse: Pulse::new(),
            watchers: RefCell::default(),
            last_watcher: Cell::default(),
            generation: Cell::default(),
            is_outdated: Cell::default(),
            is_kiosk: Cell::default(),
            wall: RefCell::default(),
            is_slow: Cell::default(),
            is_past: Cell::default(),
            fonts: Cell::default(),
            ticks: Cell::default(),
            told: Cell::default(),
            interval: RefCell::default(),
            samples: RefCell::default(),
        });
        let weak = Rc::downgrade(&inner);
        *inner.interval.borrow_mut() = Some(Interval::new(TICK_MS, move || with(&weak, |centre| centre.tick())));
        let weak = Rc::downgrade(&inner);
        wasm_bindgen_futures::spawn_local(async move {
            let fonts = web_sys::window().and_then(|window| window.document()).and_then(|document| document.fonts().ready().ok());
            if let Some(fonts) = fonts {
                let _ = wasm_bindgen_futures::JsFuture::from(fonts).await;
            }
            with(&weak, Centre::fonts_changed);
        });
        Self(inner)
    }

    /// A centre that shows these readings and courses, and asks nobody for more: for the page of components.
    #[must_use]
    pub fn sample(city: CityPage, readings: Vec<Reading>, courses: Vec<(Key, Vec<Point>)>) -> Self {
        let centre = Self::new(city);
        centre.0.interval.replace(None);
        if let Ok(board) = BoardId::new("design") {
            centre.0.store.borrow_mut().snapshot(&Topic { board, view: View::All }, readings);
        }
        centre.0.samples.replace(Some(courses));
        centre
    }

    /// The city.
    #[must_use]
    pub fn city(&self) -> Rc<CityPage> {
        self.0.city.borrow().clone()
    }

    /// Takes a newer description of the city.
    pub fn set_city(&self, city: CityPage) {
        self.0.clock.borrow_mut().hear(city.time, browser::monotonic_ms());
        *self.0.calendar.borrow_mut() = browser::calendar(&city.city.zone);
        *self.0.city.borrow_mut() = Rc::new(city);
    }

    /// The city's calendar.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.0.calendar.borrow().clone()
    }

    /// Now; in a replay the played instant, so that whatever is reckoned from it is as it was then.
    #[must_use]
    pub fn now(&self) -> Moment {
        let ms = browser::monotonic_ms();
        let played = self.0.past.borrow().as_ref().map(|past| past.played.map_or(past.replay.from, |played| played.at(ms)));
        Moment { time: played.unwrap_or_else(|| self.0.clock.borrow().now(ms)), ms }
    }

    /// As of when what is up to `to` is to be asked for: in a replay of what was known then, that moment.
    #[must_use]
    pub fn as_of(&self, to: Timestamp) -> Option<Timestamp> {
        self.0.past.borrow().as_ref().filter(|past| past.replay.known == Knowledge::Then).map(|_| to)
    }

    /// The server's own time, also in a replay.
    #[must_use]
    pub fn present(&self) -> Timestamp {
        self.0.clock.borrow().now(browser::monotonic_ms())
    }

    /// How the replay stands; none while the present is shown, or before its first frame.
    #[must_use]
    pub fn played(&self) -> Option<Played> {
        self.0.past.borrow().as_ref().and_then(|past| past.played)
    }

    /// Why the replay can't be had.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.0.past.borrow().as_ref().and_then(|past| past.refused.clone())
    }

    /// The incidents of the replay: what was open at the played instant, and what was closed in the hour before it.
    #[must_use]
    pub fn past_incidents(&self) -> Option<Rc<IncidentsNotes>> {
        self.0.past.borrow().as_ref().and_then(|past| past.incidents.clone())
    }

    /// The replay goes on at another speed, or from another instant.
    pub fn steer(&self, speed: Option<u8>, at: Option<Timestamp>) {
        self.feed(Input::Steer { speed, at });
    }

    /// Reads the store.
    pub fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&self.0.store.borrow())
    }

    /// Counts the times that the page's fonts have changed: texts on canvases are drawn anew.
    #[must_use]
    pub fn fonts(&self) -> u32 {
        self.0.fonts.get()
    }

    /// A wall reloads itself for a new build; people are asked.
    pub fn set_kiosk(&self, is_kiosk: bool) {
        self.0.is_kiosk.set(is_kiosk);
    }

    /// Attends a wall by this message; `hear` is told what it shows, now and whenever that changes.
    pub fn attend(&self, message: ClientMessage, hear: Callback<Value>) {
        self.0.wall.replace(Some(hear));
        self.feed(Input::Attend(message));
    }

    /// Sends a message, if there is a link. One that is lost is not missed: another one follows soon.
    pub fn say(&self, message: &ClientMessage) {
        if let Some(socket) = &*self.0.socket.borrow() {
            socket.send(message);
        }
    }

    /// From now on panels look once a second and not with every frame: nobody watches, and it saves power.
    pub fn set_slow(&self, is_slow: bool) {
        self.0.is_slow.set(is_slow);
    }

    /// Whether the page is built to show the past: what is only known for the present is left out then.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.0.is_past.get()
    }

    /// Says so before the page's panels are built.
    pub fn set_past(&self, is_past: bool) {
        self.0.is_past.set(is_past);
    }

    /// The page shows these topics from now on, built by this definition set: the present, or a stretch of the past.
    pub fn follow(&self, topics: Vec<Topic>, definitions: String, replay: Option<Replay>) {
        let stretch = |replay: Replay| (replay.from, replay.to, replay.known);
        let mut past = self.0.past.borrow_mut();
        let is_other = past.as_ref().map(|past| stretch(past.replay)) != replay.map(stretch);
        if is_other {
            *past = replay.map(|replay| Past { replay, played: None, incidents: None, refused: None });
        }
        drop(past);
        let mut store = self.0.store.borrow_mut();
        // No figure of one time may be taken for one of another.
        store.keep_topics(if is_other { &[] } else { &topics });
        if is_other {
            store.jump();
        }
        drop(store);
        self.feed(Input::Page { topics, definitions, replay });
        self.feed(Input::Tick);
    }

    /// Takes a recorded reading in that none of the page's topics brings.
    pub fn bring(&self, reading: &Reading) {
        let Ok(board) = BoardId::new("brought") else { return };
        let woken = self.0.store.borrow_mut().update(&Topic { board, view: View::All }, vec![reading.clone()], vec![reading.clone()]);
        self.0.pulse.wake(|panel| woken.0.contains(&panel));
    }

    /// Takes a panel in: `look` is called in an animation frame after something that it is interested in has changed,
    /// and once a second.
    pub fn subscribe(&self, interests: Vec<Interest>, look: Callback<()>) -> PanelId {
        let panel = self.0.store.borrow_mut().subscribe(interests);
        self.0.pulse.add(panel, look);
        self.0.pulse.wake(|other| other == panel);
        self.fetch();
        panel
    }

    /// Lets a panel go.
    pub fn unsubscribe(&self, panel: PanelId) {
        self.0.pulse.remove(panel);
        self.0.store.borrow_mut().unsubscribe(panel);
    }

    /// Wakes one panel for the next frame.
    pub fn wake(&self, panel: PanelId) {
        self.0.pulse.wake(|other| other == panel);
    }

    /// Wakes one panel at a time, in milliseconds.
    pub fn wake_at(&self, panel: PanelId, at_ms: f64) {
        self.0.pulse.wake_at(panel, at_ms);
    }

    /// What there is to know beside the figures.
    #[must_use]
    pub fn notice(&self) -> Notice {
        let link = self.0.link.borrow();
        let lost_since = (link.health() == Health::Lost).then(|| self.0.clock.borrow().now(link.heard()));
        Notice { health: link.health(), lost_since, generation: self.0.generation.get(), is_outdated: self.0.is_outdated.get() }
    }

    /// Tells `watcher` whenever there is something else to know; until `unwatch`.
    pub fn watch(&self, watcher: Callback<Notice>) -> u32 {
        let id = self.0.last_watcher.get() + 1;
        self.0.last_watcher.set(id);
        self.0.watchers.borrow_mut().push((id, watcher));
        id
    }

    /// Stops telling.
    pub fn unwatch(&self, id: u32) {
        self.0.watchers.borrow_mut().retain(|(other, _)| *other != id);
    }

    fn tick(&self) {
        self.feed(Input::Tick);
        let ticks = self.0.ticks.get().wrapping_add(1);
        self.0.ticks.set(ticks);
        if ticks.is_multiple_of(4) {
            let now = self.now().time;
            self.0.store.borrow_mut().prune(now);
            self.0.pulse.wake(|_| true);
            self.fetch();
        }
    }

    fn fonts_changed(&self) {
        self.0.fonts.set(self.0.fonts.get() + 1);
        self.0.pulse.wake(|_| true);
    }

    fn feed(&self, input: Input) {
        let ms = browser::monotonic_ms();
        let actions = self.0.link.borrow_mut().step(ms, input);
        for action in actions {
            self.act(action, ms);
        }
        self.tell();
    }

    fn act(&self, action: Action, ms: f64) {
        match action {
            Action::Connect => self.connect(),
            Action::Close => {
                // A dead network would keep the closing handshake waiting, so the socket is dropped as it is.
                self.0.socket.replace(None);
                self.feed(Input::Closed(js_sys::Math::random()));
            }
            Action::Send(message) => {
                if let Some(socket) = &*self.0.socket.borrow() {
                    socket.send(&message);
                }
            }
            Action::Take(message) => self.take(message),
            Action::Time(time) => self.0.clock.borrow_mut().hear(time, ms),
            Action::Played(time, playing) => {
                if let Some(past) = &mut *self.0.past.borrow_mut() {
                    past.played = Some(Played { time, ms, playing });
                    past.refused = None;
                }
            }
            Action::Wall(state) => {
                let hear = self.0.wall.borrow().clone();
                if let Some(hear) = hear {
                    hear.emit(state);
                }
            }
            Action::Refused(why) => {
                if let Some(past) = &mut *self.0.past.borrow_mut() {
                    past.refused = Some(why);
                }
            }
            Action::Refetch => self.0.generation.set(self.0.generation.get() + 1),
            Action::Build(build) => self.judge_build(&build),
            Action::Reload => {
                browser::reload();
            }
        }
    }

    fn connect(&self) {
        let weak = Rc::downgrade(&self.0);
        let report = move |report| {
            with(&weak, |centre| match report {
                Report::Open => centre.feed(Input::Open),
                Report::Message(message) => centre.feed(Input::Message(*message)),
                Report::Closed => {
                    centre.0.socket.replace(None);
                    centre.feed(Input::Closed(js_sys::Math::random()));
                }
            });
        };
        let socket = browser::socket_address("/api/v1/live").and_then(|address| Socket::open(&address, report));
        let is_refused = socket.is_none();
        self.0.socket.replace(socket);
        if is_refused {
            self.feed(Input::Closed(js_sys::Math::random()));
        }
    }

    fn take(&self, message: ServerMessage) {
        let woken = match message {
            ServerMessage::Snapshot { head, readings, incidents } => {
                let mut store = self.0.store.borrow_mut();
                if head.replay.is_some() {
                    store.jump();
                }
                self.note(incidents);
                store.snapshot(&head.topic, readings)
            }
            ServerMessage::Update { head, live, recorded, incidents } => {
                self.note(incidents);
                self.0.store.borrow_mut().update(&head.topic, live, recorded)
            }
            _ => return,
        };
        if !self.0.is_slow.get() {
            self.0.pulse.wake(|panel| woken.0.contains(&panel));
        }
        self.fetch();
    }

    /// Takes the incidents of a replay's frame in.
    fn note(&self, incidents: Option<Value>) {
        if let (Some(incidents), Some(past)) = (incidents, &mut *self.0.past.borrow_mut()) {
            past.incidents = tree::read(incidents).map(Rc::new);
        }
    }

    fn judge_build(&self, build: &str) {
        let is_outdated = self.city().build != build;
        self.0.is_outdated.set(is_outdated);
        if is_outdated && self.0.is_kiosk.get() {
            self.reload();
        }
    }

    /// Loads the page for another build; after a rest where it did so a moment ago, if the build is another one still.
    fn reload(&self) {
        if let Some(rest_ms) = browser::reload() {
            let weak = Rc::downgrade(&self.0);
            let again = move || {
                with(&weak, |centre| {
                    if centre.0.is_outdated.get() {
                        centre.reload();
                    }
                });
            };
            browser::after(rest_ms, again);
        }
    }

    fn fetch(&self) {
        loop {
            let now = self.now();
            let order = self.0.store.borrow_mut().next_order(now.time, now.ms);
            let Some(order) = order else { return };
            if let Some(samples) = &*self.0.samples.borrow() {
                let points = samples.iter().find(|(key, _)| *key == order.key).map(|(_, points)| points.clone());
                let woken = self.0.store.borrow_mut().fetched(&order, points, now.ms);
                self.0.pulse.wake(|panel| woken.0.contains(&panel));
                continue;
            }
            let weak = Rc::downgrade(&self.0);
            let as_of = self.as_of(order.to);
            wasm_bindgen_futures::spawn_local(async move {
                let page = client::readings(&order.key, (order.from, order.to), as_of).await.ok();
                with(&weak, |centre| {
                    let woken = centre.0.store.borrow_mut().fetched(&order, page.map(|page| page.points), browser::monotonic_ms());
                    centre.0.pulse.wake(|panel| woken.0.contains(&panel));
                    centre.fetch();
                });
            });
        }
    }

    fn tell(&self) {
        let notice = self.notice();
        if self.0.told.replace(Some(notice)) == Some(notice) {
            return;
        }
        let state = match notice.health {
            Health::Connecting => "connecting",
            Health::Live => "live",
            Health::Lost => "lost",
        };
        browser::set_root("data-link", state);
        let watchers = self.0.watchers.borrow().clone();
        for (_, watcher) in watchers {
            watcher.emit(notice);
        }
    }
}

fn with(inner: &Weak<Inner>, act: impl FnOnce(&Centre)) {
    if let Some(inner) = inner.upgrade() {
        act(&Centre(inner));
    }
}
