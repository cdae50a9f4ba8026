//! Secondary indexes are made at once after the load: that is several times faster than row by row.

use tokio_postgres::Client;

/// The large tables whose secondary indexes and unique constraints wait.
const TABLES: &str = "'sessions', 'bookings', 'reviews', 'conversations', 'conversation_members', 'messages', \
                      'notifications', 'ledger_transactions', 'ledger_postings'";

/// Statements that bring the indexes back.
pub(super) struct Dropped(Vec<String>);

/// Drops every index of the large tables that is neither a primary key nor the target of a foreign key.
pub(super) async fn drop_all(client: &Client) -> Result<Dropped, tokio_postgres::Error> {
    let found = client
        .query(
            &format!(
                "select i.indexrelid::regclass::text as index, i.indrelid::regclass::text as on_table,
                        c.conname::text as constraint_name, pg_get_constraintdef(c.oid) as constraint_definition,
                        pg_get_indexdef(i.indexrelid) as index_definition
                 from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('u', 'x')
                 where i.indrelid::regclass::text in ({TABLES}) and not i.indisprimary
                   and not exists (select from pg_constraint f where f.conindid = i.indexrelid and f.contype = 'f')
                 order by i.indexrelid"
            ),
            &[],
        )
        .await?;
    let mut again = Vec::with_capacity(found.len());
    for row in found {
        let (index, table): (&str, &str) = (row.get("index"), row.get("on_table"));
        if let Some(name) = row.get::<_, Option<&str>>("constraint_name") {
            let definition: &str = row.get("constraint_definition");
            client.batch_execute(&format!("alter table {table} drop constraint \"{name}\"")).await?;
            again.push(format!("alter table {table} add constraint \"{name}\" {definition}"));
        } else {
            client.batch_execute(&format!("drop index {index}")).await?;
            again.push(row.get("index_definition"));
        }
    }
    Ok(Dropped(again))
}

impl Dropped {
    /// Makes them again.
    pub(super) async fn make(self, client: &Client) -> Result<usize, tokio_postgres::Error> {
        for statement in &self.0 {
            client.batch_execute(statement).await?;
        }
        Ok(self.0.len())
    }
}
