//! Walks every mutation of the schema with bad input: it is answered with typed refusals or a clear top-level error, never
//! with an internal one, and nothing in the database changes.

use serde_json::{Value, json};

use crate::support::{
    TestApp,
    introspection::{Scalars, Schema, text},
};

/// One way of being bad.
struct Bad {
    name: &'static str,
    scalar: Scalars,
}

const WAYS: &[Bad] = &[
    Bad { name: "empty", scalar: |ty| plain(ty, "") },
    Bad { name: "nonsense", scalar: |ty| plain(ty, "nonsense") },
    Bad { name: "zero bytes", scalar: |ty| plain(ty, "a\u{0}b") },
    Bad { name: "too long", scalar: |ty| plain(ty, &"x".repeat(20_000)) },
    Bad { name: "absent things", scalar: |ty| plain(ty, "usr_00000000000000000000000000") },
    Bad { name: "markup and SQL", scalar: |ty| plain(ty, "'; drop table members; --<script>\u{202e}") },
    Bad {
        name: "extreme numbers",
        scalar: |ty| match ty {
            "Int" => json!(i32::MIN),
            "BigInt" => json!(i64::MIN.to_string()),
            "DateTime" => json!("0001-01-01T00:00:00Z"),
            other => plain(other, "\u{1f4a9}"),
        },
    },
    Bad {
        name: "the far future",
        scalar: |ty| match ty {
            "Int" => json!(i32::MAX),
            "BigInt" => json!(i64::MAX.to_string()),
            "DateTime" => json!("+262142-12-31T23:59:59Z"),
            "Date" => json!("9999-12-31"),
            other => plain(other, "ses_7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        },
    },
];

/// A value that fits the type, made of a text where it can be.
pub fn plain(ty: &str, value: &str) -> Value {
    match ty {
        "Int" => json!(-1),
        "Float" => json!(-1.5),
        "Boolean" => json!(true),
        "BigInt" => json!("-1"),
        "DateTime" => json!("2001-01-01T00:00:00Z"),
        "Date" => json!("2001-01-01"),
        "TimeZone" => json!("UTC"),
        "URL" => json!("https://example.org/"),
        "CurrencyCode" => json!("EUR"),
        _ => json!(value),
    }
}

/// A digest of every table's rows.
pub async fn state(app: &TestApp) -> Vec<(String, String)> {
    let tables =
        app.sql("select relname from pg_stat_user_tables where schemaname = 'public' order by 1").await;
    let mut digests = Vec::new();
    for table in tables {
        let name = &table[0];
        // Wrong passwords and codes are counted: that is their point. So is the use of the API, now and then.
        if matches!(name.as_str(), "attempts" | "proof_tries" | "api_usage") {
            continue;
        }
        let rows = app
            .sql(&format!(
                "select coalesce(md5(string_agg(t::text, E'\\n' order by t::text)), '') from {name} t"
            ))
            .await;
        digests.push((name.clone(), rows[0][0].clone()));
    }
    digests
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_refuses_bad_input_and_changes_nothing() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.member("ada").await, app.mentor("grace").await);
    let schema = Schema::read(&ada).await;
    let before = state(&app).await;
    for (mutation, input) in schema.mutations() {
        // Has no input that could be wrong.
        if mutation == "requestEmailVerification" {
            continue;
        }
        // Signing out and enrolling take no input that could be bad.
        if matches!(mutation.as_str(), "logOut" | "enrollTotp") {
            continue;
        }
        let query = format!(
            "mutation($input: {input}!) {{ {mutation}(input: $input) {{ userErrors {{ __typename code message path }} }} }}"
        );
        for bad in WAYS {
            let variables = json!({ "input": schema.input(&input, bad.scalar) });
            for (who, client) in [("a learner", &ada), ("a mentor", &grace), ("anybody", &app.anonymous())] {
                let at = format!("{mutation} by {who} with {}", bad.name);
                let reply = client.run(&query, variables.clone()).await;
                let codes = reply.error_codes();
                assert!(!codes.contains(&"INTERNAL".to_owned()), "{at}: {}", reply.json);
                assert!(reply.status < 500, "{at}: {}", reply.json);
                let told = reply.json.to_string();
                for leak in ["diesel", "postgres", "select ", "panicked", "src/", "constraint", "relation"] {
                    assert!(!told.contains(leak), "{at} leaks {leak:?}: {told}");
                }
                for error in reply.json["data"][&mutation]["userErrors"].as_array().into_iter().flatten() {
                    assert!(
                        !text(&error["message"]).is_empty() && text(&error["code"]).len() > 3,
                        "{at}: {error}"
                    );
                }
            }
        }
        let null = ada.run(&query, json!({ "input": null })).await;
        assert!(!null.error_codes().is_empty(), "{mutation} takes null");
        let extra = ada.run(&query, json!({ "input": { "noSuchField": 1 } })).await;
        assert!(!extra.error_codes().is_empty(), "{mutation} takes an unknown field");
        let after = state(&app).await;
        for (was, is) in before.iter().zip(&after) {
            assert_eq!(was, is, "{mutation} changed a table");
        }
    }
}
