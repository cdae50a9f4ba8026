//! What is answered from the row in hand is what the resolvers answer.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{TestApp, booking::COMPLETE};

/// Selects `__typename` twice in every selection: merged fields go the library's way. Removes what that adds.
fn the_long_way(query: &str) -> String {
    let (head, body) = query.split_at(query.find('{').expect("a selection"));
    // Arguments that are objects are given as variables, so every brace opens a selection.
    format!("{head}{}", body.replace('{', "{ __typename __typename "))
}

fn without_typenames(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "__typename")
            .map(|(name, value)| (name.clone(), without_typenames(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_typenames).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_fields_answer_as_their_resolvers_do() {
    let app = TestApp::start().await;
    let grace = app.mentor("grace").await;
    let ada = app.learner("ada").await;
    let done = ada.book(&grace, app.hour_after(TimeDelta::hours(2))).await;
    app.sql(COMPLETE).await;
    let review = json!({ "bookingId": done.booking, "rating": 4, "body": "Clear.", "idempotencyKey": "r" });
    ada.mutate("addReview", "review { id }", review).await.ok("addReview");
    let booked = ada.book(&grace, app.hour_after(TimeDelta::hours(4))).await;
    let say =
        "mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { id } userErrors { code } } }";
    for body in ["one", "two"] {
        ada.run(say, json!({ "i": { "to": { "memberId": grace.id }, "body": body, "clientId": body } }))
            .await
            .ok("sendMessage");
    }

    let member = "member { __typename id handle name avatarUrl bio timeZone mentor { id } }";
    let mentor = format!(
        "id headline hourlyRate {{ amountMinor currency }} rating {{ average count }} {member}
         skills {{ id slug name category {{ id slug name }} }}
         reviews(first: 3) {{ edges {{ cursor node {{ id rating body createdAt author {{ id name }} }} }} }}"
    );
    let session = format!("id kind status startsAt endsAt skill {{ id name }} mentor {{ {mentor} }}");
    let documents = [
        (format!("query {{ mentors(first: 50) {{ edges {{ cursor node {{ {mentor} }} }} }} }}"), Value::Null),
        (
            format!(
                "query {{ viewer {{ {member} upcomingSessions(first: 5) {{ {session} }}
                   notifications(first: 9) {{ edges {{ node {{ id kind body createdAt readAt }} }} }}
                   conversations(first: 9) {{ edges {{ node {{ id messages(last: 9) {{ edges {{ node {{
                     id seq body createdAt clientId sender {{ ...Who }} ... on Message {{ again: body }} }} }} }} }} }} }} }} }}
                 fragment Who on Member {{ id name }}"
            ),
            Value::Null,
        ),
        (
            "query($id: ID!) { session(id: $id) { mentor { member { mentor { member { name } } } } } }".into(),
            json!({ "id": booked.session }),
        ),
    ];
    for (document, variables) in documents {
        // Twice: from the database, then from memory.
        for _ in 0..2 {
            let plain = ada.run(&document, variables.clone()).await.json;
            let long = ada.run(&the_long_way(&document), variables.clone()).await.json;
            assert_eq!(plain["errors"], Value::Null, "{plain}");
            assert_eq!(long["errors"], Value::Null, "{long}");
            assert_eq!(without_typenames(&plain), without_typenames(&long));
            assert!(plain.to_string().len() > 60, "{plain}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_and_included_fields_are_those_of_the_specification() {
    let app = TestApp::start().await;
    app.mentor("grace").await;
    let query = "query($yes: Boolean!) { mentors(first: 1) { edges { node {
        member { name @skip(if: $yes) handle @include(if: $yes) ... @include(if: $yes) { bio } ...Other @skip(if: $yes) __typename } } } } }
        fragment Other on Member { timeZone }";
    let reply = app.anonymous().run(query, json!({ "yes": true })).await;
    let member = &reply.data("mentors")["edges"][0]["node"]["member"];
    assert_eq!(member, &json!({ "handle": member["handle"], "bio": "", "__typename": "Member" }));
}
