use serde_json::{Value, json};
use skillswap::{
    db::{Tx, transact},
    domains::sessions::model::{BookingCancelled, BookingCompleted, SessionEnded, SessionStarted},
    events::{EventPayload, StreamName},
};

use crate::{
    chat::session::{booking, session},
    support::{Client, TestApp},
};

/// Tells an event to members' streams, as the domain that owns it does.
async fn tell<P: EventPayload>(app: &TestApp, members: &[&Client], payload: &P) {
    let streams: Vec<StreamName> =
        members.iter().map(|client| StreamName::User(client.id.parse().expect("an id"))).collect();
    let actor = members[0].id.parse().expect("an id");
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx: &mut Tx| {
        tx.acting(actor);
        for &stream in &streams {
            tx.tell(stream, payload);
        }
        Ok(())
    })
    .await;
    done.expect("told");
}

async fn told(client: &Client) -> Vec<(String, String)> {
    let reply = client
        .query("{ viewer { notifications(last: 50) { edges { node { kind body actor { name } } } } } }")
        .await;
    let edges = reply.data("viewer")["notifications"]["edges"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    edges.iter().rev().map(|edge| (text(&edge["node"]["kind"]), text(&edge["node"]["body"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_members_are_told_of_every_step_once() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.member("grace").await, app.member("ada").await);
    let session = session(&app, &mentor).await;
    let confirmed = booking(&session, &learner);
    let both = [&learner, &mentor];

    // Every step is told twice, as by a transaction that was sent again after its answer was lost.
    for _ in 0..2 {
        tell(&app, &both, &confirmed).await;
        tell(&app, &both, &SessionStarted { session: session.clone() }).await;
        tell(&app, &both, &SessionEnded { session: session.clone() }).await;
        let completed = BookingCompleted {
            booking: confirmed.booking.clone(),
            session: session.clone(),
            earnings: 5100,
            fee: 900,
        };
        tell(&app, &both, &completed).await;
        let cancelled = BookingCancelled {
            booking: confirmed.booking.clone(),
            session: session.clone(),
            refunded: 6000,
            earnings: 0,
            fee: 0,
        };
        tell(&app, &both, &cancelled).await;
    }

    let kinds =
        ["BOOKING_CONFIRMED", "SESSION_STARTED", "SESSION_ENDED", "BOOKING_COMPLETED", "BOOKING_CANCELLED"];
    for (client, needle) in
        [(&mentor, "You earned 51.00 credits"), (&learner, "Receipt: you paid 60.00 credits")]
    {
        let told = told(client).await;
        assert_eq!(told.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), kinds);
        assert!(told[3].1.starts_with(needle), "{}", told[3].1);
        assert_eq!(
            client.query("{ viewer { unreadNotifications } }").await.data("viewer")["unreadNotifications"],
            5
        );
    }
    assert_eq!(app.count("select count(*) from events where kind = 'NOTIFICATION_RECEIVED'").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_on_the_stream_of_a_session_notifies_nobody() {
    let app = TestApp::start().await;
    let host = app.member("grace").await;
    let session = session(&app, &host).await;
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx: &mut Tx| {
        tx.tell(StreamName::Session(session.id), &SessionStarted { session: session.clone() });
        Ok(())
    })
    .await;
    done.unwrap();

    assert_eq!(app.count("select count(*) from notifications").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_fails_notifies_nobody() {
    let app = TestApp::start().await;
    let host = app.member("grace").await;
    let session = session(&app, &host).await;
    let stream = StreamName::User(host.id.parse().unwrap());
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx: &mut Tx| {
        tx.tell(stream, &SessionStarted { session: session.clone() });
        Err(diesel::result::Error::RollbackTransaction)
    })
    .await;

    assert!(done.is_err());
    assert_eq!(app.count("select count(*) from notifications").await, 0);
    assert_eq!(
        host.query("{ viewer { unreadNotifications } }").await.data("viewer"),
        &json!({ "unreadNotifications": 0 })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_transaction_costs_one_statement_for_all_its_notifications() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.member("grace").await, app.member("ada").await);
    let session = session(&app, &mentor).await;
    let ended = || SessionEnded {
        session: skillswap::domains::sessions::model::SessionRow {
            id: skillswap::db::ids::SessionId::new(),
            ..session.clone()
        },
    };
    for _ in 0..20 {
        tell(&app, &[&learner, &mentor], &ended()).await;
    }

    let (calls, plans) = app.statements(async || tell(&app, &[&learner, &mentor], &ended()).await).await;

    assert_eq!((calls, plans), (4, 0), "begin, notifications, events, commit");
}
