use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::json;
use skillswap::config::StorageConfig;

use super::{NODE, UPDATE_PROFILE, difference, files, finalize, http, png, put, request, uploaded};
use crate::support::{TestApp, node::NodeServer};

/// A real S3 server, which checks every signature and ends with the test.
struct S3 {
    url: String,
    folder: PathBuf,
    _server: NodeServer,
}

impl S3 {
    fn start() -> Self {
        let (server, line) = NodeServer::start("s3");
        let (url, folder) = line.split_once(' ').expect("its address and its folder");
        Self { url: url.to_owned(), folder: PathBuf::from(folder).join("files"), _server: server }
    }

    async fn app(&self) -> TestApp {
        let storage = StorageConfig {
            s3_bucket: Some("files".to_owned()),
            s3_region: "us-east-1".to_owned(),
            s3_endpoint: Some(self.url.clone()),
            s3_access_key_id: Some("S3RVER".to_owned()),
            s3_secret_access_key: Some("S3RVER".to_owned()),
        };
        TestApp::start_with(|config| config.storage = storage).await
    }

    /// How many objects there are.
    fn objects(&self) -> usize {
        files(&self.folder).iter().filter(|file| file.to_string_lossy().ends_with("_object")).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_s3_and_come_from_there() {
    let s3 = S3::start();
    let app = s3.app().await;
    let ada = app.member("ada").await;
    let file = png(200_000);

    let payload = request(&ada, "AVATAR", file.len(), "image/png").await.ok("requestUpload").clone();
    assert!(payload["target"]["url"].as_str().unwrap().starts_with(&s3.url));
    assert_eq!(put(&payload, file[1..].to_vec()).await, 403, "the size is part of the signature");
    assert_eq!(difference(&finalize(&ada, &payload["upload"]["id"]).await).1, "MISSING");
    assert_eq!(put(&payload, file.clone()).await, 200);
    let ready = finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload")["upload"].clone();
    assert_eq!(s3.objects(), 1, "what the client wrote is gone, the copy is there");

    ada.run(UPDATE_PROFILE, json!({ "input": { "avatarUploadId": ready["id"] } })).await.ok("updateProfile");
    assert_eq!(ready["url"], format!("{}/files/{}", app.url, ready["id"].as_str().unwrap()));
    let led = http().get(ready["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(led.status(), 302);
    let there = http().get(led.headers()["location"].to_str().unwrap()).send().await.unwrap();
    assert_eq!(there.headers()["content-type"], "image/png");
    assert_eq!(there.bytes().await.unwrap(), file);

    // The address is good until it expires, but what it writes changes nothing.
    let mut other = file.clone();
    other[199_999] ^= 1;
    assert_eq!(put(&payload, other).await, 200);
    let again = finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload").clone();
    assert_eq!((&again["replayed"], &again["upload"]), (&json!(true), &ready));
    let led = http().get(ready["url"].as_str().unwrap()).send().await.unwrap();
    let there = http().get(led.headers()["location"].to_str().unwrap()).send().await.unwrap();
    assert_eq!(there.bytes().await.unwrap(), file);
    app.advance(TimeDelta::hours(8));
    app.work().await;
    assert_eq!(s3.objects(), 1, "and is thrown away");
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_hands_a_private_file_out_as_what_it_was_found_to_be() {
    let s3 = S3::start();
    let app = s3.app().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let page = format!("{:<64}", "<!doctype html><script>alert(1)</script>").into_bytes();
    let payload = request(&ada, "CHAT_ATTACHMENT", 64, "application/pdf").await.ok("requestUpload").clone();
    assert_eq!(put(&payload, page).await, 200);
    assert_eq!(difference(&finalize(&ada, &payload["upload"]["id"]).await).1, "TYPE");

    let mut file = b"%PDF-1.7 <script>".to_vec();
    file.resize(64, b' ');
    let upload = uploaded(&ada, "CHAT_ATTACHMENT", "application/pdf", &file).await;
    let link = upload["url"].as_str().unwrap();
    let answer = http().get(link).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename*=UTF-8''a%20file.bin");
    assert_eq!(answer.bytes().await.unwrap(), file);
    let forged = link.replace("response-content-type=application%2Fpdf", "response-content-type=text%2Fhtml");
    assert_ne!(forged, link);
    assert_eq!(http().get(forged).send().await.unwrap().status(), 403);
    let bare = link.split('?').next().unwrap();
    assert_eq!(http().get(bare).send().await.unwrap().status(), 403);
    assert!(bob.run(NODE, json!({ "id": upload["id"] })).await.data("node").is_null());
    let ours = format!("{}/files/{}", app.url, upload["id"].as_str().unwrap());
    assert_eq!(http().get(ours).send().await.unwrap().status(), 404);
}
