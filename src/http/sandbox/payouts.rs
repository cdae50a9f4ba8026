//! The page on which the holder of a payout account decides what the sandbox thinks of them and does with payouts.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Path},
};

use super::{failed, page::Page, shown};
use crate::{
    app::App,
    http::{ops, server::Shared},
    integrations::{
        payments::return_url,
        payouts::sandbox::books::{self, AccountRow, AccountStatus, Behaviour},
    },
};

/// The page of an account.
pub(in crate::http) async fn show(shared: Data<Shared>, id: Path<String>) -> HttpResponse {
    let app = &shared.engine.app;
    if !app.integrations.payouts.has_sandbox() {
        return ops::not_found().await;
    }
    match books::find(app, &id).await {
        Ok(Some(account)) => shown(StatusCode::OK, &Page::of_account(&account, back(app, &account))),
        Ok(None) => shown(StatusCode::NOT_FOUND, &Page::unknown()),
        Err(error) => failed(&error),
    }
}

/// The holder's decision; each counts until the next. Leads back to the page.
pub(in crate::http) async fn decide(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let app = &shared.engine.app;
    let (id, word) = path.into_inner();
    let (status, behaviour) = match word.as_str() {
        "verify" => (AccountStatus::Verified, Behaviour::Pays),
        "restrict" => (AccountStatus::Restricted, Behaviour::Pays),
        "fail" => (AccountStatus::Verified, Behaviour::Fails),
        "refuse" => (AccountStatus::Verified, Behaviour::Refuses),
        "lose" => (AccountStatus::Verified, Behaviour::LosesReplies),
        _ => return ops::not_found().await,
    };
    if !app.integrations.payouts.has_sandbox() {
        return ops::not_found().await;
    }
    match books::decide(app, &id, status, behaviour).await {
        Ok(Some(account)) => {
            HttpResponse::SeeOther().insert_header((LOCATION, format!("../{}", account.id))).finish()
        }
        Ok(None) => shown(StatusCode::NOT_FOUND, &Page::unknown()),
        Err(error) => failed(&error),
    }
}

/// Where the holder came from, checked once more: the settings may have changed since.
fn back(app: &App, account: &AccountRow) -> Option<reqwest::Url> {
    return_url::allowed(&app.config, &app.public_url, account.return_url.as_deref()?)
}
