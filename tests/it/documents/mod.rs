//! Documents of our own apps, and who uses what of the API.

mod command;
mod trusted;
mod usage;

use std::{path::PathBuf, process::Command};

use reqwest::Method;
use serde_json::{Value, json};
use skillswap::{
    config::Documents,
    domains::documents::{model::NewDocument, service},
    engine::documents::hash_of,
    graphql::ClientApp,
};

use crate::support::{Reply, Socket, TestApp, database};

/// A server on which only registered documents run.
async fn trusting() -> TestApp {
    TestApp::start_with(|config| config.documents = Documents::Trusted).await
}

/// A document as the command would register it.
fn document(text: &str, ids: &[&str]) -> NewDocument {
    NewDocument {
        hash: hash_of(text),
        body: text.to_owned(),
        operations: "query".to_owned(),
        cost: 1,
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

/// Registers documents, and lets the server know at once.
async fn register(app: &TestApp, name: &str, version: &str, documents: &[NewDocument]) {
    let client = ClientApp::new(name, version);
    service::register(&app.app, &client, documents).await.expect("registered");
    service::refresh(&app.app, None).await.expect("read");
}

/// Posts as an app that names itself.
async fn post_as(url: &str, (name, version): (&str, &str), body: &Value) -> Reply {
    let response = crate::support::Client::new(url)
        .request(Method::POST, "/graphql")
        .header("accept", "application/graphql-response+json")
        .header("apollographql-client-name", name)
        .header("apollographql-client-version", version)
        .json(body)
        .send()
        .await
        .expect("an answer");
    Reply::read(response).await
}

/// Runs one operation on a socket and returns the message that answers it.
async fn on_socket(socket: &mut Socket, id: &str, payload: Value) -> Value {
    socket.send(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    let message = socket.receive().await;
    if message["type"] == "next" {
        assert_eq!(socket.receive().await["type"], "complete");
    }
    message
}

/// A folder with files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = database::folder().join("documents").join(name);
    for (file, text) in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    folder
}

/// Runs `skillswap documents …` on the database of a server: whether it went well, and what it printed and said.
async fn command(app: &TestApp, arguments: &[&str]) -> (bool, String, String) {
    let (url, arguments) =
        (app.database_url.clone(), arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_skillswap"))
            .arg("documents")
            .args(arguments)
            .env("DATABASE_URL", url)
            .output()
            .expect("it runs")
    });
    let output = output.await.expect("a thread");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}
