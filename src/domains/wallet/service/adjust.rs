//! Corrections of wallets by administrators: posted at once, or above a limit by a second administrator.

use diesel::QueryResult;

use super::{
    super::{
        model::{
            AccountKind, AccountRow, Amount, Line, TransactionKind,
            adjustment::{AdjustmentRow, AdjustmentStatus, LIMIT_WINDOW, WalletAdjusted},
        },
        repo::{adjustments as repo, moves},
    },
    Cause, account_of, open, platform_account, promotions, write,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed, Difference},
        ids::{AdjustmentId, EntityId, MemberId},
        transact,
    },
    domains::{
        accounts::service::rights::{self, RightsError},
        audit::{
            self,
            model::{Act, Action},
        },
    },
    events::StreamName,
    graphql::Viewer,
};

/// A wish to correct a wallet.
#[derive(Clone, Debug)]
pub struct AdjustWallet {
    /// Who asks.
    pub by: Viewer,
    /// Whose wallet; the member exists.
    pub member_id: MemberId,
    /// Given if positive, taken if negative.
    pub amount: Amount,
    /// Whether it gives promotional credits.
    pub promotional: bool,
    /// Why.
    pub reason: String,
    /// The key and the input that it stands for.
    pub attempt: Attempt,
}

/// An adjustment, and whether an earlier call had done this.
pub type Adjusted = (AdjustmentRow, bool);

/// Why nothing was adjusted.
#[derive(Debug, thiserror::Error)]
pub enum AdjustError {
    /// No such adjustment.
    #[error("not found")]
    NotFound,
    /// The wallet has too little that was bought.
    #[error("{missing} missing")]
    Insufficient {
        /// How much, in minor units.
        missing: i64,
    },
    /// It is the approver's own: asked for by them, or for their wallet.
    #[error("the approver's own")]
    Own,
    /// It was decided before: how.
    #[error("decided already")]
    Decided(AdjustmentStatus),
    /// The idempotency key was used with another input.
    #[error("key used with another input")]
    KeyConflict(Difference),
    /// Whoever asks has lost the right in this moment.
    #[error("rights")]
    Rights(#[from] RightsError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Corrects a member's wallet. What one administrator adjusts alone in a day is limited; above the limit, and for the own
/// wallet, the adjustment waits for a second administrator. The same key again gives the first adjustment.
///
/// # Errors
/// See [`AdjustError`].
pub async fn adjust(app: &App, command: AdjustWallet) -> Result<Adjusted, AdjustError> {
    let limit = app.config.adjustment_limit;
    transact(app, async |tx| {
        let by = command.by.member_id;
        tx.acting(by);
        let now = tx.now();
        // Under the lock of the administrators: two at once cannot each believe to be below the limit.
        rights::still_admin(tx, command.by).await?;
        let id = AdjustmentId::new();
        match command.attempt.claim(tx, id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Conflict(difference) => return Err(AdjustError::KeyConflict(difference)),
            Claimed::Replayed(id) => {
                let found = repo::by_ids(tx, &[AdjustmentId::from_uuid(id)]).await?;
                return found.into_iter().next().map(|row| (row, true)).ok_or(AdjustError::NotFound);
            }
        }
        let alone = repo::alone_since(tx, by, &command.amount.asset, now - LIMIT_WINDOW).await?;
        let total =
            alone.into_iter().chain([command.amount.minor]).map(i128::from).map(i128::abs).sum::<i128>();
        let waits = total > i128::from(limit) || by == command.member_id;
        let row = AdjustmentRow {
            id,
            member_id: command.member_id,
            asset: command.amount.asset.clone(),
            amount: command.amount.minor,
            promotional: command.promotional,
            reason: command.reason.clone(),
            status: if waits { AdjustmentStatus::Waiting } else { AdjustmentStatus::Posted },
            requested_by: by,
            decided_by: None,
            created_at: now,
            decided_at: (!waits).then_some(now),
        };
        repo::insert(tx, &row).await?;
        if !waits {
            give_or_take(tx, &row).await?;
        }
        let action = if waits { Action::AdjustmentRequested } else { Action::CreditsAdjusted };
        record(tx, command.by, action, &row, &row.reason).await?;
        Ok((row, false))
    })
    .await
}

/// Posts an adjustment that waits, or rejects it, by another administrator than asked for it (who may only take it back).
/// The same decision again gives the first one.
///
/// # Errors
/// See [`AdjustError`].
pub async fn decide(app: &App, by: Viewer, id: AdjustmentId, approve: bool) -> Result<Adjusted, AdjustError> {
    let decision = if approve { AdjustmentStatus::Posted } else { AdjustmentStatus::Rejected };
    transact(app, async |tx| {
        tx.acting(by.member_id);
        rights::still_admin(tx, by).await?;
        let row = repo::lock(tx, id).await?.ok_or(AdjustError::NotFound)?;
        if approve && [row.requested_by, row.member_id].contains(&by.member_id) {
            return Err(AdjustError::Own);
        }
        match row.status {
            AdjustmentStatus::Waiting => {}
            status if status == decision && row.decided_by == Some(by.member_id) => return Ok((row, true)),
            status => return Err(AdjustError::Decided(status)),
        }
        let now = tx.now();
        let row =
            AdjustmentRow { status: decision, decided_by: Some(by.member_id), decided_at: Some(now), ..row };
        repo::decide(tx, &row).await?;
        if approve {
            give_or_take(tx, &row).await?;
        }
        let action = if approve { Action::CreditsAdjusted } else { Action::AdjustmentRejected };
        record(tx, by, action, &row, &row.reason).await?;
        Ok((row, false))
    })
    .await
}

/// Moves the money: from the platform's equity, or as a promotion. What is taken was bought; promotional credits end by
/// themselves.
async fn give_or_take(tx: &mut Tx, row: &AdjustmentRow) -> Result<(), AdjustError> {
    let amount = Amount { minor: row.amount, asset: row.asset.clone() };
    if row.promotional {
        promotions::grant(tx, row.member_id, &amount, &row.reason).await?;
        return Ok(());
    }
    let names = [
        account_of(AccountKind::Wallet, row.member_id, row.asset.clone()),
        platform_account(AccountKind::Equity, row.asset.clone()),
    ];
    let [wallet, equity] = open(tx, names).await?;
    let locked = moves::lock(tx, vec![wallet.id]).await?;
    let bought: i64 = locked.iter().map(AccountRow::bought).sum();
    let missing = (-row.amount).saturating_sub(bought);
    if row.amount < 0 && missing > 0 {
        return Err(AdjustError::Insufficient { missing });
    }
    let lines = vec![Line::new(&equity, -row.amount), Line::new(&wallet, row.amount)];
    write(tx, &Cause::of(TransactionKind::Adjustment, row.id), lines).await?;
    tx.tell(
        StreamName::User(row.member_id),
        &WalletAdjusted {
            adjustment_id: row.id,
            asset: amount.asset,
            amount: amount.minor,
            reason: row.reason.clone(),
        },
    );
    Ok(())
}

async fn record(
    tx: &mut Tx,
    by: Viewer,
    action: Action,
    row: &AdjustmentRow,
    reason: &str,
) -> QueryResult<()> {
    let amount = Amount { minor: row.amount, asset: row.asset.clone() };
    let mut act = Act::by(by.member_id, action)
        .on(by.auth_session_id)
        .about(row.member_id)
        .because(reason)
        .with("adjustment", &row.id)
        .with("amount", &amount)
        .with("requestedBy", &row.requested_by);
    if row.promotional {
        act = act.with("promotional", "true");
    }
    audit::service::record(tx, act).await
}
