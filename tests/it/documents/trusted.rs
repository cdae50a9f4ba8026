//! Which documents run.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use skillswap::{
    config::{Documents, Mode},
    domains::documents::service::{self, Retired},
    engine::documents::hash_of,
};

use super::{command, document, folder, on_socket, post_as, register, trusting};
use crate::support::{Socket, TestApp};

const KNOWN: &str = "query Names { skillCategories { name } }";
const EVENTS: &str = "subscription { viewerEvents { cursor } }";

fn by_hash(hash: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

fn code(message: &Value) -> &Value {
    &message["payload"][0]["extensions"]["code"]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_production_is_closed_by_default() {
    let open = TestApp::start().await;
    assert_eq!(open.anonymous().query(KNOWN).await.status, 200);
    let production = TestApp::start_with(|config| config.mode = Mode::Production).await;
    let refused = production.anonymous().query(KNOWN).await;
    assert_eq!((refused.status, refused.error_codes()), (403, vec!["DOCUMENT_NOT_TRUSTED".to_owned()]));
    assert!(refused.json.get("data").is_none());
    let opened = TestApp::start_with(|config| {
        config.mode = Mode::Production;
        config.documents = Documents::Open;
    })
    .await;
    assert_eq!(opened.anonymous().query(KNOWN).await.status, 200);

    let get = async |app: &TestApp, path| {
        app.anonymous().request(Method::GET, path).send().await.expect("an answer")
    };
    assert_eq!(get(&open, "/playground/").await.status(), StatusCode::OK);
    assert_eq!(get(&production, "/playground/").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_registered_is_refused_before_it_is_parsed_and_before_any_sql() {
    let app = trusting().await;
    let client = app.anonymous();
    for body in [
        json!({ "query": KNOWN }),
        json!({ "query": "this is no document {{{" }),
        by_hash(&hash_of(KNOWN)),
        by_hash(&"0".repeat(64)),
        json!({ "documentId": format!("sha256:{}", hash_of(KNOWN)) }),
        json!({ "documentId": "some-id" }),
    ] {
        let cost = app
            .statements(|| async {
                for _ in 0..20 {
                    let reply = client.post(body.clone()).await;
                    assert_eq!(
                        (reply.status, reply.error_codes()),
                        (403, vec!["DOCUMENT_NOT_TRUSTED".to_owned()]),
                        "{body}"
                    );
                }
            })
            .await;
        assert_eq!(cost.0, 0, "{body}");
    }
    // The status says it to those too who know JSON only.
    let plain = client
        .request(Method::POST, "/graphql")
        .json(&json!({ "query": KNOWN }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(plain.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_learned_where_only_registered_documents_run() {
    let app = trusting().await;
    let hash = hash_of(KNOWN);
    let both = json!({ "query": KNOWN, "extensions": by_hash(&hash)["extensions"] });
    for body in [both, by_hash(&hash)] {
        assert_eq!(app.anonymous().post(body).await.error_codes(), ["DOCUMENT_NOT_TRUSTED"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_document_runs_however_it_is_asked_for() {
    let app = trusting().await;
    register(
        &app,
        "web",
        "1.0",
        &[document(KNOWN, &["relay-md5", "a/b c"]), document("{ viewer { email } }", &[])],
    )
    .await;
    let hash = hash_of(KNOWN);
    let good = [
        json!({ "query": KNOWN }),
        by_hash(&hash),
        by_hash(&hash.to_uppercase()),
        by_hash("relay-md5"),
        json!({ "documentId": hash }),
        json!({ "documentId": format!("sha256:{hash}") }),
        json!({ "documentId": "a/b c" }),
        json!({ "query": KNOWN, "documentId": "relay-md5" }),
        json!({ "query": KNOWN, "documentId": format!("sha256:{hash}"), "operationName": "Names" }),
    ];
    for body in &good {
        let reply = app.anonymous().post(body.clone()).await;
        assert!(reply.data("skillCategories").is_array(), "{body}");
        assert_eq!(reply.status, 200);
    }
    for (body, code) in [
        (json!({ "query": "{ viewer { email } }", "documentId": "relay-md5" }), "BAD_REQUEST"),
        (json!({ "query": KNOWN, "documentId": "" }), "BAD_REQUEST"),
        (json!({ "query": KNOWN, "documentId": "x".repeat(300) }), "BAD_REQUEST"),
        (json!({ "query": format!("{KNOWN} "), "documentId": "relay-md5" }), "BAD_REQUEST"),
        (json!({ "query": format!("{KNOWN} ") }), "DOCUMENT_NOT_TRUSTED"),
        (json!({}), "BAD_REQUEST"),
    ] {
        assert_eq!(app.anonymous().post(body.clone()).await.error_codes(), [code], "{body}");
    }
    let get = |query: String| app.anonymous().request(Method::GET, &format!("/graphql?{query}")).send();
    assert_eq!(get(format!("documentId=sha256:{hash}")).await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(get("documentId=other".to_owned()).await.expect("an answer").status(), StatusCode::FORBIDDEN);

    // In a batch, each for itself.
    let batch = app.anonymous().post(json!([good[1], { "query": "{ __typename }" }, good[4]])).await;
    let codes: Vec<&Value> = batch
        .json
        .as_array()
        .expect("a list")
        .iter()
        .map(|reply| &reply["errors"][0]["extensions"]["code"])
        .collect();
    assert_eq!(codes, [&Value::Null, &json!("DOCUMENT_NOT_TRUSTED"), &Value::Null]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_and_streams_run_registered_documents_only() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let closed = app.another_with(|config| config.documents = Documents::Trusted).await;
    register(&closed, "web", "1.0", &[document(KNOWN, &[]), document(EVENTS, &["events"])]).await;
    let ada = ada.moved(&closed.url);

    let mut socket = Socket::connect(&ada).await;
    let refused = on_socket(&mut socket, "1", json!({ "query": "{ __typename }" })).await;
    assert_eq!((&refused["type"], code(&refused)), (&json!("error"), &json!("DOCUMENT_NOT_TRUSTED")));
    let refused =
        on_socket(&mut socket, "2", json!({ "query": "subscription { viewerEvents { __typename } }" })).await;
    assert_eq!(code(&refused), "DOCUMENT_NOT_TRUSTED");
    let answered = on_socket(&mut socket, "3", by_hash(&hash_of(KNOWN))).await;
    assert!(answered["payload"]["data"]["skillCategories"].is_array(), "{answered}");
    socket.send(json!({ "id": "4", "type": "subscribe", "payload": { "documentId": "events" } })).await;
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");

    let stream = async |body: Value| {
        let request =
            ada.request(Method::POST, "/graphql/stream").header("accept", "text/event-stream").json(&body);
        request.send().await.expect("an answer").text().await.expect("a text")
    };
    assert!(stream(json!({ "query": "{ __typename }" })).await.contains("DOCUMENT_NOT_TRUSTED"));
    assert!(stream(json!({ "query": KNOWN })).await.contains("skillCategories"));
    let token = ada
        .request(Method::PUT, "/graphql/stream")
        .send()
        .await
        .expect("a token")
        .text()
        .await
        .expect("a token");
    let ordered = ada
        .request(Method::POST, "/graphql/stream")
        .header("x-graphql-event-stream-token", token)
        .json(&json!({ "query": "{ __typename }", "extensions": { "operationId": "1" } }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(ordered.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_trusted_as_long_as_one_app_needs_it() {
    let app = trusting().await;
    register(&app, "web", "1.0", &[document(KNOWN, &[])]).await;
    register(&app, "web", "1.1", &[document(KNOWN, &[])]).await;
    register(&app, "ios", "7", &[document(KNOWN, &["ios-names"])]).await;
    let runs = async || app.anonymous().post(by_hash(&hash_of(KNOWN))).await.status == 200;
    let retire = async |what: Retired| {
        let ended = service::retire(&app.app, &what).await.expect("retired");
        service::refresh(&app.app, None).await.expect("read");
        ended.0
    };
    let of = |client: &str, version: Option<&str>| Retired {
        client: Some(client.to_owned()),
        version: version.map(str::to_owned),
        documents: Vec::new(),
    };
    assert!(runs().await);
    assert_eq!(retire(of("web", Some("1.0"))).await, 1);
    assert!(runs().await);
    assert_eq!(retire(Retired { documents: vec!["ios-names".to_owned()], ..of("ios", None) }).await, 1);
    assert!(runs().await);
    assert_eq!(retire(of("web", None)).await, 1);
    // Its answer was kept: that is gone with it.
    assert!(!runs().await);
    assert_eq!(
        app.anonymous().post(json!({ "documentId": "ios-names" })).await.error_codes(),
        ["DOCUMENT_NOT_TRUSTED"]
    );
    assert_eq!(retire(of("web", None)).await, 0);

    register(&app, "web", "1.2", &[document(KNOWN, &[])]).await;
    assert!(runs().await);
    let (ended, unknown) = service::retire(
        &app.app,
        &Retired { documents: vec![hash_of(KNOWN), "nobody".to_owned()], ..Retired::default() },
    )
    .await
    .expect("retired");
    assert_eq!((ended, unknown), (1, vec!["nobody".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_registered_and_retired_while_the_server_runs_is_known_within_seconds() {
    let app = trusting().await;
    let other = app.another_with(|config| config.documents = Documents::Trusted).await;
    let files = folder("running", &[("names.graphql", KNOWN)]);
    let reaches = async |status: u16| {
        let since = Instant::now();
        loop {
            let statuses = [app.anonymous(), other.anonymous()];
            let mut all = true;
            for client in statuses {
                all &= client.query(KNOWN).await.status == status;
            }
            if all {
                return;
            }
            assert!(since.elapsed() < Duration::from_secs(8), "still not {status}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    reaches(403).await;
    let (done, printed, said) =
        command(&app, &["register", "--client", "web", files.to_str().expect("a path")]).await;
    assert!(done, "{printed}{said}");
    reaches(200).await;
    let (done, ..) = command(&app, &["retire", "--client", "web"]).await;
    assert!(done);
    reaches(403).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_mails_work_where_only_registered_documents_run() {
    let app = trusting().await;
    let page = app.anonymous().request(Method::GET, "/account/verify-email").send().await.expect("a page");
    let page = page.text().await.expect("a text");
    let documents: Vec<&str> =
        page.split("mutation: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(documents.len(), 3);
    for document in documents {
        let input = if document.contains("ResetPassword") {
            json!({ "token": "none", "newPassword": "correct horse" })
        } else {
            json!({ "token": "none" })
        };
        let reply = app.anonymous().run(document, json!({ "input": input })).await;
        assert_eq!(reply.data("act")["userErrors"].as_array().map(Vec::len), Some(1), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apollo_s_protocol_works_on_a_socket_too() {
    let app = TestApp::start().await;
    let mut socket = Socket::connect(&app.anonymous()).await;
    let unknown = on_socket(&mut socket, "1", by_hash(&hash_of(KNOWN))).await;
    assert_eq!((&unknown["type"], code(&unknown)), (&json!("error"), &json!("PERSISTED_QUERY_NOT_FOUND")));
    assert_eq!(unknown["payload"][0]["message"], "PersistedQueryNotFound");
    let wrong = json!({ "query": "{ __typename }", "extensions": by_hash(&hash_of(KNOWN))["extensions"] });
    assert_eq!(code(&on_socket(&mut socket, "2", wrong).await), "BAD_REQUEST");
    assert_eq!(
        code(&on_socket(&mut socket, "3", by_hash(&hash_of(KNOWN))).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let both = json!({ "query": KNOWN, "extensions": by_hash(&hash_of(KNOWN))["extensions"] });
    assert_eq!(on_socket(&mut socket, "4", both).await["type"], "next");
    assert_eq!(on_socket(&mut socket, "5", by_hash(&hash_of(KNOWN))).await["type"], "next");
    // What cannot be run is not learned.
    let broken = "{ broken";
    let both = json!({ "query": broken, "extensions": by_hash(&hash_of(broken))["extensions"] });
    assert_eq!(code(&on_socket(&mut socket, "6", both).await), "BAD_DOCUMENT");
    assert_eq!(
        code(&on_socket(&mut socket, "7", by_hash(&hash_of(broken))).await),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    // Where all documents run, registered ones can be asked for by their ids too.
    register(&app, "web", "1", &[document("{ __typename }", &["one"])]).await;
    let reply = post_as(&app.url, ("web", "1"), &json!({ "documentId": "one" })).await;
    assert_eq!(reply.json["data"]["__typename"], "Query");
    let reply = post_as(&app.url, ("web", "1"), &json!({ "documentId": "two" })).await;
    assert_eq!(reply.error_codes(), ["PERSISTED_QUERY_NOT_FOUND"]);
}
