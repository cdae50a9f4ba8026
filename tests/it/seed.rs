//! The demo data and the benchmark data keep every rule that the services keep.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::{Value, json};
use skillswap::{
    cli::seed::{self, Outcome},
    db::ids::{AuthSessionId, EntityId, MemberId, encode},
    domains::accounts::service::token,
};

use crate::support::{TestApp, database, socket::Subscription};

fn noon() -> DateTime<Utc> {
    "2026-11-20T12:34:56Z".parse().expect("an instant")
}

/// Rules with the statement that counts what breaks them.
const RULES: &[(&str, &str)] = &[
    (
        "transactions sum to zero per asset",
        "select count(*) from (select from ledger_postings group by transaction_id, asset having sum(amount) <> 0) broken",
    ),
    (
        "kept balances equal the postings",
        "select count(*) from ledger_accounts a where balance is distinct from
           (select coalesce(sum(amount), 0) from ledger_postings p where p.account_id = a.id) and balance is not null",
    ),
    (
        "what a wallet holds equals its escrows",
        "select count(*) from ledger_accounts w where kind = 'WALLET' and held <>
           (select coalesce(sum(balance), 0) from ledger_accounts e where e.kind = 'ESCROW' and e.payer_id = w.owner_id)",
    ),
    (
        "what is held for a booking follows its status",
        "select count(*) from bookings b left join ledger_accounts e on e.kind = 'ESCROW' and e.owner_id = b.id
         where coalesce(e.balance, 0) <> case payment_status when 'HELD' then price else 0 end",
    ),
    (
        "ratings equal the reviews",
        "select count(*) from mentors m where (rating_sum, rating_count::bigint) is distinct from
           (select (coalesce(sum(rating), 0)::bigint, count(*)) from reviews r where r.mentor_id = m.member_id)",
    ),
    (
        "completed sessions equal the bookings",
        "select count(*) from mentors m where sessions_completed <> (select count(distinct session_id) from bookings b
           where b.mentor_id = m.member_id and status = 'COMPLETED')",
    ),
    (
        "a review is its learner's, about a completed booking",
        "select count(*) from reviews r join bookings b on b.id = r.booking_id
         where (r.author_id, r.mentor_id, b.status) <> (b.learner_id, b.mentor_id, 'COMPLETED') or r.created_at < b.completed_at",
    ),
    (
        "message numbers are dense",
        "select count(*) from conversations c where (last_seq, last_seq, last_message_at) is distinct from
           (select (count(*), coalesce(max(seq), 0), max(created_at)) from messages m where m.conversation_id = c.id)",
    ),
    (
        "message numbers follow the time",
        "select count(*) from (select created_at < lag(created_at) over (partition by conversation_id order by seq) as early
           from messages) m where early",
    ),
    (
        "unread counts equal the messages of others",
        "select count(*) from conversation_members o where unread_count <> (select count(*) from messages m
           where m.conversation_id = o.conversation_id and m.seq > o.last_read_seq and m.sender_id <> o.member_id)",
    ),
    (
        "who writes belongs to the conversation",
        "select count(*) from messages m where not exists (select from conversation_members o
           where (o.conversation_id, o.member_id) = (m.conversation_id, m.sender_id))",
    ),
    (
        "a pair is the two members in order",
        "select count(*) from conversations c where kind = 'DIRECT' and pair is distinct from (select array_agg(member_id order by member_id)
           from conversation_members o where o.conversation_id = c.id)",
    ),
    (
        "an inbox counts its unread notifications",
        "select count(*) from inboxes i full join (select member_id, count(*) from notifications where read_at is null group by 1) n
           using (member_id) where coalesce(i.unread, 0) <> coalesce(n.count, 0)",
    ),
    (
        "every session ahead has its time",
        "select count(*) from sessions s full join claims c on c.id = s.id
         where (s.status = 'SCHEDULED' or s.id is null) and tstzrange(s.starts_at, s.ends_at) is distinct from c.during",
    ),
    ("nothing was written in the future", "select (select count(*) from messages where created_at > '2026-11-20 12:34:56+00')
       + (select count(*) from reviews where created_at > '2026-11-20 12:34:56+00')
       + (select count(*) from notifications where created_at > '2026-11-20 12:34:56+00' or read_at > '2026-11-20 12:34:56+00')
       + (select count(*) from bookings where greatest(created_at, completed_at, cancelled_at) > '2026-11-20 12:34:56+00')
       + (select count(*) from ledger_transactions where created_at > '2026-11-20 12:34:56+00')"),
    (
        "nobody meets two at once",
        "select count(*) from bookings a join sessions s on s.id = a.session_id join bookings b on a.id < b.id
           and (a.mentor_id = b.mentor_id or a.learner_id = b.learner_id) join sessions t on t.id = b.session_id
         where s.id <> t.id and not 'CANCELLED' in (s.status, t.status) and s.status = 'SCHEDULED' and t.status = 'SCHEDULED'
           and tstzrange(s.starts_at, s.ends_at) && tstzrange(t.starts_at, t.ends_at)",
    ),
    ("who teaches has the role", "select count(*) from mentors join members on id = member_id where not 'MENTOR' = any (roles)"),
    ("a booking is not of its own mentor's", "select count(*) from bookings where learner_id = mentor_id"),
];

async fn assert_rules_hold(app: &TestApp) {
    for (rule, broken) in RULES {
        assert_eq!(app.count(broken).await, 0, "{rule}");
    }
}

/// A fingerprint of every row, table by table; what is random on purpose is left out.
async fn fingerprints(url: &str) -> Vec<Vec<String>> {
    let tables = database::sql(url, "select relname from pg_stat_user_tables order by relname")
        .await
        .expect("the tables");
    let mut prints = Vec::new();
    for table in tables.into_iter().flatten().filter(|table| !table.starts_with("__")) {
        let statement = format!(
            "select '{table}', count(*), md5(string_agg((to_jsonb(t) - '{{password_hash,next_slot_at}}'::text[])::text, '' order by to_jsonb(t)::text))
             from {table} t"
        );
        prints.extend(database::sql(url, &statement).await.expect("a fingerprint"));
    }
    prints
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_loaded_once_and_every_rule_holds() {
    let app = TestApp::start().await;

    let loaded = seed::demo(&app.database_url, noon()).await.expect("the demo loads");
    assert!(matches!(loaded, Outcome::Loaded { rows } if rows > 5_000), "{loaded:?}");
    let before = fingerprints(&app.database_url).await;
    assert_eq!(seed::demo(&app.database_url, noon()).await.expect("a second load"), Outcome::AlreadyThere);

    assert_eq!(fingerprints(&app.database_url).await, before, "the second load changes nothing");
    assert_rules_hold(&app).await;
    for (statement, wanted) in [
        ("select count(*) from members", 200),
        ("select count(*) from mentors", 60),
        ("select count(*) from skill_categories", 12),
        ("select count(*) from skills", 120),
        ("select count(distinct split_part(time_zone, '/', 1)) from members where time_zone <> 'UTC'", 6),
    ] {
        assert_eq!(app.count(statement).await, wanted, "{statement}");
    }
    assert!(app.count("select count(*) from bookings where status <> 'CONFIRMED'").await >= 580);
    assert!(app.count("select count(*) from reviews").await > 400);
    assert_eq!(app.count("select count(*) from mentor_index where next_slot_at is not null").await, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_loads_at_one_instant_give_the_same_rows() {
    let (one, two) = (database::fresh().await, database::fresh().await);
    seed::demo(&one, noon()).await.expect("the first");
    seed::demo(&two, noon()).await.expect("the second");
    assert_eq!(fingerprints(&one).await, fingerprints(&two).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_fails_leaves_nothing() {
    let url = database::fresh().await;
    database::sql(&url, "alter table notifications add check (kind <> 'REVIEW_RECEIVED')")
        .await
        .expect("a rule");
    let empty = fingerprints(&url).await;

    assert!(seed::demo(&url, noon()).await.is_err());

    assert_eq!(fingerprints(&url).await, empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_demo_account_can_sign_in() {
    let app = TestApp::start().await;
    seed::demo(&app.database_url, app.now()).await.expect("the demo loads");

    for account in seed::ACCOUNTS {
        let reply = app
            .anonymous()
            .run(
                "mutation($input: LogInInput!) { logIn(input: $input) { session { member { name roles } } userErrors { message } } }",
                json!({ "input": { "email": account.email, "password": account.password } }),
            )
            .await;
        let member = &reply.ok("logIn")["session"]["member"];
        assert_eq!(member["name"], account.name);
        assert_eq!(member["roles"], json!(account.roles), "{}", account.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_learner_has_250_credits_and_the_second_none() {
    let app = TestApp::start().await;
    seed::demo(&app.database_url, app.now()).await.expect("the demo loads");

    let available = |email: &str| {
        format!(
            "select coalesce(sum(balance), 0)::bigint from credentials c left join ledger_accounts a
               on a.owner_id = c.member_id and a.kind = 'WALLET' and a.asset = 'CREDIT/2' where c.email = '{email}'"
        )
    };
    assert_eq!(app.count(&available("ada@example.com")).await, 25_000);
    assert_eq!(app.count(&available("jonas@example.com")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_benchmark_data_keeps_the_same_rules() {
    let app = TestApp::start().await;
    let indexes =
        "select string_agg(indexdef, E'\\n' order by indexdef) from pg_indexes where schemaname = 'public'";
    let constraints = "select string_agg(conrelid::regclass || pg_get_constraintdef(oid), E'\\n' order by conrelid::regclass::text, conname)
                       from pg_constraint where connamespace = 'public'::regnamespace";
    let before = (app.sql(indexes).await, app.sql(constraints).await);

    let load = async || seed::bench_part(&app.database_url, noon(), 500, |_| {}).await.expect("the load");
    assert!(matches!(load().await, Outcome::Loaded { rows } if rows > 8_000));
    assert_eq!(load().await, Outcome::AlreadyThere);

    assert_eq!(
        (app.sql(indexes).await, app.sql(constraints).await),
        before,
        "indexes and constraints are as before"
    );
    assert_rules_hold(&app).await;
    for (table, wanted) in [
        ("members", 100),
        ("mentors", 10),
        ("sessions", 340 + 60 + 1),
        ("reviews", 600),
        ("messages", 2_000),
        ("conversations", 40 + 1),
        ("notifications", 1_000),
        ("ledger_postings", 2_000),
        ("auth_sessions", 100),
        ("mentor_index", 10),
    ] {
        assert_eq!(app.count(&format!("select count(*) from {table}")).await, wanted, "{table}");
    }
    let other = database::fresh().await;
    seed::bench_part(&other, noon(), 500, |_| {}).await.expect("the other load");
    assert_eq!(fingerprints(&other).await, fingerprints(&app.database_url).await);
}

/// The documents of the benchmark with their gaps filled for one learner.
async fn fill(app: &TestApp, value: &Value) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let first = |prefix: &'static str, statement: &'static str| async move {
        encode(prefix, app.sql(statement).await[0][0].parse().expect("an id"))
    };
    match fields.iter().next().map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())) {
        Some(("$line", "skills" | "mentors.skill")) => {
            first("skl", "select skill_id from member_skills where intent = 'OFFERED' order by member_id, skill_id limit 1").await
        }
        Some(("$line", "mentors")) => first("mtr", "select member_id from mentors order by member_id limit 1").await,
        Some(("$line", "room")) => first("cnv", "select id from conversations where kind = 'SESSION'").await,
        Some(("$line", _)) => first("cnv", "select id from conversations where kind = 'DIRECT' order by id limit 1").await,
        Some(("$unique", prefix)) => format!("{prefix}-1"),
        Some(("$slot", _)) => (noon() + TimeDelta::days(70)).duration_trunc(TimeDelta::hours(1)).expect("an hour").to_rfc3339(),
        _ => {
            let mut filled = serde_json::Map::new();
            for (name, value) in fields {
                filled.insert(name.clone(), Box::pin(fill(app, value)).await);
            }
            return Value::Object(filled);
        }
    }
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_document_of_the_benchmark_is_answered_in_full() {
    let app = TestApp::start().await;
    seed::bench_part(&app.database_url, app.now(), 500, |_| {}).await.expect("the load");
    let mut learner = app.anonymous();
    let device = &app.sql("select id, member_id from auth_sessions order by member_id limit 1").await[0];
    let (session, member) = (device[0].parse().expect("an id"), device[1].parse().expect("an id"));
    let (token, _) = token::issue_access_token(
        &app.app,
        MemberId::from_uuid(member),
        AuthSessionId::from_uuid(session),
        app.now(),
    )
    .expect("a token");
    learner.token = Some(token);
    let file: Value = serde_json::from_str(include_str!("../../benches/documents.json")).expect("JSON");

    for (shape, document) in file["shapes"].as_object().expect("shapes") {
        let variables = fill(&app, &document["variables"]).await;
        let reply = learner.run(document["query"].as_str().expect("a document"), variables).await;
        let text = reply.json.to_string();
        assert!(!text.contains("\"errors\":[") && !text.contains("\"userErrors\":[{"), "{shape}: {text}");
        let wanted = match shape.as_str() {
            "Q1" | "Q1k" => 1_000,
            "Q2" => 1_500,
            "Q3" => 5_000,
            _ => 20,
        };
        assert!(text.len() > wanted, "{shape} answers too little: {text}");
    }

    let subscribe = &file["subscription"]["subscribe"];
    let variables = fill(&app, &subscribe["variables"]).await;
    let mut events = Subscription::start(
        &learner,
        "conversationEvents",
        subscribe["query"].as_str().expect("a document"),
        variables,
    )
    .await;
    let publish = &file["subscription"]["publish"];
    let variables = fill(&app, &publish["variables"]).await;
    learner.run(publish["query"].as_str().expect("a document"), variables).await.ok("sendMessage");
    let body = events.next_of("MessageSent").await["message"]["body"].as_str().expect("a body").to_owned();
    assert!(body.starts_with("@TS@ "), "{body}");
}
