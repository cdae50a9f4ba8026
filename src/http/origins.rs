//! Which web pages may call: the ones named in the settings, and in demo and development the developer's own machine.

use actix_cors::Cors;
use actix_web::http::{
    Method,
    header::{HOST, HeaderMap, HeaderName, ORIGIN, RETRY_AFTER},
};

use crate::config::{Config, Mode};

/// How long a browser may remember that it may call.
const PREFLIGHT_SECONDS: usize = 3600;

/// The origins whose pages may call.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    allowed: Vec<String>,
    local: bool,
}

impl Origins {
    pub(super) fn new(config: &Config, public_url: &str) -> Self {
        let own = public_url.split('/').take(3).collect::<Vec<_>>().join("/");
        let allowed =
            config.allowed_origins.iter().cloned().chain([own]).map(|origin| origin.to_ascii_lowercase());
        Self { allowed: allowed.collect(), local: config.mode != Mode::Production }
    }

    /// Whether a page may call where browsers do not ask first (a WebSocket, or a request with cookies), so that the server
    /// has to look. Programs that are no browsers send no origin.
    pub(super) fn may_call(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN);
        let Some(origin) = origins.next() else { return true };
        let (Ok(origin), None) = (origin.to_str(), origins.next()) else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        self.allows(origin)
            || authority(origin).zip(host).is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
    }

    /// Lets the allowed pages read what they asked for.
    pub(super) fn cors(&self) -> Cors {
        let origins = self.clone();
        Cors::default()
            .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| origins.allows(origin)))
            .allowed_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_any_header()
            .supports_credentials()
            .expose_headers([HeaderName::from_static("x-request-id"), RETRY_AFTER])
            .max_age(PREFLIGHT_SECONDS)
    }

    fn allows(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
            || (self.local && authority(origin).is_some_and(is_local))
    }
}

fn authority(origin: &str) -> Option<&str> {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .filter(|rest| !rest.contains(['/', '@']))
}

fn is_local(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn opens(origins: &Origins, host: &'static str, origin: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
        origins.may_call(&headers)
    }

    #[test]
    fn only_known_pages_may_open_a_socket() {
        let production = Origins { allowed: vec!["https://app.example".to_owned()], local: false };
        assert!(opens(&production, "api.example", "https://app.example"));
        assert!(opens(&production, "api.example:8080", "http://api.example:8080"));
        assert!(production.may_call(&HeaderMap::new()));
        for origin in [
            "https://app.example.evil",
            "https://evil",
            "null",
            "http://localhost:3000",
            "https://app.example:444",
            "",
        ] {
            assert!(!opens(&production, "api.example", origin), "{origin}");
        }
    }

    #[test]
    fn the_developers_machine_may_outside_production() {
        let demo = Origins { allowed: Vec::new(), local: true };
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://127.0.0.1:5173",
            "http://[::1]:3000",
            "http://a.localhost",
        ] {
            assert!(opens(&demo, "127.0.0.1:8080", origin), "{origin}");
        }
        for origin in [
            "http://localhost.evil",
            "http://evil/localhost",
            "http://x@localhost",
            "http://127.0.0.1.evil:80",
        ] {
            assert!(!opens(&demo, "127.0.0.1:8080", origin), "{origin}");
        }
    }
}
