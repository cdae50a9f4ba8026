use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Socket, TestApp};

const READ: &str = "query($session: ID!, $booking: ID!) {
    session(id: $session) { id viewerBookings { id } }
    nodes(ids: [$session, $booking]) { id } }";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_participants_see_a_session_and_its_bookings() {
    let app = TestApp::start().await;
    let (mentor, learner, stranger) =
        (app.mentor("grace").await, app.learner("ada").await, app.member("eve").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    let ids = json!({ "session": booked.session, "booking": booked.booking });

    for member in [&mentor, &learner] {
        let reply = member.run(READ, ids.clone()).await;
        assert_eq!(
            reply.data("session"),
            &json!({ "id": booked.session, "viewerBookings": [{ "id": booked.booking }] })
        );
        assert_eq!(reply.data("nodes"), &json!([{ "id": booked.session }, { "id": booked.booking }]));
    }
    for other in [&stranger, &app.anonymous()] {
        let reply = other.run(READ, ids.clone()).await;
        assert_eq!(reply.json, json!({ "data": { "session": null, "nodes": [null, null] } }));
    }
    let lists =
        stranger.query("{ viewer { bookings { edges { node { id } } } upcomingSessions { id } } }").await;
    assert_eq!(lists.data("viewer"), &json!({ "bookings": { "edges": [] }, "upcomingSessions": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_of_a_session_is_refused_to_strangers_like_that_of_no_session() {
    let app = TestApp::start().await;
    let (mentor, learner, stranger) =
        (app.mentor("grace").await, app.learner("ada").await, app.member("eve").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    let no_session = "ses_01h455vb4pex5vsknk084sn02q";

    let mut refusals = Vec::new();
    for (client, session, presence) in [
        (&stranger, booked.session.as_str(), None),
        (&stranger, no_session, None),
        (&stranger, "nonsense", None),
        (&learner, booked.session.as_str(), Some("prs_01h455vb4pex5vsknk084sn02q")),
    ] {
        let mut socket = Socket::connect(client).await;
        let query = "subscription($id: ID!, $presence: ID) { sessionEvents(sessionId: $id, presenceId: $presence) { __typename } }";
        let payload = json!({ "query": query, "variables": { "id": session, "presence": presence } });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        let message = socket.receive().await;
        assert_eq!(message["type"], "error", "{message}");
        refusals.push(message["payload"][0]["extensions"]["code"].as_str().expect("a code").to_owned());
    }
    assert_eq!(refusals, ["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "VALIDATION"]);
}
