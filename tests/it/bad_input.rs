//! Walks every mutation of the schema with bad input: it is answered with typed refusals or a clear top-level error, never
//! with an internal one, and nothing in the database changes.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::support::{Client, TestApp};

/// A named type of the schema, as introspection tells it.
struct Schema(HashMap<String, Value>);

impl Schema {
    async fn read(client: &Client) -> Self {
        let ofs = "ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let query = format!(
            "{{ __schema {{ types {{ kind name enumValues {{ name }} isOneOf
                 inputFields {{ name defaultValue type {{ kind name {ofs} }} }}
                 fields {{ name args {{ type {{ kind name {ofs} }} }} type {{ kind name {ofs} }} }} }} }} }}"
        );
        let reply = client.query(&query).await;
        let types = reply.data("__schema")["types"].as_array().expect("types").clone();
        Self(types.into_iter().map(|ty| (ty["name"].as_str().unwrap_or_default().to_owned(), ty)).collect())
    }

    fn mutations(&self) -> Vec<(String, String)> {
        let fields = self.0["Mutation"]["fields"].as_array().expect("mutations");
        fields.iter().map(|field| (text(&field["name"]), named(&field["args"][0]["type"]))).collect()
    }

    /// A value of a type, made of what `bad` says for each scalar.
    fn value(&self, ty: &Value, bad: &Bad) -> Value {
        match text(&ty["kind"]).as_str() {
            "NON_NULL" => self.value(&ty["ofType"], bad),
            "LIST" => json!([self.value(&ty["ofType"], bad)]),
            "INPUT_OBJECT" => self.input(&text(&ty["name"]), bad),
            "ENUM" => self.0[&text(&ty["name"])]["enumValues"][0]["name"].clone(),
            _ => (bad.scalar)(&text(&ty["name"])),
        }
    }

    fn input(&self, name: &str, bad: &Bad) -> Value {
        let ty = &self.0[name];
        let mut fields: Vec<&Value> = ty["inputFields"].as_array().expect("fields").iter().collect();
        if ty["isOneOf"] == true {
            fields.truncate(1);
        }
        let values = fields.into_iter().map(|field| (text(&field["name"]), self.value(&field["type"], bad)));
        Value::Object(values.collect::<Map<_, _>>())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn named(ty: &Value) -> String {
    if ty["ofType"].is_null() { text(&ty["name"]) } else { named(&ty["ofType"]) }
}

/// One way of being bad.
struct Bad {
    name: &'static str,
    scalar: fn(&str) -> Value,
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
fn plain(ty: &str, value: &str) -> Value {
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

/// A digest of every table's rows, but for the tries that are counted.
async fn state(app: &TestApp) -> Vec<(String, String)> {
    let tables =
        app.sql("select relname from pg_stat_user_tables where schemaname = 'public' and relname <> 'attempts' order by 1").await;
    let mut digests = Vec::new();
    for table in tables {
        let name = &table[0];
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
        // These take no input that could be bad.
        if ["logOut", "requestEmailVerification"].contains(&mutation.as_str()) {
            continue;
        }
        let query = format!(
            "mutation($input: {input}!) {{ {mutation}(input: $input) {{ userErrors {{ __typename code message path }} }} }}"
        );
        for bad in WAYS {
            let variables = json!({ "input": schema.input(&input, bad) });
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
