use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::{inbox, mark, mark_notifications, notify};
use crate::{
    events::VIEWER_EVENTS,
    support::{TestApp, socket::Subscription},
};

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_read_by_name_by_time_or_all_at_once() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    notify(&app, &ada, 2).await;
    app.advance(TimeDelta::minutes(1));
    let between = app.now();
    app.advance(TimeDelta::minutes(1));
    notify(&app, &ada, 3).await;
    let (unread, entries) = inbox(&ada).await;
    assert_eq!((unread, entries.len()), (5, 5));

    let left = async |which| {
        mark_notifications(&ada, which).await.data("markNotificationsRead")["unreadNotifications"].clone()
    };
    assert_eq!(left(json!({ "ids": [entries[1].0, entries[1].0] })).await, 4);
    assert_eq!(left(json!({ "ids": [entries[1].0, entries[4].0] })).await, 3, "read before: stays as it is");
    assert_eq!(left(json!({ "upTo": between })).await, 2);
    assert_eq!(
        inbox(&ada).await.1.iter().map(|entry| entry.1).collect::<Vec<_>>(),
        [false, true, false, true, true]
    );
    assert_eq!(left(json!({ "upTo": "2000-01-01T00:00:00Z" })).await, 2);
    assert_eq!(left(json!({ "ids": [] })).await, 2);
    assert_eq!(left(json!({ "all": true })).await, 0);
    assert_eq!(left(json!({ "all": true })).await, 0);

    assert_eq!(
        app.count("select count(*) from events where kind = 'NOTIFICATIONS_READ'").await,
        4,
        "only what changed is told"
    );
    assert_eq!(app.count("select count(*) from notifications where read_at is null").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_and_wrong_input_marks_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    notify(&app, &ada, 1).await;
    notify(&app, &bob, 1).await;
    let (adas, bobs) = (inbox(&ada).await.1[0].0.clone(), inbox(&bob).await.1[0].0.clone());
    let many: Vec<_> = (0..101).map(|_| adas.clone()).collect();
    let table = [
        (json!({ "ids": [adas, bobs] }), "NOT_FOUND"),
        (json!({ "ids": [adas, "ntf_01h455vb4pex5vsknk084sn02q"] }), "NOT_FOUND"),
        (json!({ "ids": [adas, ada.id] }), "VALIDATION"),
        (json!({ "ids": many }), "VALIDATION"),
        (json!({ "all": false }), "VALIDATION"),
    ];
    for (which, code) in table {
        assert_eq!(mark(&ada, which).await.codes("markNotificationsRead"), [code]);
    }
    assert_eq!(mark(&ada, json!({})).await.error_codes().len(), 1);
    assert_eq!(mark(&ada, json!({ "all": true, "ids": [adas] })).await.error_codes().len(), 1);
    assert_eq!(mark(&app.anonymous(), json!({ "all": true })).await.error_codes(), ["UNAUTHENTICATED"]);
    let nobody = app.member("new").await;
    assert_eq!(mark(&nobody, json!({ "ids": [adas] })).await.codes("markNotificationsRead"), ["NOT_FOUND"]);
    assert_eq!(
        mark(&nobody, json!({ "all": true })).await.ok("markNotificationsRead")["unreadNotifications"],
        0
    );

    assert_eq!((inbox(&ada).await.0, inbox(&bob).await.0), (1, 1));
    let node = "query($id: ID!) { node(id: $id) { __typename id ... on Notification { kind body } } }";
    assert_eq!(bob.run(node, json!({ "id": adas })).await.data("node"), &json!(null));
    assert_eq!(ada.run(node, json!({ "id": adas })).await.data("node")["kind"], "SESSION_STARTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_agree_on_what_is_unread_at_every_event() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let phone = app.sign_in("ada@example.org").await;
    let mut here = Subscription::start(&ada, "viewerEvents", VIEWER_EVENTS, json!({})).await;
    let mut there = Subscription::start(&phone, "viewerEvents", VIEWER_EVENTS, json!({})).await;

    join_all((0..24).map(|n| {
        let (app, ada, phone) = (&app, &ada, &phone);
        async move {
            match n % 6 {
                5 if n % 4 == 3 => drop(mark_notifications(phone, json!({ "all": true })).await),
                5 => {
                    let entries = inbox(ada).await.1;
                    let ids: Vec<_> = entries.into_iter().take(2).map(|entry| entry.0).collect();
                    drop(mark_notifications(ada, json!({ "ids": ids })).await);
                }
                _ => notify(app, ada, 1 + n % 2).await,
            }
        }
    }))
    .await;

    let events = app.count("select count(*) from events where kind like 'NOTIFICATION%'").await;
    let mut counts = (Vec::new(), Vec::new());
    for _ in 0..events {
        for (events, counts) in [(&mut here, &mut counts.0), (&mut there, &mut counts.1)] {
            let event = loop {
                let event = events.next().await;
                if event["__typename"] != "SessionStarted" && event["__typename"] != "OtherEvent" {
                    break event;
                }
            };
            counts.push(event["unreadNotifications"].as_i64().expect("a number"));
        }
    }
    assert_eq!(counts.0, counts.1);
    let recount = app.count("select count(*) from notifications where read_at is null").await;
    assert_eq!(counts.0.last(), Some(&recount));
    assert_eq!((inbox(&ada).await.0, inbox(&phone).await.0), (recount, recount));
    // Each step is explained by its event.
    assert!(counts.0.iter().all(|&count| count >= 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inbox_is_paged_newest_first_also_the_unread_part_of_it() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    for _ in 0..3 {
        notify(&app, &ada, 2).await;
        app.advance(TimeDelta::minutes(1));
    }
    let (_, all) = inbox(&ada).await;
    mark_notifications(&ada, json!({ "ids": [all[0].0, all[3].0] })).await;
    let list = "query($first: Int, $after: String, $last: Int, $before: String, $unread: Boolean!) { viewer {
        notifications(first: $first, after: $after, last: $last, before: $before, unreadOnly: $unread) { edges { node { id } } pageInfo { hasNextPage startCursor endCursor } } } }";
    let page = async |args: serde_json::Value| {
        let mut args = args;
        if args["unread"].is_null() {
            args["unread"] = json!(false);
        }
        let reply = ada.run(list, args).await;
        let connection = reply.data("viewer")["notifications"].clone();
        let ids: Vec<_> =
            connection["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect();
        (ids, connection["pageInfo"].clone())
    };
    let ids = |places: &[usize]| places.iter().map(|&place| all[place].0.clone()).collect::<Vec<_>>();

    let (first, info) = page(json!({ "first": 3 })).await;
    assert_eq!((first, &info["hasNextPage"]), (ids(&[0, 1, 2]), &json!(true)));
    let (next, _) = page(json!({ "first": 9, "after": info["endCursor"] })).await;
    assert_eq!(next, ids(&[3, 4, 5]));
    assert_eq!(page(json!({ "last": 2 })).await.0, ids(&[4, 5]));
    assert_eq!(page(json!({ "last": 1, "before": info["endCursor"] })).await.0, ids(&[1]));
    let (unread, unread_info) = page(json!({ "first": 2, "unread": true })).await;
    assert_eq!(unread, ids(&[1, 2]));
    assert_eq!(
        page(json!({ "first": 2, "unread": true, "after": unread_info["endCursor"] })).await.0,
        ids(&[4, 5])
    );
    let foreign = ada.run(list, json!({ "after": unread_info["endCursor"], "unread": false })).await;
    assert_eq!(foreign.error_codes(), ["CURSOR_INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboards_inbox_costs_one_statement() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    notify(&app, &ada, 12).await;
    let dashboard = "{ viewer { unreadNotifications notifications(first: 10) { edges { node { id kind body createdAt readAt } } } } }";
    for _ in 0..20 {
        ada.query(dashboard).await;
        ada.query("{ viewer { unreadNotifications } }").await;
    }

    let both = app
        .statements(async || {
            let reply = ada.query(dashboard).await;
            assert_eq!(reply.data("viewer")["unreadNotifications"], 12);
            assert_eq!(reply.data("viewer")["notifications"]["edges"].as_array().unwrap().len(), 10);
        })
        .await;
    let count = app.statements(async || drop(ada.query("{ viewer { unreadNotifications } }").await)).await;

    assert_eq!((both, count), ((1, 0), (1, 0)));
}
