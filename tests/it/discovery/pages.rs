use serde_json::Value;
use skillswap::domains::discovery::model::{ALL_MENTORS, mentors_of_skill};

use super::{RUST, SKILLS, many, names, skill};
use crate::support::{Client, TestApp};

/// Mentors with ties in everything that lists are sorted by.
fn crowd(prefix: &str, number: i64) -> Vec<(String, String, i64, i64, i64)> {
    (0..number)
        .map(|place| {
            (
                format!("{prefix}{place}"),
                format!("Rust and more, part {}", place % 3),
                1000 * (place % 4),
                5 * (place % 5),
                place % 5,
            )
        })
        .collect()
}

/// Reads all pages of three from one end, and lets strangers arrive between the pages.
async fn walk(app: &TestApp, client: &Client, arguments: &str, backward: bool) -> Vec<String> {
    let (size, place, cursor, more) = if backward {
        ("last", "before", "startCursor", "hasPreviousPage")
    } else {
        ("first", "after", "endCursor", "hasNextPage")
    };
    let mut found: Vec<String> = Vec::new();
    let mut at = String::new();
    for page in 0..100 {
        let query = format!(
            "{{ mentors({arguments} {size}: 3 {at}) {{ edges {{ node {{ member {{ name }} }} }}
               pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let reply = client.query(&query).await;
        let mentors = reply.data("mentors");
        let mut rows: Vec<String> = mentors["edges"]
            .as_array()
            .expect("edges")
            .iter()
            .map(|edge| edge["node"]["member"]["name"].as_str().expect("a name").to_owned())
            .collect();
        if backward {
            rows.reverse();
        }
        found.extend(rows);
        if mentors["pageInfo"][more] == Value::Bool(false) {
            return found;
        }
        at = format!("{place}: {}", mentors["pageInfo"][cursor]);
        if page < 3 {
            many(app, &crowd(&format!("stranger {page} "), 4)).await;
        }
    }
    panic!("the pages never end");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_in_every_order_and_direction_show_everybody_once_while_others_arrive() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let anybody = app.anonymous();
    let by_skill = format!("filter: {{ skillId: \"{}\" }}", skill(RUST));
    for arguments in [
        "sort: RATING",
        &by_skill,
        "sort: PRICE",
        "sort: PRICE_DESC",
        "sort: SOONEST",
        "sort: RELEVANCE, filter: { text: \"rust part\" }",
        "sort: RATING, filter: { minRating: 1, language: \"en\" }",
    ] {
        for backward in [false, true] {
            // Invoices name members and refuse to be emptied, though there are none here.
            app.sql(
                "begin; set local session_replication_role = replica;
                 truncate mentor_index, member_skills, availability_rules, schedules, mentors, members cascade; commit",
            )
            .await;
            // No service did this, so nothing told that kept answers are stale.
            app.app.hot.versions.bump(ALL_MENTORS);
            app.app.hot.versions.bump(mentors_of_skill(skill(RUST).parse().expect("an id")));
            many(&app, &crowd("mentor ", 17)).await;
            let mut expected = names(&anybody, &format!("({arguments} first: 50)")).await;
            if backward {
                expected.reverse();
            }
            assert!(expected.len() >= 13, "{arguments}: {expected:?}");

            let mut found = walk(&app, &anybody, arguments, backward).await;

            found.retain(|name| !name.starts_with("stranger"));
            assert_eq!(found, expected, "{arguments}, backward: {backward}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_list_is_refused() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    many(&app, &crowd("mentor ", 3)).await;
    let anybody = app.anonymous();
    let first = anybody.query("{ mentors(first: 1) { pageInfo { endCursor } } }").await;
    let cursor = first.data("mentors")["pageInfo"]["endCursor"].clone();
    for arguments in ["sort: PRICE", "filter: { minRating: 2 }", "filter: { language: \"en\" }"] {
        let reply = anybody
            .query(&format!("{{ mentors({arguments} after: {cursor}) {{ edges {{ cursor }} }} }}"))
            .await;
        assert_eq!(reply.error_codes(), ["CURSOR_INVALID"], "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_cards_costs_as_many_statements_for_twenty_mentors_as_for_one() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    many(&app, &crowd("mentor ", 40)).await;
    let now = app.now();
    let (from, to) = (now + chrono::TimeDelta::days(1), now + chrono::TimeDelta::days(9));
    let cards = |arguments: &str, number: usize| {
        format!(
            "{{ mentors({arguments} first: {number}) {{ edges {{ node {{ id headline rating {{ average count }} member {{ name avatarUrl }}
               skills {{ name category {{ name }} }} availability {{ timeZone }} slots(from: \"{}\", to: \"{}\") {{ startsAt }}
               reviews(first: 3) {{ edges {{ node {{ rating body author {{ name }} }} }} }} }} }} }} }}",
            from.to_rfc3339(),
            to.to_rfc3339()
        )
    };
    let between = format!(
        "filter: {{ availableBetween: {{ from: \"{}\", to: \"{}\" }} }}",
        from.to_rfc3339(),
        to.to_rfc3339()
    );
    let by_skill = format!("filter: {{ skillId: \"{}\" }}", skill(RUST));
    for arguments in ["", &by_skill, "sort: PRICE", "sort: SOONEST", &between] {
        let mut costs = Vec::new();
        for number in [1, 20] {
            let fresh = app.another().await; // nothing is kept yet
            let client = fresh.anonymous();
            let query = cards(arguments, number);
            costs.push(app.statements(|| client.query(&query)).await.0);
            fresh.stop().await;
        }
        assert_eq!(costs[0], costs[1], "{arguments}");
        assert!(costs[0] <= 14, "{arguments}: {costs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plain_list_of_a_skill_is_one_statement_and_then_none_until_it_changes() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let mentor = app.mentor("grace").await;
    super::set_skills(&mentor, &[RUST]).await;
    let query = format!(
        "{{ mentors(filter: {{ skillId: \"{}\" }}) {{ edges {{ node {{ headline member {{ name }} }} }} }} }}",
        skill(RUST)
    );
    let anybody = app.anonymous();
    let headline =
        async || anybody.query(&query).await.data("mentors")["edges"][0]["node"]["headline"].clone();
    headline().await;
    assert_eq!(app.statements(&headline).await, (0, 0), "the whole answer is kept");
    let another = format!("{query} #");
    let (runs, _) = app.statements(|| anybody.query(&another)).await;
    assert_eq!(runs, 1, "the rows are kept");
    super::set_offer(&mentor, "Changed", 100, true).await;
    assert_eq!(headline().await, "Changed");
    super::set_offer(&mentor, "Changed", 100, false).await;
    assert_eq!(headline().await, Value::Null);
}

#[tokio::test]
async fn nodes_are_the_entries_of_the_edges() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    many(&app, &crowd("mentor ", 5)).await;
    let client = app.anonymous();
    let reply = client
        .query(
            "{ mentors(first: 3) { nodes { id member { name } reviews(first: 1) { nodes { id } } }
               edges { node { id member { name } reviews(first: 1) { nodes { id } } } } } }",
        )
        .await;
    let mentors = reply.data("mentors");
    let nodes = mentors["nodes"].as_array().expect("nodes");
    let edges = mentors["edges"].as_array().expect("edges");
    assert_eq!(nodes.len(), 3);
    assert_eq!(nodes, &edges.iter().map(|edge| edge["node"].clone()).collect::<Vec<_>>());
}
