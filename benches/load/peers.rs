//! Other servers in the same run, by a harness of their own: see benches/README.md.

use std::{fs, path::Path, process::Command};

use anyhow::Context;
use serde_json::Value;

use crate::{Settings, documents::Documents, report, server::Bench};

/// Runs the harness with our server as one more endpoint and returns its rows. What it cannot send to us, because every
/// sending must differ, it still measures on the others.
pub(crate) fn run(
    bench: &Bench,
    documents: &Documents<'_>,
    folder: &Path,
    settings: &Settings,
) -> anyhow::Result<Vec<Value>> {
    report::note("Measuring the others …")?;
    let out = std::path::absolute(&settings.folder)?.join("peers");
    let own_documents = out.with_extension("documents.json");
    fs::write(&own_documents, serde_json::to_string_pretty(&documents.for_others())?)?;
    let connections: Vec<String> = settings.connections.iter().map(ToString::to_string).collect();
    let pids = format!("{},{}", bench.server.pid(), bench.postgres.pid());
    let status = Command::new("bash")
        .arg(folder.join("run.sh"))
        .args(["--target", &format!("http://{}/graphql", bench.address), "--target-name", report::OUR_NAME])
        .arg("--target-docs")
        .arg(&own_documents)
        .args([
            "--target-pids",
            &pids,
            "--shapes",
            "Q4,Q3,Q2,Q1,Q1k,M1,M2",
            "--conns",
            &connections.join(","),
        ])
        .arg("--out")
        .arg(&out)
        .args(settings.peers_options.split_whitespace())
        .env("NO_CEILING", "1")
        .status()
        .with_context(|| folder.join("run.sh").display().to_string())?;
    anyhow::ensure!(status.success(), "the harness in {} failed: see above", folder.display());
    let rows = fs::read_to_string(out.with_extension("json"))?;
    Ok(serde_json::from_str(&rows)?)
}
