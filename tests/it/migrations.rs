//! The migrations run up, down and up again, and `src/db/tables.rs` is what the migrated database has.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use skillswap::db::migrate;

use crate::support::database;

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_up_down_and_up_again() {
    let url = database::fresh().await;
    let before = tables(&url).await;

    migrate::revert_all(&url).await.expect("down");
    let left = database::sql(
        &url,
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind = 'r' and c.relname <> '__diesel_schema_migrations'",
    )
    .await
    .expect("a count");
    assert_eq!(left[0][0], "0");
    migrate::run(&url).await.expect("up");

    assert_eq!(tables(&url).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_migrate_at_once_do_it_once() {
    let url = database::fresh().await;
    migrate::revert_all(&url).await.expect("down");

    let (first, second) = tokio::join!(migrate::run(&url), migrate::run(&url));

    let mut applied = [first.expect("first").len(), second.expect("second").len()];
    applied.sort_unstable();
    assert_eq!(applied[0], 0);
    assert!(applied[1] > 0);
}

/// Run with `UPDATE_TABLES=1` to write the file after a new migration.
#[tokio::test(flavor = "multi_thread")]
async fn tables_rs_is_what_the_migrated_database_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/db/tables.rs");
    let generated = tables(&database::fresh().await).await;
    if std::env::var_os("UPDATE_TABLES").is_some() {
        fs::write(&path, &generated).expect("the file is written");
    }
    let committed = fs::read_to_string(&path).expect("the file");
    assert!(committed == generated, "src/db/tables.rs is stale: run UPDATE_TABLES=1 cargo test tables_rs_is");
}

/// The catalogue in the form of `diesel print-schema`; arrays are of non-null values, and columns of types that diesel
/// has no name for (`tsvector`) are left out.
async fn tables(url: &str) -> String {
    let columns = database::sql(
        url,
        "select c.relname, a.attname, format_type(a.atttypid, null), a.attnotnull
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
           and c.relname <> '__diesel_schema_migrations'
         order by c.relname collate \"C\", a.attnum",
    )
    .await
    .expect("columns");
    let keys: BTreeMap<String, String> = database::sql(
        url,
        "select c.relname, string_agg(a.attname, ', ' order by array_position(i.indkey::int2[], a.attnum))
         from pg_index i join pg_class c on c.oid = i.indrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
         join pg_namespace n on n.oid = c.relnamespace where i.indisprimary and n.nspname = 'public' group by 1",
    )
    .await
    .expect("keys")
    .into_iter()
    .map(|mut row| (row.remove(0), row.remove(0)))
    .collect();
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in columns {
        let [table, column, kind, not_null] = &row[..] else { unreachable!("four columns") };
        let Some(kind) = diesel_name(kind) else { continue };
        let kind = if not_null == "t" { kind.to_owned() } else { format!("Nullable<{kind}>") };
        found.entry(table.clone()).or_default().push((column.clone(), kind));
    }
    render(&found, &keys, &joins(url).await)
}

/// Pairs of tables joined by exactly one foreign key of one column.
async fn joins(url: &str) -> Vec<String> {
    let rows = database::sql(
        url,
        "select s.relname, t.relname, min(a.attname::text) from pg_constraint k
         join pg_class s on s.oid = k.conrelid join pg_class t on t.oid = k.confrelid
         join pg_attribute a on a.attrelid = s.oid and a.attnum = k.conkey[1]
         where k.contype = 'f' and cardinality(k.conkey) = 1 and s.oid <> t.oid
         group by 1, 2 having count(*) = 1 order by s.relname::text collate \"C\", min(a.attname::text) collate \"C\"",
    )
    .await
    .expect("foreign keys");
    rows.iter().map(|row| format!("diesel::joinable!({} -> {} ({}));\n", row[0], row[1], row[2])).collect()
}

fn render(
    tables: &BTreeMap<String, Vec<(String, String)>>,
    keys: &BTreeMap<String, String>,
    joins: &[String],
) -> String {
    let mut text = String::from("// @generated automatically by Diesel CLI.\n");
    for (table, columns) in tables {
        write!(
            text,
            "\ndiesel::table! {{\n    use diesel::sql_types::*;\n\n    {table} ({}) {{\n",
            keys[table]
        )
        .expect("text");
        for (column, kind) in columns {
            writeln!(text, "        {column} -> {kind},").expect("text");
        }
        text.push_str("    }\n}\n");
    }
    text.push('\n');
    text.push_str(&joins.concat());
    text.push_str("\ndiesel::allow_tables_to_appear_in_same_query!(\n");
    for table in tables.keys() {
        writeln!(text, "    {table},").expect("text");
    }
    text.push_str(");\n");
    text
}

fn diesel_name(postgres: &str) -> Option<&'static str> {
    Some(match postgres {
        "uuid" => "Uuid",
        "text" => "Text",
        "timestamp with time zone" => "Timestamptz",
        "smallint" => "Int2",
        "integer" => "Int4",
        "bigint" => "Int8",
        "double precision" => "Float8",
        "boolean" => "Bool",
        "jsonb" => "Jsonb",
        "bytea" => "Bytea",
        "date" => "Date",
        "tstzrange" => "Tstzrange",
        "text[]" => "Array<Text>",
        "uuid[]" => "Array<Uuid>",
        "smallint[]" => "Array<Int2>",
        "tsvector" => return None,
        other => panic!("name the type {other} in tests/it/migrations.rs"),
    })
}
