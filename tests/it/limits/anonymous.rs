use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use skillswap::config::{Documents, Mode};

use super::{LOG_IN, TYPENAME, app, from, let_in, wrong_password};
use crate::support::{Reply, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn the_101st_anonymous_request_in_a_quarter_of_an_hour_is_refused_in_production() {
    let app = TestApp::start_with(|config| {
        config.mode = Mode::Production;
        config.documents = Documents::Open;
        config.limits.anonymous_requests = None;
    })
    .await;
    let nobody = app.anonymous();
    // Whatever a request is like, it is one.
    assert_eq!(nobody.query("{ not a document").await.error_codes(), ["BAD_DOCUMENT"]);
    assert_eq!(nobody.post(json!({ "nothing": 1 })).await.status, 400);
    let first = nobody.query("{ skillCategories { id } }").await;
    assert_eq!((&first.cost["remaining"], &first.cost["budget"]), (&json!(97), &json!(100)), "{first:?}");
    assert_eq!(first.cost["unit"], "REQUESTS");
    let kept = nobody.query("{ skillCategories { id } }").await;
    assert_eq!(kept.cost["remaining"], 96);
    assert_eq!(let_in(&nobody, 96).await, 96);

    let refused = nobody.query(TYPENAME).await;

    assert_eq!((refused.status, refused.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    let wait = refused.retry_after.expect("a header");
    assert!((870..=901).contains(&wait), "{wait}");
    let told = &refused.json["errors"][0]["extensions"];
    assert_eq!(told["retryAfter"], wait);
    let reset: DateTime<Utc> = told["resetAt"].as_str().expect("an instant").parse().expect("RFC 3339");
    assert!((reset - app.now()).num_seconds().abs_diff(wait) <= 2, "{told}");
    assert_eq!(first.cost["resetAt"], told["resetAt"]);
    assert_eq!(nobody.query("{ skillCategories { id } }").await.status, 429, "kept answers too");
    let by_get =
        nobody.request(Method::GET, "/graphql?query=%7B__typename%7D").send().await.expect("an answer");
    assert_eq!(by_get.status(), StatusCode::TOO_MANY_REQUESTS);

    app.advance(TimeDelta::seconds(wait));
    assert_eq!(nobody.query(TYPENAME).await.cost["remaining"], 99);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_requests_at_once_exactly_100_are_let_in() {
    let app = app(100, 0).await;
    let requests = (0..200).map(|_| {
        let nobody = app.anonymous();
        tokio::spawn(async move { nobody.query(TYPENAME).await.status })
    });

    let statuses: Vec<u16> = futures_util::future::join_all(requests)
        .await
        .into_iter()
        .map(|status| status.expect("no panic"))
        .collect();

    let of = |wanted: u16| statuses.iter().filter(|&&status| status == wanted).count();
    assert_eq!((of(200), of(429)), (100, 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_of_a_batch_counts_and_those_within_the_budget_are_answered() {
    let app = app(15, 0).await;
    let batch = Value::Array(vec![json!({ "query": TYPENAME }); 10]);
    let codes = |answers: &Value| -> usize {
        let answers = answers.as_array().expect("a list");
        answers.iter().filter(|answer| answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED").count()
    };

    let first = app.anonymous().post(batch.clone()).await;
    let second = app.anonymous().post(batch.clone()).await;
    let third = app.anonymous().post(batch).await;

    assert_eq!((first.status, codes(&first.json)), (200, 0));
    assert_eq!(first.json[9]["extensions"]["cost"]["remaining"], 5);
    assert_eq!((second.status, codes(&second.json)), (200, 5));
    assert_eq!((third.status, codes(&third.json), third.retry_after.is_some()), (429, 10, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_by_hash_counts_whether_the_hash_is_known_or_not() {
    let app = app(3, 0).await;
    let hash: String = Sha256::digest(TYPENAME).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let ask = async |body: Value| app.anonymous().post(body).await;

    let unknown = ask(json!({ "extensions": extensions })).await;
    assert_eq!(unknown.error_codes(), ["PERSISTED_QUERY_NOT_FOUND"]);
    assert_eq!(ask(json!({ "query": TYPENAME, "extensions": extensions })).await.cost["remaining"], 1);
    assert_eq!(ask(json!({ "extensions": extensions })).await.cost["remaining"], 0);
    assert_eq!(ask(json!({ "extensions": extensions })).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ipv6_network_is_one_place_and_other_places_are_not_concerned() {
    let app = TestApp::start_with(|config| {
        config.trusted_proxies = 1;
        config.limits.anonymous_requests = Some(3);
    })
    .await;
    let ask = async |address: &str| from(&app, address, &json!({ "query": TYPENAME })).await.status;

    for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "9.9.9.9, 2001:db8:1:2::7"] {
        assert_eq!(ask(address).await, 200, "{address}");
    }

    assert_eq!(ask("2001:db8:1:2::abcd").await, 429, "the same network");
    assert_eq!(ask("2001:db8:1:3::1").await, 200, "another network");
    for _ in 0..3 {
        assert_eq!(ask("203.0.113.7").await, 200);
    }
    assert_eq!(ask("::ffff:203.0.113.7").await, 429, "the same address in another form");
    assert_eq!(ask("203.0.113.8").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_a_trusted_proxy_cannot_invent_a_place() {
    let app = app(2, 0).await;
    for (address, status) in [("203.0.113.1", 200), ("203.0.113.2", 200), ("203.0.113.3", 429)] {
        assert_eq!(from(&app, address, &json!({ "query": TYPENAME })).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_counts_each_time_it_stands_in_a_document_and_also_for_members() {
    let app = app(0, 0).await;
    let ada = app.member("ada").await;
    let limited = app
        .another_with(|config| {
            config.limits.anonymous_requests = Some(10);
            config.limits.member_points = Some(0);
        })
        .await;
    let ada = ada.moved(&limited.url);
    let tries: String =
        (0..6).map(|n| format!("a{n}: logIn(input: $input) {{ userErrors {{ code }} }} ")).collect();
    let document = format!("mutation($input: LogInInput!) {{ {tries} }}");

    let first = limited.anonymous().run(&document, wrong_password()).await;
    assert_eq!((first.status, &first.cost["remaining"]), (200, &json!(4)), "{first:?}");
    assert_eq!(first.codes("a0"), ["INVALID_CREDENTIALS"]);
    let second = limited.anonymous().run(&document, wrong_password()).await;
    assert_eq!(second.error_codes(), ["RATE_LIMITED"], "five more than the budget has");

    // The request itself was the seventh.
    for _ in 0..3 {
        assert_eq!(ada.run(LOG_IN, wrong_password()).await.status, 200);
    }
    let refused: Reply = ada.run(LOG_IN, wrong_password()).await;
    assert_eq!((refused.status, refused.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    assert_eq!(ada.query(TYPENAME).await.status, 200, "what else a member does is not concerned");
}

#[tokio::test(flavor = "multi_thread")]
async fn trying_tokens_counts_as_asking_without_one() {
    let app = app(3, 0).await;
    let mut guesser = app.anonymous();
    guesser.token = Some("a.b.c".to_owned());
    for _ in 0..3 {
        assert_eq!(guesser.query(TYPENAME).await.status, 401);
    }
    assert_eq!(guesser.query(TYPENAME).await.status, 429);
    assert_eq!(app.anonymous().query(TYPENAME).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_files_that_are_not_there_counts() {
    let app = app(3, 0).await;
    let ask = async || {
        let file = "/files/upl_00000000000000000000000000";
        app.anonymous().request(reqwest::Method::GET, file).send().await.expect("an answer")
    };
    for _ in 0..3 {
        assert_eq!(ask().await.status(), 404);
    }
    let refused = ask().await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
}
