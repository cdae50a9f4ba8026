use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Idp, device, prove_address, through};
use crate::{
    second_factor,
    support::{Client, PASSWORD, TestApp},
};

const LOG_IN: &str =
    "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken } userErrors { code } } }";

async fn log_in(app: &TestApp) -> crate::support::Reply {
    let input = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.anonymous().run(LOG_IN, json!({ "input": input })).await
}

async fn is_signed_in(client: &Client) -> bool {
    client.query("{ viewer { member { id } } }").await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_provider_has_not_proven_links_and_makes_nothing() {
    let idp = Idp::start();
    let app = idp.app().await;
    let ada = app.member("ada").await;
    prove_address(&app, "ada@example.org").await;
    for verified in [json!(false), json!("false"), Value::Null] {
        let claims = json!({ "sub": "Mallory", "email": "ada@example.org", "email_verified": verified });
        idp.control(json!({ "claims": claims })).await;
        let reply = through(&idp, &app.anonymous(), "GOOGLE").await;
        assert_eq!(reply.codes("completeOAuth"), ["EMAIL_NOT_VERIFIED"], "{verified}");
        assert_eq!(through(&idp, &ada, "GOOGLE").await.codes("completeOAuth"), ["EMAIL_NOT_VERIFIED"]);
    }
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);
    assert_eq!(app.count("select count(*) from members").await, 1);
    log_in(&app).await.ok("logIn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_account_is_linked_and_keeps_its_password() {
    let idp = Idp::start();
    let app = idp.app().await;
    let ada = app.member("ada").await;
    prove_address(&app, "ada@example.org").await;
    idp.recognises("Ada", "ada@example.org").await;

    let phone = device(&app, &idp).await;

    assert_eq!(phone.id, ada.id);
    assert!(is_signed_in(&ada).await);
    log_in(&app).await.ok("logIn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_registered_the_address_first_loses_everything() {
    let idp = Idp::start();
    let app = idp.app().await;
    let mallory = app.member("ada").await;
    second_factor::enable(&app, &mallory).await;
    idp.recognises("Ada", "ada@example.org").await;

    let ada = device(&app, &idp).await;

    assert_eq!(log_in(&app).await.codes("logIn"), ["INVALID_CREDENTIALS"]);
    assert!(!is_signed_in(&mallory).await, "the stranger's access token is dead");
    let query =
        "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { code } } }";
    let input = json!({ "input": { "refreshToken": mallory.refresh_token } });
    assert_eq!(app.anonymous().run(query, input).await.codes("refreshSession"), ["TOKEN_INVALID"]);
    assert_eq!(app.count("select count(*) from second_factors").await, 0);
    assert_eq!(app.count("select count(*) from members").await, 1);
    assert!(is_signed_in(&ada).await);
    assert!(is_signed_in(&device(&app, &idp).await).await);
    assert_eq!(app.count("select count(*) from credentials where email_verified_at is null").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_signs_in_at_the_same_moment_stays_outside() {
    let idp = Idp::start();
    let app = idp.app().await;
    for round in 0..3 {
        let email = format!("ada{round}@example.org");
        app.member(&format!("ada{round}")).await;
        idp.recognises(&format!("Ada {round}"), &email).await;
        let input = json!({ "input": { "email": email, "password": PASSWORD } });
        let anybody = app.anonymous();
        let strangers = join_all((0..4).map(|_| anybody.run(LOG_IN, input.clone())));

        let (replies, ada) = tokio::join!(strangers, device(&app, &idp));

        for reply in replies {
            let Some(token) = reply.data("logIn")["session"]["accessToken"].as_str() else { continue };
            let mut stranger = app.anonymous();
            stranger.token = Some(token.to_owned());
            assert!(!is_signed_in(&stranger).await, "a device came in behind the take-over");
        }
        assert!(is_signed_in(&ada).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_member_links_one_more_way_to_sign_in() {
    let idp = Idp::start();
    let app = idp.app().await;
    let ada = app.member("ada").await;
    idp.recognises("Ada at work", "ada@work.example").await;
    let refused = through(&idp, &ada, "GOOGLE").await;
    assert_eq!(refused.codes("completeOAuth"), ["EMAIL_NOT_VERIFIED"], "her own address is not proven");
    prove_address(&app, "ada@example.org").await;
    app.advance(TimeDelta::minutes(11));
    let refused = through(&idp, &ada, "GOOGLE").await;
    assert_eq!(refused.codes("completeOAuth"), ["STEP_UP_REQUIRED"], "an old token is not enough");
    second_factor::step_up(&ada, json!({ "password": PASSWORD })).await.ok("stepUp");

    let reply = through(&idp, &ada, "GOOGLE").await;

    let payload = reply.ok("completeOAuth");
    assert_eq!(
        (&payload["session"], &payload["identity"]["email"]),
        (&Value::Null, &json!("ada@work.example"))
    );
    assert_eq!(device(&app, &idp).await.id, ada.id);
    let bob = app.member("bob").await;
    prove_address(&app, "bob@example.org").await;
    assert_eq!(through(&idp, &bob, "GOOGLE").await.codes("completeOAuth"), ["IDENTITY_TAKEN"]);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_member_does_not_come_in_through_a_provider() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    device(&app, &idp).await;
    app.sql("update members set status = 'SUSPENDED'").await;

    let reply = through(&idp, &app.anonymous(), "GOOGLE").await;

    assert_eq!(reply.codes("completeOAuth"), ["ACCOUNT_SUSPENDED"]);
}
