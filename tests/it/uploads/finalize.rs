use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    NODE, REQUEST, UPDATE_PROFILE, app_with_folder, difference, files, finalize, http, png, put, request,
    uploaded,
};
use crate::support::{Subscription, TestApp};

fn sha256(file: &[u8]) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_goes_from_its_announcement_to_the_profile() {
    let (app, folder) = app_with_folder("profile").await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let followed = "subscription { viewerEvents { __typename ... on UploadFinalized { upload { id } } } }";
    let mut events = Subscription::start(&ada, "viewerEvents", followed, json!({})).await;
    let file = png(70_000);

    let payload = request(&ada, "AVATAR", file.len(), "image/png").await.ok("requestUpload").clone();
    let upload = &payload["upload"];
    assert_eq!(
        (&upload["status"], &upload["url"], &upload["sha256"]),
        (&json!("PENDING"), &Value::Null, &Value::Null)
    );
    let path = format!("/files/{}", upload["id"].as_str().unwrap());
    let early = ada.run(UPDATE_PROFILE, json!({ "input": { "avatarUploadId": upload["id"] } })).await;
    assert_eq!(early.codes("updateProfile"), ["NOT_FOUND"], "it is not finalised");
    assert_eq!(put(&payload, file.clone()).await, 204);
    let unseen = http().get(format!("{}{path}", app.url)).send().await.unwrap();
    assert_eq!(unseen.status(), 404, "nobody sees what was not looked at");

    let ready = finalize(&ada, &upload["id"]).await.ok("finalizeUpload").clone();
    assert_eq!((&ready["replayed"], &ready["upload"]["status"]), (&json!(false), &json!("READY")));
    assert_eq!(ready["upload"]["sha256"], sha256(&file));
    assert_eq!(ready["upload"]["expiresAt"], Value::Null);
    assert_eq!(events.next().await["upload"]["id"], upload["id"]);
    let again = finalize(&ada, &upload["id"]).await.ok("finalizeUpload").clone();
    assert_eq!((&again["replayed"], &again["upload"]), (&json!(true), &ready["upload"]));

    let stolen = bob.run(UPDATE_PROFILE, json!({ "input": { "avatarUploadId": upload["id"] } })).await;
    assert_eq!(stolen.codes("updateProfile"), ["NOT_FOUND"]);
    let input = json!({ "avatarUploadId": upload["id"], "avatarUrl": "https://cdn.example.org/a.png" });
    assert_eq!(
        ada.run(UPDATE_PROFILE, json!({ "input": input })).await.codes("updateProfile"),
        ["VALIDATION"]
    );
    let shown = ada.run(UPDATE_PROFILE, json!({ "input": { "avatarUploadId": upload["id"] } })).await;
    let address = shown.ok("updateProfile")["member"]["avatarUrl"].as_str().unwrap().to_owned();
    assert_eq!(address, format!("{}{path}", app.url));
    let plain = bob
        .run("query($id: ID!) { nodes(ids: [$id]) { ... on Member { avatarUrl } } }", json!({ "id": ada.id }))
        .await;
    assert_eq!(plain.data("nodes")[0]["avatarUrl"], address);

    let answer = http().get(&address).send().await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(answer.bytes().await.unwrap(), file);
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
    let known = http().get(&address).header("if-none-match", &headers["etag"]).send().await.unwrap();
    assert_eq!(known.status(), 304);

    // The next picture replaces it; the file of the first goes a day later.
    let second = uploaded(&ada, "AVATAR", "image/png", &png(500)).await;
    ada.run(UPDATE_PROFILE, json!({ "input": { "avatarUploadId": second["id"] } })).await.ok("updateProfile");
    assert_eq!(http().get(&address).send().await.unwrap().status(), 404);
    assert_eq!(files(&folder).len(), 2);
    app.advance(TimeDelta::hours(25));
    app.work().await;
    assert_eq!(files(&folder).len(), 1);
    assert_eq!(http().get(second["url"].as_str().unwrap()).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_announced_is_not_kept_until_it_is() {
    let (app, folder) = app_with_folder("mismatch").await;
    let ada = app.member("ada").await;
    let right = png(64);
    let mut other = png(64);
    other[63] ^= 1;
    let page = format!("{:<64}", "<!doctype html><script>alert(1)</script>").into_bytes();
    let polyglot = format!("GIF89a{:<58}", "=1;<script>alert(1)</script>").into_bytes();
    let input = json!({ "kind": "AVATAR", "bytes": 64, "mime": "image/png", "sha256": sha256(&right) });
    let payload = ada.run(REQUEST, json!({ "input": input })).await.ok("requestUpload").clone();
    let id = &payload["upload"]["id"];

    let missing = finalize(&ada, id).await;
    assert_eq!(difference(&missing), ("UPLOAD_MISMATCH".into(), "MISSING".into(), Value::Null));
    for (file, what, found) in [
        (page, "TYPE", Value::Null),
        (polyglot, "TYPE", json!("image/gif")),
        (other.clone(), "SHA256", json!(sha256(&other))),
    ] {
        assert_eq!(put(&payload, file).await, 204);
        let refused = finalize(&ada, id).await;
        assert_eq!(difference(&refused), ("UPLOAD_MISMATCH".into(), what.into(), found));
        let seen = ada.run(NODE, json!({ "id": id })).await.data("node").clone();
        assert_eq!((&seen["status"], &seen["url"]), (&json!("PENDING"), &Value::Null));
        app.work().await;
    }
    // A size that slipped past the link, as it can where others keep the files.
    let incoming = files(&folder.join("incoming")).remove(0);
    std::fs::write(&incoming, png(63)).unwrap();
    assert_eq!(difference(&finalize(&ada, id).await).1, "SIZE");

    assert_eq!(put(&payload, right.clone()).await, 204);
    assert_eq!(finalize(&ada, id).await.ok("finalizeUpload")["upload"]["sha256"], sha256(&right));
    app.advance(TimeDelta::minutes(6));
    app.work().await;
    assert_eq!(files(&folder).len(), 1, "what was refused is thrown away");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_other_types_and_others_uploads_are_refused() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let max = 5 * 1024 * 1024;
    let refused = request(&ada, "AVATAR", max + 1, "image/png").await;
    let error = refused.data("requestUpload")["userErrors"][0].clone();
    assert_eq!((&error["code"], &error["max"]), (&json!("TOO_LARGE"), &json!(max.to_string())));
    request(&ada, "AVATAR", max, "image/png").await.ok("requestUpload");
    for (kind, mime) in
        [("AVATAR", "image/svg+xml"), ("AVATAR", "video/mp4"), ("CHAT_ATTACHMENT", "text/html")]
    {
        let refused = request(&ada, kind, 10, mime).await;
        assert_eq!(refused.data("requestUpload")["userErrors"][0]["rule"], "MIME", "{mime}");
    }
    assert_eq!(request(&ada, "AVATAR", 0, "image/png").await.codes("requestUpload"), ["VALIDATION"]);
    let input = json!({ "kind": "AVATAR", "bytes": 9, "mime": "image/png", "sha256": "é".repeat(32) });
    assert_eq!(ada.run(REQUEST, json!({ "input": input })).await.codes("requestUpload"), ["VALIDATION"]);

    let payload = request(&ada, "CHAT_ATTACHMENT", 64, "image/png").await.ok("requestUpload").clone();
    assert_eq!(put(&payload, png(64)).await, 204);
    let id = &payload["upload"]["id"];
    assert_eq!(finalize(&bob, id).await.codes("finalizeUpload"), ["NOT_FOUND"]);
    finalize(&ada, id).await.ok("finalizeUpload");
    assert_eq!(finalize(&bob, id).await.codes("finalizeUpload"), ["NOT_FOUND"], "also once it is there");
    assert_eq!(bob.run(NODE, json!({ "id": id })).await.data("node"), &Value::Null);
    let policies =
        app.anonymous().query("{ policies { uploads { kinds { kind maxBytes mimeTypes public } } } }").await;
    let avatar = policies.data("policies")["uploads"]["kinds"][0].clone();
    let types = ["image/png", "image/jpeg", "image/webp", "image/gif"];
    assert_eq!(avatar, json!({ "kind": "AVATAR", "maxBytes": max, "mimeTypes": types, "public": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_finalise_at_once_one_keeps_the_file() {
    let (app, folder) = app_with_folder("race").await;
    let ada = app.member("ada").await;
    for round in 0..4 {
        let file = png(300_000 + round);
        let payload =
            request(&ada, "COURSE_MATERIAL", file.len(), "image/png").await.ok("requestUpload").clone();
        assert_eq!(put(&payload, file.clone()).await, 204);
        let id = &payload["upload"]["id"];
        // Another file arrives meanwhile: whichever is kept, it is one that was looked at, and it stays.
        let late = put(&payload, png(300_000 + round));
        let (replies, _) = tokio::join!(join_all((0..12).map(|_| finalize(&ada, id))), late);
        let kept: Vec<&Value> = replies.iter().map(|reply| reply.ok("finalizeUpload")).collect();
        assert_eq!(kept.iter().filter(|kept| kept["replayed"] == false).count(), 1);
        assert!(kept.iter().all(|kept| kept["upload"]["sha256"] == sha256(&file)));
    }
    app.advance(TimeDelta::hours(8));
    app.work().await;
    assert_eq!(files(&folder).len(), 4, "the copies of the others are gone");
    assert_eq!(app.count("select count(*) from stored_objects").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_announcements_at_once_stay_within_the_limits() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let replies = join_all((0..30).map(|_| request(&ada, "AVATAR", 100, "image/png"))).await;
    let refused = replies.iter().filter(|reply| reply.codes("requestUpload") == ["TOO_MANY"]).count();
    assert_eq!((replies.len() - refused, refused), (20, 10));
    assert_eq!(app.count("select count(*) from uploads").await, 20);
    app.advance(TimeDelta::minutes(61));
    let bob = app.sign_in("ada@example.org").await;
    let video = 500 * 1024 * 1024;
    for _ in 0..4 {
        request(&bob, "COURSE_VIDEO", video, "video/mp4").await.ok("requestUpload");
    }
    assert_eq!(request(&bob, "COURSE_VIDEO", video, "video/mp4").await.codes("requestUpload"), ["TOO_MANY"]);
    // Until the clean-up, what may have come counts.
    app.advance(TimeDelta::hours(8));
    let later = app.sign_in("ada@example.org").await;
    app.sql("insert into stored_objects (key) values ('full')").await;
    app.sql(
        "update uploads set status = 'READY', object_key = 'full', sha256 = decode(repeat('00', 32), 'hex'),
         finalized_at = now(), bytes = 20::bigint * 1024 * 1024 * 1024 - 50 where id = (select id from uploads limit 1)",
    )
    .await;
    let full =
        request(&later, "AVATAR", 51, "image/png").await.data("requestUpload")["userErrors"][0].clone();
    assert_eq!((&full["code"], &full["max"]), (&json!("TOO_LARGE"), &json!("50")));
    request(&later, "AVATAR", 50, "image/png").await.ok("requestUpload");
}
