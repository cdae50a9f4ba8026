//! Asking for a payout.

use super::{
    super::{
        jobs::SendPayout,
        model::{PayoutAccountRow, PayoutAccountStatus, PayoutChanged, PayoutRow, PayoutStatus},
        repo,
    },
    terms,
};
use crate::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed, Difference},
        ids::{EntityId, PayoutId},
        transact,
    },
    domains::{
        audit::{
            self,
            model::{Act, Action},
        },
        wallet::{
            self,
            model::{Amount, Asset},
            service::PayOutError,
        },
    },
    events::StreamName,
    graphql::Viewer,
    jobs::queue,
};

/// What a member wants to be paid out.
#[derive(Clone, Debug)]
pub struct RequestPayout {
    /// Who, and on which device.
    pub viewer: Viewer,
    /// Hundredths of a credit.
    pub credits: i64,
    /// The request, to know it again.
    pub attempt: Attempt,
}

/// A payout that was asked for.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The payout.
    pub payout: PayoutRow,
    /// Whether an earlier request made it.
    pub replayed: bool,
}

/// Why there is no payout.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The key was used with another input.
    #[error("the key was used with another input")]
    Conflict(Difference),
    /// This installation has no provider.
    #[error("no provider")]
    NoProvider,
    /// The member has no account that payouts can go to.
    #[error("the account is not ready")]
    AccountNotReady(Option<PayoutAccountRow>),
    /// Less than the least.
    #[error("less than {least}")]
    TooSmall {
        /// The least, in hundredths of a credit.
        least: i64,
    },
    /// The earnings are not that much.
    #[error("only {available} are there")]
    Insufficient {
        /// What there is, in hundredths of a credit.
        available: i64,
    },
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Takes credits from the earnings and has a job pay them out. A repeat gives the same payout.
///
/// # Errors
/// See [`RequestError`].
pub async fn request(app: &App, command: RequestPayout) -> Result<Requested, RequestError> {
    let provider = app.integrations.payouts.preferred().ok_or(RequestError::NoProvider)?.name();
    let terms = terms(&app.config);
    let money = Amount { minor: terms.worth(command.credits), asset: Asset::of(&terms.currency) };
    transact(app, async |tx| {
        let (member, id, now) = (command.viewer.member_id, PayoutId::new(), tx.now());
        tx.acting(member);
        match command.attempt.claim(tx, id.uuid(), now).await? {
            Claimed::New => {}
            Claimed::Conflict(difference) => return Err(RequestError::Conflict(difference)),
            Claimed::Replayed(id) => return again(tx, PayoutId::from_uuid(id)).await,
        }
        if command.credits < terms.least() {
            return Err(RequestError::TooSmall { least: terms.least() });
        }
        let account = repo::hold_account(tx, member, provider).await?;
        let account = match account {
            Some(account) if account.status == PayoutAccountStatus::Verified => account,
            other => return Err(RequestError::AccountNotReady(other)),
        };
        let payout = PayoutRow {
            id,
            member_id: member,
            provider: account.provider,
            account_reference: account.reference,
            provider_reference: None,
            status: PayoutStatus::Requested,
            credits: command.credits,
            amount: money.minor,
            currency: terms.currency.clone(),
            failure: None,
            created_at: now,
            settled_at: None,
        };
        repo::insert(tx, &payout).await?;
        wallet::service::pay_out(tx, id, member, payout.credits, &money).await?;
        let act = Act::by(member, Action::PayoutRequested)
            .on(command.viewer.auth_session_id)
            .about(id)
            .with("amount", &money);
        audit::service::record(tx, act).await?;
        tx.tell(StreamName::User(member), &PayoutChanged { payout: payout.clone() });
        queue::enqueue(tx, &SendPayout { payout_id: id }).await?;
        Ok(Requested { payout, replayed: false })
    })
    .await
}

async fn again(tx: &mut Tx, id: PayoutId) -> Result<Requested, RequestError> {
    let made = repo::by_ids(tx, &[id]).await?;
    let payout = made.into_iter().next().ok_or(diesel::result::Error::NotFound)?;
    Ok(Requested { payout, replayed: true })
}

impl From<PayOutError> for RequestError {
    fn from(error: PayOutError) -> Self {
        match error {
            PayOutError::Insufficient { available } => Self::Insufficient { available },
            PayOutError::Database(error) => Self::Database(error),
        }
    }
}
