use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use crate::support::{Client, Reply, Subscription, TestApp, booking::Booked};

const STATE: &str = "session { status startedAt endedAt cancelledAt }";

/// A mentor and a learner with a booking that starts in a few hours.
async fn booked(app: &TestApp) -> (Client, Client, Booked) {
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    (mentor, learner, booked)
}

/// Moves the clock to so long after the start, and signs in anew, as tokens end.
async fn at(app: &TestApp, booked: &Booked, after_start: TimeDelta) -> (Client, Client) {
    app.advance(booked.starts_at + after_start - app.now());
    (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await)
}

async fn start(client: &Client, booked: &Booked) -> Reply {
    client.mutate("startSession", STATE, json!({ "sessionId": booked.session })).await
}

async fn end(client: &Client, booked: &Booked) -> Reply {
    client.mutate("endSession", STATE, json!({ "sessionId": booked.session })).await
}

async fn cancel(client: &Client, booked: &Booked) -> Reply {
    let selection = "replayed booking { status paymentStatus cancelledBy { name } session { status } } wallet { available { amountMinor } }";
    client.mutate("cancelBooking", selection, json!({ "bookingId": booked.booking })).await
}

async fn confirm(client: &Client, booked: &Booked) -> Reply {
    let selection = "booking { status paymentStatus completedAt mentor { sessionsCompleted } }";
    client.mutate("confirmSession", selection, json!({ "bookingId": booked.booking })).await
}

async fn state(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select s.status, b.status, b.payment_status, s.version, b.version, (select count(*) from claims),
                (select count(*) from events), (select count(*) from ledger_postings)
         from bookings b join sessions s on s.id = b.session_id",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_started_ended_and_confirmed_and_then_the_mentor_is_paid() {
    let app = TestApp::start().await;
    let (_, _, booked) = booked(&app).await;
    let (mentor, learner) = at(&app, &booked, TimeDelta::minutes(-10)).await;

    assert_eq!(start(&mentor, &booked).await.ok("startSession")["session"]["status"], "LIVE");
    assert_eq!(end(&mentor, &booked).await.ok("endSession")["session"]["status"], "ENDED");
    let confirmed = confirm(&learner, &booked).await;

    let booking = &confirmed.ok("confirmSession")["booking"];
    assert_eq!((&booking["status"], &booking["paymentStatus"]), (&json!("COMPLETED"), &json!("RELEASED")));
    assert_eq!(booking["mentor"]["sessionsCompleted"], 1);
    assert_eq!(app.credits(&learner).await, (94_000, 0));
    let earned = mentor.query("{ viewer { earnings { pending { amountMinor } } } }").await;
    assert_eq!(earned.data("viewer")["earnings"]["pending"]["amountMinor"], "5100");

    // Everything once more changes nothing.
    let before = state(&app).await;
    assert_eq!(end(&mentor, &booked).await.ok("endSession")["session"]["status"], "ENDED");
    assert_eq!(confirm(&learner, &booked).await.ok("confirmSession")["booking"]["status"], "COMPLETED");
    assert_eq!(state(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_or_may_not_yet_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let (mentor, learner, booked) = booked(&app).await;
    let stranger = app.member("eve").await;
    let before = state(&app).await;

    let early = start(&mentor, &booked).await;
    let refusal = &early.data("startSession")["userErrors"][0];
    assert_eq!(refusal["code"], "INVALID_TRANSITION");
    assert_eq!((&refusal["from"], &refusal["allowed"]), (&json!("SCHEDULED"), &json!(["cancelBooking"])));
    assert_eq!(start(&learner, &booked).await.codes("startSession"), ["FORBIDDEN"]);
    assert_eq!(start(&stranger, &booked).await.codes("startSession"), ["NOT_FOUND"]);
    assert_eq!(end(&mentor, &booked).await.codes("endSession"), ["INVALID_TRANSITION"]);
    assert_eq!(end(&stranger, &booked).await.codes("endSession"), ["NOT_FOUND"]);
    assert_eq!(confirm(&learner, &booked).await.codes("confirmSession"), ["INVALID_TRANSITION"]);
    assert_eq!(confirm(&mentor, &booked).await.codes("confirmSession"), ["FORBIDDEN"]);
    assert_eq!(confirm(&stranger, &booked).await.codes("confirmSession"), ["NOT_FOUND"]);
    assert_eq!(cancel(&stranger, &booked).await.codes("cancelBooking"), ["NOT_FOUND"]);
    assert_eq!(
        stranger.mutate("cancelBooking", "", json!({ "bookingId": "bkg_x" })).await.codes("cancelBooking"),
        ["VALIDATION"]
    );
    assert_eq!(
        app.anonymous()
            .mutate("startSession", STATE, json!({ "sessionId": booked.session }))
            .await
            .error_codes(),
        ["UNAUTHENTICATED"]
    );
    assert_eq!(state(&app).await, before);

    let (mentor, learner) = at(&app, &booked, TimeDelta::zero()).await;
    let late = cancel(&learner, &booked).await;
    assert_eq!(
        late.data("cancelBooking")["userErrors"][0]["allowed"],
        json!(["startSession", "joinSession"])
    );
    assert_eq!(cancel(&mentor, &booked).await.codes("cancelBooking"), ["INVALID_TRANSITION"]);
    assert_eq!(state(&app).await, before);
    let (mentor, _) = at(&app, &booked, TimeDelta::hours(1)).await;
    assert_eq!(start(&mentor, &booked).await.codes("startSession"), ["INVALID_TRANSITION"]);
    assert_eq!(state(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_cancels_with_a_full_refund_and_the_time_is_free_again() {
    let app = TestApp::start().await;
    let (mentor, learner, first) = booked(&app).await;
    let mut events = Subscription::start(
        &mentor,
        "viewerEvents",
        "subscription { viewerEvents { __typename ... on BookingCancelled { refunded { amountMinor } booking { status } } } }",
        json!({}),
    )
    .await;

    let reply = cancel(&learner, &first).await;

    let payload = reply.ok("cancelBooking");
    assert_eq!(payload["booking"]["status"], "CANCELLED");
    assert_eq!(payload["booking"]["paymentStatus"], "REFUNDED");
    assert_eq!(payload["booking"]["cancelledBy"]["name"], "ada");
    assert_eq!(payload["booking"]["session"]["status"], "CANCELLED");
    assert_eq!(payload["wallet"]["available"]["amountMinor"], "100000");
    assert_eq!(app.credits(&learner).await, (100_000, 0));
    let told = events.next_of("BookingCancelled").await;
    assert_eq!(told["refunded"]["amountMinor"], "6000");

    // A cancelled booking stays cancelled, for both, whatever is asked.
    let before = state(&app).await;
    assert_eq!(cancel(&learner, &first).await.ok("cancelBooking")["booking"]["status"], "CANCELLED");
    assert_eq!(cancel(&mentor, &first).await.ok("cancelBooking")["booking"]["status"], "CANCELLED");
    assert_eq!(start(&mentor, &first).await.codes("startSession"), ["INVALID_TRANSITION"]);
    assert_eq!(state(&app).await, before);

    // Somebody else takes the time; this time the mentor cancels.
    let bo = app.learner("bo").await;
    let second = bo.book(&mentor, first.starts_at).await;
    assert_eq!(cancel(&mentor, &second).await.ok("cancelBooking")["booking"]["cancelledBy"]["name"], "grace");
    assert_eq!(app.credits(&bo).await, (100_000, 0));
    assert_eq!(app.count("select count(*) from claims").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_cancellation_is_replayed_and_not_lent_to_another_booking() {
    let app = TestApp::start().await;
    let (mentor, learner, one) = booked(&app).await;
    let two = learner.book(&mentor, one.starts_at + TimeDelta::hours(2)).await;
    let run = async |booked: &Booked| {
        let input = json!({ "bookingId": booked.booking, "idempotencyKey": "undo" });
        learner.mutate("cancelBooking", "replayed booking { status }", input).await
    };
    assert_eq!(run(&one).await.ok("cancelBooking")["replayed"], false);
    assert_eq!(run(&one).await.ok("cancelBooking")["replayed"], true);
    assert_eq!(run(&two).await.codes("cancelBooking"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(app.count("select count(*) from bookings where status = 'CONFIRMED'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_cancellations_and_a_start_at_once_end_in_one_story() {
    for round in 0..5 {
        let app = TestApp::start_with(|config| config.pool_size = 20).await;
        let (_, _, booked) = booked(&app).await;
        let (mentor, learner) = at(&app, &booked, TimeDelta::minutes(-5)).await;

        let cancels = join_all((0..10).map(|n| {
            let caller = if n % 2 == 0 { &mentor } else { &learner };
            cancel(caller, &booked)
        }));
        let (cancelled, started) = futures_util::join!(cancels, start(&mentor, &booked));

        let won = cancelled.iter().filter(|reply| reply.codes("cancelBooking").is_empty()).count();
        if started.codes("startSession").is_empty() {
            assert_eq!(won, 0, "round {round}");
            assert_eq!(app.credits(&learner).await, (94_000, 6_000));
        } else {
            assert_eq!(
                (won, started.codes("startSession")),
                (10, vec!["INVALID_TRANSITION".to_owned()]),
                "round {round}"
            );
            assert_eq!(app.credits(&learner).await, (100_000, 0));
            assert_eq!(app.count("select count(*) from ledger_transactions where kind = 'REFUND'").await, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_confirms_after_72_hours_however_often_and_from_however_many_workers() {
    let app = TestApp::start().await;
    let (_, _, booked) = booked(&app).await;
    let (mentor, learner) = at(&app, &booked, TimeDelta::zero()).await;
    start(&mentor, &booked).await.ok("startSession");
    end(&mentor, &booked).await.ok("endSession");
    let due = learner
        .run(
            "query($id: ID!) { node(id: $id) { ... on Booking { autoConfirmsAt } } }",
            json!({ "id": booked.booking }),
        )
        .await;
    assert!(due.data("node")["autoConfirmsAt"].is_string());

    app.advance(TimeDelta::hours(72) - TimeDelta::minutes(1));
    app.work().await;
    assert_eq!(state(&app).await[0][1], "CONFIRMED");

    app.advance(TimeDelta::minutes(2));
    let other = app.another().await;
    other.advance(app.now() - other.now());
    futures_util::join!(app.work(), other.work());
    app.advance(TimeDelta::minutes(5));
    app.work().await;
    assert_eq!(state(&app).await[0][..3], ["ENDED", "COMPLETED", "RELEASED"]);
    assert_eq!(app.count("select count(*) from ledger_transactions where kind = 'RELEASE'").await, 1);
    assert_eq!(app.count("select sessions_completed from mentors").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_started_is_given_up_a_day_after_its_end() {
    let app = TestApp::start().await;
    let (_, learner, booked) = booked(&app).await;

    app.advance(booked.starts_at + TimeDelta::hours(25) - TimeDelta::minutes(1) - app.now());
    app.work().await;
    assert_eq!(state(&app).await[0][..3], ["SCHEDULED", "CONFIRMED", "HELD"]);

    app.advance(TimeDelta::minutes(2));
    app.work().await;
    app.advance(TimeDelta::minutes(2));
    app.work().await;
    assert_eq!(state(&app).await[0][..6], ["CANCELLED", "CANCELLED", "REFUNDED", "2", "2", "0"]);
    assert_eq!(app.credits(&learner).await, (100_000, 0));
    assert_eq!(app.sql("select cancelled_by is null from bookings").await, [["t"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_ended_is_ended_an_hour_late_and_then_confirmed() {
    let app = TestApp::start().await;
    let (_, _, booked) = booked(&app).await;
    let (mentor, learner) = at(&app, &booked, TimeDelta::zero()).await;
    start(&mentor, &booked).await.ok("startSession");

    app.advance(TimeDelta::hours(2) + TimeDelta::minutes(1));
    app.work().await;
    assert_eq!(state(&app).await[0][..2], ["ENDED", "CONFIRMED"]);
    app.advance(TimeDelta::hours(72) + TimeDelta::minutes(1));
    app.work().await;
    assert_eq!(state(&app).await[0][..3], ["ENDED", "COMPLETED", "RELEASED"]);
    assert_eq!(app.credits(&learner).await, (94_000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_what_each_side_may_do_now() {
    const CAN: &str = "query($session: ID!, $booking: ID!) { session(id: $session) { viewerCanStart viewerCanJoin viewerCanEnd }
        node(id: $booking) { ... on Booking { viewerCanCancel viewerCanConfirm } } }";
    let app = TestApp::start().await;
    let (_, _, booked) = booked(&app).await;
    // start, join, end, cancel, confirm; for mentor and learner.
    let can = async |client: &Client| -> String {
        let reply = client.run(CAN, json!({ "session": booked.session, "booking": booked.booking })).await;
        let (session, booking) = (reply.data("session").clone(), reply.data("node").clone());
        let flags = [
            &session["viewerCanStart"],
            &session["viewerCanJoin"],
            &session["viewerCanEnd"],
            &booking["viewerCanCancel"],
            &booking["viewerCanConfirm"],
        ];
        flags.into_iter().map(|flag| if flag.as_bool().expect("a flag") { 'y' } else { '-' }).collect()
    };
    let both = async |after: TimeDelta| {
        let (mentor, learner) = at(&app, &booked, after).await;
        [can(&mentor).await, can(&learner).await]
    };
    assert_eq!(both(TimeDelta::minutes(-30)).await, ["---y-", "---y-"]);
    assert_eq!(both(TimeDelta::minutes(-10)).await, ["yy-y-", "-y-y-"]);
    assert_eq!(both(TimeDelta::zero()).await, ["yy---", "-y---"]);
    let (mentor, learner) = at(&app, &booked, TimeDelta::minutes(1)).await;
    start(&mentor, &booked).await.ok("startSession");
    assert_eq!(both(TimeDelta::minutes(2)).await, ["-yy--", "-y---"]);
    end(&mentor, &booked).await.ok("endSession");
    assert_eq!(both(TimeDelta::minutes(3)).await, ["-----", "----y"]);
    confirm(&learner, &booked).await.ok("confirmSession");
    assert_eq!(both(TimeDelta::minutes(4)).await, ["-----", "-----"]);
}
