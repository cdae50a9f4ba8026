use chrono::TimeDelta;
use serde_json::{Value, json};
use skillswap::{
    db::{
        Tx,
        ids::{BookingId, EntityId, MemberId, SessionId},
        transact,
    },
    domains::sessions::model::{
        BookingConfirmed, BookingRow, BookingStatus, PaymentStatus, SessionKind, SessionRow, SessionStatus,
    },
    events::StreamName,
};

use super::{mark_read, open, say, uuid_of};
use crate::support::{Client, TestApp};

fn member(client: &Client) -> MemberId {
    client.id.parse().expect("an id")
}

/// A session with its host; the row is in the database.
pub async fn session(app: &TestApp, host: &Client) -> SessionRow {
    let now = app.now();
    let row = SessionRow {
        id: SessionId::new(),
        kind: SessionKind::Group,
        status: SessionStatus::Scheduled,
        host_id: member(host),
        skill_id: None,
        starts_at: now + TimeDelta::days(1),
        ends_at: now + TimeDelta::days(1) + TimeDelta::hours(1),
        started_at: None,
        ended_at: None,
        cancelled_at: None,
        version: 1,
        created_at: now,
    };
    let insert = "insert into sessions (id, kind, status, host_id, starts_at, ends_at, created_at)";
    app.sql(&format!(
        "{insert} values ('{}', 'GROUP', 'SCHEDULED', '{}', '{}', '{}', '{now}')",
        row.id.uuid(),
        row.host_id.uuid(),
        row.starts_at,
        row.ends_at
    ))
    .await;
    row
}

/// What the booking of a seat tells.
pub fn booking(session: &SessionRow, learner: &Client) -> BookingConfirmed {
    let booking = BookingRow {
        id: BookingId::new(),
        session_id: session.id,
        learner_id: member(learner),
        mentor_id: session.host_id,
        status: BookingStatus::Confirmed,
        payment_status: PaymentStatus::Held,
        starts_at: session.starts_at,
        price: 6000,
        currency: "CREDIT".to_owned(),
        created_at: session.created_at,
        auto_confirms_at: None,
        completed_at: None,
        cancelled_at: None,
        cancelled_by: None,
        version: 1,
        free_cancellation_hours: 12,
        late_fee_percent: 100,
    };
    BookingConfirmed { booking, session: session.clone() }
}

/// Books a seat, as far as those who listen can tell.
pub async fn book(app: &TestApp, session: &SessionRow, learner: &Client) {
    let told = booking(session, learner);
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx: &mut Tx| {
        tx.tell(StreamName::User(told.booking.learner_id), &told);
        tx.tell(StreamName::User(told.booking.mentor_id), &told);
        Ok(())
    })
    .await;
    done.expect("told");
}

async fn conversations(client: &Client) -> Vec<Value> {
    let reply = client.query("{ viewer { conversations { edges { node { id kind lastSeq lastMessageAt viewerUnreadCount members { edges { node { id } } } } } } } }").await;
    reply.data("viewer")["conversations"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["node"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_seats_opens_one_conversation_for_all_of_them() {
    let app = TestApp::start().await;
    let host = app.member("host").await;
    let (ada, bob, eve) = (app.member("ada").await, app.member("bob").await, app.member("eve").await);
    let session = session(&app, &host).await;

    tokio::join!(book(&app, &session, &ada), book(&app, &session, &bob));

    let found = conversations(&host).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["kind"], &found[0]["lastSeq"], &found[0]["lastMessageAt"]),
        (&json!("SESSION"), &json!(0), &json!(null))
    );
    assert_eq!(found[0]["members"]["edges"].as_array().unwrap().len(), 3);
    assert_eq!(conversations(&ada).await[0]["id"], conversations(&bob).await[0]["id"]);
    assert!(conversations(&eve).await.is_empty());
    assert_eq!(open(&eve, &found[0]["id"]).await, json!(null));
    // Each of them was told once.
    assert_eq!(app.count("select count(*) from events where kind = 'CONVERSATION_UPDATED'").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_a_session_writes_no_row_per_member_and_is_still_counted_right() {
    let app = TestApp::start().await;
    let host = app.member("host").await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let session = session(&app, &host).await;
    book(&app, &session, &ada).await;
    let chat = conversations(&host).await[0]["id"].clone();
    for body in ["1", "2"] {
        say(&host, &chat, body).await;
    }
    let told = app.count("select count(*) from events where stream in (select id from members)").await;
    // Bob comes later: what was said before is no news to him.
    book(&app, &session, &bob).await;
    let told_of_bob =
        app.count("select count(*) from events where stream in (select id from members)").await - told;

    assert_eq!(say(&ada, &chat, "3").await["conversation"]["viewerUnreadCount"], 2);
    say(&host, &chat, "4").await;

    let unread = async |client: &Client| open(client, &chat).await["viewerUnreadCount"].as_i64().unwrap();
    assert_eq!((unread(&host).await, unread(&ada).await, unread(&bob).await), (1, 3, 2));
    assert_eq!(mark_read(&ada, &chat, 2).await.ok("markRead")["conversation"]["viewerUnreadCount"], 1);
    assert_eq!(mark_read(&ada, &chat, 99).await.ok("markRead")["conversation"]["viewerUnreadCount"], 0);
    say(&ada, &chat, "5").await;
    assert_eq!((unread(&host).await, unread(&ada).await, unread(&bob).await), (2, 0, 3));
    assert_eq!(ada.query("{ viewer { unreadMessages } }").await.data("viewer")["unreadMessages"], 0);
    assert_eq!(bob.query("{ viewer { unreadMessages } }").await.data("viewer")["unreadMessages"], 3);
    // The members' streams heard of the bookings and of Ada's reading on her own devices, and of no message.
    let now = app.count("select count(*) from events where stream in (select id from members)").await;
    assert_eq!(now - told - told_of_bob, 2);
    assert_eq!(app.count("select sum(unread_count) from conversation_members").await, 0);
    assert_eq!(
        app.count(&format!("select last_seq from conversations where id = '{}'", uuid_of(&chat))).await,
        5
    );
}
