use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use reqwest::header::STRICT_TRANSPORT_SECURITY;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::{Value, json};
use skillswap::{cli::serve::Server, clock::Clock, config::TlsConfig};
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::support::{TestApp, config, database};

const EXTENSIONS: &str = "[req]\ndistinguished_name=name\nx509_extensions=usual\nprompt=no\n[name]\nCN=localhost\n\
    [usual]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";

/// Two files with a new certificate and its key.
fn certificate(name: &str) -> (PathBuf, PathBuf) {
    let folder = database::folder().join("tls").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let [settings, cert, key] = ["openssl.cnf", "cert.pem", "key.pem"].map(|file| folder.join(file));
    std::fs::write(&settings, EXTENSIONS).expect("the settings");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-config"])
        .arg(&settings)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (cert, key)
}

fn settings((cert, key): &(PathBuf, PathBuf)) -> TlsConfig {
    TlsConfig { tls_cert: Some(cert.clone()), tls_key: Some(key.clone()) }
}

/// A client that trusts one certificate, on a connection of its own.
async fn ask(url: &str, cert: &PathBuf) -> reqwest::Result<reqwest::Response> {
    let trusted = reqwest::Certificate::from_pem(&std::fs::read(cert).expect("the certificate"))?;
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build()?;
    client.post(format!("{url}/graphql")).json(&json!({ "query": "{ __typename }" })).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_sockets_run_over_tls() {
    let files = certificate("serves");
    let app = TestApp::start_with(|config| config.tls = settings(&files)).await;

    let answer = ask(&app.url, &files.0).await.expect("an answer");

    assert!(app.app.public_url.starts_with("https://"), "{}", app.app.public_url);
    assert_eq!(answer.headers()[STRICT_TRANSPORT_SECURITY], "max-age=31536000; includeSubDomains");
    assert_eq!(answer.json::<Value>().await.expect("JSON")["data"]["__typename"], "Query");
    let plain = reqwest::Client::new().get(app.url.replacen("https", "http", 1)).send().await;
    assert!(plain.is_err(), "nothing is said to who does not encrypt");

    let address = app.url.trim_start_matches("https://").to_owned();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.0).expect("a certificate")).expect("a root");
    let client = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(&address).await.expect("a connection");
    let name = "localhost".try_into().expect("a name");
    let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.expect("encryption");
    let mut request = format!("wss://{address}/graphql").into_client_request().expect("an address");
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
    let (mut socket, _) = client_async(request, stream).await.expect("the socket opens");
    let query = json!({ "id": "1", "type": "subscribe", "payload": { "query": "{ __typename }" } });
    for text in [r#"{"type":"connection_init"}"#.to_owned(), query.to_string()] {
        socket.send(Message::text(text)).await.expect("the socket takes it");
    }
    let mut last = String::new();
    while !last.contains("__typename") {
        last = timeout(Duration::from_secs(10), socket.next())
            .await
            .expect("in time")
            .expect("open")
            .expect("a message")
            .to_string();
    }
    assert!(last.contains(r#""__typename":"Query""#), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_certificate_is_taken_and_a_broken_one_is_not() {
    let (files, other) = (certificate("changes"), certificate("other"));
    let first = files.0.with_file_name("first.pem");
    std::fs::copy(&files.0, &first).expect("a copy");
    let app = TestApp::start_with(|config| config.tls = settings(&files)).await;
    assert!(ask(&app.url, &first).await.is_ok());
    assert!(ask(&app.url, &other.0).await.is_err(), "it is another one");

    // The certificate alone does not fit the key.
    std::fs::copy(&other.0, &files.0).expect("a copy");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(ask(&app.url, &first).await.is_ok(), "the last that could be used stays");
    std::fs::copy(&other.1, &files.1).expect("a copy");

    let taken = async {
        while ask(&app.url, &other.0).await.is_err() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_secs(15), taken).await.expect("the new one is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_stop_the_start_with_a_clear_sentence() {
    let (good, other) = (certificate("good"), certificate("stranger"));
    let database = database::fresh().await;
    let start = async |cert: &PathBuf, key: &PathBuf| {
        let mut config = config();
        config.tls = settings(&(cert.clone(), key.clone()));
        let started = Server::start(config, &database, Clock::default(), None).await;
        started.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let missing = good.0.with_file_name("missing.pem");

    let no_file = start(&missing, &good.1).await;
    assert!(
        no_file.starts_with("SKILLSWAP_TLS_CERT names ") && no_file.contains("cannot be read"),
        "{no_file}"
    );
    let no_key = start(&good.0, &good.0).await;
    assert!(no_key.starts_with("SKILLSWAP_TLS_KEY names ") && no_key.contains("private key"), "{no_key}");
    let no_cert = start(&good.1, &good.1).await;
    assert!(no_cert.contains("does not hold a certificate in PEM form"), "{no_cert}");
    let strangers = start(&good.0, &other.1).await;
    assert!(strangers.contains("cannot be used with the certificate"), "{strangers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_held_to_https_only_where_there_is_https() {
    let header = async |public_url: Option<&str>| {
        let app = TestApp::start_with(|config| config.public_url = public_url.map(str::to_owned)).await;
        let answer =
            app.anonymous().request(reqwest::Method::GET, "/healthz").send().await.expect("an answer");
        answer.headers().get(STRICT_TRANSPORT_SECURITY).map(|value| value.to_str().expect("text").to_owned())
    };

    assert_eq!(header(None).await, None);
    assert_eq!(header(Some("http://skillswap.example")).await, None);
    let held = Some("max-age=31536000; includeSubDomains".to_owned());
    assert_eq!(header(Some("https://skillswap.example")).await, held);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_begin_to_encrypt_is_cut_off() {
    let files = certificate("silent");
    let app = TestApp::start_with(|config| config.tls = settings(&files)).await;
    let mut stream = TcpStream::connect(app.url.trim_start_matches("https://")).await.expect("a connection");
    let mut said = Vec::new();

    let end = timeout(Duration::from_secs(14), stream.read_to_end(&mut said)).await;

    assert!(end.is_ok(), "the connection stays open");
    assert!(ask(&app.url, &files.0).await.is_ok());
}
