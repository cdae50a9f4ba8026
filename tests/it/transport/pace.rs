//! Clients that send slowly, and heads that are too large.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::support::{Socket, TestApp};

const QUERY: &str = r#"{"query":"{ __typename }"}"#;

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("a connection")
}

/// One good request, its head and its body apart, as some clients send them.
async fn ask(stream: &mut TcpStream) {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        QUERY.len()
    );
    stream.write_all(head.as_bytes()).await.expect("the head is taken");
    sleep(Duration::from_millis(50)).await;
    stream.write_all(QUERY.as_bytes()).await.expect("the body is taken");
    let mut answer = String::new();
    while !answer.contains("__typename") {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.expect("an answer");
        assert!(read > 0, "the connection ended: {answer}");
        answer.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
}

/// How long a connection lives on which a head is sent byte by byte, or only begun.
async fn life(mut stream: TcpStream, pause: Duration) -> Duration {
    let began = Instant::now();
    let (mut read, mut write) = stream.split();
    let slow = async {
        for byte in b"POST /graphql HTTP/1.1\r\nhost: a\r\nx-padding: ".iter().cycle() {
            if write.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(pause).await;
        }
    };
    let end = async {
        let mut said = Vec::new();
        read.read_to_end(&mut said).await.ok();
    };
    let cut = timeout(Duration::from_secs(30), async {
        tokio::select! { () = slow => {}, () = end => {} }
    });
    cut.await.expect("the connection stays open");
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_cut_off_also_on_a_kept_connection() {
    let app = TestApp::start().await;
    let first = async |pause| life(connect(&app).await, pause).await;
    let second = async |pause| {
        let mut stream = connect(&app).await;
        ask(&mut stream).await;
        life(stream, pause).await
    };
    let (drip, halt) = (Duration::from_millis(300), Duration::from_mins(1));

    let lives = tokio::join!(first(drip), first(halt), second(drip), second(halt));

    let lives = [lives.0, lives.1, lives.2, lives.3];
    let usual = Duration::from_secs(9)..Duration::from_secs(14);
    assert!(lives.iter().all(|life| usual.contains(life)), "{lives:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_and_sockets_are_kept() {
    let app = TestApp::start().await;
    let pause = Duration::from_secs(13);
    let idle = async {
        let mut stream = connect(&app).await;
        ask(&mut stream).await;
        ask(&mut stream).await;
        sleep(pause).await;
        ask(&mut stream).await;
    };
    let socket = async {
        let mut socket = Socket::connect(&app.anonymous()).await;
        socket.send(json!({ "type": "ping" })).await;
        sleep(pause).await;
        let query = json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } });
        socket.send(query).await;
        loop {
            let message = socket.receive().await;
            if message["type"] == "next" {
                return message["payload"]["data"]["__typename"].clone();
            }
        }
    };

    let ((), answer) = tokio::join!(idle, socket);

    assert_eq!(answer, "Query");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_bounded_in_size_and_number() {
    let app = TestApp::start().await;
    let status = async |headers: String| {
        let mut stream = connect(&app).await;
        let head = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        // What is refused early is not read to its end.
        stream.write_all(head.as_bytes()).await.ok();
        let mut answer = Vec::new();
        let end = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "the connection stays open");
        String::from_utf8_lossy(&answer).get(9..12).unwrap_or("cut").to_owned()
    };
    let many = |count: usize| (0..count).map(|n| format!("x-{n}: 1\r\n")).collect::<String>();

    assert_eq!(status(many(90)).await, "200");
    assert_eq!(status(many(97)).await, "431");
    assert_eq!(status(format!("x-large: {}\r\n", "a".repeat(30_000))).await, "200");
    let huge = status(format!("x-large: {}\r\n", "a".repeat(400_000))).await;
    assert!(["431", "cut"].contains(&huge.as_str()), "{huge}");
    assert_eq!(status(String::new()).await, "200");
}
