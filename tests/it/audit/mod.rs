//! The audit log: complete, append-only, and every alteration is found.

mod security;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use skillswap::{
    db::{ids::MemberId, transact},
    domains::audit::{
        model::{Act, Action},
        service,
    },
};

use crate::support::{Client, TestApp};

const VERIFY: &str =
    "query($head: AuditHeadInput) { verifyAuditLog(knownHead: $head) { intact sealed unsealed
    head { seq hash } firstFault { kind seq entryId } } }";
const LIST: &str = "query($filter: AuditFilter, $first: Int, $after: String) {
    adminAuditLog(filter: $filter, first: $first, after: $after) { pageInfo { hasNextPage endCursor }
      edges { node { id action reason subjectId actor { id } details { name value } seal { seq hash } } } } }";

/// Records some acts, of which one has every column filled.
async fn record(app: &TestApp, acts: usize) {
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx| {
        for number in 0..acts {
            let subject = MemberId::new();
            let act = Act::by(subject, Action::PasswordChanged)
                .on(skillswap::db::ids::AuthSessionId::new())
                .about(subject)
                .because("it leaked")
                .with("number", &number);
            service::record(tx, act).await?;
        }
        Ok(())
    })
    .await;
    done.expect("recorded");
}

async fn verify(admin: &Client, head: Value) -> Value {
    admin.run(VERIFY, json!({ "head": head })).await.data("verifyAuditLog").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_seals_cannot_be_changed_or_removed() {
    let app = TestApp::start().await;
    record(&app, 3).await;
    service::seal(&app.app).await.expect("sealed");

    for statement in [
        "update audit_log set reason = 'another'",
        "delete from audit_log",
        "truncate audit_log cascade",
        "update audit_seals set seq = seq + 10",
        "delete from audit_seals",
        "truncate audit_seals",
    ] {
        let refused = crate::support::database::sql(&app.database_url, statement).await;
        let error = refused.expect_err(statement);
        assert!(format!("{error:?}").contains("append-only"), "{statement}: {error:?}");
    }
    assert_eq!(app.count("select count(*) from audit_log").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_that_is_rolled_back_leaves_no_row() {
    let app = TestApp::start().await;
    let done: Result<(), diesel::result::Error> = transact(&app.app, async |tx| {
        service::record(tx, Act::by_system(Action::SignInRefused)).await?;
        Err(diesel::result::Error::RollbackTransaction)
    })
    .await;
    assert!(done.is_err());
    assert_eq!(app.count("select count(*) from audit_log").await, 0);
}

/// Whoever owns the database can switch the triggers off; the chain still tells.
#[tokio::test(flavor = "multi_thread")]
async fn altering_any_column_of_any_row_is_found() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    record(&app, 5).await;
    service::publish_head(&app.app).await.expect("published");
    record(&app, 2).await;
    service::seal(&app.app).await.expect("sealed");
    let intact = verify(&admin, Value::Null).await;
    assert_eq!((&intact["intact"], &intact["unsealed"]), (&json!(true), &json!("0")), "{intact}");
    assert_eq!(intact["sealed"], "10", "the sign-in, the grant of the role, five acts, the head, two acts");

    let columns = app
        .sql(
            "select table_name, column_name, data_type from information_schema.columns
             where table_name in ('audit_log', 'audit_seals') order by 1, ordinal_position",
        )
        .await;
    let mut altered = BTreeSet::new();
    for column in &columns {
        let [table, name, kind] = &column[..] else { unreachable!("three columns") };
        let other = match kind.as_str() {
            "uuid" => "gen_random_uuid()".to_owned(),
            "bytea" => "sha256('another')".to_owned(),
            "bigint" => format!("{name} + 1000"),
            "timestamp with time zone" => format!("{name} + interval '1 microsecond'"),
            _ if name == "details" => "'{\"number\":\"7\"}'".to_owned(),
            _ if name == "action" => "'EMAIL_CHANGED'".to_owned(),
            _ => format!("coalesce({name}, '') || 'x'"),
        };
        for place in ["1", "4", "8", "10"] {
            let row = match table.as_str() {
                "audit_log" => format!("id = (select act_id from audit_seals where seq = {place})"),
                _ => format!("seq = {place}"),
            };
            app.sql(&format!(
                "set session_replication_role = replica; create table kept_{table} as select * from {table};
                 update {table} set {name} = {other} where {row}"
            ))
            .await;

            let found = verify(&admin, Value::Null).await;
            assert_eq!(found["intact"], false, "{table}.{name} at {place}: {found}");
            // A seal that moved away leaves its place empty; everything else is found where it is.
            assert_eq!(found["firstFault"]["seq"], place, "{table}.{name}: {found}");

            app.sql(&format!(
                "set session_replication_role = replica; delete from {table};
                 insert into {table} select * from kept_{table}; drop table kept_{table};
                 delete from audit_unsealed"
            ))
            .await;
            let restored = verify(&admin, Value::Null).await;
            assert_eq!(
                (&restored["intact"], &restored["head"]["hash"]),
                (&json!(true), &intact["head"]["hash"])
            );
            altered.insert(format!("{table}.{name}"));
        }
    }
    assert_eq!(altered.len(), 11, "{altered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_removed_or_put_in_are_found() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    record(&app, 4).await;
    service::seal(&app.app).await.expect("sealed");
    let off = "set session_replication_role = replica;";

    app.sql(&format!(
        "{off} insert into audit_log values (gen_random_uuid(), null, null, 'ROLES_CHANGED', null, '', '{{}}', now())"
    ))
    .await;
    let stray = verify(&admin, Value::Null).await;
    assert_eq!(stray["firstFault"]["kind"], "ROW_NOT_SEALED", "{stray}");
    app.sql(&format!("{off} delete from audit_log where id not in (select act_id from audit_seals)")).await;

    app.sql(&format!(
        "{off} delete from audit_log where id = (select act_id from audit_seals where seq = 3)"
    ))
    .await;
    let missing = verify(&admin, Value::Null).await;
    assert_eq!(
        (&missing["firstFault"]["kind"], &missing["firstFault"]["seq"]),
        (&json!("ROW_MISSING"), &json!("3"))
    );

    app.sql(&format!("{off} delete from audit_seals where seq = 2")).await;
    let gap = verify(&admin, Value::Null).await;
    assert_eq!(
        (&gap["firstFault"]["kind"], &gap["firstFault"]["seq"]),
        (&json!("SEAL_MISSING"), &json!("2"))
    );
}

/// A chain can be written anew as a whole; a head that somebody kept tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_cut_or_written_anew_does_not_run_through_a_kept_head() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    record(&app, 4).await;
    service::seal(&app.app).await.expect("sealed");
    let head = verify(&admin, Value::Null).await["head"].clone();
    assert_eq!(verify(&admin, head.clone()).await["intact"], true);
    let off = "set session_replication_role = replica;";

    app.sql(&format!(
        "{off} delete from audit_log where id = (select act_id from audit_seals where seq = 6); delete from audit_seals where seq = 6"
    ))
    .await;
    assert_eq!(verify(&admin, Value::Null).await["intact"], true, "the chain alone does not show it");
    let cut = verify(&admin, head.clone()).await;
    assert_eq!((&cut["intact"], &cut["firstFault"]["kind"]), (&json!(false), &json!("HEAD_DIFFERS")));

    app.sql(&format!(
        "{off} update audit_log set reason = 'softer'; insert into audit_unsealed select id from audit_log; delete from audit_seals"
    ))
    .await;
    record(&app, 1).await;
    service::seal(&app.app).await.expect("sealed anew");
    assert_eq!(verify(&admin, Value::Null).await["intact"], true, "the chain alone does not show it");
    let anew = verify(&admin, head).await;
    assert_eq!(
        (&anew["firstFault"]["kind"], &anew["firstFault"]["seq"]),
        (&json!("HEAD_DIFFERS"), &json!("6"))
    );
    let nonsense = admin.run(VERIFY, json!({ "head": { "seq": "1", "hash": "zz" } })).await;
    assert_eq!(nonsense.error_codes(), ["VALIDATION"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_recorded_and_sealed_at_once_make_one_dense_chain() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let admin = app.admin("root").await;

    futures_util::future::join_all((0..20).map(|number| {
        let app = if number % 2 == 0 { &app } else { &other };
        async move {
            record(app, 3).await;
            service::seal(&app.app).await.expect("sealed");
        }
    }))
    .await;

    service::seal(&app.app).await.expect("sealed");
    let report = verify(&admin, Value::Null).await;
    assert_eq!((&report["intact"], &report["sealed"]), (&json!(true), &json!("62")), "{report}");
    assert_eq!(app.count("select max(seq) from audit_seals").await, 62);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_is_published_daily_and_not_when_nothing_happened() {
    let app = TestApp::start().await;
    app.admin("root").await;
    app.work().await;
    let published = || app.count("select count(*) from audit_log where action = 'HEAD_PUBLISHED'");
    let first = published().await;
    for _ in 0..3 {
        app.advance(chrono::TimeDelta::hours(25));
        app.work().await;
    }
    assert_eq!(published().await, first.max(1));
    record(&app, 1).await;
    app.advance(chrono::TimeDelta::hours(25));
    app.work().await;
    assert_eq!(published().await, first.max(1) + 1);
    let admin = app.sign_in_again("root@example.org").await;
    assert_eq!(verify(&admin, Value::Null).await["intact"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_listed_newest_first_with_filters_and_pages() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    let bob = app.member("bob").await;
    for (roles, reason) in
        [(json!(["LEARNER", "EXCHANGER"]), "asked for it"), (json!(["LEARNER"]), "changed his mind")]
    {
        let input = json!({ "memberId": bob.id, "roles": roles, "reason": reason });
        admin.mutate("adminSetRoles", "changed", input).await.ok("adminSetRoles");
    }
    service::seal(&app.app).await.expect("sealed");

    let about_bob = json!({ "filter": { "subjectId": bob.id } });
    let list = admin.run(LIST, about_bob).await.data("adminAuditLog").clone();
    let rows: Vec<_> = list["edges"].as_array().unwrap().iter().map(|edge| &edge["node"]).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["reason"], &rows[0]["actor"]["id"]), (&json!("changed his mind"), &json!(admin.id)));
    assert_eq!(
        rows[1]["details"],
        json!([{ "name": "after", "value": "LEARNER EXCHANGER" }, { "name": "before", "value": "LEARNER" }])
    );
    assert_eq!(rows[0]["seal"]["seq"], "5");
    for (filter, count) in [
        (json!({}), 5),
        (json!({ "actorId": admin.id }), 3),
        (json!({ "actorId": bob.id }), 1),
        (json!({ "actions": ["ROLES_CHANGED"] }), 3),
        (json!({ "actions": ["STATUS_CHANGED"] }), 0),
        (json!({ "until": "2020-01-01T00:00:00Z" }), 0),
        (json!({ "from": "2020-01-01T00:00:00Z" }), 5),
    ] {
        let reply = admin.run(LIST, json!({ "filter": filter })).await;
        assert_eq!(reply.data("adminAuditLog")["edges"].as_array().unwrap().len(), count, "{filter}");
    }
    let first = admin.run(LIST, json!({ "first": 4 })).await.data("adminAuditLog").clone();
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = admin
        .run(LIST, json!({ "first": 4, "after": first["pageInfo"]["endCursor"] }))
        .await
        .data("adminAuditLog")
        .clone();
    assert_eq!(second["edges"].as_array().unwrap().len(), 1);
    assert!(!first.to_string().contains(second["edges"][0]["node"]["id"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_a_node_for_those_who_may_read_the_log_and_absent_for_others() {
    let app = TestApp::start().await;
    let (admin, bob) = (app.admin("root").await, app.member("bob").await);
    let list = admin.run(LIST, json!({})).await.data("adminAuditLog").clone();
    let id = list["edges"][0]["node"]["id"].clone();
    let read =
        "query($id: ID!) { node(id: $id) { id ... on AuditEntry { reason } } nodes(ids: [$id]) { id } }";

    let seen = admin.run(read, json!({ "id": id })).await;
    assert_eq!(seen.data("node")["id"], id);
    for client in [&bob, &app.anonymous()] {
        let hidden = client.run(read, json!({ "id": id })).await;
        assert_eq!(hidden.json, json!({ "data": { "node": null, "nodes": [null] } }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_checks_the_log() {
    let app = TestApp::start().await;
    let admin = app.admin("root").await;
    record(&app, 2).await;
    service::seal(&app.app).await.expect("sealed");
    let head = verify(&admin, Value::Null).await["head"].clone();
    let known = format!("{}:{}", head["seq"].as_str().unwrap(), head["hash"].as_str().unwrap());
    let run = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_skillswap"));
        command.args(["audit", "verify", "--head", &known]).env("DATABASE_URL", &app.database_url);
        command.output().expect("the command runs")
    };

    let good = run();
    assert!(good.status.success(), "{good:?}");
    assert!(String::from_utf8_lossy(&good.stdout).contains(&known), "{good:?}");

    app.sql("set session_replication_role = replica; update audit_log set reason = 'another' where reason = 'it leaked'")
        .await;
    let bad = run();
    assert!(!bad.status.success());
    assert!(String::from_utf8_lossy(&bad.stderr).contains("ROW_ALTERED at 3"), "{bad:?}");
}
