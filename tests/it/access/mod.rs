//! Who may use which field: the whole schema, as everybody.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use skillswap::domains::{
    access::{
        Access,
        table::{self, WHILE_SUSPENDED},
    },
    accounts::model::Role,
};

use crate::support::{
    Client, Socket, TestApp,
    introspection::{Schema, named, text},
};

/// Values that fit and name nothing that exists.
fn absent(ty: &str) -> Value {
    match ty {
        "Int" => json!(1),
        "Boolean" => json!(true),
        "BigInt" => json!("1"),
        "DateTime" => json!("2031-01-01T00:00:00Z"),
        "Date" => json!("2031-01-01"),
        "TimeZone" => json!("UTC"),
        "URL" => json!("https://example.org/"),
        "CurrencyCode" => json!("EUR"),
        "ID" => json!("usr_00000000000000000000000000"),
        _ => json!("x"),
    }
}

/// Everybody there is: anonymous, and one member for each role.
async fn everybody(app: &TestApp) -> Vec<(&'static str, Option<Role>, Client)> {
    vec![
        ("anonymous", None, app.anonymous()),
        ("a learner", Some(Role::Learner), app.member("ada").await),
        ("a mentor", Some(Role::Mentor), app.mentor("grace").await),
        ("an exchanger", Some(Role::Exchanger), app.member_with("noor", &[Role::Exchanger]).await),
        ("an admin", Some(Role::Admin), app.admin("root").await),
    ]
}

/// The documented answer: `None` = not refused.
fn documented(access: Access, role: Option<Role>) -> Option<&'static str> {
    let Some(role) = role else {
        return (!matches!(access, Access::Anybody | Access::Visible)).then_some("UNAUTHENTICATED");
    };
    let open = match access {
        Access::Anybody | Access::Visible | Access::SignedIn | Access::Party(_) => true,
        Access::Role(needed) => role == needed,
        Access::Permission(needed) => role.permissions().contains(&needed),
    };
    (!open).then_some("FORBIDDEN")
}

/// The refusals among the codes of an answer.
fn refusal(codes: &[String]) -> Option<&str> {
    codes.iter().map(String::as_str).find(|code| ["UNAUTHENTICATED", "FORBIDDEN"].contains(code))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_root_field_declares_its_access_and_tells_it_to_clients() {
    let app = TestApp::start().await;
    let schema = Schema::read(&app.anonymous()).await;
    for (root, declared) in
        [("Query", table::QUERIES), ("Mutation", table::MUTATIONS), ("Subscription", table::SUBSCRIPTIONS)]
    {
        let fields: BTreeSet<String> = schema.fields(root).iter().map(|field| text(&field["name"])).collect();
        let names: BTreeSet<String> = declared.iter().map(|(name, _)| (*name).to_owned()).collect();
        let undeclared: Vec<_> = fields.difference(&names).collect();
        assert!(
            undeclared.is_empty(),
            "declare the access of {root}.{undeclared:?} in domains/access/table.rs"
        );
        let gone: Vec<_> = names.difference(&fields).collect();
        assert!(
            gone.is_empty(),
            "domains/access/table.rs declares {root}.{gone:?}, which is not in the schema"
        );
        assert_eq!(names.len(), declared.len(), "{root}: a field is declared twice");
        for field in schema.fields(root) {
            let (name, told) = (text(&field["name"]), text(&field["description"]));
            let access = table::of(root, &name).expect("declared");
            assert!(told.contains(&access.sentence()), "{root}.{name} does not say: {}", access.sentence());
        }
    }
    for (name, _) in table::OBJECTS {
        assert!(schema.has_object(name), "{name} is not in the schema");
    }
    // What only the privileged may read is guarded at the object too: it can be reached in more ways than one.
    for field in schema.fields("Query").iter().filter(|field| text(&field["name"]).starts_with("admin")) {
        let edges =
            schema.fields(&named(&field["type"])).iter().find(|field| field["name"] == "edges").cloned();
        let node = match edges {
            None => named(&field["type"]),
            Some(edges) => {
                let edge = named(&edges["type"]);
                let node = schema.fields(&edge).iter().find(|field| field["name"] == "node").cloned();
                named(&node.expect("a node")["type"])
            }
        };
        let guarded = table::OBJECTS.iter().any(|(name, _)| *name == node);
        // These two have sides of their own, who see them too.
        let shared = ["MentorApplication", "Dispute"].contains(&node.as_str());
        assert!(guarded || shared, "{node} has no entry in OBJECTS");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_exactly_the_documented_answer_from_every_query_and_mutation() {
    let app = TestApp::start().await;
    let callers = everybody(&app).await;
    let schema = Schema::read(&app.anonymous()).await;
    let mut asked = 0;
    for root in ["Query", "Mutation"] {
        for field in schema.fields(root) {
            let name = text(&field["name"]);
            // It would end the caller's own device; it is asked last.
            if name == "logOut" {
                continue;
            }
            let access = table::of(root, &name).expect("declared");
            for (who, role, client) in &callers {
                let reply = ask(&schema, client, root, field).await;
                let codes = reply.error_codes();
                assert_eq!(
                    refusal(&codes),
                    documented(access, *role),
                    "{root}.{name} as {who}: {}",
                    reply.json
                );
                if documented(access, *role).is_some() {
                    assert_eq!(reply.json["data"][&name], Value::Null, "{root}.{name} as {who}");
                    assert_eq!(reply.json["errors"][0]["path"], json!([name]));
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 200, "{asked}");
    for (who, role, client) in &callers {
        let reply = client.query("mutation { logOut(input: {}) { userErrors { code } } }").await;
        assert_eq!(refusal(&reply.error_codes()), documented(Access::SignedIn, *role), "logOut as {who}");
    }
}

async fn ask(schema: &Schema, client: &Client, root: &str, field: &Value) -> crate::support::Reply {
    if root == "Query" {
        return client.query(&schema.document("query", field, absent)).await;
    }
    let (name, input) = (text(&field["name"]), named(&field["args"][0]["type"]));
    let query = format!("mutation($input: {input}!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
    client.run(&query, json!({ "input": schema.input(&input, absent) })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_exactly_the_documented_answer_from_every_subscription() {
    let app = TestApp::start().await;
    let callers = everybody(&app).await;
    let schema = Schema::read(&app.anonymous()).await;
    for field in schema.fields("Subscription") {
        let name = text(&field["name"]);
        let access = table::of("Subscription", &name).expect("declared");
        let query = schema.document("subscription", field, absent);
        for (who, role, client) in &callers {
            let mut socket = Socket::connect(client).await;
            socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "query": query } })).await;
            socket.send(json!({ "type": "ping" })).await;
            let first = socket.receive().await;
            let code = first["payload"][0]["extensions"]["code"].as_str();
            let expected = match (access, documented(access, *role)) {
                // The stream of a thing that is not there is refused like that of a thing of others.
                (Access::Party(_), None) => Some("FORBIDDEN"),
                (_, documented) => documented,
            };
            assert_eq!(code, expected, "{name} as {who}: {first}");
            assert_eq!(
                first["type"],
                if expected.is_some() { "error" } else { "pong" },
                "{name} as {who}: {first}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_field_leaves_its_neighbours_and_aliases_and_fragments_change_nothing() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let reply = ada
        .query(
            "{ viewer { roles } log: adminAuditLog { edges { cursor } } ... on Query { ...Members } }
             fragment Members on Query { all: adminMembers { edges { cursor } } }",
        )
        .await;
    assert_eq!(reply.json["data"], json!({ "viewer": { "roles": ["LEARNER"] }, "log": null, "all": null }));
    assert_eq!(reply.error_codes(), ["FORBIDDEN", "FORBIDDEN"]);
    let mutations = ada
        .query(
            "mutation { no: updateMentorProfile(input: { headline: \"x\", hourlyRateMinor: \"1\" }) { userErrors { code } }
             yes: updateProfile(input: { name: \"Ada\" }) { member { name } } }",
        )
        .await;
    assert_eq!(mutations.json["data"], json!({ "no": null, "yes": { "member": { "name": "Ada" } } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_member_is_told_so_by_every_mutation() {
    let app = TestApp::start().await;
    let roles = [Role::Mentor, Role::Exchanger, Role::Admin];
    let bob = app.member_with("bob", &roles).await;
    app.sql("update members set status = 'SUSPENDED'").await;
    // Another process: this one has seen nothing of the member yet.
    let other = app.another().await;
    let bob = bob.moved(&other.url);
    let schema = Schema::read(&other.anonymous()).await;
    for field in schema.fields("Mutation") {
        let name = text(&field["name"]);
        if WHILE_SUSPENDED.contains(&name.as_str()) {
            continue;
        }
        let reply = ask(&schema, &bob, "Mutation", field).await;
        assert_eq!(reply.codes(&name), ["ACCOUNT_SUSPENDED"], "{name}: {}", reply.json);
    }
    assert_eq!(bob.query("{ verifyAuditLog { intact } }").await.error_codes(), ["ACCOUNT_SUSPENDED"]);
    bob.query("mutation { logOut(input: {}) { userErrors { code } } }").await.ok("logOut");
}
