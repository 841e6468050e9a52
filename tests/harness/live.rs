//! A viewer: a WebSocket client that follows the protocol and keeps what it was told.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A connected viewer.
pub struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Why the server ended the connection, once it has.
    ended: String,
}

impl Viewer {
    /// Connects with the right origin and subprotocol.
    ///
    /// # Errors
    /// When the server refuses the upgrade.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        Self::connect_as(url, url).await
    }

    /// Connects as a page of another origin would.
    ///
    /// # Errors
    /// When the server refuses the upgrade.
    pub async fn connect_as(url: &str, origin: &str) -> anyhow::Result<Self> {
        let mut request = format!("{}/api/v1/live", url.replacen("http", "ws", 1)).into_client_request()?;
        request.headers_mut().insert("origin", origin.parse()?);
        request.headers_mut().insert("sec-websocket-protocol", "taydo.v1.json".parse()?);
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Self { socket, ended: String::new() })
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the socket takes a message");
    }

    /// The next message; `None` when the server has closed the connection.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(60), self.socket.next()).await.expect("a message within 60 s");
            match message {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => {
                    self.ended = format!("{frame:?}");
                    return None;
                }
                Some(Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The close code that the server ends with.
    pub async fn close_code(&mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(Duration::from_secs(60), self.socket.next()).await.expect("a close within 60 s") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Waits for a message that satisfies the test, and returns it.
    pub async fn until(&mut self, what: &str, mut test: impl FnMut(&Value) -> bool) -> Value {
        for _ in 0..10_000 {
            let message = self.next().await;
            let Some(message) = message else { panic!("{what}: the connection ended first {}", self.ended) };
            if test(&message) {
                return message;
            }
        }
        panic!("{what}: not among 10,000 messages");
    }
}
