//! A caller over WebSocket, in the graphql-transport-ws protocol.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async, connect_async,
    tungstenite::{Message, client::IntoClientRequest, handshake::client::Request, protocol::CloseFrame},
};

use super::Client;

/// How long an expected message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket without greeting.
    pub async fn open(url: &str) -> Self {
        let (stream, _) = connect_async(upgrade(url)).await.expect("the socket opens");
        Self { stream }
    }

    /// Opens a socket of a client that has little room for what it has not read yet.
    pub async fn open_narrow(url: &str) -> Self {
        let tcp = tokio::net::TcpSocket::new_v4().expect("a socket");
        tcp.set_recv_buffer_size(4096).expect("a small buffer");
        let address = url.trim_start_matches("http://").parse().expect("an address");
        let tcp = MaybeTlsStream::Plain(tcp.connect(address).await.expect("a connection"));
        let (stream, _) = client_async(upgrade(url), tcp).await.expect("the socket opens");
        Self { stream }
    }

    /// Opens a socket with further headers and greets without a token.
    pub async fn connect_as_page(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = upgrade(url);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let (stream, _) = connect_async(request).await.expect("the socket opens");
        let mut socket = Self { stream };
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    /// Opens a socket and greets as the client.
    pub async fn connect(client: &Client) -> Self {
        Self::open(&client.url).await.greet(client).await
    }

    /// Greets as the client.
    pub async fn greet(self, client: &Client) -> Self {
        let mut socket = self;
        let payload = client
            .token
            .as_ref()
            .map_or(json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("the socket takes it");
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("the socket takes it");
    }

    /// The next message; pings of the protocol are answered on the way.
    pub async fn receive(&mut self) -> Value {
        match self.next().await {
            Ok(message) => message,
            Err(close) => panic!("the socket closed: {close:?}"),
        }
    }

    /// The next message, or how the socket closed.
    pub async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let message =
                tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a message in time");
            match message {
                Some(Ok(Message::Text(text))) => {
                    let value: Value = serde_json::from_str(&text).expect("JSON");
                    if value["type"] == "ping" {
                        self.send(json!({ "type": "pong" })).await;
                        continue;
                    }
                    return Ok(value);
                }
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The code with which the server closes the socket; messages before it are skipped.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Ok(_) => {}
                Err(frame) => return frame.map_or(1006, |frame| frame.code.into()),
            }
        }
    }

    /// Fails if a message arrives within the time.
    pub async fn stays_silent(&mut self, time: Duration) {
        if let Ok(Some(Ok(Message::Text(text)))) = tokio::time::timeout(time, self.stream.next()).await {
            panic!("unexpected: {text}");
        }
    }
}

fn upgrade(url: &str) -> Request {
    let mut request =
        format!("{}/graphql", url.replacen("http", "ws", 1)).into_client_request().expect("an address");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    request
}

/// A running subscription on a socket of its own.
pub struct Subscription {
    socket: Socket,
    field: String,
}

impl Subscription {
    /// Subscribes; `field` is the root field of the document.
    pub async fn start(client: &Client, field: &str, query: &str, variables: Value) -> Self {
        let mut socket = Socket::connect(client).await;
        socket
            .send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query, "variables": variables } }))
            .await;
        // The server works through the messages of a socket in order: when it answers the ping, it has subscribed.
        socket.send(json!({ "type": "ping" })).await;
        let mut subscription = Self { socket, field: field.to_owned() };
        subscription.settle().await;
        subscription
    }

    async fn settle(&mut self) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        match self.next_or_end().await {
            Some(event) => event,
            None => panic!("the subscription ended"),
        }
    }

    /// The next event, or `None` at the end of the subscription.
    pub async fn next_or_end(&mut self) -> Option<Value> {
        loop {
            let message = self.socket.receive().await;
            match message["type"].as_str() {
                Some("next") => {
                    let payload = &message["payload"];
                    assert!(payload.get("errors").is_none(), "errors: {payload}");
                    return Some(payload["data"][&self.field].clone());
                }
                Some("complete") => return None,
                Some("pong") => {}
                _ => panic!("unexpected: {message}"),
            }
        }
    }

    /// The next event of a type (select `__typename`); others are skipped.
    pub async fn next_of(&mut self, typename: &str) -> Value {
        loop {
            let event = self.next().await;
            if event["__typename"] == typename {
                return event;
            }
        }
    }

    /// Fails if an event arrives within the time.
    pub async fn stays_silent(&mut self, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
        while let Ok(message) = tokio::time::timeout_at(deadline, self.socket.next()).await {
            match message {
                Ok(message) if message["type"] == "pong" => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}
