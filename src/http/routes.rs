//! Every route, in reading order.

use actix_web::http::Method;
use actix_web::{
    guard,
    web::{PayloadConfig, ServiceConfig, get, method, post, resource, route, to},
};

use super::{account, files, graphql, identity, mail, ops, playground, sandbox, sse, webhooks};

/// Lists the routes.
pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .service(resource("/").route(read().to(playground::front)))
        .service(
            resource("/graphql")
                .route(post().to(graphql::post))
                .route(get().to(graphql::get))
                .default_service(to(graphql::other_method)),
        )
        .service(
            resource("/graphql/stream")
                .route(get().to(sse::get))
                .route(post().to(sse::post))
                .route(method(Method::PUT).to(sse::reserve))
                .route(method(Method::DELETE).to(sse::complete))
                .default_service(to(sse::other_method)),
        )
        .route("/playground", read().to(playground::without_slash))
        .route("/playground/{path:.*}", read().to(playground::file))
        .route("/.well-known/jwks.json", read().to(identity::jwks))
        .route("/account/{page}", read().to(account::page))
        .route("/dev/accounts", read().to(identity::demo_accounts))
        .route("/dev/mail", read().to(mail::list))
        .service(
            resource("/webhooks/identity")
                .app_data(PayloadConfig::new(webhooks::MAX_BODY))
                .route(post().to(webhooks::receive_identity)),
        )
        .service(
            resource("/webhooks/payouts/{provider}")
                .app_data(PayloadConfig::new(webhooks::MAX_BODY))
                .route(post().to(webhooks::receive_payout)),
        )
        .service(
            resource("/webhooks/{provider}")
                .app_data(PayloadConfig::new(webhooks::MAX_BODY))
                .route(post().to(webhooks::receive)),
        )
        .route("/sandbox/checkout/{id}", read().to(sandbox::show))
        .route("/sandbox/checkout/{id}/{decision}", post().to(sandbox::decide))
        .route("/sandbox/payouts/{id}", read().to(sandbox::payouts::show))
        .route("/sandbox/payouts/{id}/{decision}", post().to(sandbox::payouts::decide))
        .service(
            resource("/files/{id}").route(method(Method::PUT).to(files::put)).route(read().to(files::get)),
        )
        .route("/healthz", read().to(ops::healthz))
        .route("/readyz", read().to(ops::readyz))
        .route("/metrics", read().to(ops::metrics))
        .default_service(to(ops::not_found));
}

fn read() -> actix_web::Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
