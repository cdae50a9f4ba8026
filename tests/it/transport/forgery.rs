//! What the page of a stranger can make a browser send.

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::json;
use skillswap::config::{Documents, Mode};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, client::IntoClientRequest},
};

use crate::support::{PASSWORD, TestApp};

const ALLOWED: &str = "https://app.example.org";
const STRANGERS: &[&str] = &[
    "http://app.example.org",
    "https://app.example.org:8443",
    "https://app.example.org.evil.example",
    "https://evil-app.example.org",
    "https://sub.app.example.org",
    "https://example.org",
    "https://app.example.org@evil.example",
    "http://localhost:3000",
    "null",
    "*",
];

async fn production() -> TestApp {
    TestApp::start_with(|config| {
        config.mode = Mode::Production;
        config.documents = Documents::Open;
        config.allowed_origins = vec![ALLOWED.to_owned()];
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mutation_runs_only_by_post_of_json() {
    let app = TestApp::start().await;
    let register = |name: &str| {
        let email = format!("{name}@example.org");
        let input = json!({ "email": email, "password": PASSWORD, "name": name });
        let query = "mutation($input: RegisterMemberInput!) { registerMember(input: $input) { accepted } }";
        json!({ "query": query, "variables": { "input": input } })
    };
    let members = async || app.count("select count(*) from members").await;
    let body = register("forged").to_string();
    for kind in [
        Some("text/plain"),
        Some("text/plain;charset=UTF-8"),
        Some("text/plain; application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/graphql"),
        None,
    ] {
        let request = app.anonymous().request(Method::POST, "/graphql").body(body.clone());
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        let status = request.send().await.expect("an answer").status();
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind:?}");
    }
    let mut url = reqwest::Url::parse(&format!("{}/graphql", app.url)).expect("an address");
    let forged = register("forged");
    url.query_pairs_mut()
        .append_pair("query", forged["query"].as_str().expect("text"))
        .append_pair("variables", &forged["variables"].to_string());
    let path = url.as_str().replacen(&app.url, "", 1);
    let by_get = app.anonymous().request(Method::GET, &path).send().await.expect("an answer");
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    let by_head = app.anonymous().request(Method::HEAD, &path).send().await.expect("an answer");
    assert_eq!(by_head.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(members().await, 0);

    app.anonymous().post(register("honest")).await.data("registerMember");
    assert_eq!(members().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_listed_origins_read_answers() {
    let app = production().await;
    let preflight = async |origin: &str| {
        let request = app.anonymous().request(Method::OPTIONS, "/graphql").header("origin", origin);
        let request = request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-skillswap-web");
        request.send().await.expect("an answer").headers().clone()
    };
    let post = async |origin: &str| {
        let request = app.anonymous().request(Method::POST, "/graphql").header("origin", origin);
        let request = request.json(&json!({ "query": "{ __typename }" }));
        request.send().await.expect("an answer").headers().clone()
    };
    let reader = |headers: &HeaderMap| {
        headers.get("access-control-allow-origin").map(|origin| origin.to_str().expect("text").to_owned())
    };

    for headers in [preflight(ALLOWED).await, post(ALLOWED).await] {
        assert_eq!(reader(&headers).as_deref(), Some(ALLOWED));
        let vary: Vec<_> = headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect();
        assert!(vary.join(",").to_ascii_lowercase().contains("origin"), "{vary:?}");
    }
    for stranger in STRANGERS {
        assert_eq!(reader(&preflight(stranger).await), None, "{stranger}");
        assert_eq!(reader(&post(stranger).await), None, "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_listed_origins_open_sockets() {
    let app = production().await;
    let open = async |origin: Option<&str>| {
        let address = format!("{}/graphql", app.url.replacen("http", "ws", 1));
        let mut request = address.into_client_request().expect("an address");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok(_) => 101,
            Err(Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };

    assert_eq!((open(None).await, open(Some(ALLOWED)).await, open(Some(&app.url)).await), (101, 101, 101));
    for stranger in STRANGERS {
        assert_eq!(open(Some(stranger)).await, 403, "{stranger}");
    }
}
