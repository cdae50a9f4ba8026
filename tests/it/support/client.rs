//! A caller over HTTP.

use serde_json::{Value, json};

/// A caller: anonymous, or a member on one device.
#[derive(Clone, Debug)]
pub struct Client {
    /// Address of the server.
    pub url: String,
    /// Access token.
    pub token: Option<String>,
    /// Refresh token.
    pub refresh_token: Option<String>,
    /// Global id of the member; empty when anonymous.
    pub id: String,
    http: reqwest::Client,
}

impl Client {
    /// A caller without a token.
    pub fn new(url: &str) -> Self {
        // One TLS implementation for the process; installing it again is refused, and harmless.
        rustls::crypto::ring::default_provider().install_default().ok();
        Self {
            url: url.to_owned(),
            token: None,
            refresh_token: None,
            id: String::new(),
            http: reqwest::Client::new(),
        }
    }

    /// The same device, after the server moved to another address.
    pub fn moved(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The member's id as a mentor's.
    pub fn mentor_id(&self) -> String {
        self.id.replacen("usr_", "mtr_", 1)
    }

    /// Runs a document.
    pub async fn run(&self, query: &str, variables: Value) -> Reply {
        self.post(json!({ "query": query, "variables": variables })).await
    }

    /// Runs a document without variables.
    pub async fn query(&self, query: &str) -> Reply {
        self.run(query, json!({})).await
    }

    /// Posts any JSON to `/graphql`.
    pub async fn post(&self, body: Value) -> Reply {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .header("accept", "application/graphql-response+json, application/json")
            .json(&body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Reply::read(request.send().await.expect("an answer")).await
    }

    /// Any other request.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The whole answer without its cost.
    pub json: Value,
    /// What it says of its cost.
    pub cost: Value,
    /// Seconds to wait, from the header.
    pub retry_after: Option<i64>,
}

impl Reply {
    /// Reads a response.
    pub async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
        let text = response.text().await.expect("a body");
        let mut json: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
        let extensions = json.as_object_mut().and_then(|answer| answer.remove("extensions"));
        let cost = extensions.map(|extensions| extensions["cost"].clone()).unwrap_or_default();
        Self { status, json, cost, retry_after }
    }

    /// A root field's value; fails if the answer has top-level errors.
    pub fn data(&self, field: &str) -> &Value {
        assert!(self.json.get("errors").is_none(), "errors: {}", self.json);
        &self.json["data"][field]
    }

    /// A mutation's payload; fails if it was refused.
    pub fn ok(&self, field: &str) -> &Value {
        let payload = self.data(field);
        assert_eq!(payload["userErrors"].as_array().map_or(0, Vec::len), 0, "refused: {payload}");
        payload
    }

    /// The codes with which a mutation was refused (select `userErrors { code }`).
    pub fn codes(&self, field: &str) -> Vec<String> {
        let errors = self.data(field)["userErrors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["code"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The codes of the top-level errors.
    pub fn error_codes(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
