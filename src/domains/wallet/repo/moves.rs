//! Statements that move money.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{QueryResult, Queryable, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::super::model::{AccountKind, AccountName, AccountRow, Asset, EscrowRow, TransactionKind};
use crate::{
    db::ids::{BookingId, LedgerAccountId, LedgerTransactionId, MemberId},
    statement,
};

/// The accounts of these names, made if they are new.
pub async fn open(conn: &mut AsyncPgConnection, names: &[AccountName]) -> QueryResult<Vec<AccountRow>> {
    let found = find(conn, names).await?;
    let missing: Vec<&AccountName> =
        names.iter().filter(|name| !found.iter().any(|row| row.is(name))).collect();
    if missing.is_empty() {
        return Ok(found);
    }
    // Whoever makes the same account at the same moment is waited for here; the next statement sees it.
    let insert = InsertAccounts {
        ids: missing.iter().map(|_| LedgerAccountId::new()).collect(),
        kinds: missing.iter().map(|name| name.kind).collect(),
        owners: missing.iter().map(|name| name.owner_id).collect(),
        assets: missing.iter().map(|name| name.asset.clone()).collect(),
    };
    insert.execute(conn).await?;
    find(conn, names).await
}

async fn find(conn: &mut AsyncPgConnection, names: &[AccountName]) -> QueryResult<Vec<AccountRow>> {
    let find = FindAccounts {
        kinds: names.iter().map(|name| name.kind).collect(),
        owners: names.iter().map(|name| name.owner_id).collect(),
        assets: names.iter().map(|name| name.asset.clone()).collect(),
    };
    find.load(conn).await
}

/// A booking's escrow, if anything was ever held for it.
pub async fn escrow_of(conn: &mut AsyncPgConnection, booking: BookingId) -> QueryResult<Option<EscrowRow>> {
    Ok(FindEscrow { booking }.load(conn).await?.into_iter().next())
}

/// What a completed booking paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Payout {
    /// All of it.
    pub total: i64,
    /// What of it the platform kept.
    pub fee: i64,
}

/// What a booking paid when it was completed; `None` if it was not, or was free.
pub async fn paid_for(conn: &mut AsyncPgConnection, booking: BookingId) -> QueryResult<Option<Payout>> {
    Ok(FindPayout { booking }.load(conn).await?.into_iter().next())
}

/// Accounts, locked in id order until the end of the transaction.
pub async fn lock(conn: &mut AsyncPgConnection, ids: Vec<LedgerAccountId>) -> QueryResult<Vec<AccountRow>> {
    LockAccounts { ids }.load(conn).await
}

/// A price that goes from a wallet into a new escrow.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// Who pays.
    pub learner: MemberId,
    /// For what.
    pub booking: BookingId,
    /// How much, in hundredths of a credit.
    pub price: i64,
}

/// What a wallet has after a price was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Held {
    /// For what.
    pub booking: BookingId,
    /// What can be spent.
    pub available: i64,
    /// What is in escrow.
    pub held: i64,
    /// How much of what can be spent are promotional credits.
    pub promotional: i64,
}

/// Takes prices from the wallets of different learners into new escrows; what is then in them, by booking. Those whose
/// wallet has too little are left out. Wallets without promotional credits take one statement together, those with them a
/// second one.
pub async fn hold(
    conn: &mut AsyncPgConnection,
    holds: &[Hold],
    now: DateTime<Utc>,
) -> QueryResult<HashMap<BookingId, Held>> {
    let rows: Vec<Held> = HoldMoney::of(holds, now).load(conn).await?;
    let mut held: HashMap<BookingId, Held> = rows.into_iter().map(|row| (row.booking, row)).collect();
    let others: Vec<Hold> = holds.iter().copied().filter(|hold| !held.contains_key(&hold.booking)).collect();
    if !others.is_empty() {
        // The first statement has locked these wallets, and this one sees what there is under the locks.
        let rows: Vec<Held> = HoldMixed::of(&others, now).load(conn).await?;
        held.extend(rows.into_iter().map(|row| (row.booking, row)));
    }
    Ok(held)
}

/// Writes a transaction; returns the accounts with a kept balance, as they are now.
pub async fn write(conn: &mut AsyncPgConnection, lines: WriteLines) -> QueryResult<Vec<AccountRow>> {
    lines.load(conn).await
}

/// The columns of [`AccountRow`].
type AccountColumns = (
    sql_types::Uuid,
    sql_types::Text,
    sql_types::Nullable<sql_types::Uuid>,
    sql_types::Text,
    sql_types::Nullable<sql_types::BigInt>,
    sql_types::Nullable<sql_types::BigInt>,
    sql_types::BigInt,
);

statement! {
    /// Accounts by name; the platform's own have no owner, which an index finds only when asked for null.
    FindAccounts(
        kinds: Vec<AccountKind> => sql_types::Array<sql_types::Text>,
        owners: Vec<Option<Uuid>> => sql_types::Array<sql_types::Nullable<sql_types::Uuid>>,
        assets: Vec<Asset> => sql_types::Array<sql_types::Text>,
    ) -> AccountColumns =
    "with wanted as (select * from unnest($1, $2, $3) as w(kind, owner_id, asset))
     select a.id, a.kind, a.owner_id, a.asset, a.balance, a.held, a.promotional from wanted w
     join ledger_accounts a on a.kind = w.kind and a.owner_id = w.owner_id and a.asset = w.asset
     union all
     select a.id, a.kind, a.owner_id, a.asset, a.balance, a.held, a.promotional from wanted w
     join ledger_accounts a on a.kind = w.kind and a.owner_id is null and a.asset = w.asset
     where w.owner_id is null"
}

statement! {
    /// Makes accounts that nobody has made yet. Escrows are made by holds only.
    InsertAccounts(
        ids: Vec<LedgerAccountId> => sql_types::Array<sql_types::Uuid>,
        kinds: Vec<AccountKind> => sql_types::Array<sql_types::Text>,
        owners: Vec<Option<Uuid>> => sql_types::Array<sql_types::Nullable<sql_types::Uuid>>,
        assets: Vec<Asset> => sql_types::Array<sql_types::Text>,
    ) -> () =
    "insert into ledger_accounts (id, kind, owner_id, asset, balance, held)
     select n.id, n.kind, n.owner_id, n.asset,
            case when n.owner_id is not null then 0 end, case when n.kind = 'WALLET' then 0 end
     from unnest($1, $2, $3, $4) as n(id, kind, owner_id, asset)
     on conflict (kind, owner_id, asset) do nothing"
}

statement! {
    /// A booking's escrow with its payer's wallet.
    FindEscrow(booking: BookingId => sql_types::Uuid) -> (sql_types::Uuid, sql_types::Uuid) =
    "select e.id, w.id from ledger_accounts e
     join ledger_accounts w on w.kind = 'WALLET' and w.owner_id = e.payer_id and w.asset = e.asset
     where e.kind = 'ESCROW' and e.owner_id = $1 and e.asset = 'CREDIT/2'"
}

statement! {
    /// The first payout of a booking's escrow: another one follows where a dispute was withdrawn.
    FindPayout(booking: BookingId => sql_types::Uuid) -> (sql_types::BigInt, sql_types::BigInt) =
    "select (-sum(p.amount) filter (where a.kind = 'ESCROW'))::bigint,
            coalesce(sum(p.amount) filter (where a.kind = 'FEES'), 0)::bigint
     from ledger_transactions t
     join ledger_postings p on p.transaction_id = t.id
     join ledger_accounts a on a.id = p.account_id
     where t.subject_id = $1 and t.kind = 'RELEASE' and t.reference_id is null
     group by t.id"
}

statement! {
    /// Locks accounts in id order. Weaker than `for update`, so that postings by others may refer to them meanwhile.
    LockAccounts(ids: Vec<LedgerAccountId> => sql_types::Array<sql_types::Uuid>) -> AccountColumns =
    "select id, kind, owner_id, asset, balance, held, promotional from ledger_accounts where id = any($1) order by id for no key update"
}

/// Declares a statement that moves prices from wallets, which are locked in id order, to new escrows, all in one: takes a
/// price only if the wallet has enough, and returns what is then in it; no row = too little, nothing done.
macro_rules! hold {
    ($(#[$doc:meta])* $name:ident, which = $which:literal, promotional = $promotional:literal, also = $also:literal) => {
        statement! {
            $(#[$doc])*
            $name(
                learners: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
                bookings: Vec<BookingId> => sql_types::Array<sql_types::Uuid>,
                prices: Vec<i64> => sql_types::Array<sql_types::BigInt>,
                escrows: Vec<LedgerAccountId> => sql_types::Array<sql_types::Uuid>,
                transactions: Vec<LedgerTransactionId> => sql_types::Array<sql_types::Uuid>,
                now: DateTime<Utc> => sql_types::Timestamptz,
            ) -> (sql_types::Uuid, sql_types::BigInt, sql_types::BigInt, sql_types::BigInt) =
            concat!(
                "with wanted as (
                   select * from unnest($1, $2, $3, $4, $5) as w(learner_id, booking_id, price, escrow_id, transaction_id)
                 ), locked as materialized (
                   select id, owner_id, promotional from ledger_accounts
                   where kind = 'WALLET' and owner_id = any($1) and asset = 'CREDIT/2' order by id for no key update
                 ), taken as (
                   update ledger_accounts a
                   set balance = a.balance - w.price, held = a.held + w.price, promotional = a.promotional - ", $promotional, "
                   from wanted w join locked l on l.owner_id = w.learner_id
                   where a.id = l.id and a.balance >= w.price", $which, "
                   returning a.id, a.balance, a.held, a.promotional, w.*, ", $promotional, " as used
                 ), escrows as (
                   insert into ledger_accounts (id, kind, owner_id, asset, balance, payer_id, promotional)
                   select escrow_id, 'ESCROW', booking_id, 'CREDIT/2', price, learner_id, used from taken
                 ), written as (
                   insert into ledger_transactions (id, kind, subject_id, created_at)
                   select transaction_id, 'HOLD', booking_id, $6 from taken
                 ), waiting as (
                   insert into ledger_unsealed select transaction_id from taken
                 ), posted as (
                   insert into ledger_postings (transaction_id, account_id, asset, amount)
                   select transaction_id, id, 'CREDIT/2', -price from taken
                   union all
                   select transaction_id, escrow_id, 'CREDIT/2', price from taken
                 )", $also, "
                 select booking_id, balance, held, promotional from taken"
            )
        }

        impl $name {
            fn of(holds: &[Hold], now: DateTime<Utc>) -> Self {
                Self {
                    learners: holds.iter().map(|hold| hold.learner).collect(),
                    bookings: holds.iter().map(|hold| hold.booking).collect(),
                    prices: holds.iter().map(|hold| hold.price).collect(),
                    escrows: holds.iter().map(|_| LedgerAccountId::new()).collect(),
                    transactions: holds.iter().map(|_| LedgerTransactionId::new()).collect(),
                    now,
                }
            }
        }
    };
}

hold! {
    /// Of wallets without promotional credits.
    HoldMoney, which = " and a.promotional = 0", promotional = "0::bigint", also = ""
}

hold! {
    /// Of any wallets, which the transaction has locked before: promotional credits first, those first that end first.
    HoldMixed, which = "", promotional = "least(l.promotional, w.price)", also = ", shares as (
       select p.id, t.booking_id,
              least(p.remaining, greatest(t.used - coalesce(sum(p.remaining) over sooner, 0), 0)) as amount
       from taken t join promotions p on p.wallet_id = t.id and p.remaining > 0
       where t.used > 0
       window sooner as (partition by t.id order by p.expires_at, p.id rows between unbounded preceding and 1 preceding)
     ), drawn as (
       update promotions p set remaining = p.remaining - s.amount from shares s where p.id = s.id and s.amount > 0
     ), noted as (
       insert into promotion_uses (booking_id, promotion_id, amount)
       select booking_id, id, amount from shares where amount > 0
     )"
}

statement! {
    /// Writes a transaction with its postings and moves the kept balances, of accounts that the caller has locked.
    /// Returns the accounts with a kept balance, as they are now.
    WriteLines(
        transaction: LedgerTransactionId => sql_types::Uuid,
        kind: TransactionKind => sql_types::Text,
        subject: Uuid => sql_types::Uuid,
        now: DateTime<Utc> => sql_types::Timestamptz,
        accounts: Vec<LedgerAccountId> => sql_types::Array<sql_types::Uuid>,
        assets: Vec<Asset> => sql_types::Array<sql_types::Text>,
        amounts: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        held: Vec<i64> => sql_types::Array<sql_types::BigInt>,
        reference: Option<Uuid> => sql_types::Nullable<sql_types::Uuid>,
    ) -> AccountColumns =
    "with lines as (
       select * from unnest($5, $6, $7, $8) as l(account_id, asset, amount, held)
     ), written as (
       insert into ledger_transactions (id, kind, subject_id, created_at, reference_id) values ($1, $2, $3, $4, $9)
       returning id
     ), waiting as (
       insert into ledger_unsealed select id from written
     ), posted as (
       insert into ledger_postings (transaction_id, account_id, asset, amount)
       select w.id, l.account_id, l.asset, l.amount from written w, lines l where l.amount <> 0
     )
     update ledger_accounts a set balance = a.balance + l.amount, held = a.held + l.held
     from lines l where a.id = l.account_id and a.balance is not null
     returning a.id, a.kind, a.owner_id, a.asset, a.balance, a.held, a.promotional"
}
