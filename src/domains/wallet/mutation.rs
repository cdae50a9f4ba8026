//! Root mutations of the wallet: what administrators do to it.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::{
        ASSETS, Amount, Asset,
        adjustment::{AdjustmentRow, AdjustmentStatus},
    },
    service::adjust::{self, AdjustError, AdjustWallet},
    types::adjustment::{
        AdminAdjustCreditsInput, AdminAdjustCreditsPayload, AdminApproveAdjustmentInput,
        AdminApproveAdjustmentPayload, AdminRejectAdjustmentInput, AdminRejectAdjustmentPayload,
        CreditAdjustment,
    },
};
use crate::{
    db::ids::MemberId,
    domains::{
        accounts::loaders::MemberById,
        input::{attempt, id, not_found, text},
        second_factor::mutation::stepped_up,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=500;
/// The most that one adjustment moves.
const MOST: i64 = 100_000_000_000;

/// Mutations of the wallet.
#[derive(Debug, Default)]
pub struct WalletMutation;

/// Mutations of the wallet.
#[Object]
impl WalletMutation {
    /// Corrects a member's wallet by hand, with a row in the audit log; the member sees the amount and the reason. What one
    /// administrator adjusts alone within a day is limited (`policies.wallet.adjustmentLimit`): above, and for the
    /// caller's own wallet, the adjustment waits for another administrator (`APPROVAL_REQUIRED`). Needs a step-up in the
    /// last ten minutes.
    async fn admin_adjust_credits(
        &self,
        ctx: &Context<'_>,
        input: AdminAdjustCreditsInput,
    ) -> Field<AdminAdjustCreditsPayload> {
        answer(async {
            let by = stepped_up(ctx).await?;
            let member_id: MemberId = id(&input.member_id, "memberId")?;
            if ctx.hot(MemberById(member_id)).await?.is_none() {
                return Err(not_found("memberId", "member").into());
            }
            let amount = amount_of(&input)?;
            let reason = text(&input.reason, "reason", REASON)?;
            let meant = (member_id, amount.minor, &amount.asset, input.promotional, &reason);
            let attempt = attempt(by.member_id, "adminAdjustCredits", &input.idempotency_key, &meant)?;
            let promotional = input.promotional;
            let command = AdjustWallet { by, member_id, amount, promotional, reason, attempt };
            let (row, replayed) = adjust::adjust(ctx.app(), command).await?;
            ctx.wrote();
            Ok(AdminAdjustCreditsPayload {
                user_errors: approval_required(&row).into_iter().collect(),
                adjustment: Some(CreditAdjustment(Arc::new(row))),
                replayed: Some(replayed),
            })
        })
        .await
    }

    /// Approves an adjustment that waits: the money moves, once. Not by who asked for it, nor for the own wallet. Needs a
    /// step-up in the last ten minutes.
    async fn admin_approve_adjustment(
        &self,
        ctx: &Context<'_>,
        input: AdminApproveAdjustmentInput,
    ) -> Field<AdminApproveAdjustmentPayload> {
        answer(async {
            let by = stepped_up(ctx).await?;
            let adjustment = id(&input.adjustment_id, "adjustmentId")?;
            let (row, replayed) = adjust::decide(ctx.app(), by, adjustment, true).await?;
            ctx.wrote();
            let adjustment = Some(CreditAdjustment(Arc::new(row)));
            Ok(AdminApproveAdjustmentPayload { adjustment, replayed: Some(replayed), ..Default::default() })
        })
        .await
    }

    /// Rejects an adjustment that waits, or takes the own one back: no money moves. Needs a step-up in the last ten
    /// minutes.
    async fn admin_reject_adjustment(
        &self,
        ctx: &Context<'_>,
        input: AdminRejectAdjustmentInput,
    ) -> Field<AdminRejectAdjustmentPayload> {
        answer(async {
            let by = stepped_up(ctx).await?;
            let adjustment = id(&input.adjustment_id, "adjustmentId")?;
            let (row, replayed) = adjust::decide(ctx.app(), by, adjustment, false).await?;
            ctx.wrote();
            let adjustment = Some(CreditAdjustment(Arc::new(row)));
            Ok(AdminRejectAdjustmentPayload { adjustment, replayed: Some(replayed), ..Default::default() })
        })
        .await
    }
}

fn amount_of(input: &AdminAdjustCreditsInput) -> Result<Amount, UserError> {
    let Some(asset) = Asset::known(&input.asset) else {
        let message = format!("Give one of {}.", ASSETS.join(", "));
        return Err(UserError::validation("asset", "ASSET", message));
    };
    let minor = input.amount.0;
    if minor == 0 || minor.saturating_abs() > MOST {
        let message = format!("`amount` must be between -{MOST} and {MOST}, and not 0.");
        return Err(UserError::validation("amount", "RANGE", message));
    }
    if input.promotional && minor < 0 {
        let message = "Promotional credits are only given; they end by themselves.";
        return Err(UserError::validation("amount", "RANGE", message));
    }
    Ok(Amount { minor, asset })
}

/// What is told of an adjustment that waits.
fn approval_required(row: &AdjustmentRow) -> Option<UserError> {
    let message =
        "No money has moved yet: another administrator must approve this with adminApproveAdjustment.";
    (row.status == AdjustmentStatus::Waiting)
        .then(|| UserError::basic(ErrorCode::ApprovalRequired, "amount", message))
}

impl From<AdjustError> for Refusal {
    fn from(error: AdjustError) -> Self {
        match error {
            AdjustError::NotFound => not_found("adjustmentId", "adjustment").into(),
            AdjustError::Insufficient { missing } => {
                let message = format!(
                    "The wallet has too little that was bought or earned: {missing} minor units are missing. Take less."
                );
                UserError::basic(ErrorCode::InsufficientFunds, "amount", message).into()
            }
            AdjustError::Own => {
                let message =
                    "Another administrator must approve what you asked for, and what is for your own wallet.";
                UserError::basic(ErrorCode::Forbidden, "adjustmentId", message).into()
            }
            AdjustError::Decided(status) => UserError::transition(status.as_str(), &[]).into(),
            AdjustError::KeyConflict(difference) => UserError::idempotency_conflict(difference).into(),
            AdjustError::Rights(error) => error.into(),
            AdjustError::Database(_) => Self::Api(error.into()),
        }
    }
}
