use serde_json::{Value, json};

use super::{CONVERSATION, open, say, seqs, write};
use crate::support::{Client, TestApp};

const PAGE: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { conversation(id: $id) {
    messages(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { seq } } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } } }";

async fn page(client: &Client, conversation: &Value, mut args: Value) -> (Vec<i64>, Value) {
    args["id"] = conversation.clone();
    let reply = client.run(PAGE, args).await;
    let conversation = reply.data("conversation");
    (seqs(conversation), conversation["messages"]["pageInfo"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_paged_from_either_end() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    let conversation = write(&ada, &bob, "1").await["conversation"]["id"].clone();
    for n in 2..=30 {
        say(&ada, &conversation, &n.to_string()).await;
    }

    let (newest, info) = page(&bob, &conversation, json!({})).await;
    assert_eq!(newest, (11..=30).collect::<Vec<_>>(), "the last 20, oldest first");
    assert_eq!((&info["hasPreviousPage"], &info["hasNextPage"]), (&json!(true), &json!(false)));
    let (older, info) = page(&bob, &conversation, json!({ "last": 7, "before": info["startCursor"] })).await;
    assert_eq!((older, &info["hasPreviousPage"]), ((4..=10).collect(), &json!(true)));
    let (rest, info) = page(&bob, &conversation, json!({ "last": 7, "before": info["startCursor"] })).await;
    assert_eq!((rest, &info["hasPreviousPage"]), (vec![1, 2, 3], &json!(false)));
    let (first, info) = page(&bob, &conversation, json!({ "first": 3 })).await;
    assert_eq!((first, &info["hasNextPage"]), (vec![1, 2, 3], &json!(true)));
    let (next, _) = page(&bob, &conversation, json!({ "first": 2, "after": info["endCursor"] })).await;
    assert_eq!(next, [4, 5]);
    let (next, _) = page(&bob, &conversation, json!({ "after": info["endCursor"] })).await;
    assert_eq!(next, (4..=23).collect::<Vec<_>>(), "after a place, the next ones");

    let other = write(&ada, &app.member("cy").await, "1").await["conversation"]["id"].clone();
    let foreign = ada.run(PAGE, json!({ "id": other, "after": info["endCursor"] })).await;
    assert_eq!(foreign.error_codes(), ["CURSOR_INVALID"]);
    for bad in [json!({ "first": 0 }), json!({ "last": 51 }), json!({ "first": 1, "last": 1 })] {
        let mut args = bad;
        args["id"] = conversation.clone();
        assert_eq!(ada.run(PAGE, args).await.error_codes(), ["VALIDATION"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_and_its_messages_are_absent_for_everybody_else() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.member("ada").await, app.member("bob").await, app.member("eve").await);
    let sent = write(&ada, &bob, "between us").await;
    let ids = json!([sent["conversation"]["id"], sent["message"]["id"]]);
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Conversation { lastSeq } ... on Message { body } } }";

    for outsider in [&eve, &app.anonymous()] {
        assert_eq!(open(outsider, &sent["conversation"]["id"]).await, json!(null));
        assert_eq!(outsider.run(nodes, json!({ "ids": ids })).await.data("nodes"), &json!([null, null]));
    }
    let seen = bob.run(nodes, json!({ "ids": ids })).await;
    assert_eq!(seen.data("nodes")[0]["lastSeq"], 1);
    assert_eq!(seen.data("nodes")[1]["body"], "between us");
    assert_eq!(open(&bob, &json!("cnv_01h455vb4pex5vsknk084sn02q")).await, json!(null));
    assert_eq!(open(&bob, &json!("nonsense")).await, json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_list_is_ordered_by_the_last_message_and_pages_both_ways() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut others = Vec::new();
    for n in 0..5 {
        let other = app.member(&format!("other{n}")).await;
        write(&ada, &other, "hello").await;
        others.push(other);
    }
    write(&others[1], &ada, "again").await;
    let list = "query($first: Int, $after: String, $last: Int, $before: String) { viewer { conversations(first: $first, after: $after, last: $last, before: $before) {
        edges { node { viewerUnreadCount viewerPeer { name } members { edges { node { id } } } messages(last: 1) { edges { node { body } } } } }
        pageInfo { hasNextPage startCursor endCursor } } } }";
    let names = |reply: &crate::support::client::Reply| -> Vec<String> {
        let edges = reply.data("viewer")["conversations"]["edges"].as_array().unwrap().clone();
        edges.iter().map(|edge| edge["node"]["viewerPeer"]["name"].as_str().unwrap().to_owned()).collect()
    };

    let top = ada.run(list, json!({ "first": 3 })).await;
    assert_eq!(names(&top), ["other1", "other4", "other3"]);
    let first = &top.data("viewer")["conversations"]["edges"][0]["node"];
    assert_eq!(
        (&first["viewerUnreadCount"], &first["messages"]["edges"][0]["node"]["body"]),
        (&json!(1), &json!("again"))
    );
    assert_eq!(first["members"]["edges"].as_array().unwrap().len(), 2);
    let info = top.data("viewer")["conversations"]["pageInfo"].clone();
    let rest = ada.run(list, json!({ "first": 3, "after": info["endCursor"] })).await;
    assert_eq!(names(&rest), ["other2", "other0"]);
    let back = &rest.data("viewer")["conversations"]["pageInfo"]["startCursor"];
    assert_eq!(names(&ada.run(list, json!({ "last": 2, "before": back })).await), ["other4", "other3"]);
    // Somebody else's cursor is refused.
    assert_eq!(
        others[1].run(list, json!({ "after": info["endCursor"] })).await.error_codes(),
        ["CURSOR_INVALID"]
    );
    assert_eq!(ada.query("{ viewer { unreadMessages } }").await.data("viewer")["unreadMessages"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cost_the_same_number_of_statements_whatever_their_size() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let mut conversation = json!(null);
    for n in 0..12 {
        conversation =
            write(&ada, &app.member(&format!("other{n}")).await, "hello").await["conversation"]["id"].clone();
    }
    for n in 0..60 {
        say(&ada, &conversation, &format!("message {n}")).await;
    }
    let list = "query($first: Int) { viewer { conversations(first: $first) { edges { node { id lastSeq viewerUnreadCount viewerPeer { name }
        members(first: 5) { edges { node { name } } } messages(last: 3) { edges { node { body sender { name } } } } } } } } }";
    for _ in 0..20 {
        open(&ada, &conversation).await;
        ada.run(list, json!({ "first": 12 })).await;
    }

    let page = app
        .warm_statements(async || {
            let reply = ada.run(CONVERSATION, json!({ "id": conversation })).await;
            assert_eq!(seqs(reply.data("conversation")).len(), 50);
        })
        .await;
    let one = app.warm_statements(async || drop(ada.run(list, json!({ "first": 1 })).await)).await;
    let many = app.warm_statements(async || drop(ada.run(list, json!({ "first": 12 })).await)).await;

    assert_eq!(page, (2, 0), "the conversation, its messages; senders are in memory");
    assert_eq!((one, many), ((2, 0), (2, 0)), "the list, all last messages");
}
