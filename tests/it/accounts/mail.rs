use chrono::TimeDelta;
use serde_json::json;
use skillswap::config::{Documents, Mode};

use super::REGISTER;
use crate::support::{
    PASSWORD, TestApp,
    smtp::{Smtp, Whim},
};

async fn register(app: &TestApp, name: &str) {
    let input = json!({ "email": "ada@example.org", "password": PASSWORD, "name": name });
    app.anonymous().run(REGISTER, json!({ "input": input })).await.ok("registerMember");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_refused_or_cut_off_is_sent_again() {
    let smtp = Smtp::start(&[Whim::Refuse, Whim::Drop]).await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(smtp.url.clone())).await;
    register(&app, "Ada").await;
    app.work().await;
    assert_eq!(smtp.mails().len(), 0);
    assert_eq!(app.count("select count(*) from jobs where last_error like '%451%'").await, 1);

    app.advance(TimeDelta::seconds(2));
    app.work().await;
    assert_eq!(smtp.mails().len(), 0, "the second connection broke");
    app.advance(TimeDelta::seconds(3));
    app.work().await;

    let mails = smtp.mails();
    assert_eq!(mails.len(), 1);
    for part in [
        "From: SkillSwap <no-reply@skillswap.test>",
        "To: ada@example.org",
        "Subject: Confirm your e-mail address",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ] {
        assert!(mails[0].contains(part), "{part} is not in {}", mails[0]);
    }
    assert_eq!(app.count("select count(*) from jobs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_acceptance_was_lost_is_the_same_mail_again() {
    let smtp = Smtp::start(&[Whim::TakeAndDrop]).await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(smtp.url.clone())).await;
    register(&app, "Ada").await;
    app.work().await;
    app.advance(TimeDelta::seconds(2));
    app.work().await;

    let ids: Vec<String> = smtp
        .mails()
        .iter()
        .filter_map(|mail| Some(mail.lines().find(|line| line.starts_with("Message-ID:"))?.to_owned()))
        .collect();

    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_ended_while_the_server_was_away_is_not_sent() {
    let smtp = Smtp::start(&[Whim::Refuse]).await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(smtp.url.clone())).await;
    register(&app, "Ada").await;
    app.work().await;

    app.advance(TimeDelta::minutes(61));
    app.work().await;

    assert_eq!(smtp.mails().len(), 0);
    assert_eq!(app.count("select count(*) from jobs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mailbox_shows_mail_as_a_page_and_as_json_but_not_in_production() {
    let app = TestApp::start().await;
    register(&app, "Ada").await;
    app.work().await;
    let get = |app: &TestApp, accept: &str| {
        app.anonymous().request(reqwest::Method::GET, "/dev/mail").header("accept", accept).send()
    };

    let page = get(&app, "text/html").await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let html = page.text().await.unwrap();

    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(
        html.contains("<h2>Confirm your e-mail address</h2>") && html.contains("ada@example.org"),
        "{html}"
    );
    let json: serde_json::Value = get(&app, "application/json").await.unwrap().json().await.unwrap();
    assert_eq!(json[0]["recipient"], "ada@example.org");
    let production = TestApp::start_with(|config| {
        config.mode = Mode::Production;
        config.documents = Documents::Open;
    })
    .await;
    assert_eq!(get(&production, "text/html").await.unwrap().status().as_u16(), 404);
    register(&production, "Ada").await;
    production.work().await;
    assert_eq!(production.count("select count(*) from mailbox").await, 0);
    assert_eq!(production.count("select count(*) from jobs where last_error like '%SMTP_URL%'").await, 1);
}
