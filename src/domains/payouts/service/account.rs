//! The account that payouts go to.

use chrono::{DateTime, Utc};
use diesel::QueryResult;

use super::super::{
    model::{PayoutAccountChanged, PayoutAccountRow, PayoutAccountStatus},
    repo,
};
use crate::{
    app::App,
    db::{Tx, transact},
    domains::audit::{
        self,
        model::{Act, Action},
    },
    events::StreamName,
    graphql::Viewer,
    integrations::payouts::{PayoutFault, Standing},
};

/// A payout account, with the page on which the provider asks what it wants to know.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The account.
    pub account: PayoutAccountRow,
    /// The page.
    pub onboarding_url: String,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// This installation has no provider.
    #[error("no provider")]
    NoProvider,
    /// The provider did not do it.
    #[error("the provider failed")]
    Provider(#[from] PayoutFault),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Opens the member's account at the provider, or asks what the provider thinks of the one that is there. Nothing is held
/// open in the database meanwhile.
///
/// # Errors
/// See [`AccountError`].
pub async fn connect(app: &App, viewer: Viewer, return_url: Option<&str>) -> Result<Connected, AccountError> {
    let provider = app.integrations.payouts.preferred().ok_or(AccountError::NoProvider)?;
    let as_of = app.clock.now();
    let reference = provider.open_account(app, viewer.member_id).await?;
    let standing = provider.standing(app, &reference).await?;
    let onboarding_url = provider.onboarding_url(app, &reference, return_url).await?;
    let account = transact(app, async |tx| {
        tx.acting(viewer.member_id);
        let fresh = PayoutAccountRow {
            member_id: viewer.member_id,
            provider: provider.name().to_owned(),
            reference: reference.clone(),
            status: PayoutAccountStatus::Pending,
            requirement: None,
            as_of,
            created_at: tx.now(),
        };
        let (account, is_new) = repo::open_account(tx, &fresh).await?;
        if is_new {
            let act = Act::by(viewer.member_id, Action::PayoutAccountConnected)
                .on(viewer.auth_session_id)
                .about(viewer.member_id)
                .with("provider", provider.name());
            audit::service::record(tx, act).await?;
        }
        follow(tx, account, &standing, as_of).await
    })
    .await?;
    Ok(Connected { account, onboarding_url })
}

/// The page on which the holder of an account proves what is missing. `None` if the provider gives none now.
pub async fn onboarding_url(app: &App, account: &PayoutAccountRow) -> Option<String> {
    let provider = app.integrations.payouts.named(&account.provider)?;
    match provider.onboarding_url(app, &account.reference, None).await {
        Ok(url) => Some(url),
        Err(error) => {
            tracing::warn!(%error, "the provider gave no page to complete an account");
            None
        }
    }
}

/// Lets a locked account follow what the provider said when it was asked at `as_of`, unless it was asked later already.
pub(super) async fn follow(
    tx: &mut Tx,
    account: PayoutAccountRow,
    standing: &Standing,
    as_of: DateTime<Utc>,
) -> QueryResult<PayoutAccountRow> {
    if as_of < account.as_of {
        return Ok(account);
    }
    let (status, requirement) = match standing {
        Standing::Pending => (PayoutAccountStatus::Pending, None),
        Standing::Verified => (PayoutAccountStatus::Verified, None),
        Standing::Restricted(why) => (PayoutAccountStatus::Restricted, Some(why.clone())),
    };
    let same = account.status == status && account.requirement == requirement;
    let account = PayoutAccountRow { status, requirement, as_of, ..account };
    repo::update_account(tx, &account).await?;
    if !same {
        let stream = StreamName::User(account.member_id);
        tx.tell(stream, &PayoutAccountChanged { account: account.clone() });
    }
    Ok(account)
}
