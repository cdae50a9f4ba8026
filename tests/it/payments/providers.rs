//! One contract over every provider and every way to pay: the same acts have the same ledger.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use skillswap::integrations::payments::{
    Flow::{self, Hosted, InApp},
    ProviderName::{self, Paypal, Razorpay, Sandbox, Stripe},
};

use super::{available, begin, browse, refunds::refund, send_raw, status, stock};
use crate::{
    support::{Client, TestApp, payments::Providers},
    wallet::assert_sound,
};

/// Every provider with every way to pay.
const WAYS: [(ProviderName, Flow); 6] = [
    (Sandbox, Hosted),
    (Stripe, Hosted),
    (Stripe, InApp),
    (Razorpay, Hosted),
    (Razorpay, InApp),
    (Paypal, Hosted),
];

pub const VERIFY: &str = "mutation($input: VerifyPaymentInput!) { verifyPayment(input: $input) {
    payment { id status clientSecret checkoutUrl } userErrors { code } } }";

pub async fn verify(member: &Client, payment: &Value) -> Value {
    let reply = member.run(VERIFY, json!({ "input": { "paymentId": payment["id"] } })).await;
    reply.ok("verifyPayment")["payment"].clone()
}

/// The provider's name for a payment's checkout.
pub async fn reference(app: &TestApp, payment: &Value) -> String {
    let id = skillswap::db::ids::decode(payment["id"].as_str().unwrap()).unwrap().1;
    app.sql(&format!("select provider_reference from payments where id = '{id}'")).await[0][0].clone()
}

/// One server with all providers.
struct Shop {
    providers: Providers,
    app: TestApp,
}

impl Shop {
    async fn open() -> Self {
        let providers = Providers::start();
        let app = providers.app().await;
        stock(&app).await;
        Self { providers, app }
    }

    async fn begin(&self, member: &Client, (provider, flow): (ProviderName, Flow), key: &str) -> Value {
        let (provider, flow) = (provider.as_str().to_uppercase(), flow.as_str());
        begin(member, json!({ "provider": provider, "flow": flow, "idempotencyKey": key })).await
    }

    /// What the payer does; the sandbox has a page for it.
    async fn act(&self, provider: ProviderName, act: &str, payment: &Value) {
        let reference = reference(&self.app, payment).await;
        if provider == Sandbox {
            browse(Method::POST, &format!("{}/sandbox/checkout/{reference}/{act}", self.app.url)).await;
        } else {
            self.providers.act(provider, act, &reference).await;
        }
    }

    /// Works until nothing is left to be tried again.
    async fn settle(&self) {
        while self.app.count("select count(*) from jobs").await > 0 {
            self.app.advance(chrono::TimeDelta::seconds(5));
            self.app.work().await;
        }
    }

    /// Brings the webhooks, in the way asked for, and works on them.
    async fn deliver(&self, provider: ProviderName, how: Value) {
        if provider != Sandbox {
            let statuses = self.providers.deliver(&self.app, provider, how).await;
            assert!(!statuses.is_empty() && statuses.iter().all(|&status| status == 200), "{statuses:?}");
        }
        self.app.work().await;
    }
}

/// What the ledger has of a member, by kind of transaction and account.
async fn story(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select t.kind, a.kind, p.asset, count(*)::text, sum(p.amount)::text from ledger_postings p
         join ledger_transactions t on t.id = p.transaction_id join ledger_accounts a on a.id = p.account_id
         group by 1, 2, 3 order by 1, 2, 3",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_fulfils_one_contract_with_the_same_ledger() {
    let stories = join_all(WAYS.map(|way| tokio::spawn(contract(way)))).await;
    let stories: Vec<_> = stories.into_iter().map(Result::unwrap).collect();
    for (way, story) in WAYS.iter().zip(&stories) {
        assert_eq!(*story, stories[0], "{way:?}");
    }
}

async fn contract(way: (ProviderName, Flow)) -> Vec<Vec<String>> {
    let (provider, flow) = way;
    let shop = Shop::open().await;
    let (ada, root) = (shop.app.member("ada").await, shop.app.admin("root").await);

    // Asked twice, there is one checkout, with what is needed to pay.
    let first = shop.begin(&ada, way, "first").await;
    assert_eq!(shop.begin(&ada, way, "first").await, first, "{way:?}");
    assert_eq!(first["status"], "PENDING");
    assert_eq!(first["checkoutUrl"].is_string(), flow == Hosted, "{way:?}: {first}");
    assert_eq!(verify(&ada, &first).await["status"], "PENDING", "{way:?}: nobody has paid");

    // Asked first, told afterwards, twice and backwards.
    shop.act(provider, "pay", &first).await;
    assert_eq!(verify(&ada, &first).await["status"], "SUCCEEDED", "{way:?}");
    shop.deliver(provider, json!({ "times": 2, "reverse": true })).await;
    assert_eq!(available(&ada).await, "10000", "{way:?}");

    // Told first, asked afterwards.
    let second = shop.begin(&ada, way, "second").await;
    shop.act(provider, "pay", &second).await;
    shop.deliver(provider, json!({})).await;
    assert_eq!(status(&ada, &second).await, "SUCCEEDED", "{way:?}");
    verify(&ada, &second).await;
    assert_eq!(available(&ada).await, "20000", "{way:?}");

    // Refused by the bank.
    let third = shop.begin(&ada, way, "third").await;
    shop.act(provider, "fail", &third).await;
    shop.deliver(provider, json!({})).await;
    assert_eq!(verify(&ada, &third).await["status"], "FAILED", "{way:?}");
    assert_eq!(available(&ada).await, "20000", "{way:?}");

    // Back in two equal parts and a rest, and no more.
    for (round, amount) in ["500", "500", "250"].into_iter().enumerate() {
        let payload = refund(&root, &first, amount, &format!("part {round}")).await;
        assert_eq!(payload["userErrors"], json!([]), "{way:?}");
        shop.app.work().await;
    }
    assert_eq!(refund(&root, &first, "1", "too much").await["userErrors"][0]["code"], "AMOUNT_TOO_HIGH");
    if provider != Sandbox {
        shop.deliver(provider, json!({ "times": 2, "reverse": true })).await;
    }
    assert_eq!(shop.app.count("select refunded from payments where refunded > 0").await, 1250, "{way:?}");
    assert_eq!(shop.app.count("select count(*) from payment_refunds where status = 'SUCCEEDED'").await, 3);
    assert_eq!(available(&ada).await, "10000", "{way:?}");

    // The provider's books say the same.
    let own = shop.app.app.integrations.payments.get(provider).unwrap();
    let since = shop.app.now() - chrono::TimeDelta::hours(1);
    let paid = own.list_payments(&shop.app.app, since).await.unwrap();
    let paid = paid.iter().filter(|report| format!("{:?}", report.word) == "Paid");
    assert_eq!(paid.map(|report| report.sum.units).sum::<i64>(), 2500, "{way:?}");
    let back = own.list_refunds(&shop.app.app, since).await.unwrap();
    assert_eq!(back.iter().map(|report| report.sum.units).sum::<i64>(), 1250, "{way:?}");
    assert!(back.iter().all(|report| report.refund_id.is_some()), "{way:?}");

    assert_sound(&shop.app.app).await;
    story(&shop.app).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_checks_its_own_signature() {
    let shop = Shop::open().await;
    let ada = shop.app.member("ada").await;
    for way in [(Stripe, Hosted), (Razorpay, Hosted), (Paypal, Hosted)] {
        let payment = shop.begin(&ada, way, way.0.as_str()).await;
        for sign in ["wrong", "none"] {
            shop.act(way.0, "pay", &payment).await;
            let statuses = shop.providers.deliver(&shop.app, way.0, json!({ "sign": sign })).await;
            assert!(
                !statuses.is_empty() && statuses.iter().all(|&status| status == 400),
                "{way:?} {statuses:?}"
            );
        }
    }
    // Stripe says when it signed.
    let payment = shop.begin(&ada, (Stripe, Hosted), "old").await;
    shop.act(Stripe, "pay", &payment).await;
    let old = shop.app.now().timestamp() - 302;
    assert_eq!(shop.providers.deliver(&shop.app, Stripe, json!({ "now": old })).await, [400; 3]);
    assert_eq!(send_raw(&shop.app.anonymous(), Some("t=1,v1=00"), "{}".to_owned()).await, 400);
    assert_eq!(shop.app.count("select count(*) from webhook_events").await, 0);
    assert_eq!(available(&ada).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_off_is_refused_with_those_that_are_on() {
    let app = super::shop().await;
    let ada = app.member("ada").await;
    let query = "mutation($input: CreateCheckoutInput!) { createCheckout(input: $input) { payment { id }
        userErrors { code retryable ... on ProviderUnavailableError { available } } } }";
    for (input, able) in
        [(json!({ "provider": "STRIPE" }), json!(["SANDBOX"])), (json!({ "flow": "IN_APP" }), json!([]))]
    {
        let mut full = json!({ "packageId": super::STARTER, "idempotencyKey": "k" });
        full.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
        let reply = ada.run(query, json!({ "input": full })).await;
        assert_eq!(
            reply.data("createCheckout")["userErrors"],
            json!([{ "code": "PROVIDER_UNAVAILABLE", "retryable": false, "available": able }])
        );
    }
    assert_eq!(app.count("select count(*) from payments").await, 0);
    let providers = ada.query("{ paymentProviders { name flows } }").await;
    assert_eq!(*providers.data("paymentProviders"), json!([{ "name": "SANDBOX", "flows": ["HOSTED"] }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_replies_and_trouble_at_a_provider_charge_and_refund_nothing_twice() {
    let shop = Shop::open().await;
    let root = shop.app.admin("root").await;
    shop.providers.control(json!({ "dropReplyEvery": 3, "status500Every": 4, "status429Every": 5 })).await;
    for way in [(Stripe, Hosted), (Stripe, InApp), (Razorpay, Hosted), (Razorpay, InApp), (Paypal, Hosted)] {
        let member =
            shop.app.member(&format!("{}{}", way.0, way.1.as_str().to_lowercase().replace('_', ""))).await;
        for round in 0..3 {
            // As a client does it: the same request until it is answered with yes.
            let mut payment = Value::Null;
            for _ in 0..10 {
                let input = json!({
                    "packageId": super::STARTER, "idempotencyKey": format!("k{round}"),
                    "provider": way.0.as_str().to_uppercase(), "flow": way.1.as_str(),
                });
                let reply = member.run(super::CREATE, json!({ "input": input })).await;
                payment = reply.data("createCheckout")["payment"].clone();
                if !payment.is_null() {
                    break;
                }
                assert_eq!(reply.codes("createCheckout"), ["PROVIDER_UNAVAILABLE"]);
            }
            shop.act(way.0, "pay", &payment).await;
            shop.deliver(way.0, json!({ "times": 3, "reverse": round % 2 == 0 })).await;
            shop.settle().await;
            assert_eq!(status(&member, &payment).await, "SUCCEEDED", "{way:?}");
            let payload = refund(&root, &payment, "400", &format!("{} {round}", member.id)).await;
            assert_eq!(payload["userErrors"], json!([]), "{way:?}");
            shop.settle().await;
        }
        assert_eq!(available(&member).await, (3 * 6800).to_string(), "{way:?}");
    }
    for (provider, checkouts) in [(Stripe, 6), (Razorpay, 6), (Paypal, 3)] {
        let books = shop.providers.books(provider).await;
        let (payments, refunds) =
            (books["payments"].as_array().unwrap(), books["refunds"].as_array().unwrap());
        assert_eq!((payments.len(), refunds.len()), (checkouts, checkouts), "{provider}: {books}");
    }
    assert_eq!(shop.app.count("select count(*) from payment_refunds where status = 'SUCCEEDED'").await, 15);
    assert_sound(&shop.app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_that_asks_the_payer_makes_the_payment_wait_with_what_the_client_needs() {
    let shop = Shop::open().await;
    let ada = shop.app.member("ada").await;
    let payment = shop.begin(&ada, (Stripe, InApp), "k").await;
    let secret = verify(&ada, &payment).await["clientSecret"].clone();
    assert!(secret.as_str().unwrap().starts_with("pi_"), "{secret}");

    shop.act(Stripe, "challenge", &payment).await;
    shop.deliver(Stripe, json!({})).await;
    let waiting = verify(&ada, &payment).await;
    assert_eq!((&waiting["status"], &waiting["clientSecret"]), (&json!("REQUIRES_ACTION"), &secret));
    assert_eq!(
        shop.app.count("select count(*) from notifications where kind = 'PAYMENT_REQUIRES_ACTION'").await,
        1
    );

    shop.act(Stripe, "pay", &payment).await;
    shop.deliver(Stripe, json!({})).await;
    let done = verify(&ada, &payment).await;
    assert_eq!((&done["status"], &done["clientSecret"]), (&json!("SUCCEEDED"), &Value::Null));
    assert_eq!(available(&ada).await, "10000");

    // What comes too late changes nothing.
    let other = shop.begin(&ada, (Stripe, Hosted), "other").await;
    shop.act(Stripe, "challenge", &other).await;
    shop.act(Stripe, "pay", &other).await;
    shop.deliver(Stripe, json!({ "reverse": true })).await;
    assert_eq!((status(&ada, &other).await.as_str(), available(&ada).await.as_str()), ("SUCCEEDED", "20000"));
    assert_sound(&shop.app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_webhooks_are_lost_the_provider_is_asked_after_a_while() {
    let shop = Shop::open().await;
    let ada = shop.app.member("ada").await;
    let payment = shop.begin(&ada, (Stripe, Hosted), "k").await;
    shop.app.sql("update payments set provider_reference = null, checkout_url = null").await;
    let books = shop.providers.books(Stripe).await;
    assert_eq!(books["sessions"], 1);
    // The answer was lost, too: the same question has the same answer.
    assert_eq!(verify(&ada, &payment).await["checkoutUrl"], payment["checkoutUrl"]);
    shop.act(Stripe, "pay", &payment).await;
    shop.providers.deliver(&shop.app, Stripe, json!({ "drop": [0, 1, 2] })).await;

    shop.app.advance(chrono::TimeDelta::minutes(14));
    shop.app.work().await;
    assert_eq!(shop.app.count("select count(*) from payments where status = 'PENDING'").await, 1);
    shop.app.advance(chrono::TimeDelta::minutes(6));
    shop.app.work().await;
    shop.settle().await;

    assert_eq!(shop.app.count("select count(*) from payments where status = 'SUCCEEDED'").await, 1);
    assert_eq!(shop.providers.books(Stripe).await["sessions"], 1);
    assert_sound(&shop.app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_somebody_else_is_verified_for_nobody() {
    let app = super::shop().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let payment = begin(&ada, json!({})).await;
    for id in [payment["id"].clone(), json!("pay_01h455vb4pex5vsknk084sn02q")] {
        let reply = bob.run(VERIFY, json!({ "input": { "paymentId": id } })).await;
        assert_eq!(reply.codes("verifyPayment"), ["NOT_FOUND"]);
    }
}

/// Every call that the acts above make, judged by Stripe's own library.
#[tokio::test(flavor = "multi_thread")]
async fn stripe_is_called_as_its_own_library_would_call_it() {
    let shop = Shop::open().await;
    let (ada, root) = (shop.app.member("ada").await, shop.app.admin("root").await);
    for flow in [Hosted, InApp] {
        let payment = shop.begin(&ada, (Stripe, flow), flow.as_str()).await;
        shop.act(Stripe, "pay", &payment).await;
        verify(&ada, &payment).await;
        refund(&root, &payment, "500", flow.as_str()).await;
        shop.app.work().await;
    }
    let own = shop.app.app.integrations.payments.get(Stripe).unwrap();
    let since = shop.app.now() - chrono::TimeDelta::hours(1);
    own.list_payments(&shop.app.app, since).await.unwrap();
    own.list_refunds(&shop.app.app, since).await.unwrap();

    let judged = shop.providers.judge_stripe().await;
    assert_eq!(judged.len(), 1, "{judged:#?}");
    assert!(judged[0].starts_with("10 calls, "), "{judged:?}");
}
