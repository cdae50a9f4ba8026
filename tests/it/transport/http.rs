use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

const SPEC: &str = "application/graphql-response+json";

async fn post(
    app: &TestApp,
    content_type: &str,
    accept: &str,
    body: impl Into<reqwest::Body>,
) -> reqwest::Response {
    app.anonymous()
        .request(Method::POST, "/graphql")
        .header("content-type", content_type)
        .header("accept", accept)
        .body(body)
        .send()
        .await
        .expect("an answer")
}

fn content_type(response: &reqwest::Response) -> String {
    response.headers()["content-type"].to_str().expect("text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn media_types_and_status_codes_follow_the_specification() {
    let app = TestApp::start().await;
    let ok = json!({ "query": "{ __typename }" }).to_string();

    let response = post(&app, "application/json", SPEC, ok.clone()).await;
    assert_eq!(
        (response.status(), content_type(&response)),
        (StatusCode::OK, format!("{SPEC}; charset=utf-8"))
    );
    let response = post(&app, "application/json", "application/json", ok.clone()).await;
    assert_eq!(content_type(&response), "application/json; charset=utf-8");
    assert_eq!(
        post(&app, "application/json", "text/html", ok.clone()).await.status(),
        StatusCode::NOT_ACCEPTABLE
    );
    assert_eq!(post(&app, "text/plain", SPEC, ok.clone()).await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        post(&app, "application/x-www-form-urlencoded", SPEC, ok).await.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );

    let broken = json!({ "query": "{ nope }" }).to_string();
    assert_eq!(post(&app, "application/json", SPEC, broken.clone()).await.status(), StatusCode::BAD_REQUEST);
    let legacy = post(&app, "application/json", "application/json", broken).await;
    assert_eq!(legacy.status(), StatusCode::OK);
    let json: Value = legacy.json().await.expect("JSON");
    assert!(json.get("data").is_none(), "a refused request has no data: {json}");
    assert_eq!(json["errors"][0]["extensions"]["code"], "BAD_DOCUMENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_answered_in_order_each_on_its_own() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let rename = "mutation($name: String!) { updateProfile(input: {name: $name}) { member { name } userErrors { code } } }";
    let named = json!({ "query": "{ viewer { member { name } } }" });
    let batch = json!([
        named,
        { "query": rename, "variables": { "name": "Ada King" } },
        named,
        { "query": "{ nope }" },
        7,
        [named],
        { "query": "subscription { viewerEvents { cursor } }" },
        { "query": "{ __typename }" },
    ]);
    let response = ada
        .request(Method::POST, "/graphql")
        .bearer_auth(ada.token.as_deref().expect("a token"))
        .header("accept", SPEC)
        .json(&batch)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let answers: Vec<Value> = response.json().await.expect("a list");
    let name = |answer: &Value| answer["data"]["viewer"]["member"]["name"].clone();
    assert_eq!(answers.len(), 8);
    assert_ne!(name(&answers[0]), "Ada King");
    assert_eq!(answers[1]["data"]["updateProfile"]["userErrors"], json!([]));
    assert_eq!(name(&answers[2]), "Ada King");
    let codes: Vec<&str> = answers[3..7]
        .iter()
        .filter_map(|answer| answer["errors"][0]["extensions"]["code"].as_str())
        .collect();
    assert_eq!(codes, ["BAD_DOCUMENT", "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST"]);
    assert_eq!(answers[7]["data"]["__typename"], "Query");
}

#[tokio::test(flavor = "multi_thread")]
async fn get_runs_queries_and_nothing_else() {
    let app = TestApp::start().await;
    let get = async |query: &str| {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        app.anonymous()
            .request(Method::GET, &format!("/graphql?query={query}"))
            .send()
            .await
            .expect("an answer")
    };

    assert_eq!(get("{ __typename }").await.status(), StatusCode::OK);
    let mutation = get("mutation { logOut(input: {}) { userErrors { code } } }").await;
    assert_eq!(mutation.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(mutation.headers()["allow"], "POST");
    assert_eq!(get("subscription { viewerEvents { cursor } }").await.status(), StatusCode::BAD_REQUEST);
    let put = app.anonymous().request(Method::PUT, "/graphql").send().await.expect("an answer");
    assert_eq!(put.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_operations_is_chosen_by_name() {
    let app = TestApp::start().await;
    let document = "query A { a: __typename } query B { b: __typename }";
    let run = async |name: Value| {
        app.anonymous().post(json!({ "query": document, "operationName": name })).await.json
    };

    assert_eq!(run(json!("B")).await, json!({ "data": { "b": "Query" } }));
    assert_eq!(run(json!("C")).await["errors"][0]["extensions"]["code"], "BAD_DOCUMENT");
    assert_eq!(run(Value::Null).await["errors"][0]["extensions"]["code"], "BAD_DOCUMENT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persisted_query_is_learned_once_and_then_run_by_hash() {
    use sha2::{Digest, Sha256};
    let app = TestApp::start().await;
    let query = "{ __typename }";
    let hash: String = Sha256::digest(query).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let by_hash = json!({ "extensions": extensions });

    let unknown = app.anonymous().post(by_hash.clone()).await;
    assert_eq!((unknown.status, unknown.error_codes()), (200, vec!["PERSISTED_QUERY_NOT_FOUND".to_owned()]));
    assert_eq!(
        app.anonymous().post(json!({ "query": query, "extensions": extensions })).await.json["data"]["__typename"],
        "Query"
    );
    assert_eq!(app.anonymous().post(by_hash).await.json["data"]["__typename"], "Query");
    let wrong = json!({ "query": "{ other: __typename }", "extensions": extensions });
    assert_eq!(app.anonymous().post(wrong).await.error_codes(), ["BAD_REQUEST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_origins_may_call_from_a_browser() {
    let app =
        TestApp::start_with(|config| config.allowed_origins = vec!["https://app.example.org".to_owned()])
            .await;
    let preflight = async |origin: &str| {
        app.anonymous()
            .request(Method::OPTIONS, "/graphql")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,authorization")
            .send()
            .await
            .expect("an answer")
    };

    let allowed = preflight("https://app.example.org").await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.org");
    assert!(
        preflight("https://evil.example.org").await.headers().get("access-control-allow-origin").is_none()
    );
    assert!(
        preflight("https://app.example.org.evil.org")
            .await
            .headers()
            .get("access-control-allow-origin")
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_playground_are_served() {
    let app = TestApp::start().await;
    let get = async |path: &str| app.anonymous().request(Method::GET, path).send().await.expect("an answer");

    assert_eq!(get("/healthz").await.status(), StatusCode::OK);
    assert_eq!(get("/readyz").await.status(), StatusCode::OK);
    let page = get("/playground/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    assert!(page.text().await.unwrap().contains("SkillSwap"));
    let missing = get("/nothing/here").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(missing.headers()["x-content-type-options"], "nosniff");
}
