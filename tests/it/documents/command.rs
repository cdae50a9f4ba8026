//! The command that registers documents.

use serde_json::json;
use skillswap::engine::documents::hash_of;

use super::{command, folder, trusting};

const HOME: &str =
    "query Home($first: Int = 3) { mentors(first: $first) { edges { node { id headline } } } }";

fn path(folder: &std::path::Path) -> &str {
    folder.to_str().expect("a path")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_build_tools_of_clients_write_is_registered_and_runs() {
    let app = trusting().await;
    let who = "query Who { viewer { email } }";
    let slots = "query Slots($id: ID!, $t: DateTime!) { node(id: $id) { ... on Mentor { slots(from: $t, to: $t) { offset } } } }";
    let apollo = json!({
        "format": "apollo-persisted-query-manifest", "version": 1,
        "operations": [
            { "id": hash_of(who), "name": "Who", "type": "query", "body": who },
            { "id": "my-own-id", "name": "Slots", "type": "query", "body": slots },
        ],
    });
    let relay = json!({ "0123456789abcdef0123456789abcdef": HOME, hash_of(who): who });
    let folder = folder(
        "formats",
        &[
            ("src/home.graphql", HOME),
            ("src/parts/fragments.graphql", "fragment F on Member { id }"),
            ("src/node_modules/other.graphql", "{ broken"),
            ("apollo.json", &serde_json::to_string_pretty(&apollo).expect("JSON")),
            ("relay.json", &relay.to_string()),
        ],
    );
    let register = async |file: &str, version: &str| {
        let file = folder.join(file);
        command(&app, &["register", path(&file), "--client", "web", "--client-version", version]).await
    };

    let (done, printed, said) = register("src", "1.0").await;
    assert!(done, "{printed}{said}");
    assert!(printed.contains(&hash_of(HOME)) && printed.contains("query Home"), "{printed}");
    assert!(printed.contains("Registered 1 document: 1 new, 0 known before."), "{printed}");
    let (done, printed, _) = register("apollo.json", "1.0").await;
    assert!(done && printed.contains("Slot.offset") && printed.contains("2 documents: 2 new"), "{printed}");
    let (done, printed, _) = register("relay.json", "1.1").await;
    assert!(done && printed.contains("2 documents: 0 new, 2 known"), "{printed}");
    let (done, printed, _) = register("relay.json", "1.1").await;
    assert!(done && printed.contains("0 new"), "{printed}");

    skillswap::domains::documents::service::refresh(&app.app, None).await.expect("read");
    for id in ["0123456789abcdef0123456789abcdef", "my-own-id", &hash_of(who), &hash_of(HOME)] {
        let variables = json!({ "id": "mtr_00000000000000000000000000", "t": "2031-01-01T00:00:00Z" });
        let reply = app.anonymous().post(json!({ "documentId": id, "variables": variables })).await;
        assert_eq!(reply.status, 200, "{id}: {}", reply.json);
        assert!(reply.json.get("errors").is_none(), "{}", reply.json);
    }

    let (done, printed, _) = command(&app, &["list", "--client", "web"]).await;
    assert!(done);
    let home = printed.lines().find(|line| line.starts_with(&hash_of(HOME))).expect("a line");
    assert!(home.contains("web 1.0, web 1.1") && home.contains("never used"), "{home}");
    let (done, printed, said) = command(&app, &["check"]).await;
    assert!(
        done && printed.contains("deprecated: Slot.offset") && printed.contains("3 documents run"),
        "{printed}{said}"
    );
    let (done, printed, said) = command(&app, &["retire", "my-own-id", "unknown"]).await;
    assert!(!done && printed.contains("Retired 1.") && said.contains("unknown"), "{printed}{said}");

    // A document that a later schema does not have any more.
    app.sql(&format!(
        "insert into documents values ('{0}', '{{ gone }}', 'query', 1, now());
        insert into document_clients values ('{0}', 'web', '1.0', now(), null)",
        hash_of("{ gone }")
    ))
    .await;
    let (done, printed, said) = command(&app, &["check"]).await;
    assert!(
        !done
            && printed.contains("no longer runs: Unknown field")
            && said.contains("1 document would no longer run"),
        "{printed}{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_document_is_told_with_file_and_line_and_nothing_is_registered() {
    let app = trusting().await;
    let dear = "query Dear($n: Int) { mentors(first: $n) { edges { node { reviews(first: $n) { edges { node {
        mentor { reviews(first: $n) { edges { node { body } } } } } } } } } } }";
    let cases = [
        ("unknown.graphql", "query A {\n  viewer {\n    nothing\n  }\n}".to_owned(), "unknown.graphql:3: Unknown field"),
        ("syntax.graphql", "query A {\n  viewer {\n".to_owned(), "syntax.graphql:"),
        ("dear.graphql", dear.to_owned(), "its cost is"),
        ("deep.graphql", format!("{{ node(id: \"x\") {{ ... on Mentor {{ {} id {} }} }} }}", "member { mentor {".repeat(8), "} }".repeat(8)), "its depth is"),
        ("hash.json", json!({ "a".repeat(64): HOME }).to_string(), "hash.json:1: aaaa"),
        ("shape.json", json!({ "operations": [1] }).to_string(), "is neither"),
        ("broken.json", "{\n\n\"a\": }".to_owned(), "broken.json:3:"),
        ("apollo.json", serde_json::to_string_pretty(&json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [
            { "id": "x", "name": "Fine", "type": "query", "body": HOME }, { "id": "y", "name": "Bad", "type": "query", "body": "{\n nothing }" }] })).expect("JSON"),
            "Bad: line 2 of its text: Unknown field"),
        ("missing.graphql", String::new(), "missing.graphql:1:"),
    ];
    for (file, text, expected) in cases {
        let folder = folder(&format!("bad-{file}"), &[("good.graphql", HOME), (file, &text)]);
        let (good, bad) = (folder.join("good.graphql"), folder.join(file));
        let (done, printed, said) = command(&app, &["register", path(&good), path(&bad)]).await;
        assert!(!done && said.contains(expected), "{file}: {printed}{said}");
    }
    assert_eq!(app.count("select count(*) from documents").await, 0);
    let (done, _, said) = command(&app, &["register", "/nowhere.graphql"]).await;
    assert!(!done && said.contains("/nowhere.graphql cannot be read"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_never_changes_its_document() {
    let app = trusting().await;
    let folder = folder(
        "ids",
        &[
            ("one.json", &json!({ "id-1": HOME }).to_string()),
            ("two.json", &json!({ "id-1": "query Other { __typename }" }).to_string()),
        ],
    );
    let (one, two) = (folder.join("one.json"), folder.join("two.json"));
    let (done, ..) = command(&app, &["register", path(&one)]).await;
    assert!(done);
    let (done, _, said) = command(&app, &["register", path(&two)]).await;
    assert!(!done && said.contains("the id id-1 means another document already"), "{said}");
    let (done, _, said) = command(&app, &["register", path(&one), path(&two)]).await;
    assert!(!done && said.contains("the id id-1 is another document's too"), "{said}");
    assert_eq!(app.count("select count(*) from documents").await, 1);
}
