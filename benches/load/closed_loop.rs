//! A closed loop over HTTP: each connection sends its next request when it has the answer to the last one.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::{
    Settings,
    documents::{Documents, Request},
    process::Mark,
    report::Row,
    server::Bench,
};

/// Requests of the run that counts statements.
const COUNTED: usize = 200;

/// What the connections of a row share.
struct Shared {
    request: Request,
    address: String,
    /// Number of the next request.
    next: AtomicUsize,
    begin: Instant,
    end: Instant,
    seen: Mutex<Seen>,
}

/// What came back.
#[derive(Default)]
struct Seen {
    /// Microseconds of each answer in the measured time.
    latencies: Vec<u32>,
    bytes: usize,
    errors: usize,
    first_error: String,
}

/// Measures a shape.
pub(crate) async fn run(
    bench: &Bench,
    documents: &Documents<'_>,
    shape: &str,
    connections: usize,
    settings: &Settings,
) -> anyhow::Result<Row> {
    let request = documents.request(shape, &bench.address)?;
    let next = warm_up(bench, &request).await?;
    bench.reset_statements().await?;
    for number in next..next + COUNTED {
        one(bench, &request, number).await?;
    }
    let statements = bench.statements().await?;
    let begin = Instant::now() + Duration::from_secs_f64(settings.warm_up);
    let shared = Arc::new(Shared {
        request,
        address: bench.address.clone(),
        next: AtomicUsize::new(next + COUNTED),
        begin,
        end: begin + Duration::from_secs_f64(settings.seconds),
        seen: Mutex::default(),
    });
    let workers: Vec<_> = (0..connections).map(|_| tokio::spawn(keep_asking(Arc::clone(&shared)))).collect();
    tokio::time::sleep_until(shared.begin).await;
    let before = Mark::now(bench.server, bench.postgres);
    tokio::time::sleep_until(shared.end).await;
    let used = Mark::now(bench.server, bench.postgres).since(before);
    for worker in workers {
        worker.await??;
    }
    let seen = std::mem::take(&mut *shared.seen.lock().unwrap_or_else(PoisonError::into_inner));
    if seen.latencies.is_empty() {
        bail!("{shape} has no good answer: {}", seen.first_error);
    }
    Ok(Row {
        shape: shape.to_owned(),
        title: documents.title(shape).to_owned(),
        connections,
        seconds: settings.seconds,
        latencies: sorted(seen.latencies),
        body_bytes: seen.bytes,
        statements: ratio(statements, COUNTED),
        errors: seen.errors,
        first_error: seen.first_error,
        used,
        memory_mb: bench.server.memory() / 1024.0,
    })
}

/// A thousand answers, so that statements are prepared and what is hot is at hand; returns the number of the next request.
async fn warm_up(bench: &Bench, request: &Request) -> anyhow::Result<usize> {
    const REQUESTS: usize = 1_000;
    for number in 0..REQUESTS {
        one(bench, request, number).await?;
    }
    Ok(REQUESTS)
}

/// Sends a request on a connection of its own and fails unless the answer is good.
async fn one(bench: &Bench, request: &Request, number: usize) -> anyhow::Result<()> {
    let mut connection = Connection::open(&bench.address).await?;
    let mut sent = Vec::new();
    request.write(number, &mut sent, |body| body);
    let answer = connection.ask(&sent).await?;
    anyhow::ensure!(answer.is_good(), "{}", String::from_utf8_lossy(answer.body));
    Ok(())
}

async fn keep_asking(shared: Arc<Shared>) -> anyhow::Result<()> {
    let mut connection = Connection::open(&shared.address).await?;
    let (mut sent, mut seen) = (Vec::new(), Seen::default());
    loop {
        shared.request.write(shared.next.fetch_add(1, Ordering::Relaxed), &mut sent, |body| body);
        let asked = Instant::now();
        if asked >= shared.end {
            break;
        }
        let answer = connection.ask(&sent).await?;
        let answered = Instant::now();
        if !answer.is_good() {
            if seen.errors == 0 {
                seen.first_error = String::from_utf8_lossy(answer.body).chars().take(300).collect();
            }
            seen.errors += 1;
        } else if asked >= shared.begin && answered <= shared.end {
            seen.latencies.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
            seen.bytes += answer.body.len();
        }
    }
    let mut all = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
    all.latencies.append(&mut seen.latencies);
    all.bytes += seen.bytes;
    all.errors += seen.errors;
    if all.first_error.is_empty() {
        all.first_error = seen.first_error;
    }
    Ok(())
}

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer over HTTP.
pub(crate) struct Answer<'a> {
    status: u16,
    /// Its body.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Whether it carries data, no errors, and no refusal.
    pub(crate) fn is_good(&self) -> bool {
        let holds = |text: &[u8]| self.body.windows(text.len()).any(|window| window == text);
        let refused = holds(b"\"userErrors\":[{");
        self.status == 200 && self.body.starts_with(b"{\"data\":") && !holds(b"\"errors\":[") && !refused
    }
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads its answer, whose length the server tells.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let text =
            String::from_utf8_lossy(self.received.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let status = text.get(9..12).and_then(|status| status.parse().ok()).context("a status line")?;
        let (_, length) = text.split_once("content-length: ").context("an answer with a length")?;
        let length: usize = length.lines().next().unwrap_or_default().trim().parse()?;
        while self.received.len() < head + length {
            self.read_more().await?;
        }
        Ok(Answer { status, body: self.received.get(head..head + length).unwrap_or_default() })
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// The values in order.
pub(crate) fn sorted(mut values: Vec<u32>) -> Vec<u32> {
    values.sort_unstable();
    values
}

/// A quotient of whole numbers.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn ratio(total: i64, count: usize) -> f64 {
    total as f64 / count.max(1) as f64
}
