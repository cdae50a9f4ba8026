//! The media types of GraphQL over HTTP: what a client accepts decides the type and the status of its answer.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// The type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: a request that is refused has a status of its own.
    GraphQlResponse,
    /// `application/json`, for older clients: an answer of the engine is always 200.
    Json,
}

impl Media {
    /// What the client likes best; without a wish, `application/json`. `None` if it accepts neither.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Self> {
        if headers.get_all(ACCEPT).all(|wish| wish.as_bytes().trim_ascii().is_empty()) {
            return Some(Self::Json);
        }
        let mut best: Option<(f32, Self)> = None;
        for item in
            headers.get_all(ACCEPT).filter_map(|wish| wish.to_str().ok()).flat_map(|wish| wish.split(','))
        {
            let mut parts = item.split(';').map(str::trim);
            let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Self::GraphQlResponse,
                "application/json" | "application/*" | "*/*" => Self::Json,
                _ => continue,
            };
            let quality = quality(parts);
            if quality > 0.0 && best.is_none_or(|(best, _)| quality > best) {
                best = Some((quality, media));
            }
        }
        best.map(|(_, media)| media)
    }

    /// The value of `Content-Type`.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::GraphQlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let given = parameters
        .find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")));
    given.map_or(1.0, |text| text.parse().unwrap_or(0.0))
}

/// Whether a header names a type among those accepted, word for word.
pub(super) fn accepts(headers: &HeaderMap, media: &str) -> bool {
    headers
        .get_all(ACCEPT)
        .filter_map(|wish| wish.to_str().ok())
        .flat_map(|wish| wish.split(','))
        .any(|item| item.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(media)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn negotiated(accept: &'static str) -> Option<Media> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Media::negotiate(&headers)
    }

    #[test]
    fn the_best_wish_that_can_be_granted_wins() {
        assert_eq!(Media::negotiate(&HeaderMap::new()), Some(Media::Json));
        for (accept, media) in [
            ("application/graphql-response+json", Some(Media::GraphQlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(Media::GraphQlResponse)),
            ("application/json, application/graphql-response+json;q=0.9", Some(Media::Json)),
            (
                "application/graphql-response+json;charset=utf-8;q=0.1, */*;q=0.01",
                Some(Media::GraphQlResponse),
            ),
            ("Application/JSON", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("text/html, application/*;q=0.2", Some(Media::Json)),
            ("application/json;q=0", None),
            ("application/json;q=nonsense", None),
            ("text/html", None),
            (" ", Some(Media::Json)),
        ] {
            assert_eq!(negotiated(accept), media, "{accept}");
        }
    }
}
