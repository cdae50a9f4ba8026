//! Subscriptions: many sockets on one conversation, and one member who writes at a fixed rate.

use std::{
    str::FromStr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt, stream};
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig},
};

use crate::{
    Settings,
    closed_loop::{Connection, sorted},
    documents::Documents,
    material::Material,
    process::Mark,
    report::FanoutRow,
    server::Bench,
};

/// How long the last deliveries may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Sockets that connect and subscribe at a time: a server that is asked by more at once refuses some as overloaded.
const CONNECTING: usize = 16;

/// Sockets and publishes a second, written `10000x2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    sockets: usize,
    rate: f64,
}

impl FromStr for Plan {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (sockets, rate) =
            text.split_once('x').context("give sockets x publishes a second, as 1000x20")?;
        Ok(Self { sockets: sockets.parse()?, rate: rate.parse()? })
    }
}

/// What the sockets have seen.
struct Shared {
    origin: Instant,
    /// Messages meant to be sent in this time are measured, in nanoseconds from the origin.
    measured: Mutex<(u128, u128)>,
    latencies: Mutex<Vec<u32>>,
    delivered: AtomicUsize,
    closed: AtomicUsize,
    /// Why the first of them closed.
    reason: Mutex<String>,
}

/// Measures a plan.
pub(crate) async fn run(
    bench: &Bench,
    documents: &Documents<'_>,
    material: &Material,
    plan: Plan,
    settings: &Settings,
) -> anyhow::Result<FanoutRow> {
    let shared = Arc::new(Shared {
        origin: Instant::now(),
        measured: Mutex::new((u128::MAX, u128::MAX)),
        latencies: Mutex::default(),
        delivered: AtomicUsize::new(0),
        closed: AtomicUsize::new(0),
        reason: Mutex::default(),
    });
    let empty = bench.server.memory();
    let subscribe = documents.subscribe()?;
    let bearers = material.lines("room.bearer")?;
    let mut opening = stream::iter(bearers.iter().cycle().take(plan.sockets))
        .map(|bearer| open(&bench.address, bearer, &subscribe))
        .buffer_unordered(CONNECTING);
    let mut readers = Vec::with_capacity(plan.sockets);
    while let Some(socket) = opening.next().await {
        readers.push(tokio::spawn(read(socket?, Arc::clone(&shared))));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = bench.server.memory();
    let (used, published) = publish(bench, documents, plan, settings, &shared).await?;
    for reader in readers {
        reader.abort();
    }
    let latencies =
        sorted(std::mem::take(&mut *shared.latencies.lock().unwrap_or_else(PoisonError::into_inner)));
    Ok(FanoutRow {
        sockets: plan.sockets,
        rate: plan.rate,
        expected: published * plan.sockets,
        latencies,
        closed: shared.closed.load(Ordering::Relaxed),
        reason: shared.reason.lock().unwrap_or_else(PoisonError::into_inner).chars().take(300).collect(),
        idle_kb: (idle - empty) / f64::from(u32::try_from(plan.sockets)?),
        used,
    })
}

/// Writes at the rate, whatever the server does; the time in each message is when it should have been sent.
async fn publish(
    bench: &Bench,
    documents: &Documents<'_>,
    plan: Plan,
    settings: &Settings,
    shared: &Shared,
) -> anyhow::Result<(Mark, usize)> {
    let request = documents.publish(&bench.address)?;
    let mut connection = Connection::open(&bench.address).await?;
    let start = Instant::now() + Duration::from_millis(100);
    let at = |number: usize| {
        start + Duration::from_secs_f64(f64::from(u32::try_from(number).unwrap_or(0)) / plan.rate)
    };
    let first = whole(settings.warm_up * plan.rate);
    let count = whole(settings.seconds * plan.rate).max(1);
    let since_origin = |number| (at(number) - shared.origin).as_nanos();
    *shared.measured.lock().unwrap_or_else(PoisonError::into_inner) =
        (since_origin(first), since_origin(first + count));
    let mut before = Mark::now(bench.server, bench.postgres);
    let mut sent = Vec::new();
    for number in 0..first + count {
        tokio::time::sleep_until(at(number)).await;
        if number == first {
            before = Mark::now(bench.server, bench.postgres);
        }
        request
            .write(number, &mut sent, |body| body.replace("@TS@", &format!("@ts={}", since_origin(number))));
        let answer = connection.ask(&sent).await?;
        anyhow::ensure!(answer.is_good(), "{}", String::from_utf8_lossy(answer.body));
    }
    let deadline = Instant::now() + PATIENCE;
    while shared.delivered.load(Ordering::Relaxed) < count * plan.sockets && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep_until(at(first + count)).await;
    Ok((Mark::now(bench.server, bench.postgres).since(before), count))
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small count"
)]
fn whole(number: f64) -> usize {
    number.round().max(0.0) as usize
}

/// Connects, greets and subscribes.
async fn open(address: &str, bearer: &str, subscribe: &str) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse()?);
    let config = WebSocketConfig::default().read_buffer_size(2 * 1024).write_buffer_size(0);
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    let greeting = serde_json::json!({ "type": "connection_init", "payload": { "authorization": bearer } });
    socket.send(Message::text(greeting.to_string())).await?;
    let acknowledged = socket.next().await.context("the server closed a socket")??;
    anyhow::ensure!(acknowledged.to_text()?.contains("connection_ack"), "{acknowledged}");
    socket
        .send(Message::text(format!("{{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{subscribe}}}")))
        .await?;
    // The messages of a socket are worked through in order: when the ping is answered, the subscription runs.
    socket.send(Message::text("{\"type\":\"ping\"}")).await?;
    let answered = socket.next().await.context("the server closed a socket")??;
    anyhow::ensure!(answered.to_text()?.contains("\"pong\""), "{answered}");
    Ok(socket)
}

async fn read(mut socket: WebSocketStream<TcpStream>, shared: Arc<Shared>) {
    let reason = loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                if let Some((_, rest)) = text.split_once("@ts=") {
                    let digits = rest.split(|char: char| !char.is_ascii_digit()).next().unwrap_or_default();
                    deliver(&shared, digits.parse().unwrap_or_default());
                } else if !text.contains("\"type\":\"ping\"") {
                    break text.to_string();
                } else if socket.send(Message::text("{\"type\":\"pong\"}")).await.is_err() {
                    break "the socket takes nothing".to_owned();
                }
            }
            Some(Ok(Message::Close(frame))) => {
                break frame.map_or_else(String::new, |frame| frame.to_string());
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => break error.to_string(),
            None => break "the server closed it".to_owned(),
        }
    };
    if shared.closed.fetch_add(1, Ordering::Relaxed) == 0 {
        *shared.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

fn deliver(shared: &Shared, meant_at: u128) {
    let (from, until) = *shared.measured.lock().unwrap_or_else(PoisonError::into_inner);
    if meant_at < from || until <= meant_at {
        return;
    }
    let late = shared.origin.elapsed().as_nanos().saturating_sub(meant_at) / 1_000;
    shared
        .latencies
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(u32::try_from(late).unwrap_or(u32::MAX));
    shared.delivered.fetch_add(1, Ordering::Relaxed);
}
