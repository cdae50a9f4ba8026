//! The example of the README for web pages, run as it stands.

use std::{fs, path::Path, process::Stdio};

use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

/// A page's `fetch`, as far as the example needs it: keeps cookies and sends an origin.
const BROWSER: &str = r#"
const jar = new Map();
const network = fetch;
globalThis.fetch = async (url, { credentials, headers, ...rest }) => {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await network(url, { ...rest, headers: { ...headers, origin: "http://localhost:3000", ...(credentials === "include" && { cookie }) } });
  for (const line of response.headers.getSetCookie()) {
    const [pair] = line.split("; ");
    const at = pair.indexOf("=");
    jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return response;
};
const [api, email, password] = process.argv.slice(2);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_for_web_pages_signs_in() {
    let app = TestApp::start().await;
    app.member("ada").await;
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let (_, rest) = readme.split_once("accounts/readme.rs runs this -->").expect("the example");
    let (_, rest) = rest.split_once("```js\n").expect("its code");
    let (example, _) = rest.split_once("```").expect("its end");
    let script = crate::support::database::folder().join("readme.mjs");
    fs::write(&script, format!("{BROWSER}{example}console.log(JSON.stringify(me));\n")).expect("a script");

    let run = std::process::Command::new("node")
        .arg(&script)
        .args([app.url.as_str(), "ada@example.org", PASSWORD])
        .stderr(Stdio::piped())
        .output();
    let output = run.expect("node runs");

    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed["data"], json!({ "viewer": { "email": "ada@example.org" } }), "{told}");
}
