use reqwest::Method;
use serde_json::{Value, json};

use super::LOG_IN;
use crate::support::{Client, Reply, Socket, TestApp};

/// As a client asks that reads no status codes of the specification.
async fn as_json(client: &Client, query: &str) -> Reply {
    let request = client.request(Method::POST, "/graphql").header("accept", "application/json");
    Reply::read(request.json(&json!({ "query": query })).send().await.expect("an answer")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_document_costs_the_same_with_literals_and_with_variables() {
    let app = TestApp::start().await;
    let literal = "{ mentors(first: 7) { edges { node { reviews(last: 3) { edges { node { id } } } } } }
        skills @skip(if: true) { edges { cursor } } nodes(ids: [\"a\", \"b\"]) { id } }";
    let variable = "query($n: Int, $m: Int = 3, $no: Boolean!, $ids: [ID!]!) {
        mentors(first: $n) { edges { node { reviews(last: $m) { edges { node { id } } } } } }
        skills @skip(if: $no) { edges { cursor } } nodes(ids: $ids) { id } }";

    let written = app.anonymous().query(literal).await;
    let filled = app.anonymous().run(variable, json!({ "n": 7, "no": true, "ids": ["a", "b"] })).await;
    let again = app.anonymous().run(variable, json!({ "n": 7, "no": true, "ids": ["a", "b"] })).await;
    let more = app.anonymous().run(variable, json!({ "n": 8, "m": 2, "no": false, "ids": [] })).await;

    assert_eq!(written.cost["requested"], 1 + (1 + 7 * (1 + 1 + 3)) + 2);
    assert_eq!((&filled.cost, &again.cost), (&written.cost, &written.cost));
    assert_eq!(more.cost["requested"], 1 + (1 + 8 * (1 + 1 + 2)) + (1 + 20));
    assert_eq!(written.cost["max"], 1_000);
    assert_eq!(
        (&written.cost["remaining"], &written.cost["resetAt"]),
        (&Value::Null, &Value::Null),
        "no budget"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_a_query_or_mutation_tells_its_cost() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let wrong = json!({ "input": { "email": "a@example.org", "password": "not this one" } });
    let answers = [
        ada.query("{ viewer { email } }").await,
        ada.query("{ skillCategories { id } }").await,
        ada.query("{ skillCategories { id } }").await,
        app.anonymous().run(LOG_IN, wrong.clone()).await,
        ada.query("{ mentors(first: 99) { edges { cursor } } }").await,
        ada.query("{ adminMembers { edges { cursor } } }").await,
        ada.query("{ nope }").await,
    ];
    for (answer, requested) in answers.iter().zip([2, 11, 11, 102, 52, 22, 2]) {
        assert_eq!(answer.cost["requested"], requested, "{answer:?}");
        assert_eq!(answer.cost["max"], if answer.json["data"]["logIn"].is_null() { 10_000 } else { 1_000 });
    }
    assert_eq!(
        ada.post(json!([{ "query": "{ __typename }" }])).await.json[0]["extensions"]["cost"]["requested"],
        1
    );

    let mut socket = Socket::connect(&ada).await;
    socket
        .send(json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ viewer { email } }" } }))
        .await;
    assert_eq!(socket.receive().await["payload"]["extensions"]["cost"]["requested"], 2);

    let mut events = ada.request(Method::POST, "/graphql/stream").header("accept", "text/event-stream");
    events = events.bearer_auth(ada.token.clone().unwrap_or_default());
    let response = events.json(&json!({ "query": "{ viewer { email } }" })).send().await.expect("a stream");
    let text = response.text().await.expect("events");
    assert!(text.contains(r#""extensions":{"cost":{"requested":2,"#), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_too_much_is_refused_before_any_statement_and_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let page = "mentors(first: 50) { edges { node { reviews(first: 50) { edges { node { id } } } } } }";
    let aliased: String = (0..4).map(|n| format!("a{n}: {page} ")).collect();
    let spread =
        format!("{{ a: node(id: \"x\") {{ id }} ...F b: __typename ...F }} fragment F on Query {{ {page} }}");

    let refused = async |client: &Client, query: &str| {
        let mut reply = None;
        let statements = app.statements(async || reply = Some(client.query(query).await)).await;
        assert_eq!(statements, (0, 0), "{query}");
        let reply = reply.expect("an answer");
        assert_eq!(
            (reply.status, reply.error_codes()),
            (400, vec!["QUERY_TOO_EXPENSIVE".to_owned()]),
            "{query}"
        );
        reply
    };
    let reply = refused(&app.anonymous(), &format!("{{ {page} }}")).await;
    assert_eq!(reply.json["errors"][0]["extensions"]["cost"], json!({ "requested": 2602, "max": 1000 }));
    assert_eq!((&reply.cost["requested"], &reply.cost["max"]), (&json!(2602), &json!(1000)));
    refused(&ada, &format!("{{ {aliased} }}")).await;
    refused(&app.anonymous(), &spread).await;
    let log_ins: String = (0..11).map(|n| format!("a{n}: logIn(input: {{ email: \"ada@example.org\", password: \"not this one\" }}) {{ userErrors {{ code }} }} ")).collect();
    refused(&app.anonymous(), &format!("mutation {{ {log_ins} }}")).await;
    let over_json = as_json(&app.anonymous(), &format!("{{ {page} }}")).await;
    assert_eq!((over_json.status, over_json.error_codes()), (200, vec!["QUERY_TOO_EXPENSIVE".to_owned()]));

    assert_eq!(ada.query(&format!("{{ {page} }}")).await.status, 200, "a member may ask for more");
    let mut socket = Socket::connect(&app.anonymous()).await;
    socket
        .send(json!({ "id": "1", "type": "subscribe", "payload": { "query": format!("{{ {page} }}") } }))
        .await;
    let told = socket.receive().await;
    assert_eq!(told["payload"][0]["extensions"]["code"], "QUERY_TOO_EXPENSIVE", "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_kept_for_a_member_is_still_too_dear_for_others() {
    let all = TestApp::start().await;
    let app = all.another_with(|config| config.limits.anonymous_cost = 10).await;
    let ada = all.member("ada").await.moved(&app.url);
    let query = "{ skillCategories { id } }";
    for _ in 0..2 {
        assert_eq!(ada.query(query).await.status, 200);
    }
    assert_eq!(app.anonymous().query(query).await.error_codes(), ["QUERY_TOO_EXPENSIVE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_can_be_looked_at_but_not_multiplied() {
    let app = TestApp::start().await;
    let standard = include_str!("introspection.graphql");
    let reply = app.anonymous().query(standard).await;
    assert!(reply.json["data"]["__schema"]["types"].is_array(), "{:?}", reply.error_codes());
    let bomb = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
    assert_eq!(app.anonymous().query(bomb).await.error_codes(), ["QUERY_TOO_EXPENSIVE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_are_too_deep_or_too_large_are_refused() {
    let app = TestApp::start().await;
    let deep = |levels: usize| {
        let (open, close) = ("ofType { ".repeat(levels), " }".repeat(levels));
        format!("{{ __type(name: \"Query\") {{ {open}name{close} }} }}")
    };
    assert_eq!(app.anonymous().query(&deep(13)).await.status, 200);
    assert_eq!(app.anonymous().query(&deep(14)).await.error_codes(), ["LIMIT_EXCEEDED"], "16 levels");
    let aliases: String = (0..31).map(|n| format!("a{n}: __typename ")).collect();
    assert_eq!(app.anonymous().query(&format!("{{ {aliases} }}")).await.error_codes(), ["LIMIT_EXCEEDED"]);
    let body = json!({ "query": "{ __typename }", "variables": { "x": "x".repeat(2 * 1024 * 1024) } });
    let request = app.anonymous().request(Method::POST, "/graphql").json(&body);
    let sent = request.send().await;
    assert!(sent.is_err() || sent.is_ok_and(|response| response.status() == 413), "2 MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_for_twice_to_make_an_answer_large() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let twice = "query($id: ID!) { nodes(ids: [$id, $id]) { id } }";
    let reply = ada.run(twice, serde_json::json!({ "id": ada.id })).await;
    assert_eq!(reply.error_codes(), ["VALIDATION"]);
    let once = ada.query("{ viewer { member { name } } }").await.cost["requested"].as_i64().unwrap();
    let again = ada.query("{ viewer { member { name a: name b: name } } }").await.cost["requested"].as_i64();
    assert_eq!(again, Some(once + 2));
}
