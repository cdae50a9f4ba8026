//! Statements of promotional credits. The wallet is locked by the caller, and with it its promotions.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::super::model::{Asset, promotion::PromotionRow};
use crate::{
    db::{
        ids::{BookingId, LedgerAccountId, MemberId, PromotionId},
        tables::{ledger_accounts, promotions},
    },
    statement,
};

/// Writes a promotion whose amount is in the wallet already.
pub async fn insert(conn: &mut AsyncPgConnection, row: &PromotionRow) -> QueryResult<()> {
    diesel::insert_into(promotions::table).values(row).execute(conn).await?;
    diesel::update(ledger_accounts::table.find(row.wallet_id))
        .set(ledger_accounts::promotional.eq(ledger_accounts::promotional + row.granted))
        .execute(conn)
        .await
        .map(drop)
}

/// The wallets with promotions that are over, those over longest first.
pub async fn due(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<(PromotionId, LedgerAccountId)>> {
    promotions::table
        .filter(promotions::remaining.gt(0))
        .filter(promotions::expires_at.le(now))
        .order(promotions::expires_at)
        .limit(limit)
        .select((promotions::id, promotions::wallet_id))
        .load(conn)
        .await
}

/// A promotion by id.
pub async fn by_id(conn: &mut AsyncPgConnection, id: PromotionId) -> QueryResult<Option<PromotionRow>> {
    promotions::table.find(id).select(PromotionRow::as_select()).first(conn).await.optional()
}

/// Takes what is left of a promotion out of the promotional part of its wallet.
pub async fn end(conn: &mut AsyncPgConnection, row: &PromotionRow) -> QueryResult<()> {
    diesel::update(promotions::table.find(row.id))
        .set((promotions::remaining.eq(0), promotions::expired.eq(promotions::expired + row.remaining)))
        .execute(conn)
        .await?;
    diesel::update(ledger_accounts::table.find(row.wallet_id))
        .set(ledger_accounts::promotional.eq(ledger_accounts::promotional - row.remaining))
        .execute(conn)
        .await
        .map(drop)
}

/// What is left of a member's promotions in an asset, in the order of their use.
pub async fn left(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    asset: &Asset,
) -> QueryResult<Vec<PromotionRow>> {
    promotions::table
        .inner_join(ledger_accounts::table)
        .filter(ledger_accounts::kind.eq("WALLET"))
        .filter(ledger_accounts::owner_id.eq(member))
        .filter(ledger_accounts::asset.eq(asset))
        .filter(promotions::remaining.gt(0))
        .order((promotions::expires_at, promotions::id))
        .select(PromotionRow::as_select())
        .load(conn)
        .await
}

/// What a booking used is used up (`spent`) or comes back (`back`): what was taken last comes back first.
pub async fn settle(conn: &mut AsyncPgConnection, settle: SettlePromotional) -> QueryResult<()> {
    settle.execute(conn).await.map(drop)
}

/// Money that was paid came back into a booking's escrow: what it used of promotions is promotional again.
pub async fn restore(
    conn: &mut AsyncPgConnection,
    escrow: LedgerAccountId,
    booking: BookingId,
) -> QueryResult<()> {
    RestorePromotional { escrow, booking }.execute(conn).await.map(drop)
}

statement! {
    /// Gives promotional credits of an escrow back to the promotions that they came from, and to the wallet's part.
    SettlePromotional(
        escrow: LedgerAccountId => sql_types::Uuid,
        wallet: LedgerAccountId => sql_types::Uuid,
        booking: BookingId => sql_types::Uuid,
        spent: i64 => sql_types::BigInt,
        back: i64 => sql_types::BigInt,
    ) -> () =
    "with uses as (
       select u.promotion_id,
              least(u.amount - u.returned, greatest($5 - coalesce(sum(u.amount - u.returned) over later, 0), 0)) as back
       from promotion_uses u join promotions p on p.id = u.promotion_id
       where u.booking_id = $3
       window later as (order by p.expires_at desc, p.id desc rows between unbounded preceding and 1 preceding)
     ), returned as (
       update promotion_uses u set returned = u.returned + s.back
       from uses s where u.booking_id = $3 and u.promotion_id = s.promotion_id and s.back > 0
     ), left_over as (
       update promotions p set remaining = p.remaining + s.back from uses s where p.id = s.promotion_id and s.back > 0
     )
     update ledger_accounts
     set promotional = promotional + case when id = $1 then -($4 + $5) else $5 end
     where id = $1 or (id = $2 and $5 > 0)"
}

statement! {
    /// The promotional part of an escrow is what its booking took and has not given back, as far as the money is there.
    RestorePromotional(escrow: LedgerAccountId => sql_types::Uuid, booking: BookingId => sql_types::Uuid) -> () =
    "update ledger_accounts a set promotional = least(a.balance, u.used)
     from (select sum(amount - returned)::bigint as used from promotion_uses where booking_id = $2) u
     where a.id = $1 and u.used > 0"
}
