//! The sample operations of the playground, each run as the account it names, on the demo data.

use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Map, Value, json};
use skillswap::{cli::seed, config::Mode};

use crate::{
    payments::browse,
    support::{Client, Socket, TestApp},
};

/// One operation of a file, with the actor that the line above it names.
struct Sample {
    name: String,
    kind: String,
    actor: String,
}

fn samples(text: &str) -> Vec<Sample> {
    let mut actor = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# as: ") {
            actor = Some(name.trim().to_owned());
        }
        let mut words =
            line.split(|char: char| !char.is_alphanumeric() && char != '_').filter(|word| !word.is_empty());
        if let (Some(kind @ ("query" | "mutation" | "subscription")), Some(name)) =
            (words.next(), words.next())
            && let Some(actor) = actor.take()
        {
            found.push(Sample { name: name.to_owned(), kind: kind.to_owned(), actor });
        }
    }
    found
}

fn variables(text: &str) -> Value {
    let json: String = text
        .lines()
        .skip_while(|line| line.trim() != "# variables")
        .skip(1)
        .take_while(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#'))
        .collect();
    if json.trim().is_empty() {
        json!({})
    } else {
        serde_json::from_str(&json).unwrap_or_else(|error| panic!("variables: {error}: {json}"))
    }
}

/// Fills the placeholders as the playground does: `{{key}}`, `{{now+2d}}`, `{{/pointer}}` into the answers so far.
fn filled(value: &Value, answers: &Value, now: DateTime<Utc>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("{{").and_then(|text| text.strip_suffix("}}")) {
            Some("key") => json!(uuid::Uuid::new_v4().to_string()),
            Some(pointer) if pointer.starts_with('/') => {
                answers.pointer(pointer).cloned().unwrap_or(Value::Null)
            }
            Some(instant) if instant.starts_with("now") => {
                json!(moved(now, instant.trim_start_matches("now")).to_rfc3339())
            }
            _ => value.clone(),
        },
        Value::Array(values) => values.iter().map(|value| filled(value, answers, now)).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), filled(value, answers, now)))
                .collect::<Map<_, _>>(),
        ),
        other => other.clone(),
    }
}

fn moved(now: DateTime<Utc>, offset: &str) -> DateTime<Utc> {
    if offset.is_empty() {
        return now;
    }
    let (amount, unit) = offset.split_at(offset.len() - 1);
    let amount: i64 = amount.trim_start_matches('+').parse().expect("a number");
    now + match unit {
        "d" => TimeDelta::days(amount),
        "h" => TimeDelta::hours(amount),
        _ => TimeDelta::minutes(amount),
    }
}

/// Runs one operation of a file and returns its data.
async fn run(client: &Client, text: &str, sample: &Sample, variables: &Value) -> Value {
    if sample.kind == "subscription" {
        let mut socket = Socket::connect(client).await;
        let payload = json!({ "query": text, "operationName": sample.name, "variables": variables });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        socket.send(json!({ "type": "ping" })).await;
        let message = socket.receive().await;
        assert_ne!(message["type"], "error", "{}: {message}", sample.name);
        return json!({});
    }
    let reply =
        client.post(json!({ "query": text, "operationName": sample.name, "variables": variables })).await;
    assert!(reply.json.get("errors").is_none(), "{}: {}", sample.name, reply.json);
    for (field, value) in reply.json["data"].as_object().into_iter().flatten() {
        let refused = value["userErrors"].as_array().is_some_and(|errors| !errors.is_empty());
        assert!(!refused, "{}.{field} was refused: {value}", sample.name);
    }
    let data = reply.json["data"].clone();
    if let Some(address) = data["requestUpload"]["target"]["url"].as_str() {
        put_picture(address).await;
    }
    if let Some(page) = data["connectPayoutAccount"]["onboardingUrl"].as_str() {
        let decided = browse(Method::POST, &format!("{page}/verify")).await;
        assert!(decided.status().is_redirection(), "{}", decided.status());
    }
    data
}

/// Puts a file of the announced size, as the visitor has to do outside the page.
async fn put_picture(address: &str) {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.resize(1000, 0);
    let put = reqwest::Client::new().put(address).body(file).send().await.expect("an answer");
    assert!(put.status().is_success(), "{}", put.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sample_operation_of_the_playground_works_on_the_demo_data() {
    let app = TestApp::start_with(|config| config.mode = Mode::Demo).await;
    seed::demo(&app.database_url, app.now()).await.expect("the demo data");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/operations");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the samples").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(files.len() >= 12);
    for file in files {
        let text = fs::read_to_string(&file).expect("a file");
        let mut answers = json!({});
        let samples = samples(&text);
        assert!(!samples.is_empty(), "{} has no operation with an actor", file.display());
        for sample in samples {
            let client = actor(&app, &sample.actor).await;
            let variables = filled(&variables(&text), &answers, app.now());
            let data = run(&client, &text, &sample, &variables).await;
            for (field, value) in data.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
            {
                answers[field] = value.clone();
            }
            app.work().await;
        }
    }
}

async fn actor(app: &TestApp, name: &str) -> Client {
    if name == "anybody" {
        return app.anonymous();
    }
    let role = name.to_uppercase();
    let account = seed::ACCOUNTS
        .iter()
        .find(|account| account.roles.contains(&role.as_str()))
        .unwrap_or_else(|| panic!("no {name}"));
    let proves = matches!(name, "admin" | "mentor");
    if proves {
        app.sql(&format!(
            "delete from second_factors where member_id in (select id from members where '{role}' = any(roles))"
        ))
        .await;
    }
    let client = app.sign_in_with(account.email, account.password).await;
    if proves {
        app.step_up(&client).await;
    }
    client
}
