//! What is printed and written.

use std::{fs, io::Write, path::Path};

use serde_json::{Value, json};

use crate::{closed_loop::ratio, process::Mark};

/// Everything measured in a run.
#[derive(Default)]
pub(crate) struct Report {
    /// Requests.
    pub(crate) rows: Vec<Row>,
    /// Subscriptions.
    pub(crate) fanout: Vec<FanoutRow>,
    /// Sign-ins.
    pub(crate) storm: Option<StormRow>,
    /// What the other harness found.
    pub(crate) peers: Vec<Value>,
}

/// A shape at a number of connections.
pub(crate) struct Row {
    pub(crate) shape: String,
    pub(crate) title: String,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Microseconds, in order.
    pub(crate) latencies: Vec<u32>,
    pub(crate) body_bytes: usize,
    pub(crate) statements: f64,
    pub(crate) errors: usize,
    pub(crate) first_error: String,
    pub(crate) used: Mark,
    pub(crate) memory_mb: f64,
}

/// Sockets at a rate of publishes.
pub(crate) struct FanoutRow {
    pub(crate) sockets: usize,
    pub(crate) rate: f64,
    pub(crate) expected: usize,
    /// Microseconds, in order.
    pub(crate) latencies: Vec<u32>,
    pub(crate) closed: usize,
    /// Why the first of them closed.
    pub(crate) reason: String,
    pub(crate) idle_kb: f64,
    pub(crate) used: Mark,
}

/// A cheap query alone and beside many who sign in.
pub(crate) struct StormRow {
    pub(crate) alone: Row,
    pub(crate) beside: Row,
    pub(crate) callers: usize,
    pub(crate) signed_in: usize,
    pub(crate) refused: usize,
    /// Why the first of them was refused.
    pub(crate) first_error: String,
    pub(crate) seconds: f64,
}

impl StormRow {
    fn ratio(&self) -> f64 {
        self.beside.rate() / self.alone.rate()
    }

    /// The row as a line of Markdown.
    pub(crate) fn line(&self) -> String {
        format!(
            "| {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {} {} |",
            self.alone.shape,
            self.callers,
            self.alone.rate(),
            self.beside.rate(),
            self.ratio(),
            millis(&self.alone.latencies, 99),
            millis(&self.beside.latencies, 99),
            count(self.signed_in) / self.seconds,
            self.refused,
            self.first_error,
        )
    }

    fn json(&self) -> Value {
        json!({
            "shape": "L1", "callers": self.callers, "rps_alone": self.alone.rate(), "rps_beside": self.beside.rate(),
            "ratio": self.ratio(), "p99_us_alone": at(&self.alone.latencies, 99),
            "p99_us_beside": at(&self.beside.latencies, 99),
            "sign_ins_per_s": count(self.signed_in) / self.seconds, "refused": self.refused,
        })
    }
}

impl Row {
    /// Answers a second.
    fn rate(&self) -> f64 {
        count(self.count()) / self.seconds
    }

    fn count(&self) -> usize {
        self.latencies.len()
    }

    fn micros(&self, seconds: f64) -> f64 {
        seconds * 1e6 / count(self.count()).max(1.0)
    }

    /// The row as a line of Markdown.
    pub(crate) fn line(&self) -> String {
        let (app, postgres) = (self.micros(self.used.server), self.micros(self.used.postgres));
        let errors =
            if self.errors == 0 { "0".to_owned() } else { format!("{}: {}", self.errors, self.first_error) };
        format!(
            "| {} | {} | {:.0} | {:.2} | {:.2} | {app:.0} | {postgres:.0} | {:.0} | {:.1} | {} | {:.0} | {:.2} | {errors} |",
            self.shape,
            self.connections,
            self.rate(),
            millis(&self.latencies, 50),
            millis(&self.latencies, 99),
            app + postgres,
            self.statements,
            self.body_bytes / self.count().max(1),
            self.memory_mb,
            self.used.others() / self.seconds,
        )
    }

    fn json(&self) -> Value {
        json!({
            "shape": self.shape, "title": self.title, "c": self.connections, "n": self.count(),
            "rps": self.rate(), "p50_us": at(&self.latencies, 50), "p99_us": at(&self.latencies, 99),
            "app_cpu_us_per_req": self.micros(self.used.server), "pg_cpu_us_per_req": self.micros(self.used.postgres),
            "gen_cpu_us_per_req": self.micros(self.used.own), "sql_per_req": self.statements,
            "body_bytes": self.body_bytes / self.count().max(1), "app_rss_mb": self.memory_mb,
            "other_cores": self.used.others() / self.seconds, "errors": self.errors, "first_error": self.first_error,
        })
    }
}

impl FanoutRow {
    fn per_delivery(&self, seconds: f64) -> f64 {
        seconds * 1e6 / count(self.latencies.len()).max(1.0)
    }

    /// The row as a line of Markdown.
    pub(crate) fn line(&self) -> String {
        format!(
            "| {} | {} | {} of {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {} {} |",
            self.sockets,
            self.rate,
            self.latencies.len(),
            self.expected,
            millis(&self.latencies, 50),
            millis(&self.latencies, 99),
            self.per_delivery(self.used.server),
            self.per_delivery(self.used.postgres),
            self.idle_kb,
            self.closed,
            self.reason,
        )
    }

    fn json(&self) -> Value {
        json!({
            "shape": "S1", "conns": self.sockets, "rate": self.rate, "expected": self.expected,
            "delivered": self.latencies.len(), "closed": self.closed, "p50_us": at(&self.latencies, 50),
            "p99_us": at(&self.latencies, 99), "app_cpu_us_per_msg": self.per_delivery(self.used.server),
            "pg_cpu_us_per_msg": self.per_delivery(self.used.postgres), "app_kb_per_conn_idle": self.idle_kb,
        })
    }
}

const HEAD: &str = "| shape | connections | requests/s | p50 ms | p99 ms | server µs | PostgreSQL µs | sum µs | statements | bytes | server MB | other cores | errors |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
";
const FANOUT_HEAD: &str = "| sockets | publishes/s | delivered | p50 ms | p99 ms | server µs per delivery | PostgreSQL µs | KB per idle socket | closed |
|---|---|---|---|---|---|---|---|---|
";
const STORM_HEAD: &str = "| shape | signing in | requests/s alone | beside | beside to alone | p99 ms alone | beside | sign-ins/s | refused |
|---|---|---|---|---|---|---|---|---|
";
const PEERS_HEAD: &str = "| shape | connections | peer | requests/s, ours to theirs | CPU, ours to theirs |
|---|---|---|---|---|
";

impl Report {
    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let lines = |rows: Vec<String>| rows.into_iter().map(|line| line + "\n").collect::<String>();
        if !self.rows.is_empty() {
            text = format!(
                "\nCPU per request, statements per request.\n\n{HEAD}{}",
                lines(self.rows.iter().map(Row::line).collect())
            );
        }
        if !self.fanout.is_empty() {
            let fanout = lines(self.fanout.iter().map(FanoutRow::line).collect());
            text.push_str(&format!(
                "\nS1: one conversation, every socket gets every message.\n\n{FANOUT_HEAD}{fanout}"
            ));
        }
        if let Some(storm) = &self.storm {
            text.push_str(&format!(
                "\nL1: a cheap query alone, and beside members who sign in by password.\n\n{STORM_HEAD}{}\n",
                storm.line()
            ));
        }
        let ratios = self.ratios();
        if !ratios.is_empty() {
            text.push_str(&format!("\n{PEERS_HEAD}{}", lines(ratios)));
        }
        text
    }

    /// Writes the tables and the figures as `report.md` and `report.json`.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let fanout = self.fanout.iter().map(FanoutRow::json);
        let storm = self.storm.iter().map(StormRow::json);
        let rows: Vec<Value> = self.rows.iter().map(Row::json).chain(fanout).chain(storm).collect();
        fs::write(
            folder.join("report.json"),
            serde_json::to_string_pretty(&json!({ "rows": rows, "peers": self.peers }))?,
        )?;
        Ok(fs::write(folder.join("report.md"), self.markdown())?)
    }

    /// Ours beside each cell of a peer with the same shape and number of connections; a shape that ends in `k` is the
    /// same question answered from what is kept.
    fn ratios(&self) -> Vec<String> {
        let own: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let mut lines = Vec::new();
        for theirs in self.peers.iter().filter(|row| text(row, "peer") != OUR_NAME) {
            let shape = text(theirs, "shape");
            for wanted in [shape.to_owned(), format!("{shape}k")] {
                let is_same = |row: &&Value| text(row, "shape") == wanted && row.get("c") == theirs.get("c");
                // Measured by the other harness in turn with the peer if it could, else by this one.
                let beside = self.peers.iter().filter(|row| text(row, "peer") == OUR_NAME).find(is_same);
                let Some(ours) = beside.or_else(|| own.iter().find(is_same)) else { continue };
                lines.push(format!(
                    "| {wanted} | {} | {} | {:.2} | {:.2} |",
                    number(theirs, "c"),
                    text(theirs, "peer"),
                    number(ours, "rps") / number(theirs, "rps"),
                    cpu(ours) / cpu(theirs),
                ));
            }
        }
        lines
    }
}

/// The name under which the other harness knows this server.
pub(crate) const OUR_NAME: &str = "skillswap";

fn cpu(row: &Value) -> f64 {
    number(row, "app_cpu_us_per_req") + number(row, "pg_cpu_us_per_req")
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Value, name: &str) -> f64 {
    row.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn count(count: usize) -> f64 {
    ratio(i64::try_from(count).unwrap_or_default(), 1)
}

/// The value that this percentage of the values do not exceed.
fn at(ordered: &[u32], percent: usize) -> u32 {
    ordered
        .get((ordered.len() * percent / 100).min(ordered.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn millis(ordered: &[u32], percent: usize) -> f64 {
    f64::from(at(ordered, percent)) / 1000.0
}

/// Prints a result.
pub(crate) fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}

/// Tells how far the run is.
pub(crate) fn note(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stderr(), "{text}")?)
}
