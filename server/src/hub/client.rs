//! One client: what it watches, how far it has read, and the few control frames that are its own.

use super::Limits;
use super::frame::{close_frame, ping_frame, pong_frame};
use super::topic::{TopicState, encode};
use bytes::{Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use taydo_model::wire::{ServerMessage, Topic};

/// Control frames that may wait for a client. When it lets more pile up, it isn't reading, and is closed.
const MAX_CONTROL: usize = 32;

/// Why the hub ends a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It lacks frames and doesn't read.
    Stalled,
    /// Nothing was heard of it.
    Silent,
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    id: u64,
    waker: AtomicWaker,
    /// A second handle on the connection: shutting it down ends a client whose socket is full.
    socket: Option<OwnedFd>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    watched: Vec<Watched>,
    control: VecDeque<Bytes>,
    /// No more frames after those in `control`.
    closing: bool,
    /// Reads and messages since the last look; both are signs of life of their own direction.
    has_read: bool,
    was_heard: bool,
    read_at: Timestamp,
    heard_at: Timestamp,
    pinged_at: Timestamp,
}

#[derive(Debug)]
struct Watched {
    topic: Arc<TopicState>,
    /// The next frame to read; `None` before the first snapshot.
    position: Option<u64>,
}

impl Client {
    pub(super) fn new(id: u64, now: Timestamp, socket: Option<OwnedFd>) -> Self {
        let state = State {
            watched: Vec::new(),
            control: VecDeque::new(),
            closing: false,
            has_read: false,
            was_heard: false,
            read_at: now,
            heard_at: now,
            pinged_at: now,
        };
        Self { id, waker: AtomicWaker::new(), socket, state: Mutex::new(state) }
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Sends this client alone a message.
    pub fn say(&self, message: &ServerMessage) {
        self.control(encode(message));
    }

    /// Answers a ping.
    pub fn pong(&self, payload: &[u8]) {
        self.control(pong_frame(payload));
    }

    /// Notes that something was heard of it.
    pub fn heard(&self) {
        self.state().was_heard = true;
    }

    /// Ends it, with a code of RFC 6455 and a reason.
    pub fn close(&self, code: u16, reason: &str) {
        let mut state = self.state();
        if !state.closing {
            state.control.push_back(close_frame(code, reason));
            state.closing = true;
        }
        drop(state);
        self.wake();
    }

    /// The frames that it is to be sent.
    #[must_use]
    pub fn outgoing(self: &Arc<Self>) -> Outgoing {
        Outgoing(Arc::clone(self))
    }

    /// Watches one more topic, or the same one from another place. `false` when it watches too many.
    pub(super) fn subscribe(self: &Arc<Self>, topic: Arc<TopicState>, resume: Option<(i64, u64)>, most: usize) -> bool {
        let position = resume.and_then(|(epoch, sequence)| topic.position_after(epoch, sequence));
        let mut state = self.state();
        if let Some(watched) = state.watched.iter_mut().find(|watched| watched.topic.name() == topic.name()) {
            if !Arc::ptr_eq(&watched.topic, &topic) {
                // The board was taken away and is back.
                watched.topic.unwatch(self.id);
                topic.watch(Arc::clone(self));
                watched.topic = topic;
            }
            watched.position = position;
        } else if state.watched.len() >= most {
            return false;
        } else {
            topic.watch(Arc::clone(self));
            state.watched.push(Watched { topic, position });
        }
        drop(state);
        self.wake();
        true
    }

    /// No longer watches a topic.
    pub fn unsubscribe(&self, topic: &Topic) {
        self.state().watched.retain(|watched| {
            if watched.topic.name() == topic {
                watched.topic.unwatch(self.id);
            }
            watched.topic.name() != topic
        });
    }

    pub(super) fn unsubscribe_all(&self) {
        for watched in std::mem::take(&mut self.state().watched) {
            watched.topic.unwatch(self.id);
        }
    }

    /// Pings it, or ends it when it has been stuck or silent for too long.
    pub(super) fn keep(&self, now: Timestamp, limits: &Limits) -> Option<Closing> {
        let mut state = self.state();
        let lacks = state.watched.iter().any(|watched| watched.topic.has_more(watched.position)) || !state.control.is_empty();
        if std::mem::take(&mut state.has_read) || !lacks {
            state.read_at = now;
        }
        if std::mem::take(&mut state.was_heard) {
            state.heard_at = now;
        }
        let since = |then: Timestamp| now.duration_since(then).unsigned_abs();
        let closing = if since(state.read_at) >= limits.stalled || state.control.len() > MAX_CONTROL {
            Some(Closing::Stalled)
        } else if since(state.heard_at) >= limits.silent {
            Some(Closing::Silent)
        } else {
            None
        };
        if closing.is_some() {
            state.closing = true;
            state.control.clear();
            drop(state);
            if let Some(socket) = &self.socket {
                // It may have gone by itself meanwhile, which is as good.
                let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
            }
            self.wake();
        } else if since(state.pinged_at) >= limits.ping {
            state.pinged_at = now;
            drop(state);
            self.control(ping_frame());
        }
        closing
    }

    fn control(&self, frame: Bytes) {
        let mut state = self.state();
        if !state.closing {
            state.control.push_back(frame);
        }
        drop(state);
        self.wake();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next bytes to write, if there are any.
    fn next(&mut self) -> Option<Bytes> {
        let bytes = if self.control.len() > 1 {
            let mut run = BytesMut::new();
            self.control.drain(..).for_each(|frame| run.extend_from_slice(&frame));
            Some(run.freeze())
        } else {
            self.control.pop_front()
        };
        let bytes = bytes.or_else(|| {
            if self.closing { None } else { self.watched.iter_mut().find_map(|watched| watched.topic.read(&mut watched.position)) }
        });
        self.has_read |= bytes.is_some();
        bytes
    }
}

/// A client's frames as a stream; ends when the client is closed.
#[derive(Debug)]
pub struct Outgoing(Arc<Client>);

impl futures_util::Stream for Outgoing {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.waker.register(context.waker());
        let mut state = self.0.state();
        match state.next() {
            Some(bytes) => Poll::Ready(Some(Ok(bytes))),
            None if state.closing => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
