//! `GET /dev/mail`: the mail that nobody delivered, as a page or as JSON. Absent in production.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CONTENT_SECURITY_POLICY,
    web::{Data, Query},
};
use serde::Deserialize;

use super::{media, ops, server::Shared};
use crate::{
    config::Mode,
    html::escape,
    integrations::mail::mailbox::{self, KeptMail},
};

/// How many are shown.
const SHOWN: i64 = 100;

/// Which mails are shown.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Only those to this address.
    to: Option<String>,
}

/// The newest mails, newest first.
pub(super) async fn list(
    shared: Data<Shared>,
    request: HttpRequest,
    wanted: Option<Query<Wanted>>,
) -> HttpResponse {
    let app = &shared.engine.app;
    if app.config.mode == Mode::Production {
        return ops::not_found().await;
    }
    let to = wanted.and_then(|wanted| wanted.into_inner().to);
    match mailbox::newest(app, to.as_deref(), SHOWN).await {
        Ok(mails) if media::accepts(request.headers(), "text/html") => page(&mails),
        Ok(mails) => HttpResponse::Ok().json(mails),
        Err(error) => {
            tracing::warn!(%error, "the mailbox cannot be read");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

fn page(mails: &[KeptMail]) -> HttpResponse {
    let mut body = String::new();
    for mail in mails {
        // The mail's own HTML is shown in a frame that may do nothing but follow links.
        write!(
            body,
            "<article>\n<h2>{}</h2>\n<p>To {} at {}{}</p>\n<iframe sandbox=\"allow-popups allow-popups-to-escape-sandbox\" \
             title=\"{}\" width=\"100%\" height=\"420\" srcdoc=\"{}\"></iframe>\n\
             <details><summary>As text</summary><pre>{}</pre></details>\n</article>\n",
            escape(&mail.subject),
            escape(&mail.recipient),
            mail.sent_at.format("%Y-%m-%d %H:%M:%S UTC"),
            mail.attachment.as_deref().map(|name| format!(", with {}", escape(name))).unwrap_or_default(),
            escape(&mail.subject),
            escape(&mail.html_body.replace("<head>", "<head><base target=\"_blank\">")),
            escape(&mail.text_body),
        )
        .ok();
    }
    if mails.is_empty() {
        body.push_str("<p>No mail yet.</p>\n");
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Mailbox</title>\n\
             <style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; }} \
             iframe {{ border: 1px solid #ccc; border-radius: 8px; }}</style>\n</head>\n<body>\n<h1>Mailbox</h1>\n\
             <p>Mail that was not delivered because no SMTP server is set. Newest first.</p>\n{body}</body>\n</html>\n"
        ))
}
