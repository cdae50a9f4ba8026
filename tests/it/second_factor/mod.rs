mod log_in;
mod step_up;
mod totp;

use chrono::TimeDelta;
use serde_json::{Value, json};
use skillswap::domains::second_factor::model::totp as rules;

use crate::support::{Client, Reply, TestApp};

const ENROLL: &str = "mutation($input: EnrollTotpInput!) { enrollTotp(input: $input) {
    secret otpauthUrl userErrors { code ... on StepUpRequiredError { methods } } } }";
const CONFIRM: &str = "mutation($input: ConfirmTotpInput!) { confirmTotp(input: $input) {
    recoveryCodes secondFactor { enabled recoveryCodesLeft } userErrors { code path } } }";
const STEP_UP: &str = "mutation($input: StepUpInput!) { stepUp(input: $input) {
    secondFactor { steppedUpUntil recoveryCodesLeft }
    userErrors { code path retryable ... on StepUpRequiredError { methods } ... on RateLimitedError { retryAfter } } } }";
const DISABLE: &str = "mutation($input: DisableTotpInput!) { disableTotp(input: $input) {
    secondFactor { enabled }
    userErrors { code message ... on StepUpRequiredError { methods } ... on TwoFactorRequiredError { methods } } } }";

/// A member's authenticator app, with the recovery codes.
#[derive(Clone, Debug)]
pub struct Authenticator {
    secret: Vec<u8>,
    pub recovery_codes: Vec<String>,
}

impl Authenticator {
    /// The code of now.
    pub fn code(&self, app: &TestApp) -> String {
        rules::code(&self.secret, rules::step_at(app.now()))
    }

    /// A code that was never taken: the one of the next 30 seconds.
    pub fn next_code(&self, app: &TestApp) -> String {
        app.advance(TimeDelta::seconds(rules::STEP_SECONDS + 1));
        self.code(app)
    }
}

/// The bytes of a text in base 32.
fn unbase32(text: &str) -> Vec<u8> {
    let bits: String = text
        .chars()
        .map(|char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(char).expect("base 32"))
        .map(|digit| format!("{digit:05b}"))
        .collect();
    (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("bits")).collect()
}

async fn enroll(client: &Client) -> Authenticator {
    let reply = client.run(ENROLL, json!({ "input": {} })).await;
    let secret = unbase32(reply.ok("enrollTotp")["secret"].as_str().expect("a secret"));
    Authenticator { secret, recovery_codes: Vec::new() }
}

async fn confirm(client: &Client, code: &str) -> Reply {
    client.run(CONFIRM, json!({ "input": { "code": code } })).await
}

/// Sets a second factor up for a member who has just signed in.
pub async fn enable(app: &TestApp, client: &Client) -> Authenticator {
    let mut authenticator = enroll(client).await;
    let reply = confirm(client, &authenticator.code(app)).await;
    authenticator.recovery_codes = reply.ok("confirmTotp")["recoveryCodes"]
        .as_array()
        .expect("codes")
        .iter()
        .map(|code| code.as_str().expect("a code").to_owned())
        .collect();
    authenticator
}

/// Steps up by `{ code }`, `{ recoveryCode }` or `{ password }`.
pub async fn step_up(client: &Client, input: Value) -> Reply {
    client.run(STEP_UP, json!({ "input": input })).await
}

/// The same device with a new access token: a test moves the clock over the end of the first.
async fn refreshed(app: &TestApp, client: &Client) -> Client {
    let query = "mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken } userErrors { code } } }";
    let input = json!({ "input": { "refreshToken": client.refresh_token } });
    let reply = app.anonymous().run(query, input).await;
    let mut client = client.clone();
    client.token = reply.ok("refreshSession")["session"]["accessToken"].as_str().map(str::to_owned);
    client
}

pub async fn disable(client: &Client) -> Reply {
    client.run(DISABLE, json!({ "input": {} })).await
}
