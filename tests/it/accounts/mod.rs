mod browser;
mod connection;
mod devices;
mod email;
mod lockout;
mod mail;
mod pages;
mod readme;
mod recovery;
mod refresh;
mod registration;
mod sign_in;
mod storm;

use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp};

const REGISTER: &str = "mutation($input: RegisterMemberInput!) { registerMember(input: $input) { accepted userErrors { code path ... on ValidationError { rule } } } }";
const LOG_IN: &str = "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken deviceToken authSessionId } userErrors { code retryable ... on RateLimitedError { retryAfter } } } }";
const REFRESH: &str = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken refreshToken authSessionId } userErrors { code } } }";

/// What was mailed to an address, oldest first: subject and text. Runs the jobs before.
async fn mails(app: &TestApp, to: &str) -> Vec<(String, String)> {
    app.work().await;
    let response = app.anonymous().request(reqwest::Method::GET, &format!("/dev/mail?to={to}")).send().await;
    let mails: Vec<Value> = response.expect("an answer").json().await.expect("JSON");
    let text = |mail: &Value, name: &str| mail[name].as_str().expect("a text").to_owned();
    mails.iter().rev().map(|mail| (text(mail, "subject"), text(mail, "textBody"))).collect()
}

/// The token in the last mail to an address that has this subject.
pub async fn mailed_token(app: &TestApp, to: &str, subject: &str) -> String {
    let mails = mails(app, to).await;
    let (_, text) =
        mails.iter().rfind(|mail| mail.0 == subject).unwrap_or_else(|| panic!("no {subject}: {mails:?}"));
    let (_, rest) = text.split_once("#token=").expect("a link");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// Runs a mutation with one input and returns the codes of its refusal.
pub async fn codes(client: &Client, name: &str, input: Value) -> Vec<String> {
    client.mutate(name, "", input).await.codes(name)
}

/// A sign-in from an address, with `trusted_proxies` set to 1.
async fn log_in_from(app: &TestApp, ip: &str, input: Value) -> Reply {
    let body = json!({ "query": LOG_IN, "variables": { "input": input } });
    let request = app.anonymous().request(reqwest::Method::POST, "/graphql").header("x-forwarded-for", ip);
    Reply::read(request.json(&body).send().await.expect("an answer")).await
}
