//! `GET /account/{page}`: where the links in mails lead if there is no web app. Opening a link does nothing yet: programs
//! that look into mail would use it up. The token stays in the browser until the button is pressed.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::CONTENT_SECURITY_POLICY, web::Path};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::ops;

const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("../sandbox/page.css");
const PAGES: [&str; 3] = ["verify-email", "reset-password", "confirm-email"];

static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
});

static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex\">\n<link rel=\"icon\" href=\"data:,\">\n<title>SkillSwap</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1 id=\"title\"></h1>\n<form id=\"form\">\n\
         <p id=\"password\"><label>New password <input id=\"new\" type=\"password\" minlength=\"8\" maxlength=\"128\" \
         autocomplete=\"new-password\" required></label></p>\n<button class=\"go\" id=\"button\" type=\"submit\"></button>\n\
         </form>\n<p id=\"status\" role=\"status\"></p>\n<noscript>This page needs JavaScript.</noscript>\n</main>\n\
         <script type=\"module\">{SCRIPT}</script>\n</body>\n</html>\n"
    )
});

/// The documents that the page sends: they are trusted wherever it is served.
pub(super) fn documents() -> impl Iterator<Item = &'static str> {
    SCRIPT.split("mutation: \"").skip(1).filter_map(|rest| rest.split('"').next())
}

/// The page of one kind of link.
pub(super) async fn page(page: Path<String>) -> HttpResponse {
    if !PAGES.contains(&page.as_str()) {
        return ops::not_found().await;
    }
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(PAGE.as_str())
}
