//! `GET /files/inv_…`: the PDF of an invoice, by a signed link.

use actix_web::{
    HttpResponse,
    body::SizedStream,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ETAG},
};

use super::files::{POLICY, unavailable};
use crate::{
    app::App,
    db::ids::InvoiceId,
    domains::invoices::{
        model::MIME,
        service::{self, Found},
    },
    integrations::storage::link::Signed,
};

/// Hands the file out. `None` if the link is not good.
pub(super) async fn get(app: &App, id: InvoiceId, signed: Option<&Signed>) -> Option<HttpResponse> {
    let Found { file, disposition } = match service::find(app, id, signed).await {
        Ok(found) => found?,
        Err(error) => return Some(unavailable(&error)),
    };
    let pieces = match service::read(app, &file).await {
        Ok(pieces) => pieces,
        Err(error) => return Some(unavailable(&error)),
    };
    let answer = HttpResponse::Ok()
        .content_type(MIME)
        .insert_header((ETAG, format!("\"{}\"", file.sha256_text())))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(SizedStream::new(u64::try_from(file.bytes).unwrap_or_default(), pieces));
    Some(answer)
}
