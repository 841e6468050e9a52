//! The browser's WebSocket behind the link's machine: messages in, events out.
//!
//! Must never decide anything: it reports, and does what it is told.

use crate::tree;
use std::rc::Rc;
use taydo_model::wire::{ClientMessage, SUBPROTOCOL, ServerMessage};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{Event, MessageEvent, WebSocket};

/// What a socket reports.
#[derive(Debug)]
pub enum Report {
    /// It is open.
    Open,
    /// The server has said something.
    Message(Box<ServerMessage>),
    /// It is closed, or could not be opened.
    Closed,
}

/// An open socket, or one that is opening. Dropping it closes it, and nothing more is reported.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket,
    opened: Closure<dyn FnMut(Event)>,
    received: Closure<dyn FnMut(MessageEvent)>,
    closed: Closure<dyn FnMut(Event)>,
}

impl Socket {
    /// Begins to open a socket; `None` where the browser refuses the address.
    #[must_use]
    pub fn open(address: &str, report: impl Fn(Report) + 'static) -> Option<Self> {
        let socket = WebSocket::new_with_str(address, SUBPROTOCOL).ok()?;
        let report = Rc::new(report);
        let on = report.clone();
        let opened = Closure::<dyn FnMut(Event)>::new(move |_| on(Report::Open));
        let on = report.clone();
        let received = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // What is not understood is not ours to show: if it mattered, the sequence has a hole now.
            if let Some(message) = event.data().as_string().and_then(|text| tree::parse(&text)) {
                on(Report::Message(Box::new(message)));
            }
        });
        let closed = Closure::<dyn FnMut(Event)>::new(move |_| report(Report::Closed));
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(received.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some(Self { socket, opened, received, closed })
    }

    /// Sends a message. One that can't be sent is lost with its socket, whose closing is reported.
    pub fn send(&self, message: &ClientMessage) {
        if let Ok(text) = serde_json::to_string(message) {
            let _ = self.socket.send_with_str(&text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
        // A closure that is running right now must outlive its call, and the browser no longer knows it.
        for closure in
            [std::mem::replace(&mut self.opened, Closure::new(|_| ())), std::mem::replace(&mut self.closed, Closure::new(|_| ()))]
        {
            wasm_bindgen_futures::spawn_local(async move { drop(closure) });
        }
        let received = std::mem::replace(&mut self.received, Closure::new(|_| ()));
        wasm_bindgen_futures::spawn_local(async move { drop(received) });
    }
}
