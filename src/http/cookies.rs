//! The tokens of web pages, in cookies that no script can read.
//!
//! A cookie is sent by the browser, whoever wrote the page, so it is believed only if the page could not have been a
//! stranger's: the request has the header [`MARK`], for which a browser asks first whether the page may call (and a form
//! cannot send it at all), and its `Origin`, if it has one, is allowed. A WebSocket has no such header, so there the
//! `Origin` must be present and allowed.

use std::{collections::HashMap, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, SET_COOKIE},
};

use super::server::Shared;
use crate::graphql::cookies::{Cookies, SetCookie};

/// The header by which a web page asks for cookies: `1`.
const MARK: HeaderName = HeaderName::from_static("x-skillswap-web");
/// The plain names of our cookies.
const NAMES: [&str; 3] = [ACCESS, "refresh", "device"];
/// The access token's.
pub(super) const ACCESS: &str = "access";

/// The cookies of a request that asks for them and may be believed.
pub(super) fn of(shared: &Shared, request: &HttpRequest) -> Option<Arc<Cookies>> {
    let headers = request.headers();
    (are_wanted(headers) && shared.origins.may_call(headers))
        .then(|| Arc::new(Cookies::new(sent(shared, headers))))
}

/// Whether a page asks for its tokens in cookies.
pub(super) fn are_wanted(headers: &HeaderMap) -> bool {
    headers.get(MARK).is_some_and(|mark| mark == "1")
}

/// The access token of a page that opens a WebSocket.
pub(super) fn token_of_socket(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let by_page = headers.contains_key(ORIGIN) && shared.origins.may_call(headers);
    by_page.then(|| sent(shared, headers).remove(ACCESS)).flatten()
}

/// Adds to an answer what its execution set.
pub(super) fn write(shared: &Shared, cookies: &Cookies, response: &mut HttpResponse) {
    for cookie in cookies.take() {
        if let Ok(value) = HeaderValue::from_str(&text(&cookie, shared.https)) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

fn sent(shared: &Shared, headers: &HeaderMap) -> HashMap<&'static str, String> {
    let secure = shared.https;
    let pairs = headers.get_all(COOKIE).filter_map(|header| header.to_str().ok());
    let pairs = pairs.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let known = |(name, value): (&str, &str)| {
        let plain = NAMES.into_iter().find(|plain| full_name(plain, secure) == name)?;
        Some((plain, value.to_owned()))
    };
    pairs.filter_map(known).collect()
}

/// A browser takes a name with `__Host-` only from this very host over TLS: no neighbouring host can plant one.
fn full_name(plain: &str, secure: bool) -> String {
    if secure { format!("__Host-skillswap-{plain}") } else { format!("skillswap-{plain}") }
}

fn text(cookie: &SetCookie, secure: bool) -> String {
    let SetCookie { name, value, life } = cookie;
    let (name, seconds) = (full_name(name, secure), life.num_seconds());
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_cookie_is_out_of_reach_for_scripts_and_strangers() {
        let cookie = SetCookie { name: ACCESS, value: "a.b-c_d".to_owned(), life: TimeDelta::minutes(15) };
        assert_eq!(
            text(&cookie, true),
            "__Host-skillswap-access=a.b-c_d; Path=/; Max-Age=900; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            text(&cookie, false),
            "skillswap-access=a.b-c_d; Path=/; Max-Age=900; HttpOnly; SameSite=Strict"
        );
    }
}
