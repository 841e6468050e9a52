//! `/api/v1/live`: the WebSocket (docs/protocol.md). actix-ws does the handshake and the input; the outgoing body is
//! the client's stream of finished frames.

use super::access::{Principal, allows, foreign, is_same_origin};
use super::refusal::Refusal;
use super::walls::code;
use super::{Connection, State};
use crate::hub::{Client, Outgoing};
use crate::replay::Session;
use crate::walls::Attendance;
use actix_web::body::{BodyStream, BoxBody, MessageBody};
use actix_web::web::{Data, Payload, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError};
use jiff::Timestamp;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use taydo_model::ErrorCode;
use taydo_model::wall::report::Report;
use taydo_model::wire::{ClientMessage, MAX_CLIENT_MESSAGE_BYTES, SUBPROTOCOL, ServerMessage, Topic};

/// Messages that a client may send in a second; more end the connection.
const MAX_MESSAGES_PER_S: u32 = 20;

/// Upgrades the connection.
pub(super) async fn open(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    principal: ReqData<Principal>,
) -> Result<HttpResponse, actix_web::Error> {
    if !is_same_origin(request.head()) {
        return Err(foreign().into());
    }
    if !offers_protocol(&request) {
        return Err(Refusal::new(ErrorCode::Invalid, format!("ask for the subprotocol {SUBPROTOCOL}")).into());
    }
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, payload, &[SUBPROTOCOL])?;
    let socket = request.conn_data::<Connection>().and_then(Connection::second_handle);
    let Some(client) = state.hub.join(state.clock.now(), socket) else {
        return Err(Refusal::new(ErrorCode::Busy, "there are too many viewers").retry_after(30).into());
    };
    let messages =
        messages.max_frame_size(MAX_CLIENT_MESSAGE_BYTES).aggregate_continuations().max_continuation_size(MAX_CLIENT_MESSAGE_BYTES);
    let frames = client.outgoing();
    let principal = principal.into_inner();
    actix_web::rt::spawn(async move {
        // actix-ws's own sender is not used, but without it the input would end.
        let _session = session;
        listen(&state, &principal, &client, messages).await;
        client.close(1000, "goodbye");
        state.hub.leave(&client);
    });
    Ok(response.map_body(|_, old| BodyStream::new(WithOld { frames, _old: old }).boxed()))
}

fn offers_protocol(request: &HttpRequest) -> bool {
    let offers = request.headers().get_all("sec-websocket-protocol").filter_map(|value| value.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|offer| offer.trim() == SUBPROTOCOL)
}

/// Takes the client's messages until it goes or misbehaves.
async fn listen(state: &State, principal: &Principal, client: &Arc<Client>, mut messages: AggregatedMessageStream) {
    // A replay ends with its connection.
    let mut replay: Option<Session> = None;
    // So does what it attends.
    let mut attendance: Option<Attendance> = None;
    let mut allowance = Allowance { left: MAX_MESSAGES_PER_S, filled: state.clock.now() };
    while let Some(message) = messages.recv().await {
        client.heard();
        match message {
            Ok(AggregatedMessage::Pong(_)) => {}
            Ok(AggregatedMessage::Close(_)) => return,
            Ok(_) if !allowance.take(state.clock.now()) => return client.close(1008, "too many messages"),
            Ok(AggregatedMessage::Text(text)) => {
                if let Err((code, message)) = obey(state, principal, client, &mut replay, &mut attendance, &text) {
                    client.say(&ServerMessage::Error { code, message });
                }
            }
            Ok(AggregatedMessage::Ping(payload)) => client.pong(&payload),
            Ok(AggregatedMessage::Binary(_)) => return client.close(1003, "messages are text"),
            Err(error) => return client.close(close_code(&error), &error.to_string()),
        }
    }
}

fn close_code(error: &ProtocolError) -> u16 {
    match error {
        ProtocolError::Overflow => 1009,
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => 1007,
        _ => 1002,
    }
}

fn obey(
    state: &State,
    principal: &Principal,
    client: &Arc<Client>,
    replay: &mut Option<Session>,
    attendance: &mut Option<Attendance>,
    text: &str,
) -> Result<(), (ErrorCode, String)> {
    let message: ClientMessage = serde_json::from_str(text).map_err(|error| (ErrorCode::Malformed, error.to_string()))?;
    let message = match message {
        ClientMessage::Attend { wall, token } => {
            if allows(principal, "ATTEND", "wall") != Some(true) {
                return Err((ErrorCode::Forbidden, "this principal may not attend walls".to_owned()));
            }
            *attendance = None;
            let attends = state.walls.attend(client, &wall, token.as_deref());
            *attendance = Some(attends.map_err(|declined| (code(&declined), declined.to_string()))?);
            return Ok(());
        }
        ClientMessage::Beat { frames, shows, showing, plan } => {
            if let Some(attendance) = attendance {
                attendance.beat(frames, Report { shows, showing, plan });
            }
            return Ok(());
        }
        other => other,
    };
    if allows(principal, "SUBSCRIBE", "board") != Some(true) {
        return Err((ErrorCode::Forbidden, "this principal may not watch boards".to_owned()));
    }
    let done = match message {
        ClientMessage::Subscribe { topic, replay: None } => {
            end(client, replay, &topic);
            state.hub.subscribe(client, &topic, None)
        }
        ClientMessage::Subscribe { topic, replay: Some(wish) } => {
            if let Some(old) = replay.take() {
                client.unsubscribe(old.stage().name());
            }
            state.replays.open(principal.word(), &state.hub, client, &topic, wish).map(|session| *replay = Some(session))
        }
        ClientMessage::Resume { topic, epoch, sequence } => match of(replay, &topic) {
            Ok(session) => state.hub.watch_stage(client, session.stage(), Some((epoch, sequence))),
            Err(_) => state.hub.subscribe(client, &topic, Some((epoch, sequence))),
        },
        ClientMessage::Play { topic, speed } => of(replay, &topic).and_then(|session| session.play(speed)),
        ClientMessage::Seek { topic, at } => of(replay, &topic).map(|session| session.seek(at)),
        ClientMessage::Unsubscribe { topic } => {
            end(client, replay, &topic);
            client.unsubscribe(&topic);
            Ok(())
        }
        ClientMessage::Attend { .. } | ClientMessage::Beat { .. } => Ok(()),
    };
    done.map_err(|message| (ErrorCode::Invalid, message))
}

/// The replay of a topic.
fn of<'s>(replay: &'s Option<Session>, topic: &Topic) -> Result<&'s Session, String> {
    let session = replay.as_ref().filter(|session| session.stage().name() == topic);
    session.ok_or_else(|| format!("{} is not being replayed on this connection; subscribe with `replay` first", topic.board))
}

/// Ends the replay of a topic, where there is one.
fn end(client: &Arc<Client>, replay: &mut Option<Session>, topic: &Topic) {
    if of(replay, topic).is_ok() {
        *replay = None;
        client.unsubscribe(topic);
    }
}

/// A bucket of messages that is full again each second.
struct Allowance {
    left: u32,
    filled: Timestamp,
}

impl Allowance {
    fn take(&mut self, now: Timestamp) -> bool {
        if now.duration_since(self.filled).as_secs() >= 1 {
            *self = Self { left: MAX_MESSAGES_PER_S, filled: now };
        }
        let had = self.left > 0;
        self.left = self.left.saturating_sub(1);
        had
    }
}

/// The client's frames, with actix-ws's own body beside them: dropping that one would end the input.
struct WithOld {
    frames: Outgoing,
    _old: BoxBody,
}

impl futures_util::Stream for WithOld {
    type Item = Result<bytes::Bytes, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.frames).poll_next(context)
    }
}
