//! The chain over the ledger: whatever is altered is located, and the whole ledger can be re-added without us.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use skillswap::{
    db::{
        chain::Head,
        ids::{BookingId, EntityId, LedgerTransactionId, MemberId},
    },
    domains::wallet::{
        model::chain::{ChainFault, ChainFaultKind as Kind},
        service,
    },
};

use super::{assert_sound, buy, hold, refund, release};
use crate::support::TestApp;

/// A purchase, two holds, a release and a refund, sealed in two blocks.
async fn ledger() -> (TestApp, MemberId) {
    let app = TestApp::start().await;
    let (learner, first, second) = (MemberId::new(), BookingId::new(), BookingId::new());
    buy(&app.app, learner, 1000).await.unwrap();
    hold(&app.app, first, learner, 400).await.unwrap();
    assert_eq!(service::seal(&app.app).await.unwrap(), 2);
    hold(&app.app, second, learner, 300).await.unwrap();
    release(&app.app, first, MemberId::new()).await.unwrap();
    refund(&app.app, second, learner).await.unwrap();
    assert_eq!(service::seal(&app.app).await.unwrap(), 3);
    (app, learner)
}

async fn fault(app: &TestApp) -> Option<ChainFault> {
    service::verify(&mut app.app.conn().await.unwrap()).await.unwrap().chain.fault
}

/// Runs a statement as somebody could who owns the database: with the triggers off.
async fn tamper(app: &TestApp, statement: &str) {
    app.sql(&format!("set session_replication_role = replica; {statement}")).await;
}

/// The transaction at a place of the chain.
async fn at(app: &TestApp, block: i64, place: i64) -> LedgerTransactionId {
    let query =
        format!("select transaction_id from ledger_seals where block_seq = {block} and place = {place}");
    let rows = app.sql(&query).await;
    EntityId::from_uuid(rows[0][0].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn altering_any_column_of_any_row_is_located() {
    let (app, _) = ledger().await;
    assert_sound(&app.app).await;
    let (first, last) = (at(&app, 1, 0).await, at(&app, 2, 2).await);

    let tables =
        ["ledger_transactions", "ledger_postings", "ledger_accounts", "ledger_seals", "ledger_blocks"];
    let columns = app
        .sql(
            "select table_name, column_name, data_type from information_schema.columns
             where table_name in ('ledger_transactions', 'ledger_postings', 'ledger_accounts', 'ledger_seals', 'ledger_blocks')
             order by 1, ordinal_position",
        )
        .await;
    // Kept balances are compared with the postings, not sealed; when a block was sealed is no part of it.
    let apart = ["balance", "held", "payer_id", "promotional", "sealed_at"];
    let mut tried = 0;
    for column in columns.iter().filter(|column| !apart.contains(&column[1].as_str())) {
        let [table, name, kind] = &column[..] else { unreachable!("three columns") };
        assert!(tables.contains(&table.as_str()));
        let other = match kind.as_str() {
            "uuid" => "gen_random_uuid()".to_owned(),
            "bytea" => "sha256('another')".to_owned(),
            "bigint" | "integer" => format!("{name} + 1000"),
            "timestamp with time zone" => format!("{name} + interval '1 microsecond'"),
            _ if name == "asset" => "'USD/2'".to_owned(),
            _ if table == "ledger_accounts" => "'EQUITY'".to_owned(),
            _ => "'REFUND'".to_owned(),
        };
        for (block, transaction) in [(1, first), (2, last)] {
            let id = transaction.uuid();
            let row = match table.as_str() {
                "ledger_transactions" => format!("id = '{id}' and kind <> 'REFUND'"),
                "ledger_postings" => format!("transaction_id = '{id}' and amount > 0 and asset = 'CREDIT/2'"),
                "ledger_accounts" if name == "kind" => "kind = 'ISSUED'".to_owned(),
                "ledger_accounts" => format!(
                    "id in (select account_id from ledger_postings where transaction_id = '{id}' and amount > 0)
                     and asset = 'CREDIT/2'"
                ),
                "ledger_seals" => format!("transaction_id = '{id}'"),
                _ => format!("seq = {block}"),
            };
            // Without its checks, so that only the chain is asked.
            tamper(
                &app,
                &format!(
                    "create table kept as select * from {table};
                     update {table} set {name} = {other} where {row}"
                ),
            )
            .await;
            let changed = app
                .count(&format!("select count(*) from (select * from {table} except select * from kept) x"))
                .await;
            let found = fault(&app).await;
            tamper(
                &app,
                &format!("delete from {table}; insert into {table} select * from kept; drop table kept"),
            )
            .await;
            if changed == 0 {
                continue;
            }
            tried += 1;
            let found = found.unwrap_or_else(|| panic!("{table}.{name} in block {block} was altered unseen"));
            match table.as_str() {
                "ledger_postings" | "ledger_transactions" if name != "id" && name != "transaction_id" => {
                    let expected = ChainFault {
                        kind: Kind::TransactionAltered,
                        block: Some(block),
                        transaction: Some(transaction),
                    };
                    assert_eq!(found, expected, "{table}.{name}");
                }
                _ => assert!(found.block.is_some_and(|place| place <= block), "{table}.{name}: {found}"),
            }
        }
    }
    assert!(tried >= 30, "{tried}");
    assert_sound(&app.app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_put_in_or_written_anew_is_located() {
    let (app, learner) = ledger().await;
    let report = service::verify(&mut app.app.conn().await.unwrap()).await.unwrap();
    let (head, second) = (report.chain.head, at(&app, 1, 1).await);
    assert_eq!((report.chain.sealed, report.chain.unsealed, head.seq), (5, 0, 2));

    // Put in by hand, balanced, but written by nobody.
    tamper(
        &app,
        "insert into ledger_transactions select '018f0000-0000-7000-8000-000000000001', 'RELEASE', gen_random_uuid(), now();
         insert into ledger_postings select '018f0000-0000-7000-8000-000000000001', account_id, asset, amount
           from ledger_postings where transaction_id = (select transaction_id from ledger_seals order by block_seq, place limit 1)",
    )
    .await;
    let stray = fault(&app).await.unwrap();
    assert_eq!((stray.kind, stray.block), (Kind::TransactionNotSealed, None));
    assert_eq!(stray.transaction.unwrap().uuid().to_string(), "018f0000-0000-7000-8000-000000000001");
    tamper(&app, "delete from ledger_postings where transaction_id = '018f0000-0000-7000-8000-000000000001'; set session_replication_role = replica; delete from ledger_transactions where id = '018f0000-0000-7000-8000-000000000001'").await;
    assert_sound(&app.app).await;

    // The end cut off, and the chain written anew: only a head that was kept outside tells.
    let through = async |known| {
        let report = service::verify_through(&mut app.app.conn().await.unwrap(), Some(known)).await.unwrap();
        report.chain.fault.map(|fault| fault.kind)
    };
    assert_eq!(through(head).await, None);
    assert_eq!(through(Head { hash: [7; 32], ..head }).await, Some(Kind::HeadDiffers));
    assert_eq!(through(Head { seq: 3, ..head }).await, Some(Kind::HeadDiffers));

    // A transaction that waits, removed before it was sealed.
    buy(&app.app, learner, 5).await.unwrap();
    tamper(&app, "delete from ledger_transactions where id in (select transaction_id from ledger_unsealed)")
        .await;
    assert_eq!(fault(&app).await.map(|fault| fault.kind), Some(Kind::TransactionMissing));
    tamper(&app, "delete from ledger_unsealed").await;

    tamper(&app, &format!("delete from ledger_transactions where id = '{}'", second.uuid())).await;
    let missing = fault(&app).await.unwrap();
    assert_eq!(
        (missing.kind, missing.block, missing.transaction),
        (Kind::TransactionMissing, Some(1), Some(second))
    );
    tamper(&app, "delete from ledger_blocks where seq = 1").await;
    let missing = fault(&app).await.unwrap();
    assert_eq!((missing.kind, missing.block), (Kind::BlockMissing, Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_cannot_be_changed_and_many_seal_each_transaction_once() {
    let app = TestApp::start().await;
    let learner = MemberId::new();
    for _ in 0..20 {
        buy(&app.app, learner, 10).await.unwrap();
    }

    let sealed = join_all((0..4).map(|_| service::seal(&app.app))).await;

    assert_eq!(sealed.into_iter().map(Result::unwrap).sum::<usize>(), 20);
    assert_eq!(app.count("select count(*) from ledger_seals").await, 20);
    assert_eq!(app.count("select count(*) from ledger_unsealed").await, 0);
    assert_sound(&app.app).await;
    for statement in [
        "update ledger_blocks set seq = seq + 1",
        "delete from ledger_blocks",
        "truncate ledger_blocks",
        "update ledger_seals set place = place + 1",
        "delete from ledger_seals",
        "truncate ledger_seals",
    ] {
        let refused = crate::support::database::sql(&app.database_url, statement).await;
        assert!(format!("{:?}", refused.expect_err(statement)).contains("append-only"), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_seals_and_the_proof_shows_the_head() {
    let app = TestApp::start().await;
    buy(&app.app, MemberId::new(), 1000).await.unwrap();
    app.work().await;

    let reply =
        app.anonymous().query("{ ledgerProof { balanced chain { block hash sealed unsealed } } }").await;

    let head = service::verify(&mut app.app.conn().await.unwrap()).await.unwrap().chain.head;
    assert_eq!(
        reply.data("ledgerProof"),
        &json!({ "balanced": true, "chain": { "block": "1", "hash": head.hex(), "sealed": "1", "unsealed": "0" } })
    );
}

/// The ledger as it is written out, one object a line.
async fn exported(app: &TestApp) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut sink = |line: &Value| {
        lines.push(line.clone());
        Ok(())
    };
    service::export(&mut app.app.conn().await.unwrap(), &mut sink).await.unwrap();
    lines
}

/// What the independent script says: whether it found nothing, its words and its complaints.
fn re_add(lines: &[Value]) -> (bool, String, String) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-ledger.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node");
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    node.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = node.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_independent_script_re_adds_the_whole_ledger() {
    let (app, learner) = ledger().await;
    buy(&app.app, learner, 77).await.unwrap(); // in no block yet
    let lines = exported(&app).await;

    let (sound, said, _) = re_add(&lines);

    let head = service::verify(&mut app.app.conn().await.unwrap()).await.unwrap().chain.head;
    assert!(sound, "{said}");
    assert!(said.contains("CREDIT/2 sums to 0\n") && said.contains("USD/2 sums to 0\n"), "{said}");
    assert!(said.contains(&format!("6 transactions, head 2:{}", head.hex())), "{said}");

    // Whoever alters what was written out is found out by the same script.
    let place = lines.iter().position(|line| line["type"] == "transaction").unwrap();
    let mut altered = lines.clone();
    altered[place]["postings"][0]["amount"] = json!("999");
    let (sound, _, complaints) = re_add(&altered);
    let id = lines[place]["id"].as_str().unwrap();
    assert!(
        !sound && complaints.contains(&format!("transaction {id} in block 1 is not what was sealed")),
        "{complaints}"
    );
    let mut altered = lines.clone();
    let place = lines.iter().position(|line| line["kind"] == "WALLET").unwrap();
    altered[place]["balance"] = json!("1");
    assert!(!re_add(&altered).0);
    let mut altered = lines;
    altered.retain(|line| line["block"] != "1" || line["type"] != "block");
    assert!(!re_add(&altered).0);
}
