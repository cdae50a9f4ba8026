use chrono::TimeDelta;
use serde_json::json;

use super::{NODE, app_with_folder, files, finalize, png, put, request, uploaded};

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_finalised_or_shows_is_thrown_away() {
    let (app, folder) = app_with_folder("sweep").await;
    let ada = app.member("ada").await;
    let left = request(&ada, "AVATAR", 100, "image/png").await.ok("requestUpload").clone();
    assert_eq!(put(&left, png(100)).await, 204);
    let never_put = request(&ada, "AVATAR", 100, "image/png").await.ok("requestUpload").clone();
    let kept = uploaded(&ada, "COURSE_MATERIAL", "image/png", &png(100)).await;
    let unused = uploaded(&ada, "AVATAR", "image/png", &png(100)).await;
    app.advance(TimeDelta::hours(6));
    app.work().await;
    assert_eq!(files(&folder).len(), 3, "a slow transfer may still be finalised");

    app.advance(TimeDelta::hours(2));
    app.work().await;
    assert_eq!(files(&folder).len(), 2);
    for gone in [&left, &never_put] {
        let ada = app.sign_in("ada@example.org").await;
        assert_eq!(finalize(&ada, &gone["upload"]["id"]).await.codes("finalizeUpload"), ["NOT_FOUND"]);
    }
    app.advance(TimeDelta::hours(24));
    app.work().await;
    let ada = app.sign_in("ada@example.org").await;
    let seen = async |id| ada.run(NODE, json!({ "id": id })).await.data("node").is_object();
    assert!(seen(&kept["id"]).await && !seen(&unused["id"]).await);
    assert_eq!(files(&folder).len(), 1);
    assert_eq!(app.count("select count(*) from stored_objects").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_any_two_steps_loses_nothing_and_leaves_nothing() {
    let (app, folder) = app_with_folder("crash").await;
    let ada = app.member("ada").await;
    let payload = request(&ada, "COURSE_MATERIAL", 100, "image/png").await.ok("requestUpload").clone();
    assert_eq!(put(&payload, png(100)).await, 204);
    let incoming = files(&folder).remove(0);
    let unfinished = format!("{}#1", incoming.display());

    // While a file was being written; after the copy was made; before it was made; after an object was doomed.
    std::fs::write(&unfinished, b"half").unwrap();
    let old = std::time::SystemTime::from(app.now() - TimeDelta::days(1));
    std::fs::File::options().write(true).open(&unfinished).unwrap().set_modified(old).unwrap();
    std::fs::create_dir_all(folder.join("assets/x")).unwrap();
    std::fs::write(folder.join("assets/x/copy"), png(100)).unwrap();
    std::fs::write(folder.join("assets/x/doomed"), png(100)).unwrap();
    app.sql(
        "insert into stored_objects (key, remove_after, doomed) values ('assets/x/copy', now() + interval '1 hour', false),
         ('assets/x/never', now() + interval '1 hour', false), ('assets/x/doomed', now() - interval '1 hour', true)",
    )
    .await;
    finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload");
    // As though the process had died before it deleted what it no longer needed.
    std::fs::write(&incoming, png(100)).unwrap();

    app.advance(TimeDelta::hours(8));
    app.work().await;
    assert_eq!(files(&folder).len(), 1, "{:?}", files(&folder));
    assert_eq!(app.count("select count(*) from stored_objects").await, 1);
    let ada = app.sign_in("ada@example.org").await;
    assert_eq!(finalize(&ada, &payload["upload"]["id"]).await.ok("finalizeUpload")["replayed"], true);
}
