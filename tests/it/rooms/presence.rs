use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Room, present};
use crate::support::booking::Booked;

const SHORT: Duration = Duration::from_millis(300);

fn instant(value: &Value) -> DateTime<Utc> {
    value.as_str().expect("a time").parse().expect("RFC 3339")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_gets_the_room_with_themselves_in_it_and_a_cursor_that_goes_on() {
    let room = Room::open().await;
    room.enter(&room.mentor).await;

    let joined = room.join(&room.learner, None).await;

    let session = &joined.ok("joinSession")["session"];
    assert_eq!(present(session), [&room.mentor.id, &room.learner.id]);
    assert_eq!(session["status"], "SCHEDULED");
    let mut events = room.subscribe(&room.learner, None, session["cursor"].as_str()).await;
    room.host("startSession").await.ok("startSession");
    assert_eq!(events.next().await["session"]["status"], "LIVE", "nothing before the start is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_opens_ten_minutes_before_the_start_for_participants_until_the_end() {
    let room = Room::open().await;
    let stranger = room.app.member("eve").await;
    assert_eq!(room.join(&stranger, None).await.codes("joinSession"), ["NOT_FOUND"]);
    assert_eq!(room.join(&room.app.anonymous(), None).await.error_codes(), ["UNAUTHENTICATED"]);
    let bo = room.app.learner("bo").await;
    let later: Booked = bo.book(&room.mentor, room.booked.starts_at + TimeDelta::hours(2)).await;
    let early = bo.mutate("joinSession", "presenceId", json!({ "sessionId": later.session })).await;
    assert_eq!(early.codes("joinSession"), ["INVALID_TRANSITION"]);
    assert_eq!(early.data("joinSession")["userErrors"][0]["allowed"], json!(["cancelBooking"]));
    assert_eq!(room.app.count("select count(*) from presence_intervals").await, 0);

    room.enter(&room.learner).await;
    room.host("startSession").await.ok("startSession");
    room.enter(&room.mentor).await;
    room.host("endSession").await.ok("endSession");
    assert_eq!(room.join(&room.learner, None).await.codes("joinSession"), ["INVALID_TRANSITION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_devices_are_one_participant_who_leaves_with_the_last_one() {
    let room = Room::open().await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    let phone = room.enter(&room.learner).await;
    let laptop = room.enter(&room.learner).await;
    assert_eq!(events.next().await["__typename"], "ParticipantJoined");
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);

    let left = room.leave(&room.learner, &phone).await;
    assert_eq!(present(&left.ok("leaveSession")["session"]), [&room.learner.id]);
    events.stays_silent(SHORT).await;

    for _ in 0..2 {
        assert!(present(&room.leave(&room.learner, &laptop).await.ok("leaveSession")["session"]).is_empty());
    }
    let told = events.next().await;
    assert_eq!((&told["__typename"], &told["presenceId"]), (&json!("ParticipantLeft"), &json!(laptop)));
    events.stays_silent(SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejoin_that_overtakes_the_old_leave_gives_one_participant_and_never_less() {
    let room = Room::open().await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    let old = room.enter(&room.learner).await;
    room.enter(&room.learner).await;
    for _ in 0..3 {
        room.leave(&room.learner, &old).await.ok("leaveSession");
    }

    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);
    assert_eq!(events.next().await["__typename"], "ParticipantJoined");
    events.stays_silent(SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_devices_that_join_at_once_are_told_once() {
    let room = Room::open().await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    let presences: Vec<String> = join_all((0..8).map(|_| room.enter(&room.learner))).await;
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);
    assert_eq!(events.next().await["__typename"], "ParticipantJoined");

    join_all(presences.iter().map(|presence| room.leave(&room.learner, presence))).await;
    assert!(present(&room.snapshot().await).is_empty());
    assert_eq!(events.next().await["__typename"], "ParticipantLeft");
    events.stays_silent(SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_presence_again_is_a_sign_of_life() {
    let room = Room::open().await;
    let presence = room.enter(&room.learner).await;
    for _ in 0..3 {
        room.app.advance(TimeDelta::seconds(50));
        let again = room.join(&room.learner, Some(&presence)).await;
        assert_eq!(again.ok("joinSession")["presenceId"], json!(presence));
        room.app.work().await;
    }
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);
    assert_eq!(room.app.count("select count(*) from presence_intervals").await, 1);
    assert_eq!(room.app.count("select count(*) from events where kind like 'PARTICIPANT%'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_lost_after_a_minute_and_leaves_at_its_last_sign_of_life() {
    let room = Room::open().await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    let presence = room.enter(&room.learner).await;
    let joined = instant(&events.next().await["participant"]["joinedAt"]);
    room.app.advance(TimeDelta::seconds(59));
    room.app.work().await;
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);

    room.app.advance(TimeDelta::seconds(20));
    room.app.work().await;

    assert!(present(&room.snapshot().await).is_empty());
    let left = events.next().await;
    assert_eq!(left["__typename"], "ParticipantLeft");
    assert_eq!(instant(&left["leftAt"]), joined);
    // The device comes back with the presence that it lost: it gets a new one.
    let back = room.join(&room.learner, Some(&presence)).await;
    assert_ne!(back.ok("joinSession")["presenceId"], json!(presence));
    assert_eq!(events.next().await["__typename"], "ParticipantJoined");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_comes_back_before_the_clean_up_starts_a_new_stay() {
    let room = Room::open().await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    let lost = room.enter(&room.learner).await;
    room.app.advance(TimeDelta::minutes(5));
    let back = room.join(&room.learner, Some(&lost)).await;
    assert_ne!(back.ok("joinSession")["presenceId"], json!(lost));
    for kind in ["ParticipantJoined", "ParticipantLeft", "ParticipantJoined"] {
        assert_eq!(events.next().await["__typename"], kind);
    }
    room.app.work().await;
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);
    events.stays_silent(SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_keeps_its_presence_alive() {
    let room = Room::open().await;
    let presence = room.enter(&room.learner).await;
    room.app.advance(TimeDelta::seconds(50));
    let _beating = room.subscribe(&room.learner, Some(&presence), None).await;
    tokio::time::sleep(SHORT).await;
    room.app.advance(TimeDelta::seconds(50));
    room.app.work().await;
    assert_eq!(present(&room.snapshot().await), [&room.learner.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_empties_the_room_and_a_foreign_presence_is_unknown() {
    let room = Room::open().await;
    let mine = room.enter(&room.learner).await;
    room.enter(&room.learner).await;
    room.enter(&room.mentor).await;
    assert_eq!(room.leave(&room.mentor, &mine).await.codes("leaveSession"), ["NOT_FOUND"]);
    assert_eq!(room.join(&room.mentor, Some(&mine)).await.codes("joinSession"), ["NOT_FOUND"]);
    assert_eq!(
        room.leave(&room.mentor, "prs_01h455vb4pex5vsknk084sn02q").await.codes("leaveSession"),
        ["NOT_FOUND"]
    );
    assert_eq!(present(&room.snapshot().await).len(), 2);
    room.host("startSession").await.ok("startSession");
    let mut events = room.subscribe(&room.learner, None, None).await;

    room.host("endSession").await.ok("endSession");

    assert_eq!(events.next().await["__typename"], "SessionEnded");
    let mut left = [events.next().await, events.next().await]
        .map(|event| event["participant"]["member"]["id"].as_str().map(str::to_owned));
    left.sort();
    let mut both = [Some(room.learner.id.clone()), Some(room.mentor.id.clone())];
    both.sort();
    assert_eq!(left, both);
    let after = room.leave(&room.learner, &mine).await;
    assert!(present(&after.ok("leaveSession")["session"]).is_empty());
    assert_eq!(room.app.count("select count(*) from presence_intervals where left_at is null").await, 0);
    events.stays_silent(SHORT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eleventh_device_is_refused_until_one_leaves() {
    let room = Room::open().await;
    let first = room.enter(&room.learner).await;
    for _ in 0..9 {
        room.enter(&room.learner).await;
    }
    assert_eq!(room.join(&room.learner, None).await.codes("joinSession"), ["TOO_MANY"]);
    room.leave(&room.learner, &first).await.ok("leaveSession");
    room.enter(&room.learner).await;
    assert_eq!(room.app.count("select count(*) from presence_intervals").await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_booking_ends_the_stay_and_the_right_to_listen() {
    let room = Room::open().await;
    room.enter(&room.mentor).await;
    let mut events = room.subscribe(&room.mentor, None, None).await;
    room.learner
        .mutate("cancelBooking", "", json!({ "bookingId": room.booked.booking }))
        .await
        .ok("cancelBooking");
    assert_eq!(events.next().await["session"]["status"], "CANCELLED");
    assert_eq!(events.next().await["__typename"], "ParticipantLeft");
    assert_eq!(room.join(&room.mentor, None).await.codes("joinSession"), ["INVALID_TRANSITION"]);
    assert_eq!(room.join(&room.learner, None).await.codes("joinSession"), ["NOT_FOUND"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_steps_in_one_document_answer_each_with_its_own_room() {
    let room = Room::open().await;
    let presence = room.enter(&room.learner).await;
    let reply = room
        .learner
        .run(
            "mutation($session: ID!, $presence: ID!) {
               one: joinSession(input: { sessionId: $session, presenceId: $presence }) { session { participants { member { id } } } userErrors { code } }
               two: leaveSession(input: { presenceId: $presence }) { session { participants { member { id } } } userErrors { code } } }",
            json!({ "session": room.booked.session, "presence": presence }),
        )
        .await;
    assert_eq!(present(&reply.ok("one")["session"]), [&room.learner.id]);
    assert!(present(&reply.ok("two")["session"]).is_empty());
}
