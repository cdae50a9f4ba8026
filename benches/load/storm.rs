//! A cheap query alone, and beside members who sign in: hashing passwords must leave room for everybody else.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::json;
use skillswap::cli::seed;

use crate::{
    Settings,
    closed_loop::{self, Connection},
    documents::Documents,
    report::StormRow,
    server::Bench,
};

/// The cheap query, and how many ask it at a time.
const QUERY: (&str, usize) = ("Q4", 16);
/// How many sign in at a time.
const CALLERS: usize = 50;
/// Members of the benchmark data.
const MEMBERS: usize = 50_000;

#[derive(Default)]
struct Storm {
    next: AtomicUsize,
    over: AtomicBool,
    signed_in: AtomicUsize,
    refused: AtomicUsize,
    first_error: Mutex<String>,
}

/// Measures both.
pub(crate) async fn run(
    bench: &Bench,
    documents: &Documents<'_>,
    settings: &Settings,
) -> anyhow::Result<StormRow> {
    let (shape, connections) = QUERY;
    let alone = closed_loop::run(bench, documents, shape, connections, settings).await?;
    // Other members than in the run before: nobody's devices become too many.
    let start = usize::try_from(bench.now().await?.timestamp_millis())? % MEMBERS;
    let storm = Arc::new(Storm { next: AtomicUsize::new(start), ..Storm::default() });
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(keep_signing_in(bench.address.clone(), Arc::clone(&storm))))
        .collect();
    let beside = closed_loop::run(bench, documents, shape, connections, settings).await;
    storm.over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await??;
    }
    let first_error = std::mem::take(&mut *storm.first_error.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(StormRow {
        alone,
        beside: beside?,
        callers: CALLERS,
        signed_in: storm.signed_in.load(Ordering::Relaxed),
        refused: storm.refused.load(Ordering::Relaxed),
        first_error,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Each time another member, so that nobody is locked out.
async fn keep_signing_in(address: String, storm: Arc<Storm>) -> anyhow::Result<()> {
    let mut connection = Connection::open(&address).await?;
    let password = seed::ACCOUNTS.first().map_or("", |account| account.password);
    while !storm.over.load(Ordering::Relaxed) {
        let member = storm.next.fetch_add(1, Ordering::Relaxed) % MEMBERS + 1;
        let input = json!({ "email": format!("bench{member}@example.com"), "password": password });
        let query = "mutation L($input: LogInInput!) { logIn(input: $input) { session { accessToken } userErrors { code } } }";
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = connection.ask(request.as_bytes()).await?;
        if answer.is_good() {
            storm.signed_in.fetch_add(1, Ordering::Relaxed);
        } else if storm.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            let text = String::from_utf8_lossy(answer.body).chars().take(300).collect();
            *storm.first_error.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
    }
    Ok(())
}
