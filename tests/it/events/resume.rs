use std::time::Duration;

use futures_util::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{VIEWER_EVENTS, after, cursor, seq, snapshot_cursor, stream_of, tell};
use crate::{
    chat::{say, write},
    support::{Client, Socket, TestApp, database, socket::Subscription},
};

async fn log(app: &TestApp, client: &Client) -> Vec<i64> {
    let rows = app
        .sql(&format!("select seq from events where stream = '{}' order by seq", stream_of(client).key()))
        .await;
    rows.iter().map(|row| row[0].parse().expect("a number")).collect()
}

async fn subscribe(client: &Client, from: &Value) -> Subscription {
    Subscription::start(client, "viewerEvents", VIEWER_EVENTS, after(from.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_comes_and_goes_receives_the_log_without_gap_or_repeat() {
    let app = TestApp::start().await;
    let (ada, bob, cy) = (app.member("ada").await, app.member("bob").await, app.member("cy").await);
    let mut at = snapshot_cursor(&ada).await;
    let (with_bob, with_cy) = (write(&bob, &ada, "hello").await, write(&cy, &ada, "hello").await);
    let chats = [with_bob["conversation"]["id"].clone(), with_cy["conversation"]["id"].clone()];
    let writers =
        join_all([(&bob, &chats[0]), (&cy, &chats[1]), (&ada, &chats[0])].map(|(from, chat)| async move {
            for n in 0..120 {
                say(from, chat, &format!("message {n}")).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    let mut received = Vec::new();
    let reader = async {
        let mut dice = StdRng::seed_from_u64(1);
        while received.len() < 362 {
            let mut events = subscribe(&ada, &at).await;
            for _ in 0..dice.random_range(1..40) {
                let event = events.next().await;
                assert_eq!(event["__typename"], "ConversationUpdated", "{event}");
                at = event["cursor"].clone();
                received.push(seq(&at));
                if received.len() == 362 {
                    break;
                }
            }
        }
    };

    tokio::join!(writers, reader);

    assert_eq!(received, log(&app, &ada).await);
    assert_eq!(received, (1..=362).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_is_good_at_another_server_and_after_a_restart() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let chat = write(&bob, &ada, "1").await["conversation"]["id"].clone();
    let other = app.another().await;
    let there = |client: &Client| client.moved(&other.url);
    let mut events = subscribe(&there(&ada), &json!(cursor(&ada, 0))).await;
    assert_eq!(seq(&events.next().await["cursor"]), 1);

    // Written here, heard there: no notice is sent between the servers, the log is swept.
    say(&bob, &chat, "2").await;
    assert_eq!(seq(&events.next().await["cursor"]), 2);
    drop(events);
    say(&there(&bob), &chat, "3").await;
    other.stop().await;
    say(&bob, &chat, "4").await;

    let mut events = subscribe(&ada, &json!(cursor(&ada, 2))).await;
    assert_eq!([seq(&events.next().await["cursor"]), seq(&events.next().await["cursor"])], [3, 4]);
    say(&bob, &chat, "5").await;
    assert_eq!(seq(&events.next().await["cursor"]), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_transaction_with_the_lower_number_is_not_lost() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let chat = write(&bob, &ada, "1").await["conversation"]["id"].clone();
    let mut events = subscribe(&ada, &json!(cursor(&ada, 1))).await;
    // A transaction takes number 2 and does not end yet.
    let (slow, connection) = tokio_postgres::connect(&app.database_url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let stream = stream_of(&ada).key();
    slow.batch_execute(&format!(
        "begin; update streams set last_seq = last_seq + 1 where stream = '{stream}';
         insert into events (stream, seq, kind, payload, occurred_at) values ('{stream}', 2, 'SLOW', '{{}}', now())"
    ))
    .await
    .unwrap();

    let fast = say(&bob, &chat, "2");
    tokio::pin!(fast);
    assert!(
        tokio::time::timeout(Duration::from_millis(300), &mut fast).await.is_err(),
        "the higher number waits for the lower one"
    );
    events.stays_silent(Duration::from_millis(100)).await;
    slow.batch_execute("commit").await.unwrap();
    fast.await;

    let first = events.next().await;
    assert_eq!((&first["__typename"], seq(&first["cursor"])), (&json!("OtherEvent"), 2));
    let second = events.next().await;
    assert_eq!((&second["__typename"], seq(&second["cursor"])), (&json!("ConversationUpdated"), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_or_foreign_cursor_is_refused_before_the_stream_starts() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let chat = write(&bob, &ada, "1").await;
    let conversation = ada.run(crate::chat::CONVERSATION, json!({ "id": chat["conversation"]["id"] })).await;
    let conversation = conversation.data("conversation")["cursor"].clone();
    for bad in [json!("nonsense"), json!(""), json!(cursor(&bob, 1)), conversation] {
        let mut socket = Socket::connect(&ada).await;
        let payload = json!({ "query": VIEWER_EVENTS, "variables": after(bad.clone()) });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;

        let answer = socket.receive().await;

        assert_eq!(
            (&answer["type"], &answer["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("CURSOR_INVALID")),
            "{bad}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_may_listen_to_a_conversation() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.member("ada").await, app.member("bob").await, app.member("eve").await);
    let chat = write(&bob, &ada, "1").await["conversation"]["id"].clone();
    let document = "subscription($id: ID!) { conversationEvents(conversationId: $id) { __typename cursor ... on MessageSent { message { seq body } } } }";
    let mut answers = Vec::new();
    for (client, id) in [
        (&eve, chat.clone()),
        (&eve, json!("cnv_01h455vb4pex5vsknk084sn02q")),
        (&eve, json!("x")),
        (&app.anonymous(), chat.clone()),
    ] {
        let mut socket = Socket::connect(client).await;
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": document, "variables": { "id": id } } })).await;
        let answer = socket.receive().await;
        answers.push(answer["payload"][0]["extensions"]["code"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(answers, ["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "UNAUTHENTICATED"]);

    let mut events = Subscription::start(&ada, "conversationEvents", document, json!({ "id": chat })).await;
    say(&bob, &chat, "2").await;
    assert_eq!(events.next().await["message"], json!({ "seq": 2, "body": "2" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_after_subscribing_is_never_missed() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    tell(&app, &ada, 1).await;
    // Each document founds a group of its own, and the event follows the subscription at once.
    for round in 0..40 {
        let document = format!(
            "subscription($after: String) {{ viewerEvents(after: $after) {{ a{round}: __typename cursor }} }}"
        );
        let here = snapshot_cursor(&ada).await;
        let mut socket = Socket::connect(&ada).await;
        let payload = json!({ "query": document, "variables": after(here.clone()) });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        tokio::time::sleep(Duration::from_micros(round * 60)).await;
        tell(&app, &ada, 1).await;

        let answer = socket.receive().await;

        assert_eq!(answer["type"], "next", "{answer}");
        assert_eq!(seq(&answer["payload"]["data"]["viewerEvents"]["cursor"]), seq(&here) + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_replay_goes_on_although_the_stream_grows_meanwhile() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    for _ in 0..8 {
        tell(&app, &ada, 250).await;
    }
    let mut socket = Socket::connect(&ada).await;
    let payload = json!({ "query": VIEWER_EVENTS, "variables": after(cursor(&ada, 0)) });
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let grow = async {
        for _ in 0..3 {
            tell(&app, &ada, 100).await;
        }
    };
    let read = async {
        let mut received = Vec::new();
        while received.len() < 2300 {
            let answer = socket.receive().await;
            let event = &answer["payload"]["data"]["viewerEvents"];
            assert_eq!(event["__typename"], "ProfileUpdated", "after {}: {answer}", received.len());
            received.push(seq(&event["cursor"]));
        }
        received
    };

    let ((), received) = tokio::join!(grow, read);

    assert_eq!(received, (1..=2300).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_was_not_made_known_is_found_by_its_gap() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    tell(&app, &ada, 1).await;
    let mut events = subscribe(&ada, &json!(cursor(&ada, 1))).await;
    let stream = stream_of(&ada).key();
    // As a process does that dies between its commit and its notice.
    database::sql(
        &app.database_url,
        &format!(
            "begin; update streams set last_seq = 2 where stream = '{stream}';
             insert into events (stream, seq, kind, payload, occurred_at) values ('{stream}', 2, 'SILENT', '{{}}', now()); commit"
        ),
    )
    .await
    .unwrap();
    // A client that has read it may subscribe with its cursor.
    let mut later = subscribe(&ada, &json!(cursor(&ada, 2))).await;
    tell(&app, &ada, 1).await;

    assert_eq!([seq(&events.next().await["cursor"]), seq(&events.next().await["cursor"])], [2, 3]);
    let next = later.next().await;
    assert_eq!((&next["__typename"], seq(&next["cursor"])), (&json!("ProfileUpdated"), 3));
}
