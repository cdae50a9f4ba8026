//! Pages about identity: our public keys, and the demo's accounts.

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use super::server::Shared;
use crate::{cli::seed, config::Mode, domains::accounts::service::public_keys};

/// `GET /.well-known/jwks.json`: the keys that check our access tokens.
pub(super) async fn jwks(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "public, max-age=300"))
        .json(public_keys(&shared.engine.app))
}

/// `GET /dev/accounts`: who can be signed in as with one click; nobody outside the demo.
pub(super) async fn demo_accounts(shared: Data<Shared>) -> HttpResponse {
    if shared.engine.app.config.mode != Mode::Demo {
        return HttpResponse::Ok().json(json!([]));
    }
    HttpResponse::Ok().json(seed::ACCOUNTS)
}
