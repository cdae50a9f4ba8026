//! Who uses what: the report is what was sent.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use skillswap::domains::documents::service;

use super::{document, on_socket, post_as, register};
use crate::support::{Client, Reply, Socket, TestApp};

/// Names the deprecated field; the node does not exist, so the answer is small.
const OLD: &str = "query($t: DateTime!) { node(id: \"mtr_00000000000000000000000000\") {
    ... on Mentor { slots(from: $t, to: $t) { offset } } } }";
const NEW: &str = "{ skillCategories { name } }";
const GONE: &str = "{ skillCategories { name oldName } }";

const REPORT: &str = "query($filter: SchemaUsageFilter, $first: Int, $after: String) {
    adminSchemaUsage(filter: $filter, first: $first, after: $after) {
        edges { node { client { name version } kind member count firstUsedOn lastUsedAt } }
        pageInfo { hasNextPage endCursor } } }";

fn body(text: &str) -> Value {
    json!({ "query": text, "variables": { "t": "2031-01-01T00:00:00Z" } })
}

/// The whole report, read in small pages: (app, kind, member) → count.
async fn report(admin: &Client, filter: Value) -> BTreeMap<String, i64> {
    let (mut found, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let reply = admin.run(REPORT, json!({ "filter": filter, "first": 2, "after": after })).await;
        let page = reply.data("adminSchemaUsage").clone();
        for edge in page["edges"].as_array().expect("edges") {
            let node = &edge["node"];
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let client = &node["client"];
            let key = format!(
                "{} {} {} {}",
                text(&client["name"]),
                text(&client["version"]),
                text(&node["kind"]),
                text(&node["member"])
            );
            let count = text(&node["count"]).parse().expect("a number");
            assert_eq!(found.insert(key, count), None, "a row came twice");
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Many at once, but no more than a slow machine can answer in time.
async fn at_once(requests: Vec<impl Future<Output = Reply>>) {
    stream::iter(requests).buffer_unordered(24).for_each(async |_| {}).await;
}

fn expected(rows: &[(&str, i64)]) -> BTreeMap<String, i64> {
    rows.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_equals_what_was_sent_with_many_at_once_on_two_servers() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let admin = app.admin("root").await;
    register(&app, "web", "2.0", &[document(NEW, &[])]).await;
    service::refresh(&other.app, None).await.expect("read");
    // What each app sends, on each server.
    let plan = [
        ("web", "1.0", OLD, 40),
        ("web", "1.1", OLD, 25),
        ("web", "2.0", NEW, 30),
        ("ios", "7.3", OLD, 10),
        ("ios", "7.3", GONE, 5),
        ("web", "1.0", NEW, 15),
    ];
    let mut sent = Vec::new();
    for (name, version, text, times) in plan {
        for url in [&app.url, &other.url] {
            for _ in 0..times {
                sent.push(async move { post_as(url, (name, version), &body(text)).await });
            }
        }
    }
    // Counts are written down again and again while they come, by both.
    let flushes = async {
        for _ in 0..20 {
            let both = tokio::join!(service::flush(&app.app), service::flush(&other.app));
            both.0.and(both.1).expect("written");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::join!(at_once(sent), flushes);
    let mut socket = Socket::open(&app.url).await;
    let names = json!({ "apollographql-client-name": "android", "apollographql-client-version": "3" });
    socket.send(json!({ "type": "connection_init", "payload": names })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    for n in 0..7 {
        on_socket(&mut socket, &n.to_string(), body(OLD)).await;
    }
    let batch: Vec<Value> = (0..3).map(|_| body(OLD)).collect();
    post_as(&app.url, ("web", "1.1"), &json!(batch)).await;
    for app in [&app, &other] {
        service::flush(&app.app).await.expect("written");
        service::flush(&app.app).await.expect("written");
    }

    let deprecated = report(&admin, json!({ "kind": "DEPRECATED" })).await;
    assert_eq!(
        deprecated,
        expected(&[
            ("web 1.0 DEPRECATED Slot.offset", 80),
            ("web 1.1 DEPRECATED Slot.offset", 53),
            ("ios 7.3 DEPRECATED Slot.offset", 20),
            ("android 3 DEPRECATED Slot.offset", 7),
        ])
    );
    let removed = report(&admin, json!({ "member": "SkillCategory.oldName" })).await;
    assert_eq!(removed, expected(&[("ios 7.3 REMOVED SkillCategory.oldName", 10)]));
    let unregistered = report(&admin, json!({ "kind": "UNREGISTERED_DOCUMENT", "client": "ios" })).await;
    assert_eq!(unregistered, expected(&[("ios 7.3 UNREGISTERED_DOCUMENT -", 30)]));
    // The registered document was sent 45 times to each server: most answers were kept ones, and each counts.
    let documents = admin.query("{ adminDocuments(client: \"web\") { edges { node { hash operations cost uses trusted lastUsedAt clients { name version } } } } }").await;
    let node = &documents.data("adminDocuments")["edges"][0]["node"];
    assert_eq!((&node["uses"], &node["trusted"]), (&json!("90"), &json!(true)));
    assert_eq!(node["clients"], json!([{ "name": "web", "version": "2.0" }]));
    assert!(node["lastUsedAt"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_counted_apart_and_old_ones_are_forgotten() {
    let app = TestApp::start().await;
    let first = app.now().date_naive();
    post_as(&app.url, ("web", "1"), &body(OLD)).await;
    app.advance(TimeDelta::days(2));
    post_as(&app.url, ("web", "1"), &body(OLD)).await;
    post_as(&app.url, ("web", "1"), &body(OLD)).await;
    service::flush(&app.app).await.expect("written");
    let admin = app.admin("root").await;
    let whole = admin.run(REPORT, json!({ "filter": { "kind": "DEPRECATED" } })).await;
    let node = &whole.data("adminSchemaUsage")["edges"][0]["node"];
    assert_eq!((&node["count"], &node["firstUsedOn"]), (&json!("3"), &json!(first.to_string())));
    let since = (first + TimeDelta::days(1)).to_string();
    let late = report(&admin, json!({ "kind": "DEPRECATED", "since": since })).await;
    assert_eq!(late.values().collect::<Vec<_>>(), [&2]);

    app.advance(TimeDelta::days(399));
    app.work().await;
    assert_eq!(app.count("select sum(count)::bigint from api_usage where kind = 'DEPRECATED'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_in_time_written_down_and_none_is_lost_at_a_stop() {
    let app = TestApp::start().await;
    let url = app.database_url.clone();
    for _ in 0..3 {
        post_as(&app.url, ("web", "1"), &body(OLD)).await;
    }
    app.stop().await;
    let rows =
        crate::support::database::sql(&url, "select count::text from api_usage where kind = 'DEPRECATED'")
            .await;
    assert_eq!(rows.expect("rows"), [["3"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_counted_without_sql() {
    let app = TestApp::start().await;
    let send = || async {
        for _ in 0..10 {
            post_as(&app.url, ("web", "1"), &body("{ __typename }")).await;
            post_as(&app.url, ("web", "1"), &body(GONE)).await;
        }
    };
    send().await;
    assert_eq!(app.statements(send).await.0, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_equals_the_lines_in_the_log() {
    let app = TestApp::start().await;
    let mut server = Command::new(env!("CARGO_BIN_EXE_skillswap"))
        .args([
            "serve",
            "--port",
            "0",
            "--mode",
            "development",
            "--documents",
            "open",
            "--log",
            "warn,skillswap::engine=debug",
        ])
        .args(["--secret", "a secret that only the tests know", "--data-dir"])
        .arg(crate::support::database::folder().join("documents-log"))
        .env("DATABASE_URL", &app.database_url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(server.stdout.take().expect("its output")).lines();
    let address = tokio::task::spawn_blocking(move || {
        let mut words = lines
            .by_ref()
            .map_while(Result::ok)
            .flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        words
            .find_map(|word| word.strip_suffix("/graphql").map(str::to_owned))
            .expect("the address is printed")
    })
    .await
    .expect("a thread");
    let plan =
        [("web", "1.0", OLD, 37), ("web", "1.1", GONE, 21), ("ios", "7", OLD, 12), ("ios", "7", NEW, 30)];
    let address = &address;
    let requests = plan.iter().flat_map(|&(name, version, text, times)| {
        (0..times).map(move |_| async move { post_as(address, (name, version), &body(text)).await })
    });
    at_once(requests.collect()).await;
    let stopped = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().expect("a signal");
    assert!(stopped.success());
    let log = tokio::task::spawn_blocking(move || {
        let mut log = String::new();
        server.stderr.take().expect("its log").read_to_string(&mut log).expect("text");
        assert!(server.wait().expect("it ends").success(), "{log}");
        log
    });
    let log = log.await.expect("a thread");

    for (name, version, kind, member, sent) in [
        ("web", "1.0", "DEPRECATED", "Slot.offset", 37),
        ("web", "1.1", "REMOVED", "SkillCategory.oldName", 21),
        ("ios", "7", "DEPRECATED", "Slot.offset", 12),
    ] {
        let told = log.lines().filter(|line| {
            line.contains(member)
                && line.contains(&format!("\"{name}\""))
                && line.contains(&format!("\"{version}\""))
        });
        let reported = app
            .sql(&format!(
                "select sum(count)::text from api_usage where kind = '{kind}' and subject = '{member}'
                 and client_name = '{name}' and client_version = '{version}'"
            ))
            .await;
        assert_eq!((told.count(), reported), (sent, vec![vec![sent.to_string()]]), "{name} {version}: {log}");
    }
}
