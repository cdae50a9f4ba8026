use serde_json::{Value, json};

use super::{Idp, UNLINK, device, prove_address, through};
use crate::{
    second_factor::step_up,
    support::{Client, PASSWORD, Reply, TestApp},
};

async fn unlink(client: &Client, id: &Value) -> Reply {
    client.run(UNLINK, json!({ "input": { "identityId": id } })).await
}

async fn identities(client: &Client) -> Vec<Value> {
    let reply = client.query("{ viewer { oauthIdentities { id } } }").await;
    let identities = reply.data("viewer")["oauthIdentities"].as_array().unwrap().clone();
    identities.into_iter().map(|identity| identity["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_to_sign_in_cannot_be_taken_away() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    let ada = device(&app, &idp).await;
    let own = identities(&ada).await;

    // Without a password and a second factor, signing in again from the same device is the proof.
    let refused = unlink(&ada, &own[0]).await;
    assert_eq!(
        refused.data("unlinkOAuthIdentity")["userErrors"][0],
        json!({ "code": "STEP_UP_REQUIRED", "methods": [] })
    );
    through(&idp, &ada, "GOOGLE").await.ok("completeOAuth");

    assert_eq!(unlink(&ada, &own[0]).await.codes("unlinkOAuthIdentity"), ["LAST_CREDENTIAL"]);
    assert_eq!(identities(&ada).await, own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_with_a_password_unlinks_after_stepping_up() {
    let idp = Idp::start();
    let app = idp.app().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    prove_address(&app, "ada@example.org").await;
    idp.recognises("Ada", "ada@example.org").await;
    through(&idp, &ada, "GOOGLE").await.ok("completeOAuth");
    let own = identities(&ada).await;
    let refused = unlink(&ada, &own[0]).await;
    assert_eq!(refused.data("unlinkOAuthIdentity")["userErrors"][0]["methods"], json!(["PASSWORD"]));
    for client in [&ada, &bob] {
        step_up(client, json!({ "password": PASSWORD })).await.ok("stepUp");
    }
    assert_eq!(unlink(&bob, &own[0]).await.codes("unlinkOAuthIdentity"), ["NOT_FOUND"]);
    assert_eq!(unlink(&app.anonymous(), &own[0]).await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(identities(&ada).await, own);

    let reply = unlink(&ada, &own[0]).await;

    assert_eq!(reply.ok("unlinkOAuthIdentity")["identities"], json!([]));
    app.sign_in("ada@example.org").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_ways_taken_away_at_once_one_stays() {
    let idp = Idp::start();
    let app: TestApp = idp.app().await;
    for round in 0..5 {
        let email = format!("ada{round}@example.org");
        idp.recognises(&format!("Ada {round}"), &email).await;
        let ada = device(&app, &idp).await;
        through(&idp, &ada, "GOOGLE").await.ok("completeOAuth");
        idp.recognises(&format!("Ada {round} at work"), &email).await;
        through(&idp, &ada, "GOOGLE").await.ok("completeOAuth");
        let own = identities(&ada).await;
        assert_eq!(own.len(), 2);

        let (first, second) = tokio::join!(unlink(&ada, &own[0]), unlink(&ada, &own[1]));

        let mut codes = first.codes("unlinkOAuthIdentity");
        codes.extend(second.codes("unlinkOAuthIdentity"));
        assert_eq!(codes, ["LAST_CREDENTIAL"]);
        assert_eq!(identities(&ada).await.len(), 1);
    }
}
