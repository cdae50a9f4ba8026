//! The sandbox's own books: accounts and payouts.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    super::{PayoutFault, PayoutOrder, Progress, Sent, Standing},
    webhook::DeliverWebhook,
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{MemberId, PayoutId},
        tables::{sandbox_payout_accounts, sandbox_payouts},
        transact,
    },
    text_enum,
};

text_enum! {
    /// What the sandbox thinks of an account.
    pub enum AccountStatus { Pending = "PENDING", Verified = "VERIFIED", Restricted = "RESTRICTED" }
}

text_enum! {
    /// What the sandbox does with the payouts to an account.
    pub enum Behaviour {
        Pays = "PAYS",
        /// Takes them, and tells later that the bank sent them back.
        Fails = "FAILS",
        /// Refuses them when it is asked.
        Refuses = "REFUSES",
        /// Takes them, but its first answer gets lost.
        LosesReplies = "LOSES_REPLIES",
    }
}

text_enum! {
    /// How far a payout is.
    pub enum PayoutStatus { InTransit = "IN_TRANSIT", Paid = "PAID", Failed = "FAILED" }
}

/// Why the sandbox sends payouts back.
const BANK_SAYS: &str = "The bank account could not be found.";
/// How long a payout is on its way to the bank.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(3);

/// An account as the sandbox knows it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sandbox_payout_accounts, check_for_backend(diesel::pg::Pg))]
pub struct AccountRow {
    /// Random: whoever knows it may decide.
    pub id: String,
    /// Whose, as the shop named them.
    pub member_id: MemberId,
    /// What it thinks of it.
    pub status: AccountStatus,
    /// What it does with payouts.
    pub behaviour: Behaviour,
    /// Where the member goes afterwards.
    pub return_url: Option<String>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
}

impl AccountRow {
    /// What the account may do.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.status {
            AccountStatus::Pending => Standing::Pending,
            AccountStatus::Verified => Standing::Verified,
            AccountStatus::Restricted => Standing::Restricted("A document could not be read.".to_owned()),
        }
    }
}

/// A payout as the sandbox knows it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = sandbox_payouts, check_for_backend(diesel::pg::Pg))]
pub struct PayoutRow {
    /// Its name.
    pub id: String,
    /// The shop's name for it.
    pub payout_id: PayoutId,
    /// Where to.
    pub account_id: String,
    /// Minor units of `currency`.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// How far it is.
    pub status: PayoutStatus,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
}

impl PayoutRow {
    fn sent(&self) -> Sent {
        let progress = match self.status {
            PayoutStatus::InTransit => Progress::InTransit,
            PayoutStatus::Paid => Progress::Paid,
            PayoutStatus::Failed => Progress::Failed(BANK_SAYS.to_owned()),
        };
        Sent { reference: self.id.clone(), progress }
    }

    /// Why it failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&'static str> {
        (self.status == PayoutStatus::Failed).then_some(BANK_SAYS)
    }
}

/// A new account, or the one that the member has already; returns its name.
pub(super) async fn open_account(app: &App, member: MemberId) -> QueryResult<String> {
    let row = AccountRow {
        id: random_id("sac"),
        member_id: member,
        status: AccountStatus::Pending,
        behaviour: Behaviour::Pays,
        return_url: None,
        created_at: app.clock.now(),
    };
    let mut conn = app.conn().await?;
    diesel::insert_into(sandbox_payout_accounts::table)
        .values(&row)
        .on_conflict(sandbox_payout_accounts::member_id)
        .do_nothing()
        .execute(&mut conn)
        .await?;
    let own = sandbox_payout_accounts::table.filter(sandbox_payout_accounts::member_id.eq(member));
    own.select(sandbox_payout_accounts::id).first(&mut conn).await
}

/// Notes where the page leads back to.
pub(super) async fn lead_back_to(app: &App, account: &str, url: Option<&str>) -> QueryResult<()> {
    diesel::update(sandbox_payout_accounts::table.find(account))
        .set(sandbox_payout_accounts::return_url.eq(url))
        .execute(&mut *app.conn().await?)
        .await
        .map(drop)
}

/// An account by name.
///
/// # Errors
/// Only if the database fails.
pub async fn find(app: &App, id: &str) -> QueryResult<Option<AccountRow>> {
    if !is_id(id) {
        return Ok(None);
    }
    by_id(&mut *app.conn().await?, id).await
}

async fn by_id(conn: &mut AsyncPgConnection, id: &str) -> QueryResult<Option<AccountRow>> {
    sandbox_payout_accounts::table.find(id).select(AccountRow::as_select()).first(conn).await.optional()
}

/// Decides what is thought of an account and done with its payouts, and has the shop told. Returns it as it is then.
///
/// # Errors
/// Only if the database fails.
pub async fn decide(
    app: &App,
    id: &str,
    status: AccountStatus,
    behaviour: Behaviour,
) -> QueryResult<Option<AccountRow>> {
    if !is_id(id) {
        return Ok(None);
    }
    transact(app, async |tx| {
        let decided = diesel::update(sandbox_payout_accounts::table.find(id))
            .set((
                sandbox_payout_accounts::status.eq(status),
                sandbox_payout_accounts::behaviour.eq(behaviour),
            ))
            .execute(tx)
            .await?;
        if decided == 1 {
            DeliverWebhook::account(id).enqueue(tx, TimeDelta::zero()).await?;
        }
        by_id(tx, id).await
    })
    .await
}

/// Takes a payout, once.
pub(super) async fn send(app: &App, order: &PayoutOrder) -> Result<Sent, PayoutFault> {
    let account = find(app, &order.account).await.map_err(anyhow::Error::new)?;
    let account = account.ok_or_else(|| PayoutFault::Refused("There is no such account.".to_owned()))?;
    let (row, fresh) =
        transact(app, async |tx| take(tx, order, &account).await).await.map_err(anyhow::Error::new)?;
    let Some(row) = row else {
        return Err(PayoutFault::Refused("The account cannot receive payouts.".to_owned()));
    };
    if fresh && account.behaviour == Behaviour::LosesReplies {
        return Err(PayoutFault::Unknown(anyhow::anyhow!("the connection broke before the answer came")));
    }
    Ok(row.sent())
}

/// The payout of an order: the one that was taken before, or a new one. `None` = refused.
async fn take(
    tx: &mut Tx,
    order: &PayoutOrder,
    account: &AccountRow,
) -> QueryResult<(Option<PayoutRow>, bool)> {
    let taken = sandbox_payouts::table.filter(sandbox_payouts::payout_id.eq(order.payout_id));
    let taken = taken.select(PayoutRow::as_select()).first(tx).await.optional()?;
    if taken.is_some() {
        return Ok((taken, false));
    }
    if account.status != AccountStatus::Verified || account.behaviour == Behaviour::Refuses {
        return Ok((None, false));
    }
    let row = PayoutRow {
        id: random_id("spo"),
        payout_id: order.payout_id,
        account_id: account.id.clone(),
        amount: order.amount,
        currency: order.currency.clone(),
        status: PayoutStatus::InTransit,
        created_at: tx.now(),
    };
    // Somebody else who asks for the same at this moment waits here, fails, and asks again.
    diesel::insert_into(sandbox_payouts::table).values(&row).execute(tx).await?;
    let end = if account.behaviour == Behaviour::Fails { PayoutStatus::Failed } else { PayoutStatus::Paid };
    DeliverWebhook::payout(&row.id, end).enqueue(tx, ON_ITS_WAY).await?;
    Ok((Some(row), true))
}

/// Brings a payout to its end; returns it.
pub(super) async fn end(app: &App, id: &str, status: PayoutStatus) -> QueryResult<Option<PayoutRow>> {
    diesel::update(sandbox_payouts::table.find(id))
        .set(sandbox_payouts::status.eq(status))
        .returning(PayoutRow::as_returning())
        .get_result(&mut *app.conn().await?)
        .await
        .optional()
}

/// Whether a text from an address can be an id at all.
fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// 192 random bits, fit for an address.
fn random_id(prefix: &str) -> String {
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()))
}
