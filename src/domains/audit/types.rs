//! GraphQL types of the audit log.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::{
    loaders::SealOf,
    model::{self, ActRow},
};
use crate::{
    db::chain::Head,
    domains::{access::Needs, accounts::loaders::MemberById, profiles::types::Member},
    graphql::{ContextExt, Field, field, plain::PlainFields, scalars::BigInt},
    node::{self, Node},
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::Action")]
pub enum AuditAction {
    /// A member's roles were set.
    RolesChanged,
    /// A member was suspended, banned or made active again.
    StatusChanged,
    /// A suspension ended because its time was over.
    SuspensionEnded,
    /// An application to become a mentor was approved or rejected.
    MentorApplicationReviewed,
    /// A member's private data were read.
    MemberDataRead,
    /// A conversation was opened to somebody who is not in it.
    ConversationOpened,
    /// A conversation was read by somebody who is not in it.
    ConversationRead,
    /// Credits were given or taken by hand.
    CreditsAdjusted,
    /// A dispute was decided.
    DisputeResolved,
    /// It was asked for that a payment goes back, or a part of it.
    RefundRequested,
    /// What a provider told was applied again.
    WebhookReplayed,
    /// An adjustment of credits waits for a second administrator.
    AdjustmentRequested,
    /// An adjustment of credits was rejected, or taken back.
    AdjustmentRejected,
    /// A device that the member had not used before was signed in.
    SignedIn,
    /// So many tried to sign in to an account from one place that it was locked for a while.
    SignInRefused,
    /// A device was signed out.
    DeviceSignedOut,
    /// A spent refresh token was used again: a sign of theft.
    TokenReused,
    /// A password was changed by its owner.
    PasswordChanged,
    /// A password was set anew by mail.
    PasswordReset,
    /// A link to another address to sign in with was asked for.
    EmailChangeRequested,
    /// The address to sign in with was changed.
    EmailChanged,
    /// A wrong code or password was shown for a sensitive act.
    StepUpRefused,
    /// The secret of a second factor was made; it does not count yet.
    SecondFactorEnrolled,
    /// A second factor was set up.
    SecondFactorEnabled,
    /// A second factor was removed.
    SecondFactorDisabled,
    /// A recovery code took the place of a second factor.
    RecoveryCodeUsed,
    /// An outside identity was linked.
    IdentityLinked,
    /// An outside identity was unlinked.
    IdentityUnlinked,
    /// An account was deleted.
    AccountDeleted,
    /// A member opened an account for payouts.
    PayoutAccountConnected,
    /// A member asked for a payout.
    PayoutRequested,
    /// The head of this log was published.
    HeadPublished,
}

/// A row of the audit log.
#[derive(Clone, Debug)]
pub struct AuditEntry(pub Arc<ActRow>);

/// A row of the audit log: who did what to whom, and why. Needs the permission `READ_AUDIT`.
#[Object(guard = "Needs(\"AuditEntry\")")]
impl AuditEntry {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// When it was done.
    async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at
    }

    /// Who did it. `null` for the system, the operator at the command line, and a removed account.
    async fn actor(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async {
            let Some(id) = self.0.actor_id else { return Ok(None) };
            Ok(ctx.hot(MemberById(id)).await?.map(Member))
        })
        .await
    }

    /// The id of the device that the actor used. `null` if it is not known.
    async fn device_id(&self) -> Option<ID> {
        self.0.auth_session_id.map(|id| ID(id.to_string()))
    }

    /// What was done. `null` if a newer server wrote it and this one does not know it.
    async fn action(&self) -> Option<AuditAction> {
        let known = model::Action::ALL.iter().copied();
        known.into_iter().find(|action| action.as_str() == self.0.action).map(AuditAction::from)
    }

    /// Global id of what it was done to. `null` if it was done to nothing in particular.
    async fn subject_id(&self) -> Option<ID> {
        self.0.subject.clone().map(ID)
    }

    /// What it was done to. `null` if the caller may not see it, or it is gone.
    async fn subject(&self, ctx: &Context<'_>) -> Field<Node> {
        field(async {
            let Some(id) = self.0.subject.clone() else { return Ok(None) };
            node::find(ctx, &ID(id)).await
        })
        .await
    }

    /// Why, in the actor's words; empty if nobody said.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Further facts, such as what it was before.
    async fn details(&self) -> Vec<AuditDetail> {
        self.0.details().into_iter().map(|(name, value)| AuditDetail { name, value }).collect()
    }

    /// Its place in the chain of hashes. `null` for some seconds, until it is sealed.
    async fn seal(&self, ctx: &Context<'_>) -> Field<AuditHead> {
        field(async { Ok(ctx.one(SealOf(self.0.id)).await?.map(AuditHead::from)) }).await
    }
}

impl PlainFields for AuditEntry {}

/// A fact about an act.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditDetail {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A place in the chain of hashes over the audit log. Keep one: `verifyAuditLog(knownHead:)` shows whether the log was
/// written anew since.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditHead {
    /// How many acts are sealed up to here.
    pub seq: BigInt,
    /// The hash over all of them: SHA-256 in hexadecimal.
    pub hash: String,
}

impl From<Head> for AuditHead {
    fn from(head: Head) -> Self {
        Self { seq: BigInt(head.seq), hash: head.hex() }
    }
}

/// A head that was kept outside.
#[derive(Clone, Debug, InputObject)]
pub struct AuditHeadInput {
    /// How many acts were sealed up to there.
    pub seq: BigInt,
    /// The hash, 64 hexadecimal digits.
    pub hash: String,
}

/// What is wrong with the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::FaultKind")]
pub enum AuditFaultKind {
    /// A row, or its seal, is not what was written.
    RowAltered,
    /// A sealed row is gone.
    RowMissing,
    /// A seal is gone.
    SealMissing,
    /// A row has no seal and does not wait for one: somebody put it in.
    RowNotSealed,
    /// The chain does not run through a published or given head: it was written anew, or its end was cut off.
    HeadDiffers,
}

/// The first place where the audit log is not what was written.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditFault {
    /// What is wrong.
    pub kind: AuditFaultKind,
    /// The number in the chain. `null` for a row that is not in it.
    pub seq: Option<BigInt>,
    /// The row's id. `null` if it cannot be told.
    pub entry_id: Option<ID>,
}

/// What a check of the whole audit log found.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditVerification {
    /// Whether nothing is wrong.
    pub intact: bool,
    /// Sealed rows that are as they were written.
    pub sealed: BigInt,
    /// Rows that wait for their seal: a few seconds' worth.
    pub unsealed: BigInt,
    /// The last good link of the chain.
    pub head: AuditHead,
    /// The first fault. `null` if nothing is wrong.
    pub first_fault: Option<AuditFault>,
}

impl From<model::AuditReport> for AuditVerification {
    fn from(report: model::AuditReport) -> Self {
        Self {
            intact: report.fault.is_none(),
            sealed: BigInt(report.sealed),
            unsealed: BigInt(report.unsealed),
            head: report.head.into(),
            first_fault: report.fault.map(|fault| AuditFault {
                kind: fault.kind.into(),
                seq: fault.seq.map(BigInt),
                entry_id: fault.act.map(|act| ID(act.to_string())),
            }),
        }
    }
}

/// Which rows of the audit log.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditFilter {
    /// Only what this member did.
    pub actor_id: Option<ID>,
    /// Only what was done to this: any global id.
    pub subject_id: Option<ID>,
    /// Only these kinds of act; empty = all.
    pub actions: Option<Vec<AuditAction>>,
    /// Only at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Only before this instant.
    pub until: Option<DateTime<Utc>>,
}
