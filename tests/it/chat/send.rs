use futures_util::future::join_all;
use serde_json::json;
use skillswap::{db::hot::HotKey, domains::accounts::loaders::MemberById};

use super::{open, say, send, seqs, write};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_makes_the_conversation_and_both_find_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);

    let sent = write(&ada, &bob, "  Hello,\n\tBob 👋  ").await;

    let (message, conversation) = (&sent["message"], &sent["conversation"]);
    assert_eq!(
        (&sent["replayed"], &message["seq"], &message["sender"]["id"]),
        (&json!(false), &json!(1), &json!(ada.id))
    );
    assert_eq!(message["body"], "  Hello,\n\tBob 👋  ", "the text is kept as it was sent");
    assert_eq!((&conversation["kind"], &conversation["lastSeq"]), (&json!("DIRECT"), &json!(1)));
    assert_eq!(
        (&conversation["viewerUnreadCount"], &conversation["viewerPeer"]["id"]),
        (&json!(0), &json!(bob.id))
    );
    assert_eq!(message["createdAt"], conversation["lastMessageAt"]);
    let bobs = open(&bob, &conversation["id"]).await;
    assert_eq!((&bobs["viewerUnreadCount"], &bobs["viewerLastReadSeq"]), (&json!(1), &json!(0)));
    assert_eq!(bobs["messages"]["edges"][0]["node"]["id"], message["id"]);
    let answer = write(&bob, &ada, "Hello, Ada").await;
    assert_eq!((&answer["conversation"]["id"], &answer["message"]["seq"]), (&conversation["id"], &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_messages_at_once_make_one_conversation_with_two_messages() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    for round in 0..8 {
        let bob = app.member(&format!("bob{round}")).await;

        let (one, other) = tokio::join!(write(&ada, &bob, "from ada"), write(&bob, &ada, "from bob"));

        assert_eq!(one["conversation"]["id"], other["conversation"]["id"]);
        let mut numbers = [one["message"]["seq"].as_i64(), other["message"]["seq"].as_i64()];
        numbers.sort_unstable();
        assert_eq!(numbers, [Some(1), Some(2)]);
        let conversation = open(&ada, &one["conversation"]["id"]).await;
        assert_eq!((seqs(&conversation), &conversation["viewerUnreadCount"]), (vec![1, 2], &json!(1)));
    }
    assert_eq!(app.count("select count(*) from conversations").await, 8);
    assert_eq!(app.count("select count(*) from conversation_members").await, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_and_times_rise_without_gaps_whoever_sends_at_once() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let conversation = write(&ada, &bob, "first").await["conversation"]["id"].clone();

    join_all((0..40).map(|n| {
        let (from, conversation) = (if n % 2 == 0 { &ada } else { &bob }, &conversation);
        async move { say(from, conversation, &format!("message {n}")).await }
    }))
    .await;

    assert_eq!(seqs(&open(&ada, &conversation).await), (1..=41).collect::<Vec<_>>());
    let backwards = "select count(*) from messages a join messages b using (conversation_id) where a.seq < b.seq and a.created_at > b.created_at";
    assert_eq!(app.count(backwards).await, 0);
    assert_eq!(open(&ada, &conversation).await["viewerUnreadCount"], 20);
    assert_eq!(open(&bob, &conversation).await["viewerUnreadCount"], 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_again_gives_the_same_message_and_counts_nothing_twice() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let to = json!({ "memberId": bob.id });
    let first = send(&ada, to.clone(), "once", "c-1").await.ok("sendMessage").clone();
    let conversation = first["conversation"]["id"].clone();

    let by_member = send(&ada, to.clone(), "once", "c-1").await.ok("sendMessage").clone();
    let by_conversation =
        send(&ada, json!({ "conversationId": conversation }), "once", "c-1").await.ok("sendMessage").clone();
    let other_text = send(&ada, to, "twice", "c-1").await;

    for repeat in [by_member, by_conversation] {
        assert_eq!((&repeat["replayed"], &repeat["message"]), (&json!(true), &first["message"]));
        assert_eq!(repeat["conversation"]["lastSeq"], 1);
    }
    assert_eq!(other_text.codes("sendMessage"), ["IDEMPOTENCY_CONFLICT"]);
    assert_eq!(other_text.data("sendMessage")["userErrors"][0]["path"], json!(["clientId"]));
    // The id is the sender's own.
    assert_eq!(
        send(&bob, json!({ "conversationId": conversation }), "mine", "c-1").await.ok("sendMessage")["message"]
            ["seq"],
        2
    );
    assert_eq!(open(&bob, &conversation).await["viewerUnreadCount"], 1);
    assert_eq!(app.count("select count(*) from events where kind = 'MESSAGE_SENT'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_at_once_from_a_nervous_device_is_one_message() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let conversation = write(&bob, &ada, "hello").await["conversation"]["id"].clone();
    for round in 0..5 {
        let client_id = format!("c-{round}");

        let replies = join_all(
            (0..8).map(|_| send(&ada, json!({ "conversationId": conversation }), "once", &client_id)),
        )
        .await;

        let payloads: Vec<_> = replies.iter().map(|reply| reply.ok("sendMessage")).collect();
        assert_eq!(payloads.iter().filter(|payload| payload["replayed"] == false).count(), 1);
        assert!(payloads.iter().all(|payload| payload["message"]["id"] == payloads[0]["message"]["id"]));
    }
    assert_eq!(seqs(&open(&bob, &conversation).await), [1, 2, 3, 4, 5, 6]);
    assert_eq!(open(&bob, &conversation).await["viewerUnreadCount"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_with_its_path_and_changes_nothing() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.member("ada").await, app.member("bob").await, app.member("eve").await);
    let conversation = write(&ada, &bob, "between us").await["conversation"]["id"].clone();
    let nobody = "usr_01h455vb4pex5vsknk084sn02q";
    let nowhere = "cnv_01h455vb4pex5vsknk084sn02q";
    let into = json!({ "conversationId": conversation });
    let long = "x".repeat(4001);
    let before = app.sql("select * from conversations, conversation_members, messages, events").await;
    let table = [
        (&eve, into.clone(), "let me in", "c", "NOT_FOUND", "to.conversationId"),
        (&ada, json!({ "conversationId": nowhere }), "x", "c", "NOT_FOUND", "to.conversationId"),
        (&ada, json!({ "conversationId": bob.id }), "x", "c", "VALIDATION", "to.conversationId"),
        (&ada, json!({ "memberId": nobody }), "x", "c", "NOT_FOUND", "to.memberId"),
        (&ada, json!({ "memberId": "bob" }), "x", "c", "VALIDATION", "to.memberId"),
        (&ada, json!({ "memberId": ada.id }), "x", "c", "VALIDATION", "to.memberId"),
        (&ada, into.clone(), "", "c", "VALIDATION", "body"),
        (&ada, into.clone(), " \n\t\u{2003}", "c", "VALIDATION", "body"),
        (&ada, into.clone(), &long, "c", "VALIDATION", "body"),
        (&ada, into.clone(), "a\0b", "c", "VALIDATION", "body"),
        (&ada, into.clone(), "a\u{1b}[31mb", "c", "VALIDATION", "body"),
        (&ada, into.clone(), "x", "", "VALIDATION", "clientId"),
        (&ada, into.clone(), "x", "a\0b", "VALIDATION", "clientId"),
        (&ada, into.clone(), "x", &long, "VALIDATION", "clientId"),
    ];
    for (from, to, body, client_id, code, path) in table {
        let reply = send(from, to, body, client_id).await;
        assert_eq!(reply.codes("sendMessage"), [code], "{path}: {body:.20}");
        let error = &reply.data("sendMessage")["userErrors"][0];
        assert_eq!(error["path"], json!(path.split('.').collect::<Vec<_>>()));
        assert_eq!(reply.data("sendMessage")["message"], json!(null));
    }
    for to in [json!({}), json!({ "conversationId": conversation, "memberId": bob.id }), json!(null)] {
        assert_eq!(send(&ada, to, "x", "c").await.error_codes().len(), 1, "exactly one target");
    }
    assert_eq!(send(&app.anonymous(), into, "x", "c").await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.sql("select * from conversations, conversation_members, messages, events").await, before);
    assert!(
        send(&ada, json!({ "conversationId": conversation }), &"é".repeat(4000), "c")
            .await
            .codes("sendMessage")
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_was_banned_gets_no_messages() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    app.sql("update members set status = 'BANNED' where name = 'bob'").await;
    app.app.hot.versions.bump(MemberById(bob.id.parse().unwrap()).tag());

    let reply = send(&ada, json!({ "memberId": bob.id }), "hello", "c").await;

    assert_eq!(reply.codes("sendMessage"), ["NOT_FOUND"]);
    assert_eq!(app.count("select count(*) from conversations").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_costs_one_statement_and_its_events_another() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let conversation = write(&ada, &bob, "first").await["conversation"]["id"].clone();
    for n in 0..30 {
        say(&ada, &conversation, &format!("warm {n}")).await;
    }
    let quick = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
        message { id seq body createdAt sender { id name avatarUrl } } userErrors { code } } }";

    let (calls, plans) = app
        .statements(async || {
            let input =
                json!({ "to": { "conversationId": conversation }, "body": "counted", "clientId": "counted" });
            ada.run(quick, json!({ "input": input })).await.ok("sendMessage");
        })
        .await;

    assert_eq!((calls, plans), (4, 0), "begin, message, events, commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_sent_at_once_share_transactions_and_each_gets_its_own_answer() {
    let app = TestApp::start().await;
    let mut members = Vec::new();
    for number in 0..6 {
        members.push(app.member(&format!("member{number}")).await);
    }
    let mut conversations = Vec::new();
    for (place, one) in members.iter().enumerate() {
        for other in &members[place + 1..] {
            conversations.push((one, write(one, other, "first").await["conversation"]["id"].clone()));
        }
    }
    let stranger = app.member("stranger").await;
    let to = |conversation: &serde_json::Value| json!({ "conversationId": conversation });
    let mut all = 0;
    for round in 0..4 {
        let (key, seq) = (format!("round {round}"), round + 2);
        let (statements, _) = app
            .statements(|| async {
                let sent = conversations
                    .iter()
                    .map(|(from, conversation)| send(from, to(conversation), "next", &key));
                let repeated = send(conversations[0].0, to(&conversations[0].1), "next", &key);
                let foreign = send(&stranger, to(&conversations[3].1), "next", &key);
                let (sent, repeated, foreign) = futures_util::join!(join_all(sent), repeated, foreign);
                for reply in &sent {
                    assert_eq!(reply.ok("sendMessage")["message"]["seq"], seq);
                }
                assert_eq!(repeated.ok("sendMessage")["message"]["seq"], seq);
                assert_eq!(foreign.codes("sendMessage"), ["NOT_FOUND"]);
            })
            .await;
        all += statements;
    }
    // Each in a transaction of its own would be four statements for each.
    assert!(all < 4 * 17 * 4, "{all} statements");
}
