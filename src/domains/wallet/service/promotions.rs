//! Promotional credits: given, used first and soonest-ending first, and ended when their time is over.

use diesel::QueryResult;

use super::{
    super::{
        model::{
            AccountKind, AccountRow, Amount, Line, TransactionKind,
            promotion::{PROMOTION_LIFE, PromotionExpired, PromotionGranted, PromotionRow, PromotionalParts},
        },
        repo::{moves, promotions as repo},
    },
    Cause, account_of, open, platform_account, post, write,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{BookingId, EntityId, LedgerAccountId, LedgerTransactionId, MemberId, PromotionId},
        transact,
    },
    events::StreamName,
};

/// Promotions looked for at once.
const BATCH: i64 = 100;

/// Gives a member promotional credits, and tells the member.
///
/// # Errors
/// Only if the database fails.
pub async fn grant(tx: &mut Tx, member: MemberId, amount: &Amount, reason: &str) -> QueryResult<PromotionId> {
    let names = [
        account_of(AccountKind::Wallet, member, amount.asset.clone()),
        platform_account(AccountKind::Promotions, amount.asset.clone()),
    ];
    let [wallet, given] = open(tx, names).await?;
    let row = PromotionRow {
        id: PromotionId::new(),
        wallet_id: wallet.id,
        member_id: member,
        granted: amount.minor,
        remaining: amount.minor,
        expired: 0,
        reason: reason.to_owned(),
        granted_at: tx.now(),
        expires_at: tx.now() + PROMOTION_LIFE,
    };
    post(
        tx,
        &Cause::of(TransactionKind::Promotion, row.id),
        &[(&given, -row.granted), (&wallet, row.granted)],
    )
    .await?;
    repo::insert(tx, &row).await?;
    tx.tell(
        StreamName::User(member),
        &PromotionGranted {
            promotion_id: row.id,
            asset: wallet.asset,
            amount: row.granted,
            reason: row.reason,
            expires_at: row.expires_at,
        },
    );
    Ok(row.id)
}

/// Takes back what is left of promotions whose time is over, each in its own transaction; returns how many.
///
/// # Errors
/// Only if the database fails.
pub async fn expire_promotions(app: &App) -> QueryResult<usize> {
    let mut ended = 0;
    loop {
        let due = repo::due(&mut *app.conn().await?, app.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(ended);
        }
        for (id, wallet) in due {
            transact(app, async |tx| expire(tx, id, wallet).await).await?;
            ended += 1;
        }
    }
}

async fn expire(tx: &mut Tx, id: PromotionId, wallet: LedgerAccountId) -> QueryResult<()> {
    // A booking may use it at this moment; under the wallet's lock what is left is certain.
    let locked = moves::lock(tx, vec![wallet]).await?;
    let Some((wallet, row)) = locked.into_iter().next().zip(repo::by_id(tx, id).await?) else {
        return Ok(());
    };
    if row.remaining == 0 || row.expires_at > tx.now() {
        return Ok(());
    }
    let [given] = open(tx, [platform_account(AccountKind::Promotions, wallet.asset.clone())]).await?;
    repo::end(tx, &row).await?;
    let lines = vec![Line::new(&wallet, -row.remaining), Line::new(&given, row.remaining)];
    // What a cancelled booking gives back after the end ends again, so that a promotion may end more than once.
    let time = LedgerTransactionId::new();
    let cause = Cause::of(TransactionKind::PromotionExpiry, id).for_each(time);
    write(tx, &cause, lines).await?;
    tx.tell(
        StreamName::User(row.member_id),
        &PromotionExpired {
            promotion_id: id,
            asset: wallet.asset,
            amount: row.remaining,
            transaction_id: time,
        },
    );
    Ok(())
}

/// Keeps bought and promotional credits apart when money leaves or enters an escrow. `changed` are the accounts after the
/// transaction, `lines` what it did. Returns the wallet whose promotional part grew, and by how much.
pub(super) async fn settle(
    tx: &mut Tx,
    changed: &[AccountRow],
    lines: &[Line],
) -> QueryResult<Option<(LedgerAccountId, i64)>> {
    let amount = |account: &AccountRow| -> i64 {
        lines.iter().filter(|line| line.account == account.id).map(|line| line.amount).sum()
    };
    let Some(escrow) = changed.iter().find(|account| account.kind == AccountKind::Escrow) else {
        return Ok(None);
    };
    let (out, Some(after), Some(booking)) = (-amount(escrow), escrow.balance, escrow.owner_id) else {
        return Ok(None);
    };
    let booking = BookingId::from_uuid(booking);
    if out < 0 {
        repo::restore(tx, escrow.id, booking).await?;
        return Ok(None);
    }
    if escrow.promotional == 0 {
        return Ok(None);
    }
    let wallet = changed.iter().find(|account| account.kind == AccountKind::Wallet);
    let to_wallet = wallet.map_or(0, amount).max(0);
    let parts = PromotionalParts::of(after + out, escrow.promotional, to_wallet, out - to_wallet);
    let statement = repo::SettlePromotional {
        escrow: escrow.id,
        wallet: wallet.map_or(escrow.id, |wallet| wallet.id),
        booking,
        spent: parts.spent,
        back: parts.back,
    };
    repo::settle(tx, statement).await?;
    Ok(wallet.map(|wallet| (wallet.id, parts.back)))
}
