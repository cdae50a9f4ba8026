use std::collections::HashMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Url;
use serde_json::{Value, json};

use super::{COMPLETE, Idp, REDIRECT, START, complete, device, start, through};
use crate::{second_factor, support::TestApp};

async fn members(app: &TestApp) -> i64 {
    app.count("select count(*) from members").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_signs_in_through_google_and_is_the_same_member_the_next_time() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "Ada@Example.org").await;

    let started = start(&app.anonymous(), "GOOGLE").await;
    let payload = started.ok("startOAuth");
    let url = Url::parse(payload["url"].as_str().unwrap()).unwrap();
    let sent: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((sent["response_type"].as_str(), sent["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!((sent["redirect_uri"].as_str(), sent["scope"].as_str()), (REDIRECT, "openid email profile"));
    assert_eq!(payload["state"], sent["state"]);
    assert_eq!((sent["code_challenge"].len(), sent["nonce"].len()), (43, 43));
    let kept = app.sql("select s::text from oauth_states s").await;
    assert!(!kept[0][0].contains(&sent["state"]), "only the hash is kept");

    let (state, code) = idp.visit(url.as_str()).await;
    let reply = complete(&app.anonymous(), &state, &code).await;

    let done = reply.ok("completeOAuth");
    assert_eq!(done["session"]["member"]["name"], "Ada");
    assert_eq!(done["identity"]["email"], "ada@example.org");
    let again = device(&app, &idp).await;
    assert_eq!(done["session"]["member"]["id"], again.id);
    assert_eq!(members(&app).await, 1);
    let viewer =
        again.query("{ viewer { email oauthIdentities { id provider email linkedAt lastUsedAt } } }").await;
    assert_eq!(viewer.data("viewer")["email"], "ada@example.org");
    let identities = viewer.data("viewer")["oauthIdentities"].as_array().unwrap().clone();
    assert_eq!((identities.len(), &identities[0]["provider"]), (1, &json!("GOOGLE")));
    let node = format!("{{ node(id: {}) {{ id }} }}", identities[0]["id"]);
    assert_eq!(again.query(&node).await.data("node")["id"], identities[0]["id"]);
    assert_eq!(app.anonymous().query(&node).await.data("node"), &Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_counts_once_in_time_and_for_its_caller() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    let begun = async |client: &crate::support::Client| {
        let started = start(client, "GOOGLE").await;
        idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await
    };
    let invalid = ["OAUTH_STATE_INVALID"];
    let anybody = app.anonymous();

    let (state, code) = begun(&anybody).await;
    let replies = join_all((0..5).map(|_| complete(&anybody, &state, &code))).await;
    let codes: Vec<String> = replies.iter().flat_map(|reply| reply.codes("completeOAuth")).collect();
    assert_eq!(codes, ["OAUTH_STATE_INVALID"; 4], "one of several at once");
    assert_eq!(complete(&anybody, &state, &code).await.codes("completeOAuth"), invalid, "replayed");
    assert_eq!(complete(&anybody, "made up", "code").await.codes("completeOAuth"), invalid);

    let (state, code) = begun(&anybody).await;
    app.advance(TimeDelta::minutes(10));
    assert_eq!(complete(&anybody, &state, &code).await.codes("completeOAuth"), invalid, "too late");
    app.work().await;
    assert_eq!(app.count("select count(*) from oauth_states").await, 0);

    let (ada, bob) = (app.member("carol").await, app.member("bob").await);
    let (state, code) = begun(&ada).await;
    assert_eq!(complete(&bob, &state, &code).await.codes("completeOAuth"), invalid, "another member's");
    let (state, code) = begun(&ada).await;
    assert_eq!(complete(&anybody, &state, &code).await.codes("completeOAuth"), invalid, "a member's");

    let binding = "what this client keeps";
    let input = json!({ "provider": "GOOGLE", "redirectUri": "skillswap://oauth", "binding": binding });
    for (shown, expected) in [(json!(binding), 0), (json!("what another client has"), 1), (Value::Null, 1)] {
        let started = anybody.run(START, json!({ "input": input })).await;
        let (state, code) = idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await;
        let reply = anybody
            .run(COMPLETE, json!({ "input": { "state": state, "code": code, "binding": shown } }))
            .await;
        assert_eq!(reply.codes("completeOAuth").len(), expected, "{shown}");
    }
    // What is taken comes to the account of Ada alone.
    assert_eq!(members(&app).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_sent_back_only_to_allowed_addresses() {
    let idp = Idp::start();
    let app = idp.app().await;
    for address in [
        "https://app.example.org/signed-in/",
        "https://app.example.org/signed-in?next=//evil",
        "https://evil.example.org/signed-in",
        "javascript:alert(1)",
        "",
    ] {
        let input = json!({ "provider": "GOOGLE", "redirectUri": address });
        let reply = app.anonymous().run(START, json!({ "input": input })).await;
        let error = &reply.data("startOAuth")["userErrors"][0];
        assert_eq!(error, &json!({ "code": "VALIDATION", "path": ["redirectUri"] }), "{address}");
    }
    assert_eq!(start(&app.anonymous(), "OIDC").await.codes("startOAuth"), ["PROVIDER_UNAVAILABLE"]);
    assert_eq!(app.count("select count(*) from oauth_states").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_fit_signs_nobody_in() {
    let idp = Idp::start();
    let app = idp.app().await;
    let now = app.now().timestamp();
    let person = json!({ "sub": "Ada", "email": "ada@example.org", "email_verified": true });
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJBZGEifQ.";
    let ways = [
        ("another nonce", json!({ "claims": { "nonce": "x" } })),
        ("no nonce", json!({ "claims": { "nonce": null } })),
        ("another audience", json!({ "claims": { "aud": "somebody else" } })),
        ("another party", json!({ "claims": { "aud": ["client", "x"], "azp": "x" } })),
        ("another issuer", json!({ "claims": { "iss": "https://evil.example.org" } })),
        ("expired", json!({ "claims": { "exp": now - 61 } })),
        ("from the future", json!({ "claims": { "nbf": now + 300 } })),
        ("no person", json!({ "claims": { "sub": null } })),
        ("an unknown key", json!({ "header": { "kid": "unknown" } })),
        ("a forged signature", json!({ "forge": true })),
        ("no signature", json!({ "idToken": none })),
        ("no token", json!({ "idToken": "nonsense" })),
    ];
    for (name, mut way) in ways {
        let mut claims = person.clone();
        for (key, value) in way["claims"].as_object().cloned().unwrap_or_default() {
            claims[key] = value;
        }
        way["claims"] = claims;
        idp.control(way).await;
        let reply = through(&idp, &app.anonymous(), "GOOGLE").await;
        assert_eq!(reply.codes("completeOAuth"), ["TOKEN_INVALID"], "{name}");
    }
    assert_eq!(members(&app).await, 0);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);
    idp.control(json!({ "claims": person })).await;
    through(&idp, &app.anonymous(), "GOOGLE").await.ok("completeOAuth");
    let started = start(&app.anonymous(), "GOOGLE").await;
    let (state, _) = idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await;
    let foreign = complete(&app.anonymous(), &state, "a code of another flow").await;
    assert_eq!(foreign.codes("completeOAuth"), ["TOKEN_INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_works_at_once_and_unknown_keys_are_asked_for_seldom() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    device(&app, &idp).await;
    device(&app, &idp).await;
    assert_eq!(idp.seen("/jwks").await, 1, "keys are kept");
    app.advance(TimeDelta::seconds(31));

    let person = json!({ "sub": "Ada", "email": "ada@example.org", "email_verified": true });
    idp.control(json!({ "rotate": true, "claims": person })).await;
    device(&app, &idp).await;
    assert_eq!(idp.seen("/jwks").await, 2);

    idp.control(json!({ "claims": person, "header": { "kid": "unknown" } })).await;
    for _ in 0..5 {
        through(&idp, &app.anonymous(), "GOOGLE").await;
    }
    assert_eq!(idp.seen("/jwks").await, 2, "not for every token");
    assert_eq!(idp.seen("/.well-known/openid-configuration").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn facebook_signs_in_whoever_has_a_confirmed_address_there() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.control(json!({ "me": { "id": "10", "name": "Ada" } })).await;
    let reply = through(&idp, &app.anonymous(), "FACEBOOK").await;
    assert_eq!(reply.codes("completeOAuth"), ["EMAIL_NOT_VERIFIED"]);
    assert_eq!(members(&app).await, 0);

    idp.control(json!({ "me": { "id": "10", "name": "Ada", "email": "ada@example.org" } })).await;
    let reply = through(&idp, &app.anonymous(), "FACEBOOK").await;

    assert_eq!(reply.ok("completeOAuth")["identity"]["provider"], "FACEBOOK");
    assert_eq!(reply.ok("completeOAuth")["session"]["member"]["name"], "Ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_misbehaves_is_told_and_followed_nowhere() {
    let idp = Idp::start();
    let app = idp.app().await;
    for way in ["down", "redirect", "huge"] {
        idp.control(json!({ "broken": { "/.well-known/openid-configuration": way } })).await;
        assert_eq!(
            start(&app.anonymous(), "GOOGLE").await.codes("startOAuth"),
            ["PROVIDER_UNAVAILABLE"],
            "{way}"
        );
    }
    for path in ["/token", "/jwks"] {
        for way in ["down", "redirect", "huge"] {
            let person = json!({ "sub": "Ada", "email": "ada@example.org", "email_verified": true });
            idp.control(json!({ "claims": person, "broken": { path: way } })).await;
            let reply = through(&idp, &app.anonymous(), "GOOGLE").await;
            assert_eq!(reply.codes("completeOAuth"), ["PROVIDER_UNAVAILABLE"], "{path} {way}");
        }
    }
    assert_eq!(idp.seen("/elsewhere").await, 0);
    assert_eq!(members(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_ins_of_one_person_at_once_make_one_member() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    let mut flows = Vec::new();
    for _ in 0..6 {
        let started = start(&app.anonymous(), "GOOGLE").await;
        flows.push(idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await);
    }
    let anybody = app.anonymous();

    let replies = join_all(flows.iter().map(|(state, code)| complete(&anybody, state, code))).await;

    for reply in replies {
        reply.ok("completeOAuth");
    }
    assert_eq!(members(&app).await, 1);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_is_asked_for_here_too() {
    let idp = Idp::start();
    let app = idp.app().await;
    idp.recognises("Ada", "ada@example.org").await;
    let ada = device(&app, &idp).await;
    let authenticator = second_factor::enable(&app, &ada).await;
    let devices = app.count("select count(*) from auth_sessions").await;
    let started = start(&app.anonymous(), "GOOGLE").await;
    let (state, code) = idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await;

    let asked = complete(&app.anonymous(), &state, &code).await;

    let error = &asked.data("completeOAuth")["userErrors"][0];
    assert_eq!(error["code"], "TWO_FACTOR_REQUIRED");
    assert_eq!(error["methods"], json!(["TOTP", "RECOVERY_CODE"]));
    let with = async |code: &str, factor: &str| {
        let input = json!({ "state": state, "code": code, "secondFactor": { "code": factor } });
        app.anonymous().run(COMPLETE, json!({ "input": input })).await
    };
    let right = authenticator.next_code(&app);
    assert_eq!(with(&code, "000000").await.codes("completeOAuth"), ["CODE_INVALID"]);
    assert_eq!(app.count("select count(*) from auth_sessions").await, devices);
    with(&code, &right).await.ok("completeOAuth");
    assert_eq!(with(&code, &right).await.codes("completeOAuth"), ["OAUTH_STATE_INVALID"]);
    assert_eq!(app.count("select count(*) from auth_sessions").await, devices + 1);
}
