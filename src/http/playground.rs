//! The playground: GraphiQL, embedded in the binary.

use std::io::Read;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        IF_NONE_MATCH, LOCATION, VARY,
    },
    web::{Data, Path},
};

use super::{ops, server::Shared};
use crate::config::Mode;

/// What the page may load: itself.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'";

/// A file of the built page.
struct Built {
    path: &'static str,
    /// Whether `bytes` are its gzip form.
    gzip: bool,
    etag: &'static str,
    bytes: &'static [u8],
}

static FILES: &[Built] = include!(concat!(env!("OUT_DIR"), "/playground_files.rs"));

/// `/`: the playground, or in production who is speaking.
pub(super) async fn front(shared: Data<Shared>) -> HttpResponse {
    if shared.engine.app.config.mode == Mode::Production {
        let text = "SkillSwap. GraphQL is served at /graphql, over HTTP and WebSocket.\n";
        return HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text);
    }
    HttpResponse::Found().insert_header((LOCATION, "/playground/")).finish()
}

/// `/playground`: its addresses are relative to a folder.
pub(super) async fn without_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/playground/")).finish()
}

/// A file of the page. Where only registered documents run, there is nothing to play with.
pub(super) async fn file(shared: Data<Shared>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    if shared.engine.app.config.trusts_registered_only() {
        return ops::not_found().await;
    }
    let path = if path.is_empty() { "index.html" } else { path.as_str() };
    let Some(built) = FILES.iter().find(|built| built.path == path) else { return ops::not_found().await };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((ETAG, built.etag))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((CACHE_CONTROL, cache_control(path)));
    let known = request.headers().get_all(IF_NONE_MATCH).filter_map(|tags| tags.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|tag| tag.trim() == built.etag) {
        return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
    }
    response.insert_header((CONTENT_TYPE, content_type(path)));
    if !built.gzip {
        return response.body(built.bytes);
    }
    if accepts_gzip(&request) {
        return response.insert_header((CONTENT_ENCODING, "gzip")).body(built.bytes);
    }
    let mut plain = Vec::new();
    match flate2::read::GzDecoder::new(built.bytes).read_to_end(&mut plain) {
        Ok(_) => response.body(plain),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Files in `assets/` carry a hash of their content in their name.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let given = request.headers().get_all(ACCEPT_ENCODING).filter_map(|given| given.to_str().ok());
    given.flat_map(|given| given.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        matches!(name.trim(), "gzip" | "*")
            && !matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}
