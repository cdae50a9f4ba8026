use chrono::TimeDelta;
use serde_json::json;

use super::{VIEWER_EVENTS, after, cursor, seq, snapshot_cursor, stream_of, tell};
use crate::support::{Client, TestApp, socket::Subscription};

async fn numbers(app: &TestApp, client: &Client) -> Vec<i64> {
    let rows = app
        .sql(&format!("select seq from events where stream = '{}' order by seq", stream_of(client).key()))
        .await;
    rows.iter().map(|row| row[0].parse().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_after_thirty_days_and_keys_after_seven() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    tell(&app, &ada, 3).await;
    app.sql("insert into idempotency_keys select m.id, 'test', n::text, '', m.id, now() from members m, generate_series(1, 5) n").await;
    app.advance(TimeDelta::days(8));
    tell(&app, &ada, 2).await;
    tell(&app, &bob, 1).await;
    app.sql("insert into idempotency_keys select id, 'test', 'young', '', id, now() + interval '8 days' from members").await;

    app.work().await;
    assert_eq!(numbers(&app, &ada).await, [1, 2, 3, 4, 5]);
    assert_eq!(app.sql("select distinct key from idempotency_keys").await, [["young"]]);
    app.advance(TimeDelta::days(23));
    app.work().await;

    assert_eq!(numbers(&app, &ada).await, [4, 5]);
    assert_eq!(numbers(&app, &bob).await, [1]);
    assert_eq!(
        app.sql(&format!(
            "select last_seq, trimmed_seq from streams where stream = '{}'",
            stream_of(&ada).key()
        ))
        .await,
        [["5", "3"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_old_events_go_in_batches_and_a_stream_in_use_is_left_for_later() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    for _ in 0..5 {
        tell(&app, &ada, 1000).await;
    }
    tell(&app, &bob, 2).await;
    app.advance(TimeDelta::days(31));
    let (writer, connection) =
        tokio_postgres::connect(&app.database_url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    writer
        .batch_execute(&format!(
            "begin; update streams set last_seq = last_seq where stream = '{}'",
            stream_of(&bob).key()
        ))
        .await
        .unwrap();

    app.work().await;
    assert_eq!((numbers(&app, &ada).await, numbers(&app, &bob).await), (vec![], vec![1, 2]));
    writer.batch_execute("commit").await.unwrap();
    app.advance(TimeDelta::hours(2));
    app.work().await;

    assert_eq!(app.count("select count(*) from events").await, 0);
    // The numbers go on.
    tell(&app, &ada, 1).await;
    assert_eq!(numbers(&app, &ada).await, [5001]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_event_behind_a_younger_one_takes_it_along_so_that_no_hole_is_left() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    tell(&app, &ada, 3).await;
    // Number 2 began before number 1 and committed after it.
    app.sql("update events set occurred_at = occurred_at - interval '31 days' where seq = 2").await;

    app.work().await;

    assert_eq!(numbers(&app, &ada).await, [3]);
    assert_eq!(app.sql("select trimmed_seq from streams").await, [["2"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_older_than_what_is_kept_is_told_to_read_the_snapshot_and_joins_it_without_a_gap() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    tell(&app, &ada, 5).await;
    app.advance(TimeDelta::days(31));
    let ada = app.sign_in("ada@example.org").await;
    tell(&app, &ada, 2).await;
    app.work().await;

    let mut late = Subscription::start(&ada, "viewerEvents", VIEWER_EVENTS, after(cursor(&ada, 4))).await;
    let resync = late.next().await;
    assert_eq!(resync["__typename"], "ResyncRequired");
    assert!(late.next_or_end().await.is_none(), "it is the last event");
    tell(&app, &ada, 1).await;
    let snapshot = snapshot_cursor(&ada).await;
    let mut joined =
        Subscription::start(&ada, "viewerEvents", VIEWER_EVENTS, after(resync["snapshotCursor"].clone()))
            .await;
    assert_eq!(seq(&joined.next().await["cursor"]), 8);
    assert_eq!(seq(&snapshot), 8);

    // The last cursor that can still be continued is that of the last event that went.
    let mut just_in_time =
        Subscription::start(&ada, "viewerEvents", VIEWER_EVENTS, json!({ "after": cursor(&ada, 5) })).await;
    for expected in [6, 7, 8] {
        assert_eq!(seq(&just_in_time.next().await["cursor"]), expected);
    }
}
