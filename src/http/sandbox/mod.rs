//! The sandbox providers' hosted pages: `GET /sandbox/checkout/{id}` and `GET /sandbox/payouts/{id}`, and the decisions
//! below them. Absent in production.

mod page;
pub(super) mod payouts;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_SECURITY_POLICY, LOCATION},
    },
    web::{Data, Path},
};

use self::page::Page;
use super::{ops, server::Shared};
use crate::{
    app::App,
    integrations::payments::{
        return_url,
        sandbox::checkout::{self, CheckoutRow, CheckoutStatus},
    },
};

/// The page of a checkout.
pub(super) async fn show(shared: Data<Shared>, id: Path<String>) -> HttpResponse {
    let app = &shared.engine.app;
    if !app.integrations.payments.has_sandbox() {
        return ops::not_found().await;
    }
    match checkout::find(app, &id).await {
        Ok(Some(checkout)) => shown(StatusCode::OK, &Page::of(&checkout, back(app, &checkout))),
        Ok(None) => shown(StatusCode::NOT_FOUND, &Page::unknown()),
        Err(error) => failed(&error),
    }
}

/// The member's decision on a checkout: the first one counts. Leads back to the shop, or to the page with the result.
pub(super) async fn decide(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let app = &shared.engine.app;
    let (id, word) = path.into_inner();
    let decision = match word.as_str() {
        "pay" => CheckoutStatus::Paid,
        "fail" => CheckoutStatus::Failed,
        "abandon" => CheckoutStatus::Abandoned,
        _ => return ops::not_found().await,
    };
    if !app.integrations.payments.has_sandbox() {
        return ops::not_found().await;
    }
    match checkout::decide(app, &id, decision).await {
        Ok(Some(checkout)) => {
            let target = back(app, &checkout).map_or_else(|| format!("../{}", checkout.id), String::from);
            HttpResponse::SeeOther().insert_header((LOCATION, target)).finish()
        }
        Ok(None) => shown(StatusCode::NOT_FOUND, &Page::unknown()),
        Err(error) => failed(&error),
    }
}

/// Where the member came from, checked once more: the settings may have changed since.
fn back(app: &App, checkout: &CheckoutRow) -> Option<reqwest::Url> {
    return_url::allowed(&app.config, &app.public_url, checkout.return_url.as_deref()?)
}

fn shown(status: StatusCode, page: &Page) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, page.policy()))
        .body(page.html())
}

fn failed(error: &impl std::fmt::Display) -> HttpResponse {
    tracing::warn!(%error, "the sandbox's books cannot be read");
    shown(StatusCode::SERVICE_UNAVAILABLE, &Page::unavailable())
}
