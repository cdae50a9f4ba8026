use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{mark_read, open, say, uuid_of, write};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn reading_goes_forward_only_and_no_further_than_the_last_message() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let conversation = write(&ada, &bob, "1").await["conversation"]["id"].clone();
    for body in ["2", "3", "4", "5"] {
        say(&ada, &conversation, body).await;
    }
    let mut seen = Vec::new();

    for up_to in [0, 2, 1, 2, 4, 1_000_000, 3] {
        let reply = mark_read(&bob, &conversation, up_to).await;
        let conversation = &reply.ok("markRead")["conversation"];
        seen.push((
            conversation["viewerLastReadSeq"].as_i64().unwrap(),
            conversation["viewerUnreadCount"].as_i64().unwrap(),
        ));
    }

    assert_eq!(seen, [(0, 5), (2, 3), (2, 3), (2, 3), (4, 1), (5, 0), (5, 0)]);
    assert_eq!(app.count("select count(*) from events where kind = 'CONVERSATION_UPDATED' and payload->>'last_read_seq' <> '0'").await, 3, "only what moved is told");
    assert_eq!(open(&ada, &conversation).await["viewerUnreadCount"], 0, "own messages never count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_below_nothing_and_a_foreign_conversation_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.member("ada").await, app.member("bob").await, app.member("eve").await);
    let conversation = write(&ada, &bob, "1").await["conversation"]["id"].clone();
    let before = app.sql("select * from conversation_members order by 1, 2").await;

    assert_eq!(mark_read(&bob, &conversation, -1).await.codes("markRead"), ["VALIDATION"]);
    assert_eq!(mark_read(&eve, &conversation, 1).await.codes("markRead"), ["NOT_FOUND"]);
    assert_eq!(
        mark_read(&eve, &json!("cnv_01h455vb4pex5vsknk084sn02q"), 1).await.codes("markRead"),
        ["NOT_FOUND"]
    );
    assert_eq!(mark_read(&eve, &json!("nonsense"), 1).await.codes("markRead"), ["VALIDATION"]);
    assert_eq!(mark_read(&app.anonymous(), &conversation, 1).await.error_codes(), ["UNAUTHENTICATED"]);
    assert_eq!(app.sql("select * from conversation_members order by 1, 2").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_any_history_at_once_what_is_unread_equals_a_recount() {
    let app = TestApp::start().await;
    let members = [app.member("ada").await, app.member("bob").await, app.member("cy").await];
    let mut conversations = Vec::new();
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        conversations.push((
            (one, other),
            write(&members[one], &members[other], "hello").await["conversation"]["id"].clone(),
        ));
    }
    let mut dice = StdRng::seed_from_u64(7);
    for _ in 0..12 {
        // Eight things at once, in the same few conversations.
        let acts: Vec<_> = (0..8)
            .map(|_| {
                let ((one, other), conversation) = conversations[dice.random_range(0..3)].clone();
                let who = if dice.random_bool(0.5) { one } else { other };
                (who, conversation, dice.random_bool(0.4), dice.random_range(0..30))
            })
            .collect();
        futures_util::future::join_all(acts.iter().map(|(who, conversation, reads, up_to)| {
            let member = &members[*who];
            async move {
                if *reads {
                    mark_read(member, conversation, *up_to).await.ok("markRead");
                } else {
                    say(member, conversation, "more").await;
                }
            }
        }))
        .await;
    }

    let wrong = "select m.* from conversation_members m join conversations c on c.id = m.conversation_id
        where unread_count <> (select count(*) from messages x where x.conversation_id = c.id and x.seq > m.last_read_seq and x.sender_id <> m.member_id)
           or last_read_seq > c.last_seq";
    assert_eq!(app.sql(wrong).await, Vec::<Vec<String>>::new());
    for member in &members {
        let total = member.query("{ viewer { unreadMessages conversations(first: 3) { edges { node { viewerUnreadCount } } } } }").await;
        let edges = total.data("viewer")["conversations"]["edges"].as_array().unwrap();
        let sum: i64 = edges.iter().map(|edge| edge["node"]["viewerUnreadCount"].as_i64().unwrap()).sum();
        assert_eq!(total.data("viewer")["unreadMessages"], sum);
        // The last thing that a member was told of a conversation is what is true.
        for edge in app.sql(&format!(
            "select distinct on (e.payload->>'conversation_id') e.payload->>'unread_count', e.payload->>'last_read_seq', e.payload->>'last_seq',
                    m.unread_count, m.last_read_seq, c.last_seq
             from events e join conversations c on c.id::text = e.payload->>'conversation_id'
             join conversation_members m on m.conversation_id = c.id and e.stream = m.member_id
             where e.stream = '{}' and e.kind = 'CONVERSATION_UPDATED' order by e.payload->>'conversation_id', e.seq desc",
            uuid_of(&json!(member.id))
        )).await {
            assert_eq!(edge[..3], edge[3..]);
        }
    }
}
