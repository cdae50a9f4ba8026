use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use super::LOG_IN;
use crate::support::{PASSWORD, TestApp};

/// More than may wait on a machine of many cores.
fn crowd() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    64 * cores.max(2) + 100
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_passwords_is_bounded_and_what_is_too_much_is_refused_at_once() {
    let app = TestApp::start().await;
    let register = async |number: usize| {
        let input = json!({ "email": format!("m{number}@example.org"), "password": PASSWORD, "name": "Mia" });
        let query = "mutation($input: RegisterMemberInput!) { registerMember(input: $input) { accepted userErrors { code } } }";
        let asked = Instant::now();
        let reply = app.anonymous().run(query, json!({ "input": input })).await;
        (reply, asked.elapsed())
    };

    let answers = join_all((0..crowd()).map(register)).await;

    let (refused, done): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(reply, _)| !reply.error_codes().is_empty());
    for (reply, _) in &refused {
        assert_eq!(reply.error_codes(), ["OVERLOADED"], "{}", reply.json);
        assert_eq!(reply.json["errors"][0]["extensions"]["retryAfter"], 1);
    }
    for (reply, _) in &done {
        assert_eq!(reply.ok("registerMember")["accepted"], true);
    }
    assert!(!refused.is_empty() && done.len() >= 64, "{} refused, {} done", refused.len(), done.len());
    let members = app.count("select count(*) from members").await;
    assert_eq!(members, i64::try_from(done.len()).unwrap(), "who was refused has left nothing");
    let slowest = |answers: &[(_, Duration)]| answers.iter().map(|(_, time)| *time).max().unwrap();
    assert!(slowest(&refused) < slowest(&done), "{:?} {:?}", slowest(&refused), slowest(&done));

    // It is over, and everybody may come again.
    app.member("ada").await;
    let input = json!({ "email": "ada@example.org", "password": PASSWORD });
    app.anonymous().run(LOG_IN, json!({ "input": input })).await.ok("logIn");
}
