use std::collections::HashSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{CONFIRM, ENROLL, confirm, disable, enable, enroll, refreshed, step_up};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_and_confirming_gives_ten_recovery_codes_and_keeps_no_secret_readable() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let reply = ada.run(ENROLL, json!({ "input": {} })).await;
    let enrolled = reply.ok("enrollTotp");
    let secret = enrolled["secret"].as_str().unwrap();
    let url = enrolled["otpauthUrl"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/SkillSwap:ada%40example.org?") && url.contains(secret), "{url}");
    let before = ada.query("{ viewer { secondFactor { enabled required recoveryCodesLeft } } }").await;
    assert_eq!(
        before.data("viewer")["secondFactor"],
        json!({ "enabled": false, "required": false, "recoveryCodesLeft": 0 })
    );

    let authenticator = super::Authenticator { secret: super::unbase32(secret), recovery_codes: Vec::new() };
    let reply = ada.run(CONFIRM, json!({ "input": { "code": authenticator.code(&app) } })).await;

    let confirmed = reply.ok("confirmTotp");
    let codes: HashSet<&str> =
        confirmed["recoveryCodes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(codes.len(), 10);
    assert_eq!(confirmed["secondFactor"], json!({ "enabled": true, "recoveryCodesLeft": 10 }));
    let plain = authenticator.secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kept = app.sql("select encode(sealed_secret, 'hex'), (select string_agg(encode(code_hash, 'escape'), ' ') from recovery_codes) from second_factors").await;
    assert!(!kept[0][0].contains(&plain));
    for code in codes {
        assert!(!kept[0][1].contains(code) && !kept[0][1].contains(&code.replace('-', "")));
    }
    assert_eq!(
        ada.run(ENROLL, json!({ "input": {} })).await.codes("enrollTotp"),
        ["ALREADY_DONE"],
        "a second factor in use is not replaced"
    );
    assert_eq!(confirm(&ada, &authenticator.code(&app)).await.codes("confirmTotp"), ["ALREADY_DONE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_confirms_nothing_and_a_new_secret_replaces_the_old_one() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    assert_eq!(confirm(&ada, "123456").await.codes("confirmTotp"), ["INVALID_TRANSITION"]);

    let first = enroll(&ada).await;
    let second = enroll(&ada).await;

    assert_eq!(confirm(&ada, &first.code(&app)).await.codes("confirmTotp"), ["CODE_INVALID"]);
    assert_eq!(app.count("select count(*) from second_factors where confirmed_at is not null").await, 0);
    assert_eq!(app.count("select count(*) from recovery_codes").await, 0);
    confirm(&ada, &second.code(&app)).await.ok("confirmTotp");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_confirmations_at_once_give_one_set_of_codes() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let code = enroll(&ada).await.code(&app);

    let replies = join_all((0..4).map(|_| confirm(&ada, &code))).await;

    let done = replies.iter().filter(|reply| reply.codes("confirmTotp").is_empty()).count();
    assert_eq!(done, 1);
    assert_eq!(app.count("select count(*) from recovery_codes").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_even_in_a_race() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let authenticator = enable(&app, &ada).await;
    assert_eq!(
        step_up(&ada, json!({ "code": authenticator.code(&app) })).await.codes("stepUp"),
        ["CODE_REUSED"],
        "the code of the confirmation"
    );
    let code = authenticator.next_code(&app);
    let devices = join_all((0..4).map(|_| async {
        let mut other = ada.clone();
        other.token.clone_from(&ada.token);
        other
    }))
    .await;

    let replies = join_all(devices.iter().map(|device| step_up(device, json!({ "code": code })))).await;

    let mut codes: Vec<String> = replies.iter().flat_map(|reply| reply.codes("stepUp")).collect();
    codes.sort();
    assert_eq!(codes, ["CODE_REUSED"; 3]);
    let older = super::rules::code(&authenticator.secret, super::rules::step_at(app.now()) - 1);
    assert_eq!(step_up(&ada, json!({ "code": older })).await.codes("stepUp"), ["CODE_REUSED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_counts_once_even_in_a_race() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let bob = app.member("bob").await;
    let codes = enable(&app, &ada).await.recovery_codes;
    let foreign = enable(&app, &bob).await.recovery_codes;

    let typed = codes[0].to_uppercase();
    let replies = join_all((0..4).map(|_| step_up(&ada, json!({ "recoveryCode": typed })))).await;

    let mut refused: Vec<String> = replies.iter().flat_map(|reply| reply.codes("stepUp")).collect();
    refused.sort();
    assert_eq!(refused, ["TOKEN_INVALID"; 3]);
    let left = ada.query("{ viewer { secondFactor { recoveryCodesLeft } } }").await;
    assert_eq!(left.data("viewer")["secondFactor"]["recoveryCodesLeft"], 9);
    let reply = step_up(&ada, json!({ "recoveryCode": foreign[0] })).await;
    assert_eq!(reply.codes("stepUp"), ["TOKEN_INVALID"], "another member's code");
    step_up(&ada, json!({ "recoveryCode": codes[1] })).await.ok("stepUp");
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_ends_after_five_tries_even_in_a_race() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let authenticator = enable(&app, &ada).await;
    app.advance(TimeDelta::seconds(31));

    let replies = join_all((0..12).map(|_| step_up(&ada, json!({ "code": "000000" })))).await;

    let codes: Vec<String> = replies.iter().flat_map(|reply| reply.codes("stepUp")).collect();
    assert_eq!(codes.iter().filter(|code| *code == "CODE_INVALID").count(), 5);
    assert_eq!(codes.iter().filter(|code| *code == "RATE_LIMITED").count(), 7);
    let right = step_up(&ada, json!({ "code": authenticator.code(&app) })).await;
    assert_eq!(right.codes("stepUp"), ["RATE_LIMITED"], "the right code comes too late");
    let wait = right.data("stepUp")["userErrors"][0]["retryAfter"].as_i64().unwrap();
    assert!((1..=901).contains(&wait), "{wait}");

    app.advance(TimeDelta::seconds(wait));
    let ada = refreshed(&app, &ada).await;
    step_up(&ada, json!({ "code": authenticator.code(&app) })).await.ok("stepUp");
    for _ in 0..5 {
        let again = step_up(&ada, json!({ "code": "000000" })).await;
        assert_eq!(again.codes("stepUp"), ["CODE_INVALID"], "a success starts anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_sign_in_alone_sets_nothing_up() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    app.advance(TimeDelta::minutes(11));

    let reply = ada.run(ENROLL, json!({ "input": {} })).await;

    assert_eq!(
        reply.data("enrollTotp")["userErrors"][0],
        json!({ "code": "STEP_UP_REQUIRED", "methods": ["PASSWORD"] })
    );
    assert_eq!(app.count("select count(*) from second_factors").await, 0);
    step_up(&ada, json!({ "password": crate::support::PASSWORD })).await.ok("stepUp");
    enable(&app, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_takes_secret_and_recovery_codes_away() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    enable(&app, &ada).await;

    let reply = disable(&ada).await;

    assert_eq!(reply.ok("disableTotp")["secondFactor"]["enabled"], false);
    assert_eq!(app.count("select count(*) from second_factors").await, 0);
    assert_eq!(app.count("select count(*) from recovery_codes").await, 0);
    app.sign_in("ada@example.org").await;
}
