use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::config::{Documents, Mode};

use super::{CREATE, STARTER, begin, browse, shop, stock};
use crate::support::{Client, TestApp, client::Reply};

async fn create(member: &Client, input: Value) -> Reply {
    member.run(CREATE, json!({ "input": input })).await
}

async fn written(app: &TestApp) -> (i64, i64, i64) {
    (
        app.count("select count(*) from payments").await,
        app.count("select count(*) from sandbox_checkouts").await,
        app.count("select count(*) from idempotency_keys").await,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_on_sale_are_public_and_in_order() {
    let app = shop().await;

    let reply = app
        .anonymous()
        .query(
            "{ creditPackages { id name credits { amountMinor currency } price { amountMinor currency } } }",
        )
        .await;

    assert_eq!(
        reply.data("creditPackages"),
        &json!([
            { "id": "pkg_01h455vb4pex5vsknk084sn02r", "name": "Pro", "credits": { "amountMinor": "50000", "currency": "CREDIT" }, "price": { "amountMinor": "5500", "currency": "JPY" } },
            { "id": STARTER, "name": "Starter", "credits": { "amountMinor": "10000", "currency": "CREDIT" }, "price": { "amountMinor": "1250", "currency": "USD" } },
        ])
    );
    let node = app
        .anonymous()
        .query(&format!("{{ node(id: \"{STARTER}\") {{ id ... on CreditPackage {{ name }} }} }}"))
        .await;
    assert_eq!(node.data("node"), &json!({ "id": STARTER, "name": "Starter" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_costs_what_the_package_costs() {
    let app = shop().await;
    let ada = app.member("ada").await;

    let reply = create(&ada, json!({ "packageId": STARTER, "idempotencyKey": "first" })).await;

    let payload = reply.ok("createCheckout");
    let payment = &payload["payment"];
    assert_eq!((&payment["status"], &payload["replayed"]), (&json!("PENDING"), &json!(false)));
    assert_eq!(payment["amount"], json!({ "amountMinor": "1250", "currency": "USD" }));
    assert_eq!(payment["credits"], json!({ "amountMinor": "10000", "currency": "CREDIT" }));
    assert_eq!(payment["package"], json!({ "id": STARTER, "name": "Starter" }));
    assert_eq!(payment["settledAt"], json!(null));
    assert!(
        payment["checkoutUrl"].as_str().unwrap().starts_with(&format!("{}/sandbox/checkout/sbx_", app.url))
    );
    let own_price =
        create(&ada, json!({ "packageId": STARTER, "idempotencyKey": "second", "amount": "1" })).await;
    assert_eq!(own_price.json["errors"].as_array().unwrap().len(), 1, "a client cannot set an amount");
    assert_eq!(written(&app).await, (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_again_gives_the_same_payment_and_another_input_is_a_conflict() {
    let app = shop().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let input = json!({ "packageId": STARTER, "idempotencyKey": "first" });
    let first = create(&ada, input.clone()).await.ok("createCheckout")["payment"].clone();

    let again = create(&ada, input.clone()).await;
    let other =
        create(&ada, json!({ "packageId": "pkg_01h455vb4pex5vsknk084sn02r", "idempotencyKey": "first" }))
            .await;
    let other_way_back =
        create(&ada, json!({ "packageId": STARTER, "idempotencyKey": "first", "returnUrl": app.url })).await;

    assert_eq!(
        (&again.ok("createCheckout")["payment"], &again.ok("createCheckout")["replayed"]),
        (&first, &json!(true))
    );
    assert_eq!(other.codes("createCheckout"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(other_way_back.codes("createCheckout"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(written(&app).await, (1, 1, 1));
    // A key belongs to its member.
    assert_ne!(create(&bob, input).await.ok("createCheckout")["payment"]["id"], first["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_equal_requests_at_once_make_one_payment() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let input = json!({ "packageId": STARTER, "idempotencyKey": "first" });

    let replies = join_all((0..10).map(|_| create(&ada, input.clone()))).await;

    let payments: Vec<&Value> = replies.iter().map(|reply| reply.ok("createCheckout")).collect();
    assert!(payments.iter().all(|payload| payload["payment"] == payments[0]["payment"]
        && payload["payment"]["checkoutUrl"].is_string()));
    assert_eq!(payments.iter().filter(|payload| payload["replayed"] == false).count(), 1);
    assert_eq!(written(&app).await, (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_goes_on_where_the_first_request_stopped() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let first = begin(&ada, json!({})).await;
    // As if the server had died before it stored the provider's answer.
    app.sql("update payments set provider_reference = null, checkout_url = null").await;

    let again = begin(&ada, json!({})).await;

    assert_eq!(again, first);
    assert_eq!(written(&app).await, (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_refused_and_writes_nothing() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let local = app.url.clone();

    for (input, code, path) in [
        (
            json!({ "packageId": "pkg_01h455vb4pex5vsknk084sn02z", "idempotencyKey": "k" }),
            "NOT_FOUND",
            "packageId",
        ),
        (
            json!({ "packageId": "pkg_01h455vb4pex5vsknk084sn02s", "idempotencyKey": "k" }),
            "NOT_FOUND",
            "packageId",
        ),
        (json!({ "packageId": ada.id, "idempotencyKey": "k" }), "VALIDATION", "packageId"),
        (json!({ "packageId": STARTER, "idempotencyKey": "  " }), "VALIDATION", "idempotencyKey"),
        (json!({ "packageId": STARTER, "idempotencyKey": "k".repeat(129) }), "VALIDATION", "idempotencyKey"),
        (
            json!({ "packageId": STARTER, "idempotencyKey": "k", "returnUrl": "https://evil.example/" }),
            "VALIDATION",
            "returnUrl",
        ),
        (
            json!({ "packageId": STARTER, "idempotencyKey": "k", "returnUrl": format!("{local}@evil.example/") }),
            "VALIDATION",
            "returnUrl",
        ),
    ] {
        let reply = create(&ada, input.clone()).await;
        let error = &reply.data("createCheckout")["userErrors"][0];
        assert_eq!((&error["code"], &error["path"][0]), (&json!(code), &json!(path)), "{input}");
    }

    let anonymous = create(&app.anonymous(), json!({ "packageId": STARTER, "idempotencyKey": "k" })).await;
    assert_eq!(anonymous.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(written(&app).await, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_of_others_are_absent() {
    let app = shop().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let payment = begin(&ada, json!({})).await;
    let look = async |client: &Client| {
        client
            .run("query($id: ID!) { node(id: $id) { id } }", json!({ "id": payment["id"] }))
            .await
            .data("node")
            .clone()
    };

    assert_eq!(look(&ada).await["id"], payment["id"]);
    assert_eq!((look(&bob).await, look(&app.anonymous()).await), (json!(null), json!(null)));
    assert_eq!(
        bob.query("{ viewer { payments { edges { node { id } } } } }").await.data("viewer")["payments"]["edges"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_page_both_ways() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(begin(&ada, json!({ "idempotencyKey": format!("k{number}") })).await["id"].clone());
    }
    ids.reverse();
    let page = async |arguments: &str| {
        let query = format!(
            "{{ viewer {{ payments({arguments}) {{ edges {{ node {{ id }} }} pageInfo {{ hasNextPage endCursor startCursor }} }} }} }}"
        );
        let page = ada.query(&query).await.data("viewer")["payments"].clone();
        let found: Vec<Value> =
            page["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect();
        (found, page["pageInfo"].clone())
    };

    let (newest, info) = page("first: 2").await;
    let (next, _) = page(&format!("first: 50, after: {}", info["endCursor"])).await;
    let (oldest, info) = page("last: 2").await;
    let (before, _) = page(&format!("last: 1, before: {}", info["startCursor"])).await;

    assert_eq!((newest, next), (ids[..2].to_vec(), ids[2..].to_vec()));
    assert_eq!((oldest, before), (ids[3..].to_vec(), ids[2..3].to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn production_has_no_sandbox() {
    let app = TestApp::start_with(|config| {
        config.mode = Mode::Production;
        config.documents = Documents::Open;
    })
    .await;
    stock(&app).await;
    let ada = app.member("ada").await;

    let reply = create(&ada, json!({ "packageId": STARTER, "idempotencyKey": "k" })).await;

    assert_eq!(reply.codes("createCheckout"), ["PROVIDER_UNAVAILABLE"]);
    assert_eq!(written(&app).await, (0, 0, 0));
    app.sql("insert into sandbox_checkouts values ('sbx_1', gen_random_uuid(), 1, 'USD', '0.01 USD', 'x', null, 'OPEN', now())").await;
    for (method, path) in [
        ("GET", "/sandbox/checkout/sbx_1"),
        ("POST", "/sandbox/checkout/sbx_1/pay"),
        ("POST", "/webhooks/sandbox"),
    ] {
        assert_eq!(
            browse(method.parse().unwrap(), &format!("{}{path}", app.url)).await.status(),
            404,
            "{path}"
        );
    }
    assert_eq!(app.count("select count(*) from sandbox_checkouts where status = 'OPEN'").await, 1);
}
