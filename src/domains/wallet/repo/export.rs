//! Statements that read the whole ledger out.

use diesel::{QueryResult, Queryable, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::db::tables::ledger_accounts;

/// An account with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct WholeAccount {
    /// Its id.
    pub id: Uuid,
    /// What it holds money for.
    pub kind: String,
    /// The member or booking.
    pub owner_id: Option<Uuid>,
    /// What it counts.
    pub asset: String,
    /// Sum of its postings, if it is kept.
    pub balance: Option<i64>,
    /// Of a wallet: what its owner has in escrow.
    pub held: Option<i64>,
    /// Of an escrow: who paid.
    pub payer_id: Option<Uuid>,
}

/// The accounts after an id, in the order of ids.
pub async fn accounts_after(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    limit: i64,
) -> QueryResult<Vec<WholeAccount>> {
    ledger_accounts::table
        .filter(ledger_accounts::id.gt(id))
        .order(ledger_accounts::id)
        .limit(limit)
        .select((
            ledger_accounts::id,
            ledger_accounts::kind,
            ledger_accounts::owner_id,
            ledger_accounts::asset,
            ledger_accounts::balance,
            ledger_accounts::held,
            ledger_accounts::payer_id,
        ))
        .load(conn)
        .await
}
