//! The main job end to end, against the server as a process that is killed in the middle: find a mentor, buy credits, hold,
//! book, meet live, end, confirm. Nothing is lost, nothing is doubled, and a subscriber that comes back with its last cursor
//! misses nothing.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, Subscription, process::Process};

const VIEWER_EVENTS: &str = "subscription($after: String) { viewerEvents(after: $after) { __typename cursor
    ... on WalletChanged { available { amountMinor } held { amountMinor } }
    ... on BookingConfirmed { booking { id status price { amountMinor } } }
    ... on BookingCompleted { booking { id status } }
    ... on NotificationReceived { notification { kind body } }
    ... on PaymentSucceeded { payment { id status } } } }";
const SESSION_EVENTS: &str = "subscription($id: ID!, $after: String) { sessionEvents(sessionId: $id, after: $after) { __typename cursor } }";
const CHAT_EVENTS: &str =
    "subscription($id: ID!, $after: String) { conversationEvents(conversationId: $id, after: $after) {
    __typename cursor ... on MessageSent { message { seq body sender { id } } } } }";
const WALLET: &str =
    "{ viewer { wallet { available { amountMinor } held { amountMinor } pending { amountMinor } cursor } } }";
const BOOK: &str = "mutation($input: BookSessionInput!) { bookSession(input: $input) { replayed
    booking { id status price { amountMinor } } session { id startsAt }
    userErrors { __typename code message ... on SlotTakenError { nextFree { startsAt } } } } }";

/// A signed-in account of the demo.
async fn sign_in(server: &Process, role: &str, note: &str) -> Client {
    let accounts: Value = server
        .anonymous()
        .request(Method::GET, "/dev/accounts")
        .send()
        .await
        .expect("the list")
        .json()
        .await
        .expect("JSON");
    let accounts = accounts.as_array().expect("a list");
    let account = accounts
        .iter()
        .find(|account| {
            account["roles"].as_array().expect("roles").contains(&json!(role))
                && account["note"].as_str().expect("a note").contains(note)
        })
        .unwrap_or_else(|| panic!("no {role} with {note:?} in {accounts:?}"));
    sign_in_as(
        server,
        account["email"].as_str().expect("an address"),
        account["password"].as_str().expect("a password"),
    )
    .await
}

async fn sign_in_as(server: &Process, email: &str, password: &str) -> Client {
    let mut client = server.anonymous();
    let reply = client
        .run(
            "mutation($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken member { id } } userErrors { code } } }",
            json!({ "input": { "email": email, "password": password } }),
        )
        .await;
    let session = &reply.ok("logIn")["session"];
    client.token = session["accessToken"].as_str().map(str::to_owned);
    client.refresh_token = session["refreshToken"].as_str().map(str::to_owned);
    session["member"]["id"].as_str().expect("an id").clone_into(&mut client.id);
    client
}

async fn wallet(client: &Client) -> (i64, i64, i64) {
    let reply = client.query(WALLET).await;
    let wallet = &reply.data("viewer")["wallet"];
    let amount =
        |name: &str| wallet[name]["amountMinor"].as_str().expect("an amount").parse().expect("a number");
    (amount("available"), amount("held"), amount("pending"))
}

async fn assert_ledger_adds_up(client: &Client) {
    let reply = client.query("{ ledgerProof(asset: \"CREDIT/2\") { total { amountMinor } balanced } }").await;
    assert_eq!(reply.data("ledgerProof"), &json!({ "total": { "amountMinor": "0" }, "balanced": true }));
}

/// Buys the first package on the sandbox's page and returns the payment's id.
async fn buy_credits(server: &Process, learner: &Client) -> String {
    let packages = learner
        .query("{ creditPackages { id name price { amountMinor currency } credits { amountMinor } } }")
        .await;
    let package = packages.data("creditPackages")[0]["id"].clone();
    let checkout = learner
        .run(
            "mutation($input: CreateCheckoutInput!) { createCheckout(input: $input) { payment { id status checkoutUrl } userErrors { code message } } }",
            json!({ "input": { "packageId": package, "idempotencyKey": "buy-1" } }),
        )
        .await;
    let payment = &checkout.ok("createCheckout")["payment"];
    assert_eq!(payment["status"], "PENDING");
    let page = payment["checkoutUrl"].as_str().expect("a page");
    let path = &page[page.find("/sandbox").expect("the sandbox's page")..];
    let shown = server.anonymous().request(Method::GET, path).send().await.expect("the page");
    assert!(shown.status().is_success());
    let paid =
        server.anonymous().request(Method::POST, &format!("{path}/pay")).send().await.expect("the page");
    assert!(paid.status().is_success() || paid.status().is_redirection(), "{}", paid.status());
    payment["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn find_book_meet_and_settle_with_the_server_killed_on_the_way() {
    let mut server = Process::start("walkthrough").await;
    let mut learner = sign_in(&server, "LEARNER", "250 credits").await;
    let mut mentor = sign_in(&server, "MENTOR", "any hour").await;

    // Find the mentor by skill, price and words; see skills, rating, reviews and free slots.
    let own = learner.run("query($id: ID!) { member(by: {id: $id}) { name mentor { id hourlyRate { amountMinor } headline } skills(intent: OFFERED) { skill { id name } } } }", json!({ "id": mentor.id })).await;
    let skill = own.data("member")["skills"][0]["skill"]["id"].clone();
    let found = learner
        .run(
            "query($filter: MentorFilter) { mentors(filter: $filter, first: 50) { edges { node { id headline rating { average count }
               member { name } skills { name } reviews(first: 3) { edges { node { rating body author { name } } } } } } } }",
            json!({ "filter": { "skillId": skill, "price": { "maxMinor": "20000" } } }),
        )
        .await;
    let edges = found.data("mentors")["edges"].as_array().expect("mentors").clone();
    assert!(
        edges.iter().any(|edge| edge["node"]["id"] == json!(mentor.mentor_id())),
        "the mentor is not found by skill"
    );
    let (from, to) = (chrono::Utc::now(), chrono::Utc::now() + chrono::TimeDelta::hours(3));
    let slots = learner
        .run(
            "query($id: ID!, $from: DateTime!, $to: DateTime!) { node(id: $id) { ... on Mentor { slots(from: $from, to: $to, durationMinutes: 30) { startsAt endsAt } } } }",
            json!({ "id": mentor.mentor_id(), "from": from, "to": to }),
        )
        .await;
    let slot = slots.data("node")["slots"][0]["startsAt"].as_str().expect("a free slot").to_owned();

    // Buy credits; the wallet changes live; the server is killed right after the page was paid.
    let before = wallet(&learner).await;
    let mut events = Subscription::start(&learner, "viewerEvents", VIEWER_EVENTS, json!({})).await;
    buy_credits(&server, &learner).await;
    let first = events.next().await;
    let cursor = first["cursor"].clone();
    server.kill();
    server = server.restart().await;
    (learner, mentor) = (learner.moved(&server.url), mentor.moved(&server.url));
    let mut events =
        Subscription::start(&learner, "viewerEvents", VIEWER_EVENTS, json!({ "after": cursor })).await;
    let mut seen = vec![first["__typename"].as_str().expect("a name").to_owned()];
    while !(seen.contains(&"WalletChanged".to_owned()) && seen.contains(&"PaymentSucceeded".to_owned())) {
        seen.push(events.next().await["__typename"].as_str().expect("a name").to_owned());
    }
    let bought = wallet(&learner).await;
    assert!(bought.0 > before.0, "{before:?} → {bought:?}");

    // Hold the slot, then book it; the answer to the booking is lost with the server, and repeating its key settles it.
    let hold = learner
        .run(
            "mutation($input: HoldSlotInput!) { holdSlot(input: $input) { hold { id expiresAt } userErrors { code message } } }",
            json!({ "input": { "mentorId": mentor.mentor_id(), "startsAt": slot, "durationMinutes": 30, "idempotencyKey": "hold-1" } }),
        )
        .await;
    hold.ok("holdSlot");
    let mut mentor_events = Subscription::start(&mentor, "viewerEvents", VIEWER_EVENTS, json!({})).await;
    let input = json!({ "input": { "mentorId": mentor.mentor_id(), "skillId": skill, "startsAt": slot, "durationMinutes": 30, "idempotencyKey": "book-1" } });
    let lost = {
        let (learner, input) = (learner.clone(), input.clone());
        tokio::spawn(async move { learner.run(BOOK, input).await.json })
    };
    tokio::time::sleep(Duration::from_millis(3)).await;
    let mentor_cursor: Option<Value> = None;
    server.kill();
    drop((mentor_events, lost));
    server = server.restart().await;
    (learner, mentor) = (learner.moved(&server.url), mentor.moved(&server.url));
    mentor_events =
        Subscription::start(&mentor, "viewerEvents", VIEWER_EVENTS, json!({ "after": mentor_cursor })).await;
    let booked = learner.run(BOOK, input.clone()).await;
    let booking = booked.ok("bookSession")["booking"].clone();
    let session = booked.ok("bookSession")["session"]["id"].clone();
    let again = learner.run(BOOK, input).await;
    assert_eq!(again.ok("bookSession")["booking"]["id"], booking["id"]);
    assert_eq!(again.ok("bookSession")["replayed"], true);
    let price: i64 = booking["price"]["amountMinor"].as_str().expect("a price").parse().expect("a number");
    let held = wallet(&learner).await;
    assert_eq!((held.0, held.1), (bought.0 - price, bought.1 + price), "debited once");
    assert_ledger_adds_up(&learner).await;

    // The mentor hears of it, live or from the stream.
    let inbox = mentor.query("{ viewer { bookings(first: 50) { edges { node { id } } } notifications(first: 5) { edges { node { kind body } } } } }").await;
    assert!(inbox.data("viewer")["bookings"].to_string().contains(booking["id"].as_str().expect("an id")));
    assert!(inbox.data("viewer")["notifications"].to_string().contains("BOOKING"));

    // Both join; participants, chat and stage arrive live on both sides.
    mentor.run("mutation($input: StartSessionInput!) { startSession(input: $input) { session { status } userErrors { code message } } }", json!({ "input": { "sessionId": session } })).await.ok("startSession");
    let mut rooms = Vec::new();
    for member in [&learner, &mentor] {
        let joined = member
            .run(
                "mutation($input: JoinSessionInput!) { joinSession(input: $input) { presenceId session { cursor status participants { member { id } } } userErrors { code message } } }",
                json!({ "input": { "sessionId": session } }),
            )
            .await;
        let cursor = joined.ok("joinSession")["session"]["cursor"].clone();
        rooms.push(
            Subscription::start(
                member,
                "sessionEvents",
                SESSION_EVENTS,
                json!({ "id": session, "after": cursor }),
            )
            .await,
        );
    }
    let conversations =
        learner.query("{ viewer { conversations(first: 20) { edges { node { id kind } } } } }").await;
    let chats: Vec<Value> =
        conversations.data("viewer")["conversations"]["edges"].as_array().expect("conversations").clone();
    let chat = chats
        .iter()
        .find(|edge| edge["node"]["kind"] == "SESSION")
        .expect("the session's conversation")["node"]["id"]
        .clone();
    let mut learner_chat =
        Subscription::start(&learner, "conversationEvents", CHAT_EVENTS, json!({ "id": chat })).await;
    let mut mentor_chat =
        Subscription::start(&mentor, "conversationEvents", CHAT_EVENTS, json!({ "id": chat })).await;
    for (member, body) in [(&learner, "Hello!"), (&mentor, "Welcome.")] {
        member
            .run(
                "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id } userErrors { code message } } }",
                json!({ "input": { "to": { "conversationId": chat }, "body": body, "clientId": body } }),
            )
            .await
            .ok("sendMessage");
    }
    for chat in [&mut learner_chat, &mut mentor_chat] {
        for body in ["Hello!", "Welcome."] {
            assert_eq!(chat.next_of("MessageSent").await["message"]["body"], body);
        }
    }

    // The mentor ends, the learner confirms: escrow becomes earnings and fee.
    mentor.run("mutation($input: EndSessionInput!) { endSession(input: $input) { session { status } userErrors { code message } } }", json!({ "input": { "sessionId": session } })).await.ok("endSession");
    for room in &mut rooms {
        room.next_of("SessionEnded").await;
    }
    let earned_before = wallet(&mentor).await;
    learner.run("mutation($input: ConfirmSessionInput!) { confirmSession(input: $input) { booking { status paymentStatus } userErrors { code message } } }", json!({ "input": { "bookingId": booking["id"] } })).await.ok("confirmSession");
    mentor_events.next_of("BookingCompleted").await;
    let settled = wallet(&learner).await;
    assert_eq!((settled.0, settled.1), (bought.0 - price, bought.1), "the escrow is empty");
    let fee = (price * 1500 + 5_000) / 10_000;
    let earned = wallet(&mentor).await.2 - earned_before.2;
    assert!((earned - (price - fee)).abs() <= 1, "earned {earned} of {price}");
    assert_ledger_adds_up(&learner).await;

    // Killed once more: everything is still there.
    server.kill();
    server = server.restart().await;
    learner = learner.moved(&server.url);
    assert_eq!(wallet(&learner).await, settled);
    let end = learner
        .run(
            "query($id: ID!) { node(id: $id) { ... on Booking { status paymentStatus } } }",
            json!({ "id": booking["id"] }),
        )
        .await;
    assert_eq!(end.data("node"), &json!({ "status": "COMPLETED", "paymentStatus": "RELEASED" }));
    let kinds = learner.query("{ viewer { notifications(first: 20) { edges { node { kind } } } } }").await;
    for kind in ["PAYMENT_SUCCEEDED", "BOOKING_CONFIRMED", "BOOKING_COMPLETED"] {
        assert!(kinds.json.to_string().contains(kind), "no notification {kind}: {}", kinds.json);
    }
}
