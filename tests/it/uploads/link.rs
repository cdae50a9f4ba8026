use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::{NODE, app_with_folder, difference, files, finalize, http, png, put, request, uploaded};
use crate::support::TestApp;

/// Sends the head of a request and some of its body, by hand.
fn begin(url: &str, length: &str, body: &[u8]) -> TcpStream {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "PUT /{path} HTTP/1.1\r\nhost: {host}\r\n{length}\r\n\r\n").unwrap();
    stream.write_all(body).unwrap();
    stream
}

fn status(stream: &mut TcpStream) -> String {
    let mut answer = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_whole_file_of_the_announced_size_is_taken() {
    let (app, folder) = app_with_folder("sizes").await;
    let ada = app.member("ada").await;
    let payload = request(&ada, "AVATAR", 1000, "image/png").await.ok("requestUpload").clone();
    let url = payload["target"]["url"].as_str().unwrap().to_owned();

    assert_eq!(put(&payload, png(1001)).await, 413);
    assert_eq!(put(&payload, png(999)).await, 400);
    let statuses = tokio::task::spawn_blocking(move || {
        // Without a length: bounded while it arrives.
        let endless = format!("{:x}\r\n{}\r\n", 5000, "x".repeat(5000));
        let mut chunked = begin(&url, "transfer-encoding: chunked", endless.as_bytes());
        // The connection breaks in the middle.
        let dropped = begin(&url, "content-length: 1000", &png(400));
        drop(dropped);
        let too_many = status(&mut chunked);
        let mut short = begin(&url, "transfer-encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n");
        (too_many, status(&mut short))
    })
    .await
    .unwrap();
    assert_eq!(statuses, ("413".to_owned(), "400".to_owned()));
    assert_eq!(difference(&finalize(&ada, &payload["upload"]["id"]).await).1, "MISSING");
    let until = Instant::now() + Duration::from_secs(5);
    while !files(&folder).is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(files(&folder), Vec::<std::path::PathBuf>::new(), "nothing is left of what was not whole");

    assert_eq!(put(&payload, png(1000)).await, 204);
    finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_nothing_is_cut() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let payload = request(&ada, "AVATAR", 1000, "image/png").await.ok("requestUpload").clone();
    let url = payload["target"]["url"].as_str().unwrap().to_owned();
    let cut =
        tokio::task::spawn_blocking(move || status(&mut begin(&url, "content-length: 1000", &png(400))));
    assert_eq!(cut.await.unwrap(), "408");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_put_a_file_at_once_one_waits() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let payload = request(&ada, "AVATAR", 1000, "image/png").await.ok("requestUpload").clone();
    let url = payload["target"]["url"].as_str().unwrap().to_owned();
    let first =
        tokio::task::spawn_blocking(move || begin(&url, "content-length: 1000", &png(400))).await.unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    while put(&payload, png(1000)).await != 409 {
        assert!(Instant::now() < until, "two write at once");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(first);
    while put(&payload, png(1000)).await != 204 {
        assert!(Instant::now() < until, "the file can be sent again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_one_thing_and_a_time() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let payload = request(&ada, "CHAT_ATTACHMENT", 100, "application/pdf").await.ok("requestUpload").clone();
    let other = request(&bob, "CHAT_ATTACHMENT", 100, "application/pdf").await.ok("requestUpload").clone();
    let url = payload["target"]["url"].as_str().unwrap().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, foreign) = (text(&payload["upload"]["id"]), text(&other["upload"]["id"]));
    let mut file = b"%PDF-1.7 ".to_vec();
    file.resize(100, b' ');
    for bad in [
        url.replace(&id, &foreign),
        url.replace("bytes=100", "bytes=101"),
        url.replace("signature=", "signature=A"),
        url.replace("expires=", "expires=9"),
        url.split('?').next().unwrap().to_owned(),
        format!("{}/files/..%2f..%2fsecret?{}", app.url, url.split_once('?').unwrap().1),
    ] {
        let answer = http().put(&bad).body(file.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{bad}");
    }
    assert_eq!(http().get(&url).send().await.unwrap().status(), 404, "a link to put is none to read");
    assert_eq!(put(&payload, file.clone()).await, 204);
    finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload");
    assert_eq!(put(&payload, file.clone()).await, 409, "it does not change any more");

    let seen = ada.run(NODE, json!({ "id": id })).await.data("node").clone();
    let link = text(&seen["url"]);
    let answer = http().get(&link).send().await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename*=UTF-8''a%20file.bin");
    assert_eq!(answer.bytes().await.unwrap(), file);
    for (range, expected) in [("bytes=0-4", Some("%PDF-")), ("bytes=-2", Some("  ")), ("bytes=100-", None)] {
        let part = http().get(&link).header("range", range).send().await.unwrap();
        assert_eq!(part.status(), if expected.is_some() { 206 } else { 416 }, "{range}");
        if let Some(expected) = expected {
            assert_eq!(part.text().await.unwrap(), expected);
        }
    }
    let bare = format!("{}/files/{id}", app.url);
    assert_eq!(http().get(&bare).send().await.unwrap().status(), 404, "a private file needs its link");
    assert_eq!(
        http().put(&link).body(file).send().await.unwrap().status(),
        403,
        "a link to read is none to put"
    );
    app.advance(TimeDelta::minutes(16));
    assert_eq!(http().get(&link).send().await.unwrap().status(), 404, "the link is over");
    app.advance(TimeDelta::minutes(45));
    let late = http().put(other["target"]["url"].as_str().unwrap()).body(png(100)).send().await.unwrap();
    assert_eq!(late.status(), 403);
    let preflight = http()
        .request(Method::OPTIONS, &url)
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-type");
    assert!(preflight.send().await.unwrap().status().is_success(), "web pages put files too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_for_its_owner_and_for_those_who_review_mentors() {
    let app = TestApp::start().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let document = uploaded(&ada, "VERIFICATION_DOCUMENT", "image/png", &png(90)).await;
    let chat = uploaded(&ada, "CHAT_ATTACHMENT", "image/png", &png(90)).await;
    for (client, upload, sees) in [
        (&ada, &document, true),
        (&root, &document, true),
        (&bob, &document, false),
        (&app.anonymous(), &document, false),
        (&ada, &chat, true),
        (&root, &chat, false),
    ] {
        let seen = client.run(NODE, json!({ "id": upload["id"] })).await.data("node").clone();
        assert_eq!(seen["url"].is_string(), sees, "{seen}");
        if sees {
            let link = seen["url"].as_str().unwrap();
            assert_eq!(http().get(link).send().await.unwrap().bytes().await.unwrap(), png(90));
        }
    }
}
