//! Rows on their way into a table.

use diesel::{
    QueryResult,
    sql_types::{Jsonb, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// Rows of one table, each an object of the same columns. The table's own types read them.
#[derive(Debug)]
pub(super) struct Rows {
    table: &'static str,
    rows: Vec<Value>,
}

impl Rows {
    /// No rows of a table yet.
    pub(super) const fn of(table: &'static str) -> Self {
        Self { table, rows: Vec::new() }
    }

    /// One more row.
    pub(super) fn push(&mut self, row: Value) {
        self.rows.push(row);
    }

    /// Inserts all of them by one statement.
    pub(super) async fn insert(self, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
        let Some(Value::Object(first)) = self.rows.as_slice().first() else { return Ok(0) };
        let columns: Vec<&str> = first.keys().map(String::as_str).collect();
        let (table, columns) = (self.table, columns.join(", "));
        let statement = format!(
            "insert into {table} ({columns}) select {columns} from jsonb_populate_recordset(null::{table}, $1)"
        );
        diesel::sql_query(statement).bind::<Jsonb, _>(Value::Array(self.rows)).execute(conn).await
    }
}

/// Whether a member with this address exists.
pub(super) async fn address_exists(conn: &mut AsyncPgConnection, email: &str) -> QueryResult<bool> {
    let found =
        diesel::sql_query("select from credentials where email = $1").bind::<Text, _>(email).execute(conn);
    Ok(found.await? > 0)
}
