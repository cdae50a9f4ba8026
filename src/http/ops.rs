//! Health and metrics.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_TYPE, RETRY_AFTER},
    web::Data,
};

use super::server::Shared;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The process lives.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// The process can answer requests: its database does, and it is not stopping.
pub(super) async fn readyz(shared: Data<Shared>) -> HttpResponse {
    let unready = |reason: &str| {
        HttpResponse::ServiceUnavailable()
            .insert_header((RETRY_AFTER, "1"))
            .json(serde_json::json!({ "status": "unavailable", "reason": reason }))
    };
    if shared.engine.app.is_stopping() {
        return unready("stopping");
    }
    match tokio::time::timeout(PATIENCE, shared.engine.reach_database()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database cannot be reached");
            unready("database")
        }
        Err(_) => unready("database"),
    }
}

/// Everything counted, for Prometheus.
pub(super) async fn metrics(shared: Data<Shared>) -> HttpResponse {
    let Some(prometheus) = &shared.prometheus else { return not_found().await };
    let app = &shared.engine.app;
    let pool = app.pool.status();
    for (state, connections) in [
        ("max", pool.max_size),
        ("open", pool.size),
        ("available", pool.available),
        ("waiting", pool.waiting),
    ] {
        metrics::gauge!("skillswap_pool_connections", "state" => state).set(to_f64(connections));
    }
    metrics::gauge!("skillswap_limited_callers").set(to_f64(app.limits.callers()));
    metrics::gauge!("skillswap_live_streams").set(to_f64(app.hub.live_streams()));
    metrics::gauge!("skillswap_subscription_groups").set(to_f64(shared.engine.groups()));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(prometheus.render())
}

/// Nothing is here.
pub(super) async fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .json(serde_json::json!({ "error": "NOT_FOUND", "message": "There is nothing at this address." }))
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
