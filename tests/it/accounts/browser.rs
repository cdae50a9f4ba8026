use chrono::TimeDelta;
use reqwest::{Method, Response, header::SET_COOKIE};
use serde_json::{Value, json};

use super::{LOG_IN, REFRESH};
use crate::support::{PASSWORD, TestApp};

const ME: &str = "{ viewer { email } }";

/// A page in a browser: keeps cookies, and sends its origin and the mark.
pub struct Page {
    url: String,
    origin: Option<&'static str>,
    marked: bool,
    pub cookies: Vec<(String, String)>,
    /// The attributes of the last cookies.
    attributes: Vec<String>,
}

impl Page {
    pub fn of(app: &TestApp) -> Self {
        let origin = Some("http://localhost:3000");
        Self { url: app.url.clone(), origin, marked: true, cookies: Vec::new(), attributes: Vec::new() }
    }

    async fn send(&self, query: &str, variables: Value) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = crate::support::Client::new(&self.url)
            .request(Method::POST, "/graphql")
            .header("cookie", cookies.join("; "))
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(origin) = self.origin {
            request = request.header("origin", origin);
        }
        if self.marked {
            request = request.header("x-skillswap-web", "1");
        }
        request.send().await.expect("an answer")
    }

    pub async fn run(&mut self, query: &str, variables: Value) -> Value {
        let response = self.send(query, variables).await;
        self.attributes.clear();
        for header in response.headers().get_all(SET_COOKIE) {
            let (pair, attributes) = header.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
            self.attributes.push(attributes.to_owned());
        }
        response.json().await.expect("JSON")
    }
}

pub fn log_in() -> Value {
    json!({ "input": { "email": "ada@example.org", "password": PASSWORD } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_signs_in_goes_on_and_signs_out_without_seeing_a_token() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let mut page = Page::of(&app);

    let signed_in = page.run(LOG_IN, log_in()).await;

    let session = &signed_in["data"]["logIn"]["session"];
    for token in ["accessToken", "refreshToken", "deviceToken"] {
        assert_eq!(session[token], json!(null), "{signed_in}");
    }
    assert_eq!(page.attributes.len(), 3);
    assert!(page.attributes.iter().all(|text| text.contains("HttpOnly") && text.contains("SameSite=Strict")));
    assert_eq!(page.run(ME, json!({})).await["data"]["viewer"]["email"], "ada@example.org");
    app.advance(TimeDelta::minutes(16));
    let ended = page.run(ME, json!({})).await;
    assert_eq!(
        (&ended["data"], ended.get("errors")),
        (&json!({ "viewer": null }), None),
        "ended, not refused"
    );
    let refreshed = page.run(REFRESH, json!({ "input": {} })).await;
    assert_eq!(refreshed["data"]["refreshSession"]["userErrors"], json!([]), "{refreshed}");
    assert_eq!(page.run(ME, json!({})).await["data"]["viewer"]["email"], "ada@example.org");
    page.run("mutation { logOut(input: {}) { userErrors { code } } }", json!({})).await;
    let left: Vec<_> = page.cookies.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left, ["skillswap-device"]);
    assert_eq!(page.run(ME, json!({})).await["data"]["viewer"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_without_the_mark_or_from_a_strangers_page_is_nobodys() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let mut page = Page::of(&app);
    page.run(LOG_IN, log_in()).await;
    for (origin, marked) in [
        (Some("http://localhost:3000"), false),
        (None, false),
        (Some("https://evil.example"), true),
        (Some("null"), true),
    ] {
        (page.origin, page.marked) = (origin, marked);
        let response = page.send(ME, json!({})).await;
        let text = response.text().await.unwrap();
        assert!(!text.contains("ada@example.org"), "{origin:?} {marked}: {text}");
        let name = "mutation { updateProfile(input: { name: \"Mallory\" }) { userErrors { code } } }";
        page.send(name, json!({})).await;
    }
    assert_eq!(app.count("select count(*) from members where name = 'Mallory'").await, 0);
    (page.origin, page.marked) = (None, true);
    assert!(page.send(ME, json!({})).await.text().await.unwrap().contains("ada@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_a_socket_with_its_cookie_and_a_strangers_page_does_not() {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

    let app = TestApp::start().await;
    app.member("ada").await;
    let mut page = Page::of(&app);
    page.run(LOG_IN, log_in()).await;
    let (name, value) = page.cookies.iter().find(|(name, _)| name == "skillswap-access").unwrap().clone();
    let ask = async |origin: Option<&str>| {
        let address = format!("{}/graphql", app.url.replacen("http", "ws", 1));
        let mut request = address.into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        headers.insert("cookie", format!("{name}={value}").parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.ok()?;
        socket.send(Message::text(r#"{"type":"connection_init"}"#)).await.unwrap();
        socket.next().await.unwrap().unwrap();
        let query = json!({ "id": "1", "type": "subscribe", "payload": { "query": ME } });
        socket.send(Message::text(query.to_string())).await.unwrap();
        Some(socket.next().await.unwrap().unwrap().into_text().unwrap().to_string())
    };

    assert!(ask(Some("http://localhost:3000")).await.unwrap().contains("ada@example.org"));
    assert!(!ask(None).await.unwrap().contains("ada@example.org"));
    assert_eq!(ask(Some("https://evil.example")).await, None);
}
