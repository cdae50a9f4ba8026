use serde_json::json;

use super::{TYPENAME, app};
use crate::support::TestApp;

const SKILLS: &str = "{ skills(first: 10) { edges { node { id } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_member_pays_points_on_all_devices_and_is_refused_what_is_not_left() {
    let app = app(0, 40).await;
    let (phone, grace) = (app.member("ada").await, app.member("grace").await);
    let laptop = app.sign_in("ada@example.org").await;

    let first = phone.query(SKILLS).await;
    let kept = laptop.query(SKILLS).await;
    assert_eq!((&first.cost["requested"], &first.cost["remaining"]), (&json!(12), &json!(28)));
    assert_eq!((&kept.cost["requested"], &kept.cost["remaining"]), (&json!(12), &json!(16)));
    assert_eq!((&kept.cost["unit"], &kept.cost["budget"]), (&json!("POINTS"), &json!(40)));
    assert_eq!(phone.query("{ skills(first: 11) { edges { node { id } } } }").await.cost["remaining"], 3);

    let refused = laptop.query(SKILLS).await;
    assert_eq!((refused.status, refused.error_codes()), (429, vec!["RATE_LIMITED".to_owned()]));
    assert!(refused.retry_after.is_some());

    // Nothing was taken for what was refused.
    for remaining in [2, 1, 0] {
        assert_eq!(phone.query(TYPENAME).await.cost["remaining"], remaining);
    }
    assert_eq!(phone.query(TYPENAME).await.status, 429);
    assert_eq!(grace.query(SKILLS).await.status, 200, "another member");
    assert_eq!(app.anonymous().query(SKILLS).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_costs_a_member_a_point() {
    let app = app(0, 10).await;
    let ada = app.member("ada").await;
    assert_eq!(ada.query("{ not a document").await.error_codes(), ["BAD_DOCUMENT"]);
    assert_eq!(ada.post(json!({ "query": 1 })).await.status, 400);
    assert_eq!(ada.query("{ nope }").await.error_codes(), ["BAD_DOCUMENT"]);
    // 10 - 1 - 1 - (1 + 1) - 1
    assert_eq!(ada.query(TYPENAME).await.cost["remaining"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_members_requests_at_once_exactly_those_within_the_budget_are_let_in() {
    let app = app(0, 120).await;
    let ada = app.member("ada").await;
    let requests = (0..40).map(|_| {
        let ada = ada.clone();
        tokio::spawn(async move { ada.query(SKILLS).await.status })
    });
    let statuses = futures_util::future::join_all(requests).await;
    let let_in = statuses.into_iter().filter(|status| matches!(status, Ok(200))).count();
    assert_eq!(let_in, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_tell_the_numbers() {
    let app = TestApp::start_with(|config| {
        config.limits.anonymous_requests = Some(123);
        config.limits.member_points = Some(4567);
    })
    .await;
    let query =
        "{ policies { api { budgetMinutes anonymousRequests memberPoints anonymousCost memberCost } } }";
    assert_eq!(
        app.anonymous().query(query).await.data("policies")["api"],
        json!({ "budgetMinutes": 15, "anonymousRequests": 123, "memberPoints": 4567, "anonymousCost": 1000, "memberCost": 10000 })
    );
}
