//! Logs and metrics.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, LogFormat};

/// Sends the log to standard error in the form the settings ask for. Only the first call of a process has an effect.
///
/// # Errors
/// If the filter cannot be read.
pub fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| anyhow::anyhow!("SKILLSWAP_LOG cannot be read: {error}"))?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    match config.log_format {
        LogFormat::Text => registry.with(lines).try_init().ok(),
        LogFormat::Json => registry.with(lines.json()).try_init().ok(),
    };
    Ok(())
}

/// Upper ends of the classes of durations, in seconds: from a kept answer to the longest execution.
const BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// Collects metrics; the handle renders them for Prometheus. `None` if this process collects them already.
#[must_use]
pub fn start_metrics() -> Option<PrometheusHandle> {
    let durations = Matcher::Suffix("_duration_seconds".to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(durations, BUCKETS).ok()?.install_recorder().ok()
}
