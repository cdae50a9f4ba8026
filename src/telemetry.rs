//! Logs and metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
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

/// Collects metrics; the handle renders them for Prometheus. `None` if this process collects them already.
#[must_use]
pub fn start_metrics() -> Option<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().ok()
}
