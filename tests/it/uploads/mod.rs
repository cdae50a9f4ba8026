mod finalize;
mod link;
mod readme;
mod s3;
mod sweep;

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use skillswap::config::Config;

use crate::support::{Client, Reply, TestApp, database};

const REQUEST: &str = "mutation($input: RequestUploadInput!) { requestUpload(input: $input) {
    upload { id kind status mime bytes sha256 url expiresAt } target { url headers { name value } expiresAt }
    userErrors { code path retryable ... on TooLargeError { max } ... on ValidationError { rule } } } }";
const FINALIZE: &str = "mutation($input: FinalizeUploadInput!) { finalizeUpload(input: $input) {
    upload { id status mime bytes sha256 url expiresAt } replayed
    userErrors { code path retryable ... on UploadMismatchError { difference found } } } }";
const UPDATE_PROFILE: &str = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) {
    member { avatarUrl } userErrors { code path } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { ... on Upload { id status url sha256 } } }";

/// A picture of so many bytes, as far as anybody can tell from its beginning.
fn png(bytes: usize) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend((0..=250).cycle().take(bytes - file.len()));
    file
}

/// A server whose files are in a folder of their own, and that folder.
async fn app_with_folder(name: &str) -> (TestApp, PathBuf) {
    let folder = database::folder().join(format!("files-{name}"));
    let data_dir = folder.clone();
    (TestApp::start_with(move |config: &mut Config| config.data_dir = data_dir).await, folder.join("files"))
}

async fn request(client: &Client, kind: &str, bytes: usize, mime: &str) -> Reply {
    let input = json!({ "kind": kind, "bytes": bytes, "mime": mime, "fileName": "a file.bin" });
    client.run(REQUEST, json!({ "input": input })).await
}

async fn finalize(client: &Client, id: &Value) -> Reply {
    client.run(FINALIZE, json!({ "input": { "uploadId": id } })).await
}

/// Puts a file where a payload of `requestUpload` says; gives the status.
async fn put(payload: &Value, file: Vec<u8>) -> u16 {
    let target = &payload["target"];
    let mut request = http().request(Method::PUT, target["url"].as_str().expect("an address")).body(file);
    for header in target["headers"].as_array().into_iter().flatten() {
        request = request.header(header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
    }
    request.send().await.expect("an answer").status().as_u16()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Announces, puts and finalises a file; gives the upload.
async fn uploaded(client: &Client, kind: &str, mime: &str, file: &[u8]) -> Value {
    let payload = request(client, kind, file.len(), mime).await.ok("requestUpload").clone();
    assert!((200..300).contains(&put(&payload, file.to_vec()).await));
    finalize(client, &payload["upload"]["id"]).await.ok("finalizeUpload")["upload"].clone()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// The codes of what differs.
fn difference(reply: &Reply) -> (String, String, Value) {
    let error = &reply.data("finalizeUpload")["userErrors"][0];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("difference"), error["found"].clone())
}
