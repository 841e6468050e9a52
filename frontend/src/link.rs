//! The link to the server: what to send, what to believe, when it counts as lost, and when to try again. A pure
//! machine: the socket, the clock and chance come in as inputs.
//!
//! Must never show a frame of a lower epoch, or let a hole in the sequence pass: both would be wrong figures.

#[cfg(target_arch = "wasm32")]
pub mod socket;

use jiff::Timestamp;
use taydo_model::ErrorCode;
use taydo_model::wire::{ClientMessage, Head, Mode, Playing, Replay, ServerMessage, Topic};

/// What happens to the link.
#[derive(Debug)]
pub enum Input {
    /// The socket is open.
    Open,
    /// The socket is closed, or could not be opened; with a number of [0, 1) from chance.
    Closed(f64),
    /// The server has said something.
    Message(ServerMessage),
    /// Some time has passed; comes at least once a second.
    Tick,
    /// The page shows these topics from now on, and was built by this definition set.
    Page {
        /// What it shows.
        topics: Vec<Topic>,
        /// Its definition set's hash; empty where nothing on it is built from definitions.
        definitions: String,
        /// The past that it shows in place of the present.
        replay: Option<Replay>,
    },
    /// The page attends a wall from now on.
    Attend(ClientMessage),
    /// The replay goes on at another speed, or from another instant.
    Steer {
        /// The speed; 0 stops it.
        speed: Option<u8>,
        /// The instant.
        at: Option<Timestamp>,
    },
}

/// What the page must do about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Open a socket.
    Connect,
    /// Close the socket; `Input::Closed` follows.
    Close,
    /// Send this.
    Send(ClientMessage),
    /// Take these readings in: a snapshot or an update.
    Take(ServerMessage),
    /// Believe this time of the server's.
    Time(Timestamp),
    /// Show this instant of the past.
    Played(Timestamp, Playing),
    /// The wall that is attended shows this.
    Wall(serde_json::Value),
    /// The server can't show the past, and says why.
    Refused(String),
    /// Fetch the page's definitions anew.
    Refetch,
    /// The server's build is this one.
    Build(String),
    /// The server begins anew below what the page has seen; only loading the page again helps.
    Reload,
}

/// The first wait before another attempt, in milliseconds.
const FIRST_WAIT_MS: f64 = 500.0;
/// The longest wait before another attempt, in milliseconds.
const LONGEST_WAIT_MS: f64 = 5_000.0;
/// An attempt that takes longer is given up, in milliseconds.
const OPEN_LIMIT_MS: f64 = 10_000.0;
/// Assumed until the server says how often it sends heartbeats, in milliseconds.
const HEARTBEAT_MS: f64 = 5_000.0;
/// The link is lost when a topic was silent for so many heartbeats.
const SILENT_HEARTBEATS: f64 = 2.0;
/// Definitions are fetched anew at most this often, in milliseconds.
const REFETCH_REST_MS: f64 = 5_000.0;
/// When nothing but lower epochs came for so long, the server has begun anew, in milliseconds.
const BEHIND_LIMIT_MS: f64 = 30_000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Socket {
    Waiting { until: f64 },
    Opening { since: f64 },
    Open,
    Closing,
}

/// Where a topic stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The last frame that was taken.
    seen: Option<(i64, u64)>,
    /// When the topic was last known to be in step with the server.
    in_step: f64,
    /// Whether it has been in step since the socket opened.
    fresh: bool,
    /// Whether a snapshot was asked for and hasn't come.
    asked: bool,
}

/// How the link is, as people see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing was shown yet.
    Connecting,
    /// What is shown is current.
    Live,
    /// What is shown is old.
    Lost,
}

/// The machine. Times are in milliseconds of a clock that only counts on.
#[derive(Debug)]
pub struct Link {
    socket: Socket,
    attempts: i32,
    heartbeat_ms: f64,
    /// One for each topic of the page; a handful.
    places: Vec<(Topic, Place)>,
    definitions: String,
    /// What is replayed, with the instant and the speed that were seen last: a new socket goes on from there.
    replay: Option<Replay>,
    /// How a wall is attended.
    attending: Option<ClientMessage>,
    refetched: f64,
    health: Health,
    heard: f64,
    behind_since: Option<f64>,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            socket: Socket::Waiting { until: 0.0 },
            attempts: 0,
            heartbeat_ms: HEARTBEAT_MS,
            places: Vec::new(),
            definitions: String::new(),
            replay: None,
            attending: None,
            refetched: f64::NEG_INFINITY,
            health: Health::Connecting,
            heard: 0.0,
            behind_since: None,
        }
    }
}

impl Link {
    /// How the link is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health
    }

    /// When the page was last known to be current, in milliseconds.
    #[must_use]
    pub fn heard(&self) -> f64 {
        self.heard
    }

    /// What to do about `input` at `now`, in order.
    pub fn step(&mut self, now: f64, input: Input) -> Vec<Action> {
        let mut actions = Vec::new();
        match input {
            Input::Open => self.open(now, &mut actions),
            Input::Closed(chance) => self.closed(now, chance),
            Input::Message(message) => self.message(now, message, &mut actions),
            Input::Tick => self.tick(now, &mut actions),
            Input::Page { topics, definitions, replay } => {
                self.turn(replay, &mut actions);
                self.page(now, topics, definitions, &mut actions);
            }
            Input::Attend(message) => {
                if self.socket == Socket::Open {
                    actions.push(Action::Send(message.clone()));
                }
                self.attending = Some(message);
            }
            Input::Steer { speed, at } => self.steer(speed, at, &mut actions),
        }
        self.judge(now);
        actions
    }

    fn open(&mut self, now: f64, actions: &mut Vec<Action>) {
        self.socket = Socket::Open;
        actions.extend(self.attending.clone().map(Action::Send));
        let replay = self.replay;
        for (topic, place) in &mut self.places {
            // A replay ends with its connection; another begins where it was.
            let seen = place.seen.filter(|_| replay.is_none());
            *place = Place { in_step: now, fresh: false, asked: seen.is_none(), seen };
            actions.push(Action::Send(match seen {
                Some((epoch, sequence)) => ClientMessage::Resume { topic: topic.clone(), epoch, sequence },
                None => ClientMessage::Subscribe { topic: topic.clone(), replay },
            }));
        }
    }

    /// Turns to the past, to another stretch of it, or back to the present: nothing that was seen counts any more.
    fn turn(&mut self, replay: Option<Replay>, actions: &mut Vec<Action>) {
        let stretch = |replay: Replay| (replay.from, replay.to, replay.known);
        if self.replay.map(stretch) == replay.map(stretch) {
            return;
        }
        self.replay = replay;
        for (topic, _) in self.places.drain(..) {
            if self.socket == Socket::Open {
                actions.push(Action::Send(ClientMessage::Unsubscribe { topic }));
            }
        }
    }

    fn steer(&mut self, speed: Option<u8>, at: Option<Timestamp>, actions: &mut Vec<Action>) {
        let Some(replay) = &mut self.replay else { return };
        replay.speed = speed.unwrap_or(replay.speed);
        replay.at = at.or(replay.at);
        let Some((topic, _)) = self.places.first().filter(|_| self.socket == Socket::Open) else { return };
        if let Some(speed) = speed {
            actions.push(Action::Send(ClientMessage::Play { topic: topic.clone(), speed }));
        }
        if let Some(at) = at {
            actions.push(Action::Send(ClientMessage::Seek { topic: topic.clone(), at }));
        }
    }

    /// Waits grow from half a second to five, each cut by up to a half, so that a thousand pages don't come back at once.
    fn closed(&mut self, now: f64, chance: f64) {
        let wait = (FIRST_WAIT_MS * 2f64.powi(self.attempts.min(8))).min(LONGEST_WAIT_MS);
        self.attempts += 1;
        self.socket = Socket::Waiting { until: now + wait * (1.0 - chance / 2.0) };
        for (_, place) in &mut self.places {
            place.fresh = false;
        }
    }

    fn tick(&mut self, now: f64, actions: &mut Vec<Action>) {
        match self.socket {
            Socket::Waiting { until } if until <= now && !self.places.is_empty() => {
                self.socket = Socket::Opening { since: now };
                actions.push(Action::Connect);
            }
            Socket::Opening { since } if since + OPEN_LIMIT_MS < now => self.close(actions),
            Socket::Open if self.places.iter().map(|(_, place)| place).any(|place| self.is_silent(place, now)) => self.close(actions),
            _ => {}
        }
        if self.behind_since.is_some_and(|since| since + BEHIND_LIMIT_MS < now) {
            self.behind_since = None;
            actions.push(Action::Reload);
        }
    }

    fn close(&mut self, actions: &mut Vec<Action>) {
        self.socket = Socket::Closing;
        actions.push(Action::Close);
    }

    fn is_silent(&self, place: &Place, now: f64) -> bool {
        now - place.in_step > SILENT_HEARTBEATS * self.heartbeat_ms
    }

    fn page(&mut self, now: f64, topics: Vec<Topic>, definitions: String, actions: &mut Vec<Action>) {
        self.definitions = definitions;
        if self.places.is_empty() {
            self.health = Health::Connecting;
            self.heard = now;
        }
        let (kept, gone) = std::mem::take(&mut self.places).into_iter().partition(|(topic, _)| topics.contains(topic));
        self.places = kept;
        for (topic, _) in gone {
            if self.socket == Socket::Open {
                actions.push(Action::Send(ClientMessage::Unsubscribe { topic }));
            }
        }
        for topic in topics {
            if self.place(&topic).is_some() {
                continue;
            }
            self.places.push((topic.clone(), Place { seen: None, in_step: now, fresh: false, asked: true }));
            if self.socket == Socket::Open {
                actions.push(Action::Send(ClientMessage::Subscribe { topic, replay: self.replay }));
            }
        }
    }

    fn message(&mut self, now: f64, message: ServerMessage, actions: &mut Vec<Action>) {
        match &message {
            ServerMessage::Hello { time, build, heartbeat_ms } => {
                self.heartbeat_ms = f64::from(*heartbeat_ms).max(100.0);
                actions.push(Action::Time(*time));
                actions.push(Action::Build(build.clone()));
            }
            ServerMessage::Snapshot { head, .. } => {
                if self.admits(now, head) {
                    self.taken(now, head);
                    self.follow(now, head, actions);
                    actions.push(Action::Take(message));
                }
            }
            ServerMessage::Update { head, .. } => {
                if self.admits(now, head) {
                    self.update(now, head.clone(), message, actions);
                }
            }
            ServerMessage::Heartbeat { head } => {
                if self.admits(now, head) {
                    self.heartbeat(now, head, actions);
                }
            }
            ServerMessage::Wall { time, state } => {
                actions.push(Action::Time(*time));
                actions.push(Action::Wall(state.clone()));
            }
            // A screen whose token counts no more begins anew, with a code.
            ServerMessage::Error { code: ErrorCode::Forbidden, .. } if self.attending.is_some() => actions.push(Action::Reload),
            // A refusal of ours that repeats itself shows as silence, which ends in a new socket.
            ServerMessage::Error { message, .. } => {
                if self.replay.is_some() {
                    actions.push(Action::Refused(message.clone()));
                }
            }
        }
    }

    fn place(&mut self, topic: &Topic) -> Option<&mut Place> {
        self.places.iter_mut().find(|(other, _)| other == topic).map(|(_, place)| place)
    }

    /// Whether a frame is one of ours, and not of an epoch that is over.
    fn admits(&mut self, now: f64, head: &Head) -> bool {
        if (head.mode == Mode::Replay) != self.replay.is_some() {
            return false;
        }
        let Some(place) = self.place(&head.topic) else { return false };
        let is_old = place.seen.is_some_and(|(epoch, _)| head.epoch < epoch);
        if is_old {
            self.behind_since.get_or_insert(now);
        } else {
            self.behind_since = None;
        }
        !is_old
    }

    fn update(&mut self, now: f64, head: Head, message: ServerMessage, actions: &mut Vec<Action>) {
        match self.place(&head.topic).and_then(|place| place.seen) {
            Some((epoch, sequence)) if epoch == head.epoch && head.sequence <= sequence => {}
            Some((epoch, sequence)) if epoch == head.epoch && head.sequence == sequence + 1 => {
                self.taken(now, &head);
                self.follow(now, &head, actions);
                actions.push(Action::Take(message));
            }
            _ => self.ask(&head.topic, actions),
        }
    }

    fn heartbeat(&mut self, now: f64, head: &Head, actions: &mut Vec<Action>) {
        match self.place(&head.topic).and_then(|place| place.seen) {
            Some((epoch, sequence)) if epoch == head.epoch && head.sequence <= sequence => {
                self.taken(now, &Head { sequence, ..head.clone() });
                self.follow(now, head, actions);
            }
            _ => self.ask(&head.topic, actions),
        }
    }

    /// Asks for a snapshot, once.
    fn ask(&mut self, topic: &Topic, actions: &mut Vec<Action>) {
        let is_replay = self.replay.is_some();
        if let Some(place) = self.place(topic)
            && !place.asked
        {
            place.asked = true;
            let topic = topic.clone();
            // To subscribe again would end the replay; from before its first frame on there is only a snapshot.
            actions.push(Action::Send(match is_replay {
                true => ClientMessage::Resume { topic, epoch: 0, sequence: 0 },
                false => ClientMessage::Subscribe { topic, replay: None },
            }));
        }
    }

    fn taken(&mut self, now: f64, head: &Head) {
        self.attempts = 0;
        if let Some(place) = self.place(&head.topic) {
            *place = Place { seen: Some((head.epoch, head.sequence)), in_step: now, fresh: true, asked: false };
        }
    }

    /// What every frame that is believed brings beside its readings.
    fn follow(&mut self, now: f64, head: &Head, actions: &mut Vec<Action>) {
        match (&mut self.replay, head.replay) {
            (Some(replay), Some(playing)) => {
                replay.at = Some(head.time);
                replay.speed = playing.speed;
                actions.push(Action::Played(head.time, playing));
            }
            _ => actions.push(Action::Time(head.time)),
        }
        let is_built = !self.definitions.is_empty();
        if is_built && head.definitions != self.definitions && self.refetched + REFETCH_REST_MS <= now {
            self.refetched = now;
            actions.push(Action::Refetch);
        }
    }

    /// Live while every topic is in step; lost from the moment that one isn't, once there was something to lose, or
    /// when nothing has come for a while after the page was opened.
    fn judge(&mut self, now: f64) {
        if self.places.is_empty() {
            return;
        }
        let is_open = self.socket == Socket::Open;
        if is_open && self.places.iter().all(|(_, place)| place.fresh && !self.is_silent(place, now)) {
            self.health = Health::Live;
            self.heard = self.places.iter().map(|(_, place)| place.in_step).fold(f64::INFINITY, f64::min);
            return;
        }
        let is_over = match self.health {
            Health::Live => !(is_open && self.is_joining(now)),
            Health::Connecting => now - self.heard > OPEN_LIMIT_MS / 2.0,
            Health::Lost => true,
        };
        if is_over {
            self.health = Health::Lost;
        }
    }

    /// A topic that was added a moment ago has no snapshot yet; that is no loss.
    fn is_joining(&self, now: f64) -> bool {
        self.places.iter().map(|(_, place)| place).all(|place| place.fresh || place.seen.is_none())
            && !self.places.iter().map(|(_, place)| place).any(|place| self.is_silent(place, now))
    }
}

#[cfg(test)]
mod tests;
