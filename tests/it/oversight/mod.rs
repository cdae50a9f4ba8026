use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::config::OversightNotice;

use crate::support::{Client, Reply, Socket, Subscription, TestApp};

const OPEN: &str = "mutation($input: AdminOpenConversationInput!) { adminOpenConversation(input: $input) {
    endsAt replayed userErrors { code path ... on ValidationError { rule } } } }";
const READ: &str = "query($id: ID!) { adminConversation(id: $id) { reason openedAt endsAt conversation {
    id cursor viewerUnreadCount viewerPeer { name } members { edges { node { name } } } messages { edges { node { id body } } } } } }";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { message { id conversation { id } } userErrors { code } } }";
const SEEN: &str = "query($id: ID!) { conversation(id: $id) { id oversight { openedAt endsAt } } }";
const LISTEN: &str = "subscription($id: ID!) { conversationEvents(conversationId: $id) { __typename ... on MessageSent { message { body } } ... on ConversationOverseen { endsAt } } }";
const REASON: &str = "One of the two reported an insult.";

async fn send(client: &Client, to: Value, body: &str) -> Reply {
    client.run(SEND, json!({ "input": { "to": to, "body": body, "clientId": body } })).await
}

/// Two members with a message between them: their conversation and the message.
async fn talk(ada: &Client, bob: &Client) -> (Value, Value) {
    let sent = send(ada, json!({ "memberId": bob.id }), "hello").await;
    let message = &sent.ok("sendMessage")["message"];
    (message["conversation"]["id"].clone(), message["id"].clone())
}

async fn open(admin: &Client, conversation: &Value) -> Reply {
    admin.run(OPEN, json!({ "input": { "conversationId": conversation, "reason": REASON } })).await
}

async fn read(client: &Client, conversation: &Value) -> Value {
    client.run(READ, json!({ "id": conversation })).await.data("adminConversation").clone()
}

async fn acts(app: &TestApp, action: &str) -> i64 {
    app.count(&format!("select count(*) from audit_log where action = '{action}'")).await
}

/// Subscribes and gives the first message that is no answer to the ping.
async fn refused(client: &Client, conversation: &Value) -> Value {
    let mut socket = Socket::connect(client).await;
    let payload = json!({ "query": LISTEN, "variables": { "id": conversation } });
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    socket.receive().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_a_conversation_only_while_it_is_open_and_all_of_it_is_seen() {
    let app = TestApp::start().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let (conversation, message) = talk(&ada, &bob).await;
    assert!(read(&root, &conversation).await.is_null(), "not without opening it");
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let mut ada_live =
        Subscription::start(&ada, "conversationEvents", LISTEN, json!({ "id": conversation })).await;

    let opened = open(&root, &conversation).await.ok("adminOpenConversation").clone();
    assert_eq!(opened["replayed"], false);
    assert_eq!(open(&root, &conversation).await.ok("adminOpenConversation")["replayed"], true);
    assert_eq!((acts(&app, "CONVERSATION_OPENED").await, acts(&app, "CONVERSATION_READ").await), (1, 0));
    let seen = read(&root, &conversation).await;
    assert_eq!((&seen["reason"], &seen["endsAt"]), (&json!(REASON), &opened["endsAt"]));
    assert_eq!(seen["conversation"]["messages"]["edges"][0]["node"]["body"], "hello");
    assert_eq!(seen["conversation"]["members"]["edges"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&seen["conversation"]["viewerPeer"], &seen["conversation"]["viewerUnreadCount"]),
        (&Value::Null, &Value::Null)
    );
    read(&root, &conversation).await;
    assert_eq!(acts(&app, "CONVERSATION_READ").await, 2, "each reading is written down");
    let row = app
        .sql("select reason, subject, details from audit_log where action = 'CONVERSATION_READ'")
        .await
        .remove(0);
    assert_eq!((row[0].as_str(), json!(row[1])), (REASON, conversation.clone()));

    // To read, not to write; and by no other way.
    assert_eq!(
        send(&root, json!({ "conversationId": conversation }), "psst").await.codes("sendMessage"),
        ["NOT_FOUND"]
    );
    let mark = "mutation($input: MarkReadInput!) { markRead(input: $input) { userErrors { code } } }";
    let marked = root.run(mark, json!({ "input": { "conversationId": conversation, "upToSeq": 1 } })).await;
    assert_eq!(marked.codes("markRead"), ["NOT_FOUND"]);
    for id in [&conversation, &message] {
        assert!(root.run(node, json!({ "id": id })).await.data("node").is_null());
    }
    assert!(root.run(SEEN, json!({ "id": conversation })).await.data("conversation").is_null());
    let other = app.admin("other").await;
    assert!(read(&other, &conversation).await.is_null(), "open to one, not to all");

    // Both see that, not who and why.
    assert_eq!(
        ada_live.next().await,
        json!({ "__typename": "ConversationOverseen", "endsAt": opened["endsAt"] })
    );
    for client in [&ada, &bob] {
        let shown =
            client.run(SEEN, json!({ "id": conversation })).await.data("conversation")["oversight"].clone();
        assert_eq!((shown.as_array().unwrap().len(), &shown[0]["endsAt"]), (1, &opened["endsAt"]));
        let inbox = client
            .query(
                "{ viewer { notifications { edges { node { kind body actor { id } subject { id } } } } } }",
            )
            .await;
        let entry = inbox.data("viewer")["notifications"]["edges"][0]["node"].clone();
        assert_eq!((&entry["kind"], &entry["actor"]), (&json!("CONVERSATION_OVERSEEN"), &Value::Null));
        assert_eq!(entry["subject"]["id"], conversation);
    }

    app.advance(TimeDelta::minutes(31));
    let root = app.sign_in_again("root@example.org").await;
    assert!(read(&root, &conversation).await.is_null(), "the time is over");
    assert_eq!(acts(&app, "CONVERSATION_READ").await, 2);
    assert_eq!(open(&root, &conversation).await.ok("adminOpenConversation")["replayed"], false);
    let count = "select count(*) from notifications where kind = 'CONVERSATION_OVERSEEN'";
    assert_eq!(app.count(count).await, 4, "each time is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_not_opened_without_reason_step_up_and_right() {
    let app = TestApp::start().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let (conversation, _) = talk(&ada, &bob).await;
    let (own, _) = talk(&ada, &root).await;
    let input = |id: &Value, reason: &str| json!({ "input": { "conversationId": id, "reason": reason } });
    for reason in ["", "   because  ", &"x".repeat(501)] {
        let refused = root.run(OPEN, input(&conversation, reason)).await;
        assert_eq!(refused.codes("adminOpenConversation"), ["VALIDATION"], "{reason:?}");
    }
    assert_eq!(root.run(OPEN, input(&own, REASON)).await.codes("adminOpenConversation"), ["VALIDATION"]);
    let unknown = json!("cnv_01h455vb4pex5vsknk084sn02q");
    assert_eq!(root.run(OPEN, input(&unknown, REASON)).await.codes("adminOpenConversation"), ["NOT_FOUND"]);
    assert_eq!(ada.run(OPEN, input(&conversation, REASON)).await.error_codes(), ["FORBIDDEN"]);
    assert_eq!(ada.run(READ, json!({ "id": conversation })).await.error_codes(), ["FORBIDDEN"]);
    app.sql("delete from step_ups").await;
    assert_eq!(open(&root, &conversation).await.codes("adminOpenConversation"), ["STEP_UP_REQUIRED"]);
    app.sql("delete from second_factors").await;
    assert_eq!(open(&root, &conversation).await.codes("adminOpenConversation"), ["TWO_FACTOR_REQUIRED"]);
    assert_eq!(app.count("select count(*) from conversation_accesses").await, 0);
    assert_eq!(acts(&app, "CONVERSATION_OPENED").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_openings_at_once_one_counts() {
    let app = TestApp::start().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let (conversation, _) = talk(&ada, &bob).await;
    let replies = join_all((0..10).map(|_| open(&root, &conversation))).await;
    let fresh = replies.iter().filter(|reply| reply.ok("adminOpenConversation")["replayed"] == false).count();
    assert_eq!((fresh, acts(&app, "CONVERSATION_OPENED").await), (1, 1));
    assert_eq!(app.count("select count(*) from conversation_accesses").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_live_ends_with_the_time_and_with_the_right() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let (root, other) = (app.admin("root").await, app.admin("other").await);
    let (conversation, _) = talk(&ada, &bob).await;
    assert_eq!(refused(&root, &conversation).await["payload"][0]["extensions"]["code"], "FORBIDDEN");
    open(&root, &conversation).await.ok("adminOpenConversation");
    open(&other, &conversation).await.ok("adminOpenConversation");
    let follow = async |client: &Client| {
        let mut socket = Socket::connect(client).await;
        let payload = json!({ "query": LISTEN, "variables": { "id": conversation } });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        socket.send(json!({ "type": "ping" })).await;
        assert_eq!(socket.receive().await["type"], "pong");
        tokio::time::sleep(Duration::from_millis(200)).await;
        socket
    };
    // Sooner than the tokens end.
    app.sql("update conversation_accesses set ends_at = opened_at + interval '10 minutes'").await;
    let (mut first, mut second) = (follow(&root).await, follow(&other).await);
    assert_eq!(acts(&app, "CONVERSATION_READ").await, 2, "following is reading");
    send(&bob, json!({ "conversationId": conversation }), "one").await.ok("sendMessage");
    for socket in [&mut first, &mut second] {
        let event = socket.receive().await["payload"]["data"]["conversationEvents"].clone();
        assert_eq!(event["message"]["body"], "one");
    }

    let roles =
        "mutation($input: AdminSetRolesInput!) { adminSetRoles(input: $input) { userErrors { message } } }";
    let input = json!({ "memberId": other.id, "roles": ["LEARNER"], "reason": "left the team" });
    root.run(roles, json!({ "input": input })).await.ok("adminSetRoles");
    send(&bob, json!({ "conversationId": conversation }), "two").await.ok("sendMessage");
    assert_eq!(first.receive().await["payload"]["data"]["conversationEvents"]["message"]["body"], "two");
    let ended = second.receive().await;
    assert!(ended.to_string().contains("FORBIDDEN") && !ended.to_string().contains("two"), "{ended}");

    app.advance(TimeDelta::minutes(11));
    send(&bob, json!({ "conversationId": conversation }), "three").await.ok("sendMessage");
    let ended = first.receive().await;
    assert!(ended.to_string().contains("FORBIDDEN") && !ended.to_string().contains("three"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_ends_a_quiet_subscription_too() {
    let app = TestApp::start().await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let (conversation, _) = talk(&ada, &bob).await;
    open(&root, &conversation).await.ok("adminOpenConversation");
    app.sql("update conversation_accesses set ends_at = now() + interval '2 seconds'").await;
    let mut socket = Socket::connect(&root).await;
    let payload = json!({ "query": LISTEN, "variables": { "id": conversation } });
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let ended = socket.receive().await;
    assert!(ended.to_string().contains("FORBIDDEN"), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_told_afterwards_where_the_policy_says_so() {
    let app = TestApp::start_with(|config| config.oversight_notice = OversightNotice::Afterwards).await;
    let (ada, bob, root) = (app.member("ada").await, app.member("bob").await, app.admin("root").await);
    let (conversation, _) = talk(&ada, &bob).await;
    let policy = app.anonymous().query("{ policies { chat { oversightNotice oversightMinutes } } }").await;
    assert_eq!(
        policy.data("policies")["chat"],
        json!({ "oversightNotice": "AFTERWARDS", "oversightMinutes": 30 })
    );
    open(&root, &conversation).await.ok("adminOpenConversation");
    app.work().await;
    let shown = async |client: &Client| {
        let seen = client.run(SEEN, json!({ "id": conversation })).await;
        seen.data("conversation")["oversight"].as_array().unwrap().len()
    };
    let count = "select count(*) from notifications where kind = 'CONVERSATION_OVERSEEN'";
    assert_eq!((shown(&ada).await, app.count(count).await), (0, 0));
    app.advance(TimeDelta::minutes(31));
    app.work().await;
    let ada = app.sign_in("ada@example.org").await;
    assert_eq!((shown(&ada).await, app.count(count).await), (1, 2));
    app.work().await;
    assert_eq!(app.count(count).await, 2, "once");
}
