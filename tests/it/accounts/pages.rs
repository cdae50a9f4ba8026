//! The pages that links in mails lead to, with their scripts run as a browser would.

use std::{fs, process::Command};

use reqwest::Method;
use serde_json::json;

use super::mails;
use crate::support::{Client, PASSWORD, TestApp, database};

/// As much of a browser as the pages need; opens an address, fills the form in and sends it.
const BROWSER: &str = r#"
const [address, password, script] = process.argv.slice(2);
globalThis.location = new URL(address);
const elements = {};
globalThis.document = {
  getElementById: (id) => (elements[id] ??= { addEventListener: (_, listener) => { elements[id].submit = listener; } }),
};
await import(script);
document.getElementById("new").value = password;
await elements.form.submit({ preventDefault() {} });
console.log(elements.title.textContent + "|" + elements.status.textContent);
"#;

/// Opens the last link that was mailed to an address, and presses the button.
async fn open_link(app: &TestApp, to: &str, password: &str) -> String {
    let (_, text) = mails(app, to).await.pop().expect("a mail");
    let link = text.split_whitespace().find(|word| word.contains("#token=")).expect("a link").to_owned();
    let path = link.strip_prefix(&app.url).expect("our own address").split('#').next().unwrap_or_default();
    let html = get(&app.anonymous(), path).await;
    let (_, script) = html.split_once("<script type=\"module\">").expect("a script");
    let (script, _) = script.split_once("</script>").expect("its end");
    let name = uuid::Uuid::new_v4();
    let (browser, page) = (
        database::folder().join(format!("{name}.browser.mjs")),
        database::folder().join(format!("{name}.page.mjs")),
    );
    fs::write(&browser, BROWSER).expect("a script");
    fs::write(&page, script).expect("a script");
    let password = password.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        Command::new("node").arg(browser).args([link, password]).arg(page).output()
    });
    let output = output.await.expect("the thread").expect("node runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

async fn get(client: &Client, path: &str) -> String {
    let response = client.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let policy = response.headers()["content-security-policy"].to_str().expect("a text").to_owned();
    assert!(policy.contains("default-src 'none'; script-src 'sha256-"), "{policy}");
    response.text().await.expect("a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mailed_link_leads_to_a_page_that_does_what_it_says() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;

    let verified = open_link(&app, "ada@example.org", "").await;
    assert_eq!(verified, "Confirm your e-mail address|Your address is confirmed.");
    let again = open_link(&app, "ada@example.org", "").await;
    assert!(again.contains("The token is unknown, used or older than an hour"), "{again}");

    let input = json!({ "newEmail": "new@example.org", "password": PASSWORD });
    ada.mutate("requestEmailChange", "", input).await.ok("requestEmailChange");
    let changed = open_link(&app, "new@example.org", "").await;
    assert!(changed.contains("This is the address of your account now"), "{changed}");

    let input = json!({ "email": "new@example.org" });
    ada.mutate("requestPasswordReset", "", input).await.ok("requestPasswordReset");
    let common = open_link(&app, "new@example.org", "password1").await;
    assert!(common.contains("among the first that anybody tries"), "{common}");
    let reset = open_link(&app, "new@example.org", "a much better horse").await;
    assert!(reset.contains("Your new password is set"), "{reset}");
    app.sign_in_with("new@example.org", "a much better horse").await;
    let unknown = app.anonymous().request(Method::GET, "/account/nonsense").send().await.expect("an answer");
    assert_eq!(unknown.status().as_u16(), 404);
}
