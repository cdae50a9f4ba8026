mod bearer;
mod link;
mod sign_in;
mod sync;
mod unlink;

use reqwest::Url;
use serde_json::{Value, json};
use skillswap::config::IdentityConfig;

use crate::support::{Client, Reply, TestApp, node::NodeServer};

const REDIRECT: &str = "https://app.example.org/signed-in";
const START: &str =
    "mutation($input: StartOAuthInput!) { startOAuth(input: $input) { url state userErrors { code path } } }";
const COMPLETE: &str = "mutation($input: CompleteOAuthInput!) { completeOAuth(input: $input) {
    session { accessToken refreshToken member { id name } }
    identity { id provider email }
    userErrors { code path ... on TwoFactorRequiredError { methods } } } }";
const UNLINK: &str = "mutation($input: UnlinkOAuthIdentityInput!) { unlinkOAuthIdentity(input: $input) {
    identities { id } userErrors { code ... on StepUpRequiredError { methods } } } }";

/// A real identity provider, which ends with the test.
struct Idp {
    url: String,
    http: reqwest::Client,
    _server: NodeServer,
}

impl Idp {
    fn start() -> Self {
        let (server, url) = NodeServer::start("oidc");
        rustls::crypto::ring::default_provider().install_default().ok();
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, http, _server: server }
    }

    /// A server whose Google, Facebook and issuer are this provider.
    async fn app(&self) -> TestApp {
        TestApp::start_with(|config| config.identity = self.settings()).await
    }

    /// The settings of such a server.
    fn settings(&self) -> IdentityConfig {
        let (id, secret) = (Some("client".to_owned()), Some("client secret".to_owned()));
        IdentityConfig {
            oauth_redirects: vec![REDIRECT.to_owned(), "skillswap://oauth".to_owned()],
            google_client_id: id.clone(),
            google_client_secret: secret.clone(),
            google_issuer: self.url.clone(),
            facebook_client_id: id,
            facebook_client_secret: secret,
            facebook_dialog_url: format!("{}/authorize", self.url),
            facebook_graph_url: format!("{}/graph", self.url),
            ..IdentityConfig::default()
        }
    }

    /// How the provider behaves from now on; see `tests/oidc/server.mjs`.
    async fn control(&self, control: Value) {
        let sent = self.http.post(format!("{}/control", self.url)).body(control.to_string()).send().await;
        assert!(sent.unwrap().status().is_success());
    }

    /// The provider recognises this person, with a proven address.
    async fn recognises(&self, subject: &str, email: &str) {
        self.control(
            json!({ "claims": { "sub": subject, "email": email, "email_verified": true, "name": subject } }),
        )
        .await;
    }

    /// An access token with these claims, as the issuer signs it.
    async fn mint(&self, claims: Value, header: Value) -> String {
        let body = json!({ "claims": claims, "header": header }).to_string();
        let sent = self.http.post(format!("{}/mint", self.url)).body(body).send().await;
        sent.unwrap().text().await.unwrap()
    }

    /// How often a path was asked for.
    async fn seen(&self, path: &str) -> i64 {
        let seen = self.http.get(format!("{}/seen", self.url)).send().await.unwrap();
        seen.json::<Value>().await.unwrap()[path].as_i64().unwrap_or_default()
    }

    /// Goes to the provider and comes back: the state and the code.
    async fn visit(&self, url: &str) -> (String, String) {
        let answer = self.http.get(url).send().await.unwrap();
        let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
        let part = |name: &str| {
            back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
        };
        (part("state"), part("code"))
    }
}

async fn start(client: &Client, provider: &str) -> Reply {
    let input = json!({ "provider": provider, "redirectUri": REDIRECT });
    client.run(START, json!({ "input": input })).await
}

async fn complete(client: &Client, state: &str, code: &str) -> Reply {
    client.run(COMPLETE, json!({ "input": { "state": state, "code": code } })).await
}

/// The whole way through a provider.
async fn through(idp: &Idp, client: &Client, provider: &str) -> Reply {
    let started = start(client, provider).await;
    let (state, code) = idp.visit(started.ok("startOAuth")["url"].as_str().unwrap()).await;
    complete(client, &state, &code).await
}

/// A device that came in through Google.
async fn device(app: &TestApp, idp: &Idp) -> Client {
    let reply = through(idp, &app.anonymous(), "GOOGLE").await;
    let session = &reply.ok("completeOAuth")["session"];
    let mut client = app.anonymous();
    client.token = session["accessToken"].as_str().map(str::to_owned);
    client.refresh_token = session["refreshToken"].as_str().map(str::to_owned);
    session["member"]["id"].as_str().unwrap().clone_into(&mut client.id);
    client
}

async fn prove_address(app: &TestApp, email: &str) {
    app.sql(&format!("update credentials set email_verified_at = now() where email = '{email}'")).await;
}
