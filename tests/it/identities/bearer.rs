use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use futures_util::future::join_all;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use skillswap::config::IdentityConfig;

use super::{Idp, prove_address, start, sync, through};
use crate::support::{Client, Reply, Socket, TestApp};

const ME: &str = "{ viewer { email member { id name } authSessions { isCurrent } } }";
const RENAME: &str = "mutation { updateProfile(input: { bio: \"new\" }) { userErrors { code } } }";
const AUDIENCE: &str = "https://api.example.org";

fn settings(idp: &Idp) -> IdentityConfig {
    IdentityConfig {
        oidc_issuer: Some(idp.url.clone()),
        oidc_audiences: vec![AUDIENCE.to_owned(), "https://app.example.org".to_owned()],
        oidc_webhook_secret: Some(sync::SECRET.to_owned()),
        ..idp.settings()
    }
}

async fn server(idp: &Idp) -> TestApp {
    TestApp::start_with(|config| config.identity = settings(idp)).await
}

/// Whom the issuer vouches for, in a session of that name.
fn ada(session: &str) -> Value {
    json!({ "sub": "user_1", "sid": session, "aud": AUDIENCE, "email": "ada@example.org", "email_verified": true, "name": "Ada" })
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

async fn caller(app: &TestApp, idp: &Idp, claims: Value) -> Client {
    let mut client = app.anonymous();
    client.token = Some(idp.mint(claims, json!({})).await);
    client
}

fn id(reply: &Reply) -> String {
    reply.data("viewer")["member"]["id"].as_str().expect("somebody").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_the_issuer_calls_with_its_token_over_every_transport() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let ada_web = caller(&app, &idp, ada("s1")).await;

    let first = ada_web.query(ME).await;

    let viewer = first.data("viewer");
    assert_eq!((&viewer["email"], &viewer["member"]["name"]), (&json!("ada@example.org"), &json!("Ada")));
    assert_eq!(viewer["authSessions"], json!([{ "isCurrent": true }]));
    let mut socket = Socket::connect(&ada_web).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": ME } })).await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewer"]["email"], "ada@example.org");
    let stream = ada_web
        .request(reqwest::Method::POST, "/graphql/stream")
        .bearer_auth(ada_web.token.as_ref().unwrap())
        .header("accept", "text/event-stream")
        .json(&json!({ "query": ME }));
    assert!(stream.send().await.unwrap().text().await.unwrap().contains("ada@example.org"));

    // Her further tokens, and those of another session, are hers too; what was checked costs nothing.
    let next = caller(&app, &idp, with(ada("s1"), "jti", json!("2"))).await;
    assert_eq!(id(&next.query(ME).await), id(&first));
    let phone = caller(&app, &idp, with(ada("s2"), "email", Value::Null)).await;
    assert_eq!(id(&phone.query(ME).await), id(&first), "known by the subject");
    assert_eq!(app.count("select count(*) from members").await, 1);
    assert_eq!(app.count("select count(*) from auth_sessions").await, 2);
    let acts = app.sql("select action from audit_log order by id").await;
    assert_eq!(acts, [["IDENTITY_LINKED"], ["SIGNED_IN"], ["SIGNED_IN"]]);
    assert_eq!(app.statements(|| next.query("{ __typename }")).await.0, 0);
    assert_eq!((idp.seen("/jwks").await, idp.seen("/.well-known/openid-configuration").await), (1, 1));
    // Clerk names the page instead of an audience.
    let page = with(with(ada("s1"), "aud", Value::Null), "azp", json!("https://app.example.org"));
    assert_eq!(id(&caller(&app, &idp, page).await.query(ME).await), id(&first));
    assert_eq!(phone.query(RENAME).await.codes("updateProfile"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_issuer_did_not_make_for_us_now_opens_nothing() {
    let (idp, evil) = (Idp::start(), Idp::start());
    let app = server(&idp).await;
    let now = app.now().timestamp();
    let kid_of = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let good = idp.mint(ada("s1"), json!({})).await;
    let jwks: Value = idp.http.get(format!("{}/jwks", idp.url)).send().await.unwrap().json().await.unwrap();
    let public = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["n"].as_str().unwrap()).unwrap();
    let mut claims = ada("s1");
    (claims["iss"], claims["iat"], claims["exp"]) = (json!(idp.url), json!(now), json!(now + 600));
    let mut by_secret = Header::new(jsonwebtoken::Algorithm::HS256);
    by_secret.kid = Some(kid_of(&good));
    let none =
        [json!({ "alg": "none" }), claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let ours = json!({ "kid": kid_of(&good) });
    let foreign = with(ada("s1"), "iss", json!(idp.url));
    let key_inside = json!({ "kid": kid_of(&good), "jku": format!("{}/jwks", evil.url) });
    let wrong = [
        ("another audience", idp.mint(with(ada("s1"), "aud", json!("somebody else")), json!({})).await),
        ("no audience", idp.mint(with(ada("s1"), "aud", Value::Null), json!({})).await),
        (
            "another issuer",
            idp.mint(with(ada("s1"), "iss", json!("https://evil.example.org")), json!({})).await,
        ),
        ("expired", idp.mint(with(ada("s1"), "exp", json!(now - 1)), json!({})).await),
        ("not good yet", idp.mint(with(ada("s1"), "nbf", json!(now + 300)), json!({})).await),
        ("nobody", idp.mint(with(ada("s1"), "sub", Value::Null), json!({})).await),
        ("without end", idp.mint(with(ada("s1"), "exp", Value::Null), json!({})).await),
        ("unsigned", format!("{}.", none.join("."))),
        (
            "the public key as a secret",
            jsonwebtoken::encode(&by_secret, &claims, &EncodingKey::from_secret(&public)).unwrap(),
        ),
        ("another key", evil.mint(foreign.clone(), json!({})).await),
        ("another key under our name", evil.mint(foreign.clone(), ours).await),
        ("a key that it brings along", evil.mint(foreign, key_inside).await),
        ("cut", good.rsplit_once('.').unwrap().0.to_owned()),
    ];
    for (name, token) in wrong {
        let mut client = app.anonymous();
        client.token = Some(token.clone());
        let reply = client.query(ME).await;
        assert_eq!((reply.status, reply.error_codes()), (401, vec!["UNAUTHENTICATED".to_owned()]), "{name}");
        let mut socket = Socket::open(&app.url).await;
        socket.send(json!({ "type": "connection_init", "payload": { "authorization": token } })).await;
        assert_eq!(socket.close_code().await, 4403, "{name}");
    }
    assert_eq!(app.count("select count(*) from members").await, 0);
    let mut client = app.anonymous();
    client.token = Some(good);
    client.query(ME).await.data("viewer");
    // Where it is not set up, nothing of this is believed.
    let closed = idp.app().await;
    assert_eq!(client.moved(&closed.url).query(ME).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_works_at_once_and_made_up_names_of_keys_do_not_flood_the_issuer() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let old = caller(&app, &idp, ada("s1")).await;
    id(&old.query(ME).await);
    app.advance(TimeDelta::seconds(31));

    idp.control(json!({ "rotate": true })).await;
    id(&caller(&app, &idp, ada("s2")).await.query(ME).await);
    assert_eq!(idp.seen("/jwks").await, 2);

    let flood = join_all((0..20).map(|number| {
        let kid = json!({ "kid": format!("made up {number}") });
        let (app, idp) = (&app, &idp);
        async move {
            let mut client = app.anonymous();
            client.token = Some(idp.mint(ada("s3"), kid).await);
            client.query(ME).await.status
        }
    }));
    assert_eq!(flood.await, [401; 20]);
    assert_eq!(idp.seen("/jwks").await, 2);
    app.advance(TimeDelta::seconds(31));
    let mut client = app.anonymous();
    client.token = Some(idp.mint(ada("s3"), json!({ "kid": "made up" })).await);
    for _ in 0..5 {
        client.query(ME).await;
    }
    assert_eq!(idp.seen("/jwks").await, 3, "once in half a minute");

    // What the issuer takes back is refused soon, and so is what was made with it.
    idp.control(json!({ "newestKeyOnly": true })).await;
    app.advance(TimeDelta::minutes(11));
    id(&caller(&app, &idp, ada("s4")).await.query(ME).await);
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(old.query(ME).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_issuer_is_down_its_known_keys_are_used_and_nobody_waits() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let ada_web = caller(&app, &idp, ada("s1")).await;
    let other = caller(&app, &idp, ada("s2")).await;
    let third = caller(&app, &idp, ada("s3")).await;
    let broken = json!({ "broken": { "/jwks": "error", "/.well-known/openid-configuration": "error" } });

    idp.control(broken.clone()).await;
    let reply = ada_web.query(ME).await;
    assert_eq!(
        (reply.status, reply.error_codes()),
        (503, vec!["OVERLOADED".to_owned()]),
        "nothing is known yet"
    );
    let mut socket = Socket::open(&app.url).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": ada_web.token } })).await;
    assert_eq!(socket.close_code().await, 1013);
    idp.control(json!({})).await;
    app.advance(TimeDelta::seconds(2));
    let known = id(&ada_web.query(ME).await);

    idp.control(broken).await;
    for (client, minutes) in [(&other, 6), (&third, 20)] {
        app.advance(TimeDelta::minutes(minutes));
        assert_eq!(id(&client.query(ME).await), known);
    }
    let asked = idp.seen("/jwks").await;
    let fourth = caller(&app, &idp, ada("s4")).await;
    assert_eq!(id(&fourth.query(ME).await), known);
    assert_eq!(idp.seen("/jwks").await, asked, "not tried for every token");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_meet_by_address_only_if_both_sides_have_proven_it() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let here = app.member("ada").await;
    let unproven = caller(&app, &idp, with(ada("s1"), "email_verified", json!(false))).await;
    let reply = unproven.query(ME).await;
    assert_eq!(reply.status, 401);
    assert!(reply.json["errors"][0]["message"].as_str().unwrap().contains("proven"), "{}", reply.json);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);

    prove_address(&app, "ada@example.org").await;
    assert_eq!(id(&caller(&app, &idp, ada("s1")).await.query(ME).await), here.id);
    assert_eq!(app.count("select count(*) from credentials where password_hash is not null").await, 1);

    let squatter = app.member("bob").await;
    let bob = with(with(ada("s5"), "sub", json!("user_2")), "email", json!("bob@example.org"));
    let bob = caller(&app, &idp, bob).await;
    assert_eq!(id(&bob.query(ME).await), squatter.id);
    assert_eq!(squatter.query(ME).await.status, 401, "who never proved the address is signed out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_out_session_stays_signed_out_whatever_token_it_brings() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let web = caller(&app, &idp, ada("s1")).await;
    let phone = caller(&app, &idp, ada("s2")).await;
    let member = id(&web.query(ME).await);
    id(&phone.query(ME).await);
    let mut socket = Socket::connect(&web).await;
    let log_out = "mutation { logOut(input: {}) { userErrors { code } } }";

    web.query(log_out).await.ok("logOut");

    assert_eq!(socket.close_code().await, 4401);
    assert_eq!(web.query(ME).await.status, 401);
    let later = json!(app.now().timestamp() + 5);
    let again = caller(&app, &idp, with(ada("s1"), "iat", later.clone())).await;
    assert_eq!(again.query(ME).await.status, 401, "another token of the same session");
    assert_eq!(id(&phone.query(ME).await), member);
    let refresh = "mutation { refreshSession(input: {}) { userErrors { code } } }";
    assert_eq!(phone.query(refresh).await.codes("refreshSession"), ["TOKEN_INVALID"]);

    // An issuer that does not name its sessions: signing in there again is enough.
    let unnamed = |iat: Value| with(with(ada("x"), "sid", Value::Null), "iat", iat);
    let before = json!(app.now().timestamp() - 1);
    let nameless = caller(&app, &idp, unnamed(before.clone())).await;
    id(&nameless.query(ME).await);
    nameless.query(log_out).await.ok("logOut");
    let old = caller(&app, &idp, with(unnamed(before), "jti", json!("2"))).await;
    assert_eq!(old.query(ME).await.status, 401);
    assert_eq!(id(&caller(&app, &idp, unnamed(later)).await.query(ME).await), member);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_suspended_banned_or_gone_is_so_within_seconds_on_every_server() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let other = app.another_with(|config| config.identity = settings(&idp)).await;
    let root = app.admin("root").await;
    let web = caller(&app, &idp, ada("s1")).await;
    let there = web.moved(&other.url);
    let member = id(&web.query(ME).await);
    assert_eq!(id(&there.query(ME).await), member);
    let mut socket = Socket::connect(&there).await;
    let set = async |status: &str| {
        let query = "mutation($input: AdminSetMemberStatusInput!) { adminSetMemberStatus(input: $input) { userErrors { code } } }";
        let input = json!({ "memberId": member, "status": status, "reason": "a reason to do so" });
        root.run(query, json!({ "input": input })).await.ok("adminSetMemberStatus");
        tokio::time::sleep(Duration::from_secs(3)).await;
    };

    set("SUSPENDED").await;
    for client in [&web, &there] {
        assert_eq!(client.query(RENAME).await.codes("updateProfile"), ["ACCOUNT_SUSPENDED"]);
    }
    set("ACTIVE").await;
    assert_eq!(there.query(RENAME).await.codes("updateProfile"), Vec::<String>::new());
    assert_eq!(sync::deliver(&app, "msg_1", &sync::gone()).await, 200);
    tokio::time::sleep(Duration::from_secs(3)).await;
    for client in [&web, &there] {
        assert_eq!(client.query(ME).await.status, 401, "gone");
    }
    assert_eq!(socket.close_code().await, 4401);
    let new = caller(&app, &idp, ada("s9")).await;
    assert_eq!(new.query(ME).await.status, 401, "the issuer's last tokens bring nobody back");

    let bob = with(with(ada("s5"), "sub", json!("user_2")), "email", json!("bob@example.org"));
    let banned = caller(&app, &idp, bob.clone()).await;
    let member = id(&banned.query(ME).await);
    let query = "mutation($input: AdminSetMemberStatusInput!) { adminSetMemberStatus(input: $input) { userErrors { code } } }";
    let input = json!({ "memberId": member, "status": "BANNED", "reason": "a reason to do so" });
    root.run(query, json!({ "input": input })).await.ok("adminSetMemberStatus");
    assert_eq!(banned.query(ME).await.status, 401);
    assert_eq!(caller(&app, &idp, with(bob, "sid", json!("s6"))).await.query(ME).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_tokens_at_once_make_one_member_and_a_deletion_among_them_leaves_no_device() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let clients = join_all((0..8).map(|number| {
        let (app, idp) = (&app, &idp);
        async move { caller(app, idp, with(ada("s1"), "jti", json!(number))).await }
    }))
    .await;

    let replies = join_all(clients.iter().map(|client| client.query(ME))).await;

    let first = id(&replies[0]);
    assert!(replies.iter().all(|reply| id(reply) == first));
    assert_eq!(app.count("select count(*) from members").await, 1);
    assert_eq!(app.count("select count(*) from auth_sessions").await, 1);

    let clients = join_all((0..12).map(|number| {
        let (app, idp) = (&app, &idp);
        async move { caller(app, idp, ada(&format!("t{number}"))).await }
    }))
    .await;
    let asks = join_all(clients.iter().map(|client| client.query(ME)));
    let gone = sync::gone();
    let (_, told) = tokio::join!(asks, sync::deliver(&app, "msg_1", &gone));
    assert_eq!(told, 200);
    assert_eq!(app.count("select count(*) from auth_sessions where revoked_at is null").await, 0);
    for client in &clients {
        assert_eq!(client.query(ME).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_goes_on_with_the_issuers_next_token() {
    let idp = Idp::start();
    let app = server(&idp).await;
    let end = |seconds: i64| json!(app.now().timestamp() + seconds);
    let short = caller(&app, &idp, with(ada("s1"), "exp", end(60))).await;
    let mut socket = Socket::connect(&short).await;
    let query = "mutation($input: RefreshConnectionInput!) { refreshConnection(input: $input) { expiresAt userErrors { code } } }";
    let next = idp.mint(with(ada("s1"), "exp", end(120)), json!({})).await;
    let bob = with(with(ada("s5"), "sub", json!("user_2")), "email", json!("bob@example.org"));
    for (token, code) in [(idp.mint(bob, json!({})).await, json!("FORBIDDEN")), (next, Value::Null)] {
        let payload = json!({ "query": query, "variables": { "input": { "accessToken": token } } });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let answer = socket.receive().await["payload"]["data"]["refreshConnection"].clone();
        assert_eq!(answer["userErrors"][0]["code"], code, "{answer}");
        socket.receive().await;
    }

    app.advance(TimeDelta::seconds(90));
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
    app.advance(TimeDelta::seconds(60));
    assert_eq!(socket.close_code().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_installations_own_issuer_signs_people_in() {
    let idp = Idp::start();
    let identity = IdentityConfig {
        oidc_client_id: Some("our client".to_owned()),
        oidc_client_secret: None,
        ..settings(&idp)
    };
    let app = TestApp::start_with(|config| config.identity = identity).await;
    idp.recognises("user_1", "ada@example.org").await;
    let started = start(&app.anonymous(), "OIDC").await;
    assert!(started.ok("startOAuth")["url"].as_str().unwrap().contains("client_id=our+client"));

    let reply = through(&idp, &app.anonymous(), "OIDC").await;

    let done = reply.ok("completeOAuth");
    assert_eq!(
        (&done["identity"]["provider"], &done["identity"]["email"]),
        (&json!("OIDC"), &json!("ada@example.org"))
    );
    // It is the same person as the one behind its bearer tokens.
    let bearer = caller(&app, &idp, ada("s1")).await;
    assert_eq!(id(&bearer.query(ME).await), done["session"]["member"]["id"].as_str().unwrap());
    assert_eq!(sync::deliver(&app, "msg_1", &sync::gone()).await, 200);
    assert_eq!(through(&idp, &app.anonymous(), "OIDC").await.codes("completeOAuth"), ["TOKEN_INVALID"]);
    assert_eq!(app.count("select count(*) from oauth_identities").await, 0);
}
