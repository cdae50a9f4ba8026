//! Input that wants to crash, hang or read the server. After each, the server still answers.

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Socket, TestApp};

async fn still_answers(app: &TestApp) {
    assert_eq!(
        app.anonymous().query("{ __typename }").await.json,
        json!({ "data": { "__typename": "Query" } })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_and_endless_documents_are_refused_before_they_are_parsed() {
    let app = TestApp::start().await;
    let mut documents = Vec::new();
    for depth in [100, 1_500, 3_000, 10_000] {
        documents.push(format!("{{a(x:{}{})}}", "[".repeat(depth), "]".repeat(depth)));
        documents.push(format!("{{a(x:{}1{})}}", "{a:".repeat(depth), "}".repeat(depth)));
        documents.push(format!("{}{}", "{a".repeat(depth), "}".repeat(depth)));
        documents.push(format!("query($a:{}Int{}){{a}}", "[".repeat(depth), "]".repeat(depth)));
    }
    documents.push(format!("{{{}}}", "__typename ".repeat(20_000)));
    documents.push(format!("{{__typename {}}}", "@include(if:true)".repeat(500)));
    documents.push(format!("{{{}}}", (0..200).map(|n| format!("a{n}:__typename ")).collect::<String>()));
    for document in documents {
        let reply = app.anonymous().query(&document).await;
        assert!(!reply.error_codes().is_empty(), "{} bytes were accepted", document.len());
    }
    still_answers(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nested_documents_over_websocket_are_refused_too() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.anonymous()).await;
    let deep = format!("{{a(x:{}{})}}", "[".repeat(3_000), "]".repeat(3_000));

    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": deep } })).await;

    let message = socket.receive().await;
    assert_eq!((message["type"].as_str(), message["id"].as_str()), (Some("error"), Some("1")), "{message}");
    still_answers(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn circular_fragments_and_deep_introspection_are_refused() {
    let app = TestApp::start().await;
    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }";
    assert!(!app.anonymous().query(circle).await.error_codes().is_empty());
    let bomb: String =
        (0..25).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
    let bomb = format!("{{ ...F0 }} {bomb} fragment F25 on Query {{ __typename }}");
    let reply = tokio::time::timeout(std::time::Duration::from_secs(10), app.anonymous().query(&bomb))
        .await
        .expect("an answer in time");
    assert!(!reply.error_codes().is_empty());
    let of_types = format!("{}{{ name }}{}", "{ ofType ".repeat(30), " }".repeat(30));
    let deep = format!("{{ __schema {{ types {{ fields {{ type {of_types} }} }} }} }}");
    assert!(!app.anonymous().query(&deep).await.error_codes().is_empty());
    still_answers(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_requests_get_a_client_error() {
    let app = TestApp::start().await;
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"[]".to_vec(),
        format!("[{}]", ["{\"query\":\"{__typename}\"}"; 11].join(",")).into(),
        b"[".repeat(100_000),
        b"null".to_vec(),
        b"{\"query\":1}".to_vec(),
        b"{\"query\":\"{__typename}\",\"variables\":[1]}".to_vec(),
        b"{\"query\":\"\xff\xfe\"}".to_vec(),
        b"{\"query\":\"\\ud800\"}".to_vec(),
        b"{\"query\":\"{__typename}\",\"variables\":{\"a\":1e999}}".to_vec(),
        vec![0; 1_000],
        [b"{\"variables\":".to_vec(), b"[".repeat(100_000)].concat(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).chars().take(60).collect::<String>();
        let response = app
            .anonymous()
            .request(Method::POST, "/graphql")
            .header("content-type", "application/json")
            .header("accept", "application/graphql-response+json")
            .body(body)
            .send()
            .await
            .expect("an answer");
        assert!(response.status().is_client_error(), "{} for {shown}", response.status());
    }
    let large = app
        .anonymous()
        .request(Method::POST, "/graphql")
        .header("content-type", "application/json")
        .body(vec![b' '; 10 * 1024 * 1024])
        .send()
        .await;
    assert!(large.is_err() || large.is_ok_and(|response| response.status() == StatusCode::PAYLOAD_TOO_LARGE));
    still_answers(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_bytes_in_values_reach_no_statement() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let handle = app
        .anonymous()
        .run("query($h: String!) { member(by: {handle: $h}) { id } }", json!({ "h": "a\u{0}b" }))
        .await;
    assert!(!handle.error_codes().contains(&"INTERNAL".to_owned()), "{}", handle.json);
    let search = app
        .anonymous()
        .run(
            "query($t: String!) { skills(filter: {text: $t}) { edges { node { id } } } }",
            json!({ "t": "\u{0}" }),
        )
        .await;
    assert!(search.error_codes().is_empty(), "{}", search.json);
    let log_in = app
        .anonymous()
        .run(
            "mutation($i: LogInInput!) { logIn(input: $i) { userErrors { code } } }",
            json!({ "i": { "email": "\u{0}@x.org", "password": "\u{0}" } }),
        )
        .await;
    assert_eq!(log_in.codes("logIn"), ["INVALID_CREDENTIALS"]);
    let name = ada
        .run(
            "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { userErrors { code } } }",
            json!({ "i": { "name": "a\u{0}" } }),
        )
        .await;
    assert_eq!(name.codes("updateProfile"), ["VALIDATION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_wire_is_cut_off() {
    let app = TestApp::start().await;
    let address = app.url.trim_start_matches("http://").to_owned();
    for garbage in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        &vec![b'A'; 100_000],
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("a connection");
        stream.write_all(garbage).await.ok();
        let mut answer = Vec::new();
        let read =
            tokio::time::timeout(std::time::Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection stays open");
    }
    still_answers(&app).await;
}
