//! Statements that recount the ledger.

use diesel::{QueryResult, Queryable, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{AccountKind, Asset};
use crate::statement;

/// What all accounts of a kind sum to.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct KindTotal {
    /// What is counted.
    pub asset: Asset,
    /// The kind.
    pub kind: AccountKind,
    /// Accounts of the kind that were ever posted to.
    pub accounts: i64,
    /// Postings on them.
    pub postings: i64,
    /// Their sum.
    pub total: i64,
}

/// The trial balance of every asset, recounted from the postings.
pub async fn totals(conn: &mut AsyncPgConnection) -> QueryResult<Vec<KindTotal>> {
    CountKinds {}.load(conn).await
}

/// How many transactions touch each asset.
pub async fn transaction_counts(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(Asset, i64)>> {
    CountTransactions {}.load(conn).await
}

/// Everything that breaks a rule of the ledger: the rule, and what breaks it. At most 100 of each.
pub async fn faults(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, String)>> {
    FindFaults {}.load(conn).await
}

statement! {
    /// Sums per asset and kind of account.
    CountKinds() -> (sql_types::Text, sql_types::Text, sql_types::BigInt, sql_types::BigInt, sql_types::BigInt) =
    "select a.asset, a.kind, count(*), sum(p.postings)::bigint, sum(p.total)::bigint
     from (select account_id, count(*) as postings, sum(amount) as total from ledger_postings group by account_id) p
     join ledger_accounts a on a.id = p.account_id group by a.asset, a.kind order by a.asset, a.kind"
}

statement! {
    /// Distinct transactions per asset.
    CountTransactions() -> (sql_types::Text, sql_types::BigInt) =
    "select asset, count(*) from (select distinct asset, transaction_id from ledger_postings) p group by asset order by asset"
}

statement! {
    /// The rules, each as the rows that break it.
    FindFaults() -> (sql_types::Text, sql_types::Text) =
    "with sums as (select account_id, sum(amount) as total from ledger_postings group by account_id)
     (select 'asset sums to zero', asset || ' sums to ' || sum(amount)
      from ledger_postings group by asset having sum(amount) <> 0 limit 100)
     union all
     (select 'transaction sums to zero', transaction_id || ' sums to ' || sum(amount) || ' ' || asset
      from ledger_postings group by transaction_id, asset having sum(amount) <> 0 limit 100)
     union all
     (select 'transaction has postings', id::text
      from ledger_transactions t where not exists (select from ledger_postings where transaction_id = t.id) limit 100)
     union all
     (select 'kept balance equals postings',
             a.kind || ' ' || a.id || ' keeps ' || a.balance || ', its postings sum to ' || coalesce(s.total, 0)
      from ledger_accounts a left join sums s on s.account_id = a.id
      where a.balance is not null and a.balance <> coalesce(s.total, 0) limit 100)
     union all
     (select 'held equals open escrows', w.owner_id || ' holds ' || w.held || ', the escrows have ' || coalesce(e.total, 0)
      from ledger_accounts w
      left join (select payer_id, asset, sum(balance) as total from ledger_accounts where kind = 'ESCROW' group by 1, 2) e
        on e.payer_id = w.owner_id and e.asset = w.asset
      where w.kind = 'WALLET' and w.held <> coalesce(e.total, 0) limit 100)
     union all
     (select 'escrow of a finished booking is zero', e.owner_id || ' still has ' || e.balance
      from ledger_accounts e
      where e.kind = 'ESCROW' and e.balance <> 0 and (
        -- A dispute brings the price of a booking that was paid out back.
        exists (select from ledger_transactions t where t.subject_id = e.owner_id and t.kind in ('RELEASE', 'REFUND', 'CANCELLATION')
                and not exists (select from bookings b where b.id = e.owner_id and b.status = 'DISPUTED'))
        or exists (select from bookings b where b.id = e.owner_id and b.payment_status <> 'HELD')) limit 100)
     union all
     (select 'escrow of an open booking is its price', b.id || ' costs ' || b.price || ', its escrow has ' || e.balance
      from bookings b join ledger_accounts e on e.kind = 'ESCROW' and e.owner_id = b.id
      where b.payment_status = 'HELD' and b.price <> e.balance limit 100)
     union all
     (select 'promotional part of a wallet is what is left of its promotions',
             w.owner_id || ' has ' || w.promotional || ', its promotions have ' || coalesce(p.total, 0)
      from ledger_accounts w
      left join (select wallet_id, sum(remaining) as total from promotions group by 1) p on p.wallet_id = w.id
      where w.kind = 'WALLET' and w.promotional <> coalesce(p.total, 0) limit 100)
     union all
     (select 'promotions are used, ended or left', p.id || ' gave ' || p.granted || ', of which ' || p.remaining || ' is left, '
             || p.expired || ' ended and ' || coalesce(u.total, 0) || ' was used'
      from promotions p
      left join (select promotion_id, sum(amount - returned) as total from promotion_uses group by 1) u on u.promotion_id = p.id
      where p.granted <> p.remaining + p.expired + coalesce(u.total, 0) limit 100)
     union all
     (select 'promotional part of an escrow was taken from promotions',
             e.owner_id || ' has ' || e.promotional || ' of ' || e.balance || ', and took ' || coalesce(u.total, 0)
      from ledger_accounts e
      left join (select booking_id, sum(amount - returned) as total from promotion_uses group by 1) u on u.booking_id = e.owner_id
      where e.kind = 'ESCROW' and (e.promotional > e.balance or e.promotional > coalesce(u.total, 0)) limit 100)
     union all
     (select 'promotions equal their account', a.asset || ' has ' || coalesce(s.total, 0) || ', the promotions ' || coalesce(p.total, 0)
      from ledger_accounts a
      left join sums s on s.account_id = a.id
      left join (select w.asset, -sum(p.granted - p.expired) as total
                 from promotions p join ledger_accounts w on w.id = p.wallet_id group by 1) p on p.asset = a.asset
      where a.kind = 'PROMOTIONS' and coalesce(s.total, 0) <> coalesce(p.total, 0) limit 100)"
}
