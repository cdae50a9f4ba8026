use serde_json::json;

use super::{codes, mailed_token, mails};
use crate::support::{PASSWORD, TestApp};

const CONFIRM: &str = "Confirm your new e-mail address";

async fn subjects(app: &TestApp, to: &str) -> Vec<String> {
    mails(app, to).await.into_iter().map(|mail| mail.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_when_the_new_one_is_proven_and_both_are_told() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let request = async |password: &str, email: &str| {
        codes(&ada, "requestEmailChange", json!({ "password": password, "newEmail": email })).await
    };
    assert_eq!(request("wrong password", "new@example.org").await, ["INVALID_CREDENTIALS"]);
    assert_eq!(request(PASSWORD, "nonsense").await, ["VALIDATION"]);
    assert_eq!(request(PASSWORD, "ADA@example.org").await, ["VALIDATION"]);
    let verify = mailed_token(&app, "ada@example.org", "Confirm your e-mail address").await;

    assert!(request(PASSWORD, " New@Example.org").await.is_empty());

    assert_eq!(ada.query("{ viewer { email } }").await.data("viewer")["email"], "ada@example.org");
    assert_eq!(subjects(&app, "ada@example.org").await[1..], ["A new e-mail address was asked for"]);
    let token = mailed_token(&app, "new@example.org", CONFIRM).await;
    let confirm = async || codes(&app.anonymous(), "confirmEmailChange", json!({ "token": token })).await;
    let (one, two) = tokio::join!(confirm(), confirm());
    assert_eq!([&one, &two].iter().filter(|codes| codes.is_empty()).count(), 1, "{one:?} {two:?}");
    let viewer = ada.query("{ viewer { email emailVerified } }").await;
    assert_eq!(viewer.data("viewer"), &json!({ "email": "new@example.org", "emailVerified": true }));
    for to in ["ada@example.org", "new@example.org"] {
        assert_eq!(subjects(&app, to).await.last().unwrap(), "Your e-mail address was changed");
    }
    assert_eq!(codes(&ada, "verifyEmail", json!({ "token": verify })).await, ["TOKEN_INVALID"]);
    app.sign_in("new@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_not_told_and_its_owner_gets_a_letter() {
    let app = TestApp::start().await;
    let (ada, _bob) = (app.member("ada").await, app.member("bob").await);
    let request = async |email: &str| {
        let input = json!({ "password": PASSWORD, "newEmail": email });
        ada.mutate("requestEmailChange", "accepted", input).await.json
    };

    assert_eq!(request("bob@example.org").await, request("free@example.org").await);

    assert_eq!(subjects(&app, "bob@example.org").await[1..], ["You already have an account"]);
    assert_eq!(subjects(&app, "free@example.org").await, [CONFIRM]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_registered_meanwhile_stays_its_owners() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let input = json!({ "password": PASSWORD, "newEmail": "bob@example.org" });
    ada.mutate("requestEmailChange", "", input).await.ok("requestEmailChange");
    let token = mailed_token(&app, "bob@example.org", CONFIRM).await;
    let bob = app.member("bob").await;

    assert_eq!(codes(&ada, "confirmEmailChange", json!({ "token": token })).await, ["NAME_TAKEN"]);

    assert_eq!(ada.query("{ viewer { email } }").await.data("viewer")["email"], "ada@example.org");
    assert_eq!(bob.query("{ viewer { email } }").await.data("viewer")["email"], "bob@example.org");
}
