//! Texts that want to be SQL or markup.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use skillswap::domains::access::{
    Access,
    table::{MUTATIONS, QUERIES},
};

use crate::{
    bad_input::{plain, state},
    support::{Client, PASSWORD, Reply, TestApp, introspection::Schema},
};

const SQL: &[&str] = &[
    "' or '1'='1",
    "\" or \"\"=\"",
    "') or ('1'='1' --",
    "1 or 1=1",
    "'; drop table members; --",
    "'; update members set name = 'owned'; --",
    "' union select password_hash, null from credentials --",
    "'||(select pg_sleep(20))||'",
    "'; select pg_sleep(20); --",
    "\\'; select version(); --",
    "$1",
    "$$; drop table members; $$",
    "%' --",
    "/* */ or true",
    "' and cast((select current_user) as int) = 1 --",
    "\u{ff07} or 1=1 --",
];
const SKILLS: &str = "insert into skill_categories values ('00000000-0000-0000-0000-000000000001', 'all', 'All', 1);
    insert into skills values
      ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000001', 'rust', 'Rust', '{}'),
      ('00000000-0000-0000-0000-000000000009', '00000000-0000-0000-0000-000000000001', 'chess', 'Chess', '{}')";
/// What only the database or the code would say.
const INSIDE: &[&str] =
    &["INTERNAL", "syntax error", "invalid input", "relation ", "SQLSTATE", "postgres", "diesel", "panicked"];
/// No answer waits for a sleep that was slipped in.
const PATIENCE: Duration = Duration::from_secs(10);

fn neutral(ty: &str) -> Value {
    plain(ty, "zzyzx")
}

/// The requests of the root fields for everybody, each with a text at one place.
fn requests(schema: &Schema, root: &str, probe: &str) -> Vec<Value> {
    let (operation, table) = if root == "Query" { ("query", QUERIES) } else { ("mutation", MUTATIONS) };
    let fields = schema.fields(root).iter().filter(|field| {
        let name = field["name"].as_str().expect("a name");
        table
            .iter()
            .any(|(known, access)| *known == name && matches!(access, Access::Anybody | Access::Visible))
    });
    fields.flat_map(|field| schema.probing(operation, field, probe, neutral)).collect()
}

async fn answer(client: &Client, request: Value, probe: &str) -> Reply {
    let began = Instant::now();
    let reply = client.post(request.clone()).await;
    assert!(began.elapsed() < PATIENCE, "{request}");
    let quoted = json!(probe).to_string();
    let said = reply.json.to_string().replace(quoted.trim_matches('"'), "");
    for word in INSIDE {
        assert!(!said.contains(word), "{request}: {said}");
    }
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_in_any_text_of_an_open_query_finds_nothing_more() {
    let app = TestApp::start().await;
    let (ada, _) = (app.member("ada").await, app.mentor("grace").await);
    app.sql(SKILLS).await;
    let schema = Schema::read(&ada).await;
    let before = state(&app).await;
    let usual = requests(&schema, "Query", "zzyzx");
    assert!(usual.len() >= 15, "{usual:?}");
    let mut found = Vec::new();
    for request in &usual {
        found.push(answer(&ada, request.clone(), "zzyzx").await);
    }
    let mut finds = 0;
    for (request, usual) in requests(&schema, "Query", "rust").into_iter().zip(&found) {
        finds += usize::from(answer(&ada, request, "rust").await.json["data"] != usual.json["data"]);
    }
    assert!(finds > 0, "nothing is there to be found");
    for probe in SQL {
        for (request, usual) in requests(&schema, "Query", probe).into_iter().zip(&found) {
            for client in [&ada, &app.anonymous()] {
                let reply = answer(client, request.clone(), probe).await;
                assert_eq!(
                    (&reply.json["data"], reply.error_codes()),
                    (&usual.json["data"], usual.error_codes()),
                    "{request}"
                );
            }
        }
    }
    assert_eq!(state(&app).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_in_any_text_of_an_open_mutation_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let schema = Schema::read(&ada).await;
    let before = state(&app).await;
    for probe in SQL {
        for request in requests(&schema, "Mutation", probe) {
            answer(&app.anonymous(), request, probe).await;
        }
    }
    assert_eq!(state(&app).await, before);
    assert_eq!(ada.query("{ viewer { email } }").await.data("viewer")["email"], "ada@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_and_markup_are_kept_and_returned_as_the_text_that_they_are() {
    const MARKUP: &[&str] = &[
        "<script>alert(1)</script>",
        "</script><img src=x onerror=alert(1)>",
        "\"><svg onload=alert(1)>",
        "&lt;b&gt; &amp;",
        "{{7*7}} ${7*7}",
    ];
    let app = TestApp::start().await;
    let (ada, grace) = (app.member("ada").await, app.member("grace").await);
    let hers = "select m::text from members m where name = 'grace'";
    let before = app.sql(hers).await;
    for text in SQL.iter().chain(MARKUP) {
        let update = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { member { name bio } userErrors { message } } }";
        let input = json!({ "i": { "name": text, "bio": text } });
        let updated = ada.run(update, input).await;
        assert_eq!(updated.ok("updateProfile")["member"], json!({ "name": text, "bio": text }));
        let read = "query($id: ID!) { member(by: { id: $id }) { name bio } }";
        let read = grace.run(read, json!({ "id": ada.id })).await;
        assert_eq!(*read.data("member"), json!({ "name": text, "bio": text }));
        let send = "mutation($i: SendMessageInput!) { sendMessage(input: $i) { message { body } userErrors { message } } }";
        let input = json!({ "to": { "memberId": grace.id }, "body": text, "clientId": text });
        let sent = ada.run(send, json!({ "i": input })).await;
        assert_eq!(sent.ok("sendMessage")["message"]["body"], **text);
    }
    assert_eq!(app.sql(hers).await, before);

    // What a browser gets of it is no page.
    let query = format!("/graphql?query={{member(by:{{id:%22{}%22}}){{name}}}}", ada.id);
    let name = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { userErrors { message } } }";
    ada.run(name, json!({ "i": { "name": MARKUP[0] } })).await.ok("updateProfile");
    let response = app.anonymous().request(Method::GET, &query).send().await.expect("an answer");
    let headers = response.headers().clone();
    let kind = headers["content-type"].to_str().expect("text");
    assert!(kind.starts_with("application/") && kind.contains("json"), "{kind}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert!(response.text().await.expect("a body").contains("alert(1)"));
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_a_name_is_escaped_on_the_pages() {
    let app = TestApp::start().await;
    let name = "<script>alert(1)</script>";
    let mallory = app.member("mallory").await;
    let rename = "mutation($i: UpdateProfileInput!) { updateProfile(input: $i) { userErrors { message } } }";
    mallory.run(rename, json!({ "i": { "name": name } })).await.ok("updateProfile");
    let change =
        "mutation($i: ChangePasswordInput!) { changePassword(input: $i) { userErrors { message } } }";
    let input = json!({ "currentPassword": PASSWORD, "newPassword": "correct horse battery" });
    mallory.run(change, json!({ "i": input })).await.ok("changePassword");
    app.work().await;

    let request = app.anonymous().request(Method::GET, "/dev/mail").header("accept", "text/html");
    let response = request.send().await.expect("an answer");
    let policy = response.headers()["content-security-policy"].to_str().expect("text").to_owned();
    let page = response.text().await.expect("a page");

    assert!(page.contains("alert(1)"), "the letter greets by name: {page}");
    assert!(!page.contains("<script") && !page.contains("&lt;script>"), "{page}");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}
