use std::{
    io::Write,
    process::{Command, Stdio},
};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    payments::{
        begin, event,
        refunds::{paid, refund},
        send_by, shop,
    },
    support::{Client, TestApp, smtp::Smtp},
};

const INVOICES: &str = "{ viewer { invoices(first: 50) { edges { node {
    id kind number amount { amountMinor currency } description issuedAt payment { id status } corrects { id }
    file { url expiresAt bytes sha256 } } } pageInfo { hasNextPage } } } }";

/// A payment that succeeded, with its invoice made and mailed.
async fn bought(app: &TestApp, member: &Client, key: &str) -> Value {
    let payment = begin(member, json!({ "idempotencyKey": key })).await;
    let paid = event(&format!("evt {key} {}", member.id), "checkout.paid", &payment);
    assert_eq!(send_by(&app.anonymous(), app, &paid).await, 200);
    app.work().await;
    payment
}

async fn invoices(member: &Client) -> Vec<Value> {
    let reply = member.query(INVOICES).await;
    let edges = reply.data("viewer")["invoices"]["edges"].as_array().unwrap().clone();
    edges.into_iter().map(|edge| edge["node"].clone()).collect()
}

async fn fetch(url: &str) -> (u16, Vec<u8>) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

/// The text of a PDF, as people read it.
fn text_of(pdf: &[u8]) -> String {
    let mut reader = Command::new("pdftotext")
        .args(["-layout", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pdftotext of poppler-utils");
    reader.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn year(app: &TestApp) -> String {
    app.now().format("%Y").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_has_one_invoice_whose_text_says_what_was_bought() {
    let app = shop().await;
    let ada = app.member("ada").await;
    app.sql("update members set name = 'Žofie Ångström'").await;
    let payment = bought(&app, &ada, "first").await;

    let made = invoices(&ada).await;

    assert_eq!(made.len(), 1);
    let invoice = &made[0];
    let number = format!("INV-{}-000001", year(&app));
    assert_eq!((&invoice["kind"], &invoice["number"]), (&json!("INVOICE"), &json!(number)));
    assert_eq!(invoice["amount"], json!({ "amountMinor": "1250", "currency": "USD" }));
    assert_eq!(invoice["payment"], json!({ "id": payment["id"], "status": "SUCCEEDED" }));
    assert_eq!(invoice["corrects"], json!(null));
    let (status, pdf) = fetch(invoice["file"]["url"].as_str().unwrap()).await;
    assert_eq!((status, pdf.len().to_string()), (200, invoice["file"]["bytes"].as_str().unwrap().to_owned()));
    let hash: String = Sha256::digest(&pdf).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(invoice["file"]["sha256"], json!(hash));
    let text = text_of(&pdf);
    let paid_on = format!("Paid on {} through sandbox. Nothing is due.", app.now().format("%-d %B %Y"));
    for part in [
        "SkillSwap Ltd",
        "1 Market Street",
        "Dublin",
        "Tax number IE1234567X",
        &format!("Invoice {number}"),
        "Žofie Ångström",
        "100.00 credits for sessions on this platform",
        "12.50 USD",
        &paid_on,
        payment["id"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let node = ada
        .run(
            "query($id: ID!) { node(id: $id) { ... on Payment { invoice { number } } } }",
            json!({ "id": payment["id"] }),
        )
        .await;
    assert_eq!(node.data("node")["invoice"]["number"], json!(number));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_payments_at_once_have_the_numbers_one_to_fifty() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let mut events = Vec::new();
    for number in 0..50 {
        let payment = begin(&ada, json!({ "idempotencyKey": format!("key {number}") })).await;
        events.push(event(&format!("evt_{number}"), "checkout.paid", &payment));
    }
    // A second worker, so that invoices are made by two processes.
    let second = app.another().await;
    let sender = app.anonymous();

    let answers = join_all(events.iter().map(|event| send_by(&sender, &app, event))).await;
    tokio::join!(app.work(), second.work());
    app.work().await;

    assert_eq!(answers, vec![200; 50]);
    let numbers = app.sql("select number from invoices order by number").await;
    let expected: Vec<Vec<String>> = (1..=50).map(|number| vec![number.to_string()]).collect();
    assert_eq!(numbers, expected);
    let payments = "select count(distinct payment_id) from invoices i join payments p on p.id = i.payment_id
                    where p.status = 'SUCCEEDED' and i.amount = p.amount";
    assert_eq!(app.count(payments).await, 50);
    assert_eq!(app.count("select last_number from invoice_series").await, 50);
    assert_eq!(app.count("select count(*) from invoice_files").await, 50);
    assert_eq!(app.count("select count(*) from mailbox where attachment is not null").await, 50);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_taken_by_a_transaction_that_failed_is_given_again() {
    let app = shop().await;
    let ada = app.member("ada").await;
    bought(&app, &ada, "first").await;
    // The second invoice cannot be written at first.
    app.sql("alter table invoices add constraint closed check (number <> 2)").await;
    bought(&app, &ada, "second").await;
    assert_eq!(app.count("select last_number from invoice_series").await, 1);
    app.sql("alter table invoices drop constraint closed").await;

    app.advance(chrono::TimeDelta::seconds(3));
    app.work().await;
    bought(&app, &ada, "third").await;

    let numbers = app.sql("select number from invoices order by number").await;
    assert_eq!(numbers, [["1"], ["2"], ["3"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_success_told_many_times_makes_one_invoice_and_one_mail() {
    let app = shop().await;
    let ada = app.member("ada").await;
    let payment = begin(&ada, json!({})).await;
    let sender = app.anonymous();
    let events: Vec<Value> =
        (0..8).map(|number| event(&format!("evt_{number}"), "checkout.paid", &payment)).collect();
    join_all(events.iter().map(|event| send_by(&sender, &app, event))).await;
    app.work().await;
    // The job runs twice.
    let id = skillswap::db::ids::decode(payment["id"].as_str().unwrap()).unwrap().1;
    app.sql(&format!(
        "insert into jobs (id, kind, payload, run_at, created_at)
         select gen_random_uuid(), 'invoices.issue', '{{\"payment_id\": \"{id}\"}}', now(), now() from generate_series(1, 3)"
    ))
    .await;
    app.work().await;

    assert_eq!(app.count("select count(*) from invoices").await, 1);
    let mails =
        app.sql("select subject, recipient, attachment from mailbox where attachment is not null").await;
    let number = format!("INV-{}-000001", year(&app));
    assert_eq!(
        mails,
        [[format!("Your invoice {number}"), "ada@example.org".to_owned(), format!("{number}.pdf")]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_comes_as_an_attachment() {
    let smtp = Smtp::start(&[]).await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(smtp.url.clone())).await;
    crate::payments::stock(&app).await;
    let ada = app.member("ada").await;
    bought(&app, &ada, "first").await;

    let mails = smtp.mails();
    let mail = mails.iter().find(|mail| mail.contains("Subject: Your invoice")).expect("the mail");

    let name = format!("INV-{}-000001.pdf", year(&app));
    for part in
        ["multipart/mixed", "multipart/alternative", "Content-Type: application/pdf", &name, "JVBERi0"]
    {
        assert!(mail.contains(part), "{part} is not in {mail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_the_same_for_ever_and_for_its_owner_only() {
    let app = shop().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    bought(&app, &ada, "first").await;
    let first = invoices(&ada).await[0].clone();
    // What seller and buyer are called later does not matter.
    app.sql("update members set name = 'Somebody Else'").await;
    let url = first["file"]["url"].as_str().unwrap();
    let (_, bytes) = fetch(url).await;

    let second = invoices(&ada).await[0].clone();

    assert_eq!(first["file"]["sha256"], second["file"]["sha256"]);
    let id = first["id"].as_str().unwrap();
    let node = format!("{{ node(id: \"{id}\") {{ id ... on Invoice {{ number file {{ url }} }} }} }}");
    assert_eq!(ada.query(&node).await.data("node")["number"], first["number"]);
    assert_eq!(bob.query(&node).await.data("node"), &json!(null));
    assert_eq!(app.anonymous().query(&node).await.data("node"), &json!(null));
    assert_eq!(invoices(&bob).await, Vec::<Value>::new());
    let (bare, query) = url.split_once('?').unwrap();
    for bad in [bare.to_owned(), format!("{bare}?{}", query.replace("signature=", "signature=A"))] {
        assert_eq!(fetch(&bad).await.0, 404, "{bad}");
    }
    app.advance(chrono::TimeDelta::minutes(14));
    assert_eq!(fetch(url).await, (200, bytes.clone()));
    app.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(fetch(url).await.0, 404);
    // Whatever was lost beside the store, the row alone gives the same bytes.
    app.sql("alter table invoice_files disable trigger all; delete from invoice_files; alter table invoice_files enable trigger all")
        .await;
    let ada = app.sign_in("ada@example.org").await;
    let third = invoices(&ada).await[0].clone();
    assert_eq!(third["file"]["sha256"], first["file"]["sha256"]);
    assert_eq!(fetch(third["file"]["url"].as_str().unwrap()).await.1, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_and_their_series_cannot_be_changed() {
    let app = shop().await;
    let ada = app.member("ada").await;
    bought(&app, &ada, "first").await;

    for statement in [
        "update invoices set amount = 1",
        "delete from invoices",
        "truncate invoices cascade",
        "update invoice_files set bytes = 1",
        "delete from invoice_files",
        "truncate invoice_files",
        "update invoice_series set last_number = last_number + 2",
        "update invoice_series set last_number = last_number - 1",
        "delete from invoice_series",
    ] {
        let done = crate::support::database::sql(&app.database_url, statement).await;
        assert!(done.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_payments_equals_the_ledger() {
    let app = shop().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    bought(&app, &ada, "one").await;
    bought(&app, &ada, "two").await;
    let failed = begin(&ada, json!({ "idempotencyKey": "three" })).await;
    crate::payments::send(&app, &event("evt_failed", "checkout.failed", &failed)).await;
    let open = begin(&ada, json!({ "idempotencyKey": "four" })).await;
    app.work().await;
    let history = async |client: &Client, arguments: &str| {
        let query = format!(
            "{{ viewer {{ payments({arguments}) {{ edges {{ node {{ id status amount {{ amountMinor currency }} credits {{ amountMinor }} invoice {{ number amount {{ amountMinor currency }} }} }} }} pageInfo {{ endCursor }} }} }} }}"
        );
        client.query(&query).await.data("viewer")["payments"].clone()
    };
    let nodes = |page: &Value| -> Vec<Value> {
        page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone()).collect()
    };

    let all = nodes(&history(&ada, "first: 50").await);
    let succeeded = history(&ada, "status: SUCCEEDED, first: 50").await;

    assert_eq!(all.len(), 4);
    let one = |status: &str| all.iter().filter(|node| node["status"] == status).cloned().collect::<Vec<_>>();
    assert_eq!(nodes(&succeeded), one("SUCCEEDED"));
    assert_eq!(nodes(&history(&ada, "status: FAILED").await)[0]["id"], failed["id"]);
    assert_eq!(nodes(&history(&ada, "status: PENDING").await)[0]["id"], open["id"]);
    assert_eq!(nodes(&history(&bob, "first: 50").await), Vec::<Value>::new());
    for node in &all {
        let paid = node["status"] == "SUCCEEDED";
        assert_eq!(node["invoice"].is_null(), !paid, "{node}");
        if paid {
            assert_eq!(node["invoice"]["amount"], node["amount"]);
        }
    }
    let credits: i64 = nodes(&succeeded)
        .iter()
        .map(|node| node["credits"]["amountMinor"].as_str().unwrap().parse::<i64>().unwrap())
        .sum();
    let member = skillswap::db::ids::decode(&ada.id).unwrap().1;
    let ledger = format!(
        "select sum(p.amount) from ledger_postings p join ledger_accounts a on a.id = p.account_id
         join ledger_transactions t on t.id = p.transaction_id where a.owner_id = '{member}' and t.kind = 'PURCHASE'"
    );
    assert_eq!(app.count(&ledger).await, credits);
    let node = format!("{{ node(id: {}) {{ id }} }}", open["id"]);
    assert_eq!(bob.query(&node).await.data("node"), &json!(null));
    let cursor = &succeeded["pageInfo"]["endCursor"];
    let foreign =
        ada.query(&format!("{{ viewer {{ payments(after: {cursor}) {{ edges {{ cursor }} }} }} }}")).await;
    assert_eq!(foreign.error_codes(), ["CURSOR_INVALID"], "a cursor belongs to its filter");
    let bare = app.anonymous().request(Method::GET, "/files/inv_01h455vb4pex5vsknk084sn02q").send().await;
    assert_eq!(bare.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refund_has_one_credit_note_that_names_the_invoice() {
    let app = shop().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let payment = paid(&app, &ada, "first").await;
    for (amount, key) in [("250", "one"), ("250", "two")] {
        assert_eq!(refund(&root, &payment, amount, key).await["userErrors"], json!([]));
        app.work().await;
        app.work().await;
    }

    let made = invoices(&ada).await;
    let kinds: Vec<&str> = made.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["CREDIT_NOTE", "CREDIT_NOTE", "INVOICE"], "newest first");
    let invoice = &made[2];
    for (note, number) in made[..2].iter().zip([2, 1]) {
        assert_eq!(note["number"], format!("CRN-{}-{number:06}", year(&app)));
        assert_eq!(note["amount"], json!({ "amountMinor": "250", "currency": "USD" }));
        assert_eq!(note["corrects"]["id"], invoice["id"]);
        let (status, pdf) = fetch(note["file"]["url"].as_str().unwrap()).await;
        let text = text_of(&pdf);
        assert_eq!(status, 200);
        for part in
            ["Credit note", note["number"].as_str().unwrap(), invoice["number"].as_str().unwrap(), "2.50 USD"]
        {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }
    assert_eq!(invoices(&bob).await, Vec::<Value>::new());
    // A job that runs again makes nothing.
    app.sql(
        "insert into jobs (id, kind, payload, run_at, created_at)
         select gen_random_uuid(), 'invoices.issue_credit_note', jsonb_build_object('refund_id', id), now(), now() from payment_refunds",
    )
    .await;
    app.work().await;
    assert_eq!(invoices(&ada).await.len(), made.len());
    assert_eq!(app.count("select last_number from invoice_series where series like 'CRN-%'").await, 2);
}
