//! `make bench`: measures the server on the benchmark data, prints a table and writes it to `target/bench`.
//!
//! It opens a private database of its own in `target/bench`, loads the benchmark data unless they are there, starts the
//! server as another process, and sends the requests of `benches/documents.json` in a closed loop. See benches/README.md.

mod closed_loop;
mod documents;
mod fanout;
mod material;
mod peers;
mod process;
mod report;
mod server;
mod storm;
mod template;

use std::path::PathBuf;

use clap::Parser;

use self::{documents::Documents, material::Material, report::Report, server::Bench};

/// What is measured, and for how long.
#[derive(Clone, Debug, Parser)]
#[command(about = "Measures the server on the benchmark data")]
pub struct Settings {
    /// Shapes of benches/documents.json, in order; S1 is the subscription, L1 the storm of sign-ins.
    #[arg(long, value_delimiter = ',', default_value = "Q4,Q3,Q2,Q1,Q1k,M1,M2,S1,L1")]
    pub shapes: Vec<String>,
    /// Connections, each with one request in flight.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    pub connections: Vec<usize>,
    /// Seconds measured per row of the table.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Seconds before, not measured.
    #[arg(long, default_value_t = 2.0)]
    pub warm_up: f64,
    /// Subscriptions: sockets x publishes a second.
    #[arg(long, value_delimiter = ',', default_value = "1000x20,10000x2")]
    pub sockets: Vec<String>,
    /// Folder of the database and the results.
    #[arg(long, default_value = "target/bench")]
    pub folder: PathBuf,
    /// Folder of a harness that measures other servers (its `run.sh`) in the same run.
    #[arg(long, env = "PEERS")]
    pub peers: Option<PathBuf>,
    /// Further options of that harness.
    #[arg(long, env = "PEERS_OPTIONS", default_value = "--peers mercurius --rounds 2 --secs 4")]
    pub peers_options: String,
    /// Given by `cargo bench`; without meaning here.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let settings = Settings::parse();
    // One thread for the load, so that it takes one core at most; another for what blocks.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(settings))
}

async fn measure(settings: Settings) -> anyhow::Result<()> {
    let bench = Bench::start(&settings).await?;
    let measured = measure_on(&bench, &settings).await;
    bench.stop().await?;
    let report = measured?;
    report.write(&settings.folder)?;
    report::say(&report.markdown())
}

async fn measure_on(bench: &Bench, settings: &Settings) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut material = Material::new(&settings.folder)?;
    for shape in settings.shapes.iter().filter(|shape| !["S1", "L1"].contains(&shape.as_str())) {
        for &connections in &settings.connections {
            material.renew(bench).await?;
            let documents = Documents::read(&material)?;
            let row = closed_loop::run(bench, &documents, shape, connections, settings).await?;
            report::say(&row.line())?;
            report.rows.push(row);
        }
    }
    if settings.shapes.iter().any(|shape| shape == "S1") {
        for plan in &settings.sockets {
            material.renew(bench).await?;
            let documents = Documents::read(&material)?;
            let row = fanout::run(bench, &documents, &material, plan.parse()?, settings).await?;
            report::say(&row.line())?;
            report.fanout.push(row);
        }
    }
    if settings.shapes.iter().any(|shape| shape == "L1") {
        material.renew(bench).await?;
        let row = storm::run(bench, &Documents::read(&material)?, settings).await?;
        report::say(&row.line())?;
        report.storm = Some(row);
    }
    if let Some(peers) = &settings.peers {
        material.renew(bench).await?;
        let documents = Documents::read(&material)?;
        report.peers = peers::run(bench, &documents, peers, settings)?;
    }
    Ok(report)
}
