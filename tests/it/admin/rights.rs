use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    scheduling::hold,
    support::{Client, Reply, Socket, Subscription, TestApp},
};

const SET_STATUS: &str =
    "mutation($input: AdminSetMemberStatusInput!) { adminSetMemberStatus(input: $input) { changed
    member { status suspendedUntil email member { id } } bookingsToResolve { id status learner { id } }
    userErrors { code path } } }";
const RENAME: &str = "mutation { updateProfile(input: { name: \"Another\" }) { member { name }
    userErrors { code ... on AccountSuspendedError { until } } } }";

async fn set_roles(admin: &Client, member: &Client, roles: &[&str]) -> Reply {
    let input = json!({ "memberId": member.id, "roles": roles, "reason": "because of the test" });
    admin.mutate("adminSetRoles", "changed member { roles member { id roles } }", input).await
}

async fn set_status(admin: &Client, member: &Client, status: &str, until: Value) -> Reply {
    let input =
        json!({ "memberId": member.id, "status": status, "reason": "broke the rules", "until": until });
    admin.run(SET_STATUS, json!({ "input": input })).await
}

async fn roles(client: &Client) -> Value {
    client.query("{ viewer { roles } }").await.data("viewer")["roles"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_roles_with_a_reason_and_a_row_in_the_log() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);

    let done = set_roles(&root, &bob, &["EXCHANGER", "MENTOR"]).await;

    assert_eq!(done.ok("adminSetRoles")["changed"], true);
    assert_eq!(roles(&bob).await, json!(["MENTOR", "EXCHANGER"]));
    let log =
        "select count(*) from audit_log where action = 'ROLES_CHANGED' and reason = 'because of the test'";
    assert_eq!(app.count(log).await, 1);
    let again = set_roles(&root, &bob, &["MENTOR", "EXCHANGER", "MENTOR"]).await;
    assert_eq!(again.ok("adminSetRoles")["changed"], false);
    assert_eq!(app.count(log).await, 1);
    for (input, path) in [
        (json!({ "memberId": bob.id, "roles": [], "reason": "because" }), "roles"),
        (json!({ "memberId": bob.id, "roles": ["ADMIN"], "reason": " " }), "reason"),
        (
            json!({ "memberId": "usr_00000000000000000000000000", "roles": ["ADMIN"], "reason": "because" }),
            "memberId",
        ),
    ] {
        let refused = root.mutate("adminSetRoles", "changed", input).await;
        assert_eq!(refused.data("adminSetRoles")["userErrors"][0]["path"][0], path);
    }
    assert_eq!(roles(&bob).await, json!(["MENTOR", "EXCHANGER"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays_one() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;

    assert_eq!(set_roles(&root, &root, &["LEARNER"]).await.codes("adminSetRoles"), ["LAST_ADMIN"]);
    for status in ["SUSPENDED", "BANNED"] {
        let refused = set_status(&root, &root, status, Value::Null).await;
        assert_eq!(refused.codes("adminSetMemberStatus"), ["LAST_ADMIN"]);
    }

    assert_eq!(roles(&root).await, json!(["LEARNER", "ADMIN"]));
    let acts = "select count(*) from audit_log where actor_id is not null and action <> 'SIGNED_IN'";
    assert_eq!(app.count(acts).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_who_demote_each_other_leave_one() {
    for round in 0..8 {
        let app = TestApp::start().await;
        let (one, two) = (app.admin("one").await, app.admin("two").await);

        let (first, second) = if round % 2 == 0 {
            tokio::join!(set_roles(&one, &two, &["LEARNER"]), set_roles(&two, &one, &["LEARNER"]))
        } else {
            // Both leave at once: the one who is left must stay.
            tokio::join!(set_roles(&one, &one, &["LEARNER"]), set_roles(&two, &two, &["LEARNER"]))
        };

        let done = [&first, &second]
            .iter()
            .filter(|reply| reply.json["data"]["adminSetRoles"]["changed"] == true)
            .count();
        assert_eq!(done, 1, "{} {}", first.json, second.json);
        assert_eq!(app.count("select count(*) from members where 'ADMIN' = any(roles)").await, 1);
        let refused = if first.json["data"]["adminSetRoles"]["changed"] == true { &second } else { &first };
        let code = if round % 2 == 0 { refused.error_codes() } else { refused.codes("adminSetRoles") };
        assert_eq!(code, [if round % 2 == 0 { "FORBIDDEN" } else { "LAST_ADMIN" }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_member_reads_but_does_not_act_until_the_time_is_over() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);
    let until = app.now() + TimeDelta::minutes(10);

    let done = set_status(&root, &bob, "SUSPENDED", json!(until)).await;

    assert_eq!(done.ok("adminSetMemberStatus")["member"]["status"], "SUSPENDED");
    let refused = bob.query(RENAME).await;
    assert_eq!(refused.codes("updateProfile"), ["ACCOUNT_SUSPENDED"]);
    let told: chrono::DateTime<chrono::Utc> =
        refused.data("updateProfile")["userErrors"][0]["until"].as_str().unwrap().parse().unwrap();
    assert_eq!(told.timestamp_millis(), until.timestamp_millis());
    let viewer = bob.query("{ viewer { status member { name } } }").await.data("viewer").clone();
    assert_eq!(viewer, json!({ "status": "SUSPENDED", "member": { "name": "bob" } }));

    app.advance(TimeDelta::minutes(11));

    assert_eq!(bob.query(RENAME).await.ok("updateProfile")["member"]["name"], "Another");
    app.work().await;
    assert_eq!(
        app.sql("select status, suspended_until from members where handle like 'bob%'").await[0],
        ["ACTIVE", ""]
    );
    assert_eq!(app.count("select count(*) from audit_log where action = 'SUSPENSION_ENDED'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_status_again_is_a_success_without_a_change() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);
    let rows = || app.count("select count(*) from audit_log where action = 'STATUS_CHANGED'");
    let until = app.now() + TimeDelta::days(1);

    for (status, until, changed, written) in [
        ("ACTIVE", Value::Null, false, 0),
        ("SUSPENDED", json!(until), true, 1),
        ("SUSPENDED", json!(until), false, 1),
        ("SUSPENDED", json!(until + TimeDelta::days(1)), true, 2),
        ("SUSPENDED", Value::Null, true, 3),
        ("BANNED", Value::Null, true, 4),
        ("BANNED", Value::Null, false, 4),
        ("ACTIVE", Value::Null, true, 5),
    ] {
        let reply = set_status(&root, &bob, status, until.clone()).await;
        assert_eq!(reply.ok("adminSetMemberStatus")["changed"], changed, "{status} {until}");
        assert_eq!(rows().await, written, "{status} {until}");
    }
    for (status, until) in [
        ("INACTIVE", Value::Null),
        ("BANNED", json!(app.now() + TimeDelta::days(1))),
        ("SUSPENDED", json!(app.now() - TimeDelta::days(1))),
        ("SUSPENDED", json!(app.now() + TimeDelta::days(4000))),
    ] {
        assert_eq!(
            set_status(&root, &bob, status, until).await.codes("adminSetMemberStatus"),
            ["VALIDATION"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_suspended_member_leaves_open_is_listed_and_not_cancelled() {
    let app = TestApp::start().await;
    let (root, grace, ada) = (app.admin("root").await, app.mentor("grace").await, app.learner("ada").await);
    let booked = ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;

    for member in [&ada, &grace] {
        let done = set_status(&root, member, "SUSPENDED", Value::Null).await;
        let open = &done.ok("adminSetMemberStatus")["bookingsToResolve"];
        assert_eq!(
            open,
            &json!([{ "id": booked.booking, "status": "CONFIRMED", "learner": { "id": ada.id } }])
        );
    }

    assert_eq!(app.count("select count(*) from bookings where status = 'CONFIRMED'").await, 1);
    let lifted = set_status(&root, &grace, "ACTIVE", Value::Null).await;
    assert_eq!(lifted.ok("adminSetMemberStatus")["bookingsToResolve"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_mentor_is_not_found_until_it_is_over() {
    let app = TestApp::start().await;
    let (root, grace) = (app.admin("root").await, app.mentor("grace").await);
    let found = async || {
        app.anonymous().query("{ mentors { edges { node { id } } } }").await.data("mentors")["edges"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(found().await, 1);

    set_status(&root, &grace, "SUSPENDED", json!(app.now() + TimeDelta::hours(1)))
        .await
        .ok("adminSetMemberStatus");
    assert_eq!(found().await, 0);

    app.advance(TimeDelta::hours(2));
    app.work().await;
    assert_eq!(found().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_ends_sessions_and_sockets_and_not_one_event_comes_after_it() {
    let app = TestApp::start().await;
    let (root, bob) = (app.admin("root").await, app.member("bob").await);
    let mut socket = Socket::connect(&bob).await;
    let query = "subscription { viewerEvents { __typename } }";
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    // The answer says that the subscription has begun to listen.
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
    app.fund(&bob, 100).await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewerEvents"]["__typename"], "WalletChanged");

    set_status(&root, &bob, "BANNED", Value::Null).await.ok("adminSetMemberStatus");
    app.fund(&bob, 100).await;

    let mut events = Vec::new();
    let code = loop {
        match socket.next().await {
            Ok(message) => events.push(message),
            Err(frame) => break frame.map(|frame| u16::from(frame.code)),
        }
    };
    assert_eq!((code, events), (Some(4401), Vec::new()));
    assert_eq!(bob.query("{ viewer { status } }").await.status, 401);
    let refresh = json!({ "input": { "refreshToken": bob.refresh_token } });
    let refreshed = app
        .anonymous()
        .run("mutation($input: RefreshSessionInput!) { refreshSession(input: $input) { userErrors { code } } }", refresh)
        .await;
    assert_eq!(refreshed.codes("refreshSession"), ["TOKEN_INVALID"]);
    let log_in = json!({ "input": { "email": "bob@example.org", "password": crate::support::PASSWORD } });
    let signed_in = app
        .anonymous()
        .run("mutation($input: LogInInput!) { logIn(input: $input) { userErrors { code } } }", log_in)
        .await;
    assert_eq!(signed_in.codes("logIn"), ["ACCOUNT_SUSPENDED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demotion_ends_a_subscription_while_events_stream() {
    let app = TestApp::start().await;
    let (root, two, bob) = (app.admin("root").await, app.admin("two").await, app.member("bob").await);
    let query = "subscription { adminEvents { __typename ... on RightsChanged { roles } } }";
    let mut socket = Socket::connect(&two).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
    // The answer says that the subscription has begun to listen.
    socket.send(json!({ "type": "ping" })).await;
    assert_eq!(socket.receive().await["type"], "pong");
    let mut own =
        Subscription::start(&two, "viewerEvents", "subscription { viewerEvents { __typename } }", json!({}))
            .await;
    let stream = async |from: usize| {
        for number in from..from + 6 {
            let roles: &[&str] = if number % 2 == 0 { &["EXCHANGER"] } else { &["LEARNER"] };
            set_roles(&root, &bob, roles).await.ok("adminSetRoles");
        }
    };
    stream(0).await;
    for _ in 0..6 {
        assert_eq!(socket.receive().await["payload"]["data"]["adminEvents"]["__typename"], "RightsChanged");
    }

    set_roles(&root, &two, &["LEARNER"]).await.ok("adminSetRoles");
    stream(6).await;

    let last = socket.receive().await;
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "FORBIDDEN", "{last}");
    assert_eq!(last["payload"].get("data"), None, "{last}");
    assert_eq!(socket.receive().await["type"], "complete");
    // What the member still may listen to goes on.
    own.next_of("RightsChanged").await;
    assert_eq!(two.query("{ adminMembers { edges { cursor } } }").await.error_codes(), ["FORBIDDEN"]);
    socket.send(json!({ "id": "2", "type": "subscribe", "payload": { "query": query } })).await;
    assert_eq!(socket.receive().await["payload"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_reach_every_process_within_five_seconds() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let (root, two, bob) = (app.admin("root").await, app.admin("two").await, app.member("bob").await);
    let (two_there, bob_there) = (two.moved(&other.url), bob.moved(&other.url));
    assert_eq!(
        two_there.query("{ adminMembers { edges { cursor } } }").await.error_codes(),
        Vec::<String>::new()
    );
    assert_eq!(bob_there.query("{ viewer { status } }").await.data("viewer")["status"], "ACTIVE");
    let mut socket = Socket::connect(&bob_there).await;

    set_roles(&root, &two, &["LEARNER"]).await.ok("adminSetRoles");
    set_status(&root, &bob, "SUSPENDED", Value::Null).await.ok("adminSetMemberStatus");
    tokio::time::sleep(Duration::from_secs(5)).await;

    assert_eq!(two_there.query("{ adminMembers { edges { cursor } } }").await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(bob_there.query(RENAME).await.codes("updateProfile"), ["ACCOUNT_SUSPENDED"]);
    set_status(&root, &bob, "BANNED", Value::Null).await.ok("adminSetMemberStatus");
    assert_eq!(socket.close_code().await, 4401);
    assert_eq!(bob_there.query("{ viewer { status } }").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_are_listed_with_filters_and_pages() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let (bob, grace) = (app.member("bob").await, app.mentor("grace").await);
    set_status(&root, &bob, "SUSPENDED", json!(app.now() + TimeDelta::hours(1)))
        .await
        .ok("adminSetMemberStatus");
    let list = async |filter: Value| -> Vec<Value> {
        let query = "query($filter: AdminMemberFilter) { adminMembers(filter: $filter) { edges { node { member { id } email } } } }";
        let reply = root.run(query, json!({ "filter": filter })).await;
        let edges = reply.data("adminMembers")["edges"].as_array().unwrap().clone();
        edges.into_iter().map(|edge| edge["node"]["member"]["id"].clone()).collect()
    };
    let (bob, grace, root_id) = (json!(bob.id), json!(grace.id), json!(root.id));

    assert_eq!(list(json!({})).await, [grace.clone(), bob.clone(), root_id.clone()]);
    assert_eq!(list(json!({ "text": "BOB@exam" })).await, std::slice::from_ref(&bob));
    assert_eq!(list(json!({ "text": "%" })).await, Vec::<Value>::new());
    assert_eq!(list(json!({ "role": "MENTOR" })).await, std::slice::from_ref(&grace));
    assert_eq!(list(json!({ "status": "SUSPENDED" })).await, std::slice::from_ref(&bob));
    assert_eq!(list(json!({ "status": "ACTIVE" })).await, [grace.clone(), root_id.clone()]);
    app.advance(TimeDelta::hours(2));
    let root = app.sign_in_again("root@example.org").await;
    let query = "{ active: adminMembers(filter: { status: ACTIVE }) { edges { cursor } }
        adminMembers(first: 2) { pageInfo { endCursor hasNextPage } edges { node { member { id } } } } }";
    let reply = root.query(query).await;
    assert_eq!(reply.data("active")["edges"].as_array().unwrap().len(), 3);
    let page = reply.data("adminMembers");
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let next = root
        .run(
            "query($after: String) { adminMembers(after: $after) { edges { node { member { id } } } } }",
            json!({ "after": page["pageInfo"]["endCursor"] }),
        )
        .await;
    assert_eq!(next.data("adminMembers")["edges"][0]["node"]["member"]["id"], root_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_mentor_can_neither_be_held_nor_booked_on_any_server() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let (root, grace) = (app.admin("root").await, app.mentor("grace").await);
    let (ada, bob) = (app.learner("ada").await, app.learner("bob").await);
    let start = app.hour_after(TimeDelta::hours(3));
    // Both servers keep the mentor and her hours; Ada holds a slot.
    let held = hold(&ada, &grace, start, 60, "before").await;
    held.ok("holdSlot");
    bob.moved(&other.url).book(&grace, start + TimeDelta::hours(2)).await;

    set_status(&root, &grace, "SUSPENDED", Value::Null).await.ok("adminSetMemberStatus");

    for url in [&app.url, &other.url] {
        let (ada, bob) = (ada.moved(url), bob.moved(url));
        assert_eq!(
            hold(&bob, &grace, start + TimeDelta::hours(5), 60, url).await.codes("holdSlot"),
            ["NOT_FOUND"]
        );
        for (learner, at) in [(&ada, start), (&bob, start + TimeDelta::hours(7))] {
            let refused = learner.try_book(&grace, at, url).await;
            assert_eq!(refused.codes("bookSession"), ["NOT_FOUND"], "{}", refused.json);
        }
    }
    assert_eq!(app.count("select count(*) from bookings").await, 1);
    set_status(&root, &grace, "ACTIVE", Value::Null).await.ok("adminSetMemberStatus");
    ada.book(&grace, start + TimeDelta::hours(9)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_at_the_moment_of_a_suspension_is_listed_or_refused() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let root = app.admin("root").await;
    let learners = futures_util::future::join_all((0..4).map(|number| {
        let app = &app;
        async move { app.learner(&format!("learner{number}")).await }
    }))
    .await;
    for round in 0..4 {
        let grace = app.mentor(&format!("grace{round}")).await;
        let start = app.hour_after(TimeDelta::hours(3 + 6 * round));
        let key = format!("round {round}");
        let books = learners.iter().zip(0..).map(|(learner, place)| {
            let learner = if place % 2 == 0 { learner.clone() } else { learner.moved(&other.url) };
            let (grace, key) = (grace.clone(), key.clone());
            async move { learner.try_book(&grace, start + TimeDelta::hours(place), &key).await }
        });

        let (booked, done) = tokio::join!(
            futures_util::future::join_all(books),
            set_status(&root, &grace, "SUSPENDED", Value::Null)
        );

        let mut made = 0;
        for reply in &booked {
            let codes = reply.codes("bookSession");
            assert!(codes.is_empty() || codes == ["NOT_FOUND"], "{codes:?}");
            made += usize::from(codes.is_empty());
        }
        let listed = done.ok("adminSetMemberStatus")["bookingsToResolve"].as_array().map_or(0, Vec::len);
        assert_eq!(listed, made, "whatever was booked is listed to be resolved");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_members_private_data_leaves_a_row_with_the_filter() {
    let app = TestApp::start().await;
    let (root, ada) = (app.admin("root").await, app.member("ada").await);
    let query =
        "query($filter: AdminMemberFilter) { adminMembers(filter: $filter) { edges { node { email } } } }";
    let filter = json!({ "filter": { "text": "ada", "role": "LEARNER" } });

    let found = root.run(query, filter.clone()).await;

    assert_eq!(found.data("adminMembers")["edges"].as_array().unwrap().len(), 1);
    assert_eq!(ada.run(query, filter).await.error_codes(), ["FORBIDDEN"]);
    root.query("{ adminMembers { edges { cursor } } }").await.data("adminMembers");
    let rows = app
        .sql("select details, actor_id is not null from audit_log where action = 'MEMBER_DATA_READ' order by id")
        .await;
    assert_eq!(rows, [[r#"{"role":"LEARNER","text":"ada"}"#, "t"], ["{}", "t"]]);
}
