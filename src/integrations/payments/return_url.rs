//! Where a member may be sent after a checkout: to our own pages and to the web origins of the settings, nowhere else.

use reqwest::Url;

use crate::config::{Config, Mode};

/// The address in normal form, if members may be sent there.
#[must_use]
pub fn allowed(config: &Config, public_url: &str, text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain =
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let known = std::iter::once(public_url).chain(config.allowed_origins.iter().map(String::as_str));
    let is_known = known.filter_map(|own| Url::parse(own).ok()).any(|own| own.origin() == url.origin());
    // As for calls from web pages: the developer's own machine is welcome outside production.
    let is_local = config.mode != Mode::Production && url.host_str().is_some_and(is_local);
    (plain && (is_known || is_local)).then_some(url)
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        config: Config,
    }

    fn check(mode: &str, text: &str) -> Option<String> {
        let flags =
            ["skillswap", "--mode", mode, "--allowed-origins", "https://app.example,https://b.example:8443"];
        let config = Settings::parse_from(flags).config;
        allowed(&config, "https://api.example/base", text).map(String::from)
    }

    #[test]
    fn own_and_allowed_origins_are_good() {
        for text in [
            "https://api.example/x?y=1#z",
            "https://app.example/",
            "https://b.example:8443/back",
            "https://APP.example:443/a",
        ] {
            assert!(check("production", text).is_some(), "{text}");
        }
        assert_eq!(
            check("production", "https://APP.example:443/a b").as_deref(),
            Some("https://app.example/a%20b")
        );
    }

    #[test]
    fn everything_else_is_not() {
        let texts = [
            "",
            "/relative",
            "//app.example",
            "https://evil.example",
            "http://app.example/",
            "https://app.example:444/",
            "https://app.example@evil.example/",
            "https://user:pw@app.example/",
            "https://app.example.evil.example/",
            "https://evil.example\\@app.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://localhost:3000/",
        ];
        for text in texts {
            assert_eq!(check("production", text), None, "{text}");
        }
    }

    #[test]
    fn the_developers_machine_is_good_outside_production() {
        for text in ["http://localhost:3000/paid", "http://127.0.0.1/", "https://web.localhost:8443/"] {
            assert!(check("demo", text).is_some(), "{text}");
        }
        assert_eq!(check("demo", "http://localhost.evil.example/"), None);
    }
}
