use chrono::TimeDelta;
use futures_util::future::join_all;
use rand::RngExt;
use serde_json::{Value, json};
use skillswap::domains::wallet::service as wallet;

use crate::support::{
    Client, Reply, TestApp,
    booking::{BOOK, Booked},
};

const QUOTE: &str = "query($id: ID!) { cancellationQuote(bookingId: $id) { id late expiresAt booking { id }
    toLearner { amountMinor currency } toMentor { amountMinor } platformFee { amountMinor } } }";

const CANCEL: &str = "mutation($input: CancelBookingInput!) { cancelBooking(input: $input) { replayed
    booking { status paymentStatus cancelledBy { name } } session { status }
    quote { id toLearner { amountMinor } toMentor { amountMinor } platformFee { amountMinor } }
    wallet { available { amountMinor } }
    userErrors { __typename code path message ... on InvalidTransitionError { from }
      ... on QuoteError { quote { ... on CancellationQuote { id late toLearner { amountMinor } toMentor { amountMinor } } } } } } }";

/// What a cancellation changes.
async fn state(app: &TestApp) -> Vec<Vec<String>> {
    app.sql(
        "select b.status, b.payment_status, b.version, (select count(*) from claims), (select count(*) from events),
                (select count(*) from ledger_postings), (select count(*) from idempotency_keys),
                (select string_agg(kind || coalesce(balance, 0), ' ' order by id) from ledger_accounts)
         from bookings b order by b.id",
    )
    .await
}

async fn set_policy(mentor: &Client, hours: i32, percent: i32) {
    let input = json!({ "freeHours": hours, "lateFeePercent": percent });
    mentor.mutate("setCancellationPolicy", "", input).await.ok("setCancellationPolicy");
}

/// Everybody, with a booking of 60.00 credits so many hours ahead, free to cancel until 12 hours before at 50 % then.
async fn booked(app: &TestApp, hours: i64) -> (Client, Client, Booked) {
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    set_policy(&mentor, 12, 50).await;
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(hours))).await;
    (mentor, learner, booked)
}

async fn quote(client: &Client, booked: &Booked) -> Value {
    let reply = client.run(QUOTE, json!({ "id": booked.booking })).await;
    reply.data("cancellationQuote").clone()
}

async fn cancel(client: &Client, booked: &Booked, quote: &Value) -> Reply {
    let input = json!({ "bookingId": booked.booking, "quoteId": quote["id"] });
    client.run(CANCEL, json!({ "input": input })).await
}

fn minor(amount: &Value) -> i64 {
    amount["amountMinor"].as_str().expect("an amount").parse().expect("a number")
}

/// Learner, mentor, platform.
fn parts(quote: &Value) -> [i64; 3] {
    [minor(&quote["toLearner"]), minor(&quote["toMentor"]), minor(&quote["platformFee"])]
}

/// What learner, mentor and platform have.
async fn have(app: &TestApp, learner: &Client, mentor: &Client) -> [i64; 3] {
    let id = |client: &Client| skillswap::db::ids::decode(&client.id).expect("an id").1;
    let kept = |kind: &str, owner| {
        format!(
            "select coalesce(sum(balance), 0) from ledger_accounts where kind = '{kind}' and owner_id = '{owner}'"
        )
    };
    let fees = "select coalesce(sum(p.amount), 0) from ledger_postings p join ledger_accounts a on a.id = p.account_id
                where a.kind = 'FEES'";
    [
        app.count(&kept("WALLET", id(learner))).await,
        app.count(&kept("EARNINGS", id(mentor))).await,
        app.count(fees).await,
    ]
}

async fn assert_sound(app: &TestApp) {
    let report = wallet::verify(&mut app.app.conn().await.expect("a connection")).await.expect("a report");
    assert!(report.is_sound(), "{:?}", report.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mentor_chooses_a_policy_within_bounds_and_a_booking_keeps_the_one_it_was_made_under() {
    const SHOWN: &str = "query($id: ID!) { node(id: $id) { ... on Mentor { cancellationPolicy { freeHours lateFeePercent } }
        ... on Booking { cancellationPolicy { freeHours lateFeePercent } freeCancellationUntil startsAt } } }";
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let shown = async |id: &str| {
        let reply = learner.run(SHOWN, json!({ "id": id })).await;
        reply.data("node").clone()
    };
    for (hours, percent, path) in [
        (13, 50, "freeHours"),
        (48, 50, "freeHours"),
        (-12, 50, "freeHours"),
        (12, 101, "lateFeePercent"),
        (12, -1, "lateFeePercent"),
    ] {
        let input = json!({ "freeHours": hours, "lateFeePercent": percent });
        let reply = mentor.mutate("setCancellationPolicy", "", input).await;
        assert_eq!(reply.codes("setCancellationPolicy"), ["VALIDATION"], "{hours} {percent}");
        assert_eq!(reply.data("setCancellationPolicy")["userErrors"][0]["path"], json!([path]));
    }
    let unlisted = app.member_with("noor", &[skillswap::domains::accounts::model::Role::Mentor]).await;
    let input = json!({ "freeHours": 12, "lateFeePercent": 50 });
    let early = unlisted.mutate("setCancellationPolicy", "", input).await;
    assert_eq!(early.codes("setCancellationPolicy"), ["INVALID_TRANSITION"]);

    for hours in [0, 12, 24, 36] {
        set_policy(&mentor, hours, 40).await;
        let policy = json!({ "cancellationPolicy": { "freeHours": hours, "lateFeePercent": 40 } });
        assert_eq!(shown(&mentor.mentor_id()).await, policy);
    }
    let booked = learner.book(&mentor, app.hour_after(TimeDelta::hours(60))).await;
    set_policy(&mentor, 0, 100).await;

    let kept = shown(&booked.booking).await;
    assert_eq!(kept["cancellationPolicy"], json!({ "freeHours": 36, "lateFeePercent": 40 }));
    let until: chrono::DateTime<chrono::Utc> =
        kept["freeCancellationUntil"].as_str().expect("a time").parse().expect("a time");
    assert_eq!(until, booked.starts_at - TimeDelta::hours(36));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_cancellation_moves_exactly_what_was_quoted() {
    let app = TestApp::start().await;
    let (mentor, learner, booked) = booked(&app, 3).await;
    let before = have(&app, &learner, &mentor).await;

    let quoted = quote(&learner, &booked).await;
    // Half of 60.00 back; of the other half 15 % to the platform.
    assert_eq!((parts(&quoted), &quoted["late"]), ([3_000, 2_550, 450], &json!(true)));
    assert_eq!(quoted["booking"]["id"], booked.booking.as_str());
    assert_eq!(quoted["toLearner"]["currency"], "CREDIT");
    let reply = cancel(&learner, &booked, &quoted).await;

    let payload = reply.ok("cancelBooking");
    assert_eq!(payload["booking"]["paymentStatus"], "SPLIT");
    assert_eq!(payload["quote"]["id"], quoted["id"]);
    assert_eq!(payload["session"]["status"], "CANCELLED");
    assert_eq!(minor(&payload["wallet"]["available"]), 97_000);
    let after = have(&app, &learner, &mentor).await;
    assert_eq!([after[0] - before[0], after[1] - before[1], after[2] - before[2]], [3_000, 2_550, 450]);
    assert_eq!(app.count("select held from ledger_accounts where kind = 'WALLET'").await, 0);
    assert_eq!(app.count("select count(*) from ledger_transactions where kind = 'CANCELLATION'").await, 1);
    assert_sound(&app).await;
    let told = |client: &Client| {
        let client = client.clone();
        async move {
            let reply =
                client.query("{ viewer { notifications(first: 1) { edges { node { body } } } } }").await;
            reply.data("viewer")["notifications"]["edges"][0]["node"]["body"].to_string()
        }
    };
    assert!(told(&learner).await.contains("30.00 credits went back"), "{}", told(&learner).await);
    assert!(told(&mentor).await.contains("You earned 25.50 credits"), "{}", told(&mentor).await);

    // Cancelling it again, with whatever quote, changes nothing.
    let before = state(&app).await;
    for again in [&quoted, &json!({ "id": null })] {
        assert_eq!(
            cancel(&learner, &booked, again).await.ok("cancelBooking")["booking"]["status"],
            "CANCELLED"
        );
        assert_eq!(cancel(&mentor, &booked, again).await.ok("cancelBooking")["quote"], Value::Null);
    }
    assert_eq!(quote(&learner, &booked).await, Value::Null, "there is nothing left to cancel");
    assert_eq!(state(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mentor_gives_everything_back_and_a_late_one_is_counted() {
    let app = TestApp::start().await;
    let (mentor, learner, early) = booked(&app, 14).await;
    let late = learner.book(&mentor, app.hour_after(TimeDelta::hours(3))).await;
    let marks = async || {
        let query =
            format!("{{ node(id: \"{}\") {{ ... on Mentor {{ lateCancellations }} }} }}", mentor.mentor_id());
        learner.query(&query).await.data("node")["lateCancellations"].clone()
    };

    let quoted = quote(&mentor, &early).await;
    assert_eq!((parts(&quoted), &quoted["late"]), ([6_000, 0, 0], &json!(false)));
    cancel(&mentor, &early, &quoted).await.ok("cancelBooking");
    assert_eq!(marks().await, 0);
    let quoted = quote(&mentor, &late).await;
    assert_eq!((parts(&quoted), &quoted["late"]), ([6_000, 0, 0], &json!(true)));
    // It costs the mentor nothing, so it needs no quote.
    cancel(&mentor, &late, &json!({})).await.ok("cancelBooking");

    assert_eq!(marks().await, 1);
    assert_eq!(have(&app, &learner, &mentor).await, [100_000, 0, 0]);
    assert_sound(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quote_or_with_a_stale_one_nothing_moves_and_a_fresh_one_comes() {
    let app = TestApp::start().await;
    let (mentor, learner, booked) = booked(&app, 12).await;
    let before = state(&app).await;

    // Free now, until twelve hours before: the quote ends then, not after five minutes.
    app.advance(booked.starts_at - TimeDelta::hours(12) - TimeDelta::minutes(2) - app.now());
    let learner_now = app.sign_in("ada@example.org").await;
    let free = quote(&learner_now, &booked).await;
    assert_eq!(parts(&free), [6_000, 0, 0]);
    let expires: chrono::DateTime<chrono::Utc> =
        free["expiresAt"].as_str().expect("a time").parse().expect("a time");
    assert_eq!(expires, booked.starts_at - TimeDelta::hours(12));
    app.advance(TimeDelta::minutes(3));
    let stale = cancel(&learner_now, &booked, &free).await;
    let refusal = &stale.data("cancelBooking")["userErrors"][0];
    assert_eq!((&refusal["code"], &refusal["__typename"]), (&json!("QUOTE_STALE"), &json!("QuoteError")));
    assert_eq!(refusal["path"], json!(["quoteId"]));
    assert_eq!((minor(&refusal["quote"]["toLearner"]), &refusal["quote"]["late"]), (3_000, &json!(true)));

    let bare = cancel(&learner_now, &booked, &json!({})).await;
    let refusal = &bare.data("cancelBooking")["userErrors"][0];
    assert_eq!(refusal["code"], "QUOTE_REQUIRED");
    assert_eq!((minor(&refusal["quote"]["toLearner"]), minor(&refusal["quote"]["toMentor"])), (3_000, 2_550));

    let old = quote(&learner_now, &booked).await;
    app.advance(TimeDelta::minutes(5));
    let expired = cancel(&learner_now, &booked, &old).await;
    assert_eq!(expired.codes("cancelBooking"), ["QUOTE_STALE"]);

    // Neither somebody else's quote nor one of another booking.
    let (mentor_now, stranger) = (app.sign_in("grace@example.org").await, app.member("eve").await);
    let others = quote(&mentor_now, &booked).await;
    for foreign in [&others, &json!({ "id": "cqt_00000000000000000000000000" })] {
        let reply = cancel(&learner_now, &booked, foreign).await;
        assert_eq!(reply.codes("cancelBooking"), ["NOT_FOUND"]);
        assert_eq!(reply.data("cancelBooking")["userErrors"][0]["path"], json!(["quoteId"]));
    }
    assert_eq!(
        cancel(&learner_now, &booked, &json!({ "id": "x" })).await.codes("cancelBooking"),
        ["VALIDATION"]
    );
    assert_eq!(cancel(&stranger, &booked, &others).await.codes("cancelBooking"), ["NOT_FOUND"]);
    assert_eq!(quote(&stranger, &booked).await, Value::Null);
    let seen = stranger.run("query($id: ID!) { node(id: $id) { id } }", json!({ "id": others["id"] })).await;
    assert_eq!(*seen.data("node"), Value::Null);
    let own = mentor_now.run("query($id: ID!) { node(id: $id) { id } }", json!({ "id": others["id"] })).await;
    assert_eq!(own.data("node")["id"], others["id"]);
    assert_eq!(state(&app).await, before);

    let fresh = expired.data("cancelBooking")["userErrors"][0]["quote"].clone();
    assert_eq!(cancel(&learner_now, &booked, &fresh).await.ok("cancelBooking")["quote"]["id"], fresh["id"]);
    assert_eq!(have(&app, &learner, &mentor).await, [97_000, 2_550, 450]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_of_another_booking_moves_nothing() {
    let app = TestApp::start().await;
    let (mentor, learner, one) = booked(&app, 3).await;
    let two = learner.book(&mentor, one.starts_at + TimeDelta::hours(2)).await;
    let before = state(&app).await;

    let reply = cancel(&learner, &one, &quote(&learner, &two).await).await;

    assert_eq!(reply.codes("cancelBooking"), ["NOT_FOUND"]);
    assert_eq!(state(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_the_quote_that_was_executed_again() {
    let app = TestApp::start().await;
    let (_, learner, booked) = booked(&app, 3).await;
    let (first, second) = (quote(&learner, &booked).await, quote(&learner, &booked).await);
    let run = async |quote: &Value| {
        let input = json!({ "bookingId": booked.booking, "quoteId": quote["id"], "idempotencyKey": "undo" });
        learner.run(CANCEL, json!({ "input": input })).await
    };
    assert_eq!(run(&first).await.ok("cancelBooking")["replayed"], false);
    app.advance(TimeDelta::minutes(6));

    let again = run(&first).await;
    assert_eq!(again.ok("cancelBooking")["replayed"], true);
    assert_eq!(again.ok("cancelBooking")["quote"]["id"], first["id"]);
    assert_eq!(run(&second).await.codes("cancelBooking"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(app.count("select count(*) from ledger_transactions where kind = 'CANCELLATION'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_executed_is_what_was_quoted_for_random_prices_policies_times_and_callers() {
    let app = TestApp::start().await;
    let (mentor, learner) = (app.mentor("grace").await, app.learner("ada").await);
    let (mut fees, mut backs) = (0, 0);
    for round in 0..60 {
        let (rate, minutes, hours, percent, away, by_mentor, changes) = {
            let mut rng = rand::rng();
            (
                if round % 3 == 0 { rng.random_range(0..=20) } else { rng.random_range(0..=1_000_000_i64) },
                rng.random_range(15..=240),
                [0, 12, 24, 36][rng.random_range(0..4)],
                rng.random_range(0..=100),
                rng.random_range(0..48_i64),
                rng.random_range(0..4) == 0,
                rng.random_range(0..3) == 0,
            )
        };
        let story = format!(
            "{rate} an hour for {minutes} minutes, {hours} h, {percent} %, in {away} h, by mentor: {by_mentor}"
        );
        app.fund(&learner, 4_000_000).await;
        let offer = json!({ "headline": "Lessons", "hourlyRateMinor": rate.to_string() });
        mentor.mutate("updateMentorProfile", "", offer).await.ok("updateMentorProfile");
        set_policy(&mentor, hours, percent).await;
        let start = app.hour_after(TimeDelta::hours(away));
        let input = json!({ "mentorId": mentor.mentor_id(), "startsAt": start, "durationMinutes": minutes,
            "idempotencyKey": format!("round {round}") });
        let reply = learner.run(BOOK, json!({ "input": input })).await;
        let booking = &reply.ok("bookSession")["booking"];
        let (price, id) = (minor(&booking["price"]), booking["id"].as_str().expect("an id").to_owned());
        let booked = Booked { booking: id, session: String::new(), starts_at: start };
        if changes {
            set_policy(&mentor, 24, 100).await;
        }
        let before = have(&app, &learner, &mentor).await;
        let caller = if by_mentor { &mentor } else { &learner };

        let quoted = quote(caller, &booked).await;
        let done = cancel(caller, &booked, &quoted).await;

        assert_eq!(parts(&done.ok("cancelBooking")["quote"]), parts(&quoted), "{story}");
        let after = have(&app, &learner, &mentor).await;
        let moved = [after[0] - before[0], after[1] - before[1], after[2] - before[2]];
        assert_eq!(moved, parts(&quoted), "{story}");
        // And what was quoted is what was promised.
        let late = app.now() >= start - TimeDelta::hours(hours.into());
        assert_eq!(quoted["late"], late, "{story}");
        let [back, earned, fee] = moved;
        assert_eq!(back + earned + fee, price, "{story}");
        let due = if late && !by_mentor { i64::from(percent) } else { 0 };
        assert!(((earned + fee) * 100 - price * due).abs() <= 50, "{story}: {moved:?} of {price}");
        assert!((fee * 100 - (earned + fee) * 15).abs() <= 50, "{story}: {moved:?}");
        fees += fee;
        backs += back;
    }
    assert!(fees > 0 && backs > 0, "both kinds came up");
    assert_eq!(
        app.count("select coalesce(sum(balance), 0) from ledger_accounts where kind = 'ESCROW'").await,
        0
    );
    assert_sound(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_quotes_at_once_cancel_once() {
    for round in 0..5 {
        let app = TestApp::start_with(|config| config.pool_size = 20).await;
        let (mentor, learner, booked) = booked(&app, 3).await;
        let (own, other, mentors) =
            (quote(&learner, &booked).await, quote(&learner, &booked).await, quote(&mentor, &booked).await);

        let both = [(&learner, &own), (&learner, &other), (&mentor, &mentors)];
        let replies = join_all((0..12).map(|n| cancel(both[n % 3].0, &booked, both[n % 3].1))).await;

        let executed: Vec<&Value> = replies
            .iter()
            .map(|reply| &reply.ok("cancelBooking")["quote"])
            .filter(|quote| !quote.is_null())
            .collect();
        assert_eq!(executed.len(), 1, "round {round}");
        let moved = have(&app, &learner, &mentor).await;
        let [back, earned, fee] = parts(executed[0]);
        assert_eq!(moved, [94_000 + back, earned, fee], "round {round}");
        assert_sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_and_a_start_at_once_end_in_one_story_and_a_confirmation_wins_over_cancellations() {
    for round in 0..4 {
        let app = TestApp::start_with(|config| config.pool_size = 20).await;
        let (_, _, booked) = booked(&app, 3).await;
        app.advance(booked.starts_at - TimeDelta::minutes(5) - app.now());
        let (mentor, learner) =
            (app.sign_in("grace@example.org").await, app.sign_in("ada@example.org").await);
        let quoted = quote(&learner, &booked).await;
        let of_session = json!({ "sessionId": booked.session });

        let cancels = join_all((0..6).map(|_| cancel(&learner, &booked, &quoted)));
        let (cancelled, started) =
            futures_util::join!(cancels, mentor.mutate("startSession", "", of_session.clone()));

        let won = cancelled.iter().filter(|reply| reply.codes("cancelBooking").is_empty()).count();
        if !started.codes("startSession").is_empty() {
            assert_eq!(won, 6, "round {round}");
            assert_eq!(have(&app, &learner, &mentor).await, [97_000, 2_550, 450]);
            continue;
        }
        assert_eq!(won, 0, "round {round}");
        assert_eq!(have(&app, &learner, &mentor).await, [94_000, 0, 0]);
        mentor.mutate("endSession", "", of_session).await.ok("endSession");
        let cancels = join_all((0..6).map(|_| cancel(&learner, &booked, &quoted)));
        let confirm = learner.mutate("confirmSession", "", json!({ "bookingId": booked.booking }));
        let (cancelled, confirmed) = futures_util::join!(cancels, confirm);
        confirmed.ok("confirmSession");
        assert!(cancelled.iter().all(|reply| reply.codes("cancelBooking") == ["INVALID_TRANSITION"]));
        assert_eq!(have(&app, &learner, &mentor).await, [94_000, 5_100, 900]);
        assert_sound(&app).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_quotes_are_thrown_away_when_no_repeat_can_name_them_any_more() {
    let app = TestApp::start().await;
    let (_, learner, booked) = booked(&app, 24 * 20).await;
    quote(&learner, &booked).await;
    app.advance(TimeDelta::days(8));
    app.work().await;
    assert_eq!(app.count("select count(*) from cancellation_quotes").await, 1);
    app.advance(TimeDelta::hours(2));
    app.work().await;
    assert_eq!(app.count("select count(*) from cancellation_quotes").await, 0);
}
