//! Acts, seals, and what makes them a chain.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    db::{
        chain::Head,
        ids::{ActId, AuthSessionId, EntityId, MemberId},
        tables::audit_log,
    },
    text_enum,
};

text_enum! {
    /// What was done. Rows are kept for ever: values may be added, never renamed.
    pub enum Action {
        RolesChanged = "ROLES_CHANGED",
        StatusChanged = "STATUS_CHANGED",
        SuspensionEnded = "SUSPENSION_ENDED",
        MentorApplicationReviewed = "MENTOR_APPLICATION_REVIEWED",
        MemberDataRead = "MEMBER_DATA_READ",
        ConversationOpened = "CONVERSATION_OPENED",
        ConversationRead = "CONVERSATION_READ",
        CreditsAdjusted = "CREDITS_ADJUSTED",
        DisputeResolved = "DISPUTE_RESOLVED",
        RefundRequested = "REFUND_REQUESTED",
        WebhookReplayed = "WEBHOOK_REPLAYED",
        AdjustmentRequested = "ADJUSTMENT_REQUESTED",
        AdjustmentRejected = "ADJUSTMENT_REJECTED",
        SignedIn = "SIGNED_IN",
        SignInRefused = "SIGN_IN_REFUSED",
        DeviceSignedOut = "DEVICE_SIGNED_OUT",
        TokenReused = "TOKEN_REUSED",
        PasswordChanged = "PASSWORD_CHANGED",
        PasswordReset = "PASSWORD_RESET",
        EmailChangeRequested = "EMAIL_CHANGE_REQUESTED",
        EmailChanged = "EMAIL_CHANGED",
        StepUpRefused = "STEP_UP_REFUSED",
        SecondFactorEnrolled = "SECOND_FACTOR_ENROLLED",
        SecondFactorEnabled = "SECOND_FACTOR_ENABLED",
        SecondFactorDisabled = "SECOND_FACTOR_DISABLED",
        RecoveryCodeUsed = "RECOVERY_CODE_USED",
        IdentityLinked = "IDENTITY_LINKED",
        IdentityUnlinked = "IDENTITY_UNLINKED",
        AccountDeleted = "ACCOUNT_DELETED",
        PayoutAccountConnected = "PAYOUT_ACCOUNT_CONNECTED",
        PayoutRequested = "PAYOUT_REQUESTED",
        HeadPublished = "HEAD_PUBLISHED",
    }
}

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 2000;

/// Something to be recorded. Built up from who did what: `Act::by(admin, Action::RolesChanged).about(member).because(why)`.
#[derive(Clone, Debug)]
pub struct Act {
    pub(super) actor: Option<MemberId>,
    pub(super) device: Option<AuthSessionId>,
    pub(super) action: Action,
    pub(super) subject: Option<String>,
    pub(super) reason: String,
    pub(super) details: BTreeMap<&'static str, String>,
}

impl Act {
    /// What a member did.
    #[must_use]
    pub const fn by(actor: MemberId, action: Action) -> Self {
        let mut act = Self::by_system(action);
        act.actor = Some(actor);
        act
    }

    /// What the system did, or the operator at the command line.
    #[must_use]
    pub const fn by_system(action: Action) -> Self {
        Self {
            actor: None,
            device: None,
            action,
            subject: None,
            reason: String::new(),
            details: BTreeMap::new(),
        }
    }

    /// The device that the actor used.
    #[must_use]
    pub const fn on(mut self, device: AuthSessionId) -> Self {
        self.device = Some(device);
        self
    }

    /// What it was done to.
    #[must_use]
    pub fn about(mut self, subject: impl EntityId) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// Why, in the actor's words; cut after 2000 characters.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = reason.chars().take(LONGEST_REASON).collect();
        self
    }

    /// One more fact, such as what it was before. Never a secret: the log is kept for ever.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.details.insert(name, value.to_string());
        self
    }
}

/// A recorded act, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, check_for_backend(diesel::pg::Pg))]
pub struct ActRow {
    /// Its id.
    pub id: ActId,
    /// Who did it; `None` = the system or the operator.
    pub actor_id: Option<MemberId>,
    /// The device that the actor used.
    pub auth_session_id: Option<AuthSessionId>,
    /// See [`Action`]; a newer server may have written one that is not known here.
    pub action: String,
    /// Global id of what it was done to.
    pub subject: Option<String>,
    /// Why, in the actor's words; empty if nobody said.
    pub reason: String,
    /// A JSON object of texts.
    pub details: String,
    /// When the transaction ran.
    pub occurred_at: DateTime<Utc>,
}

/// The details of a [`Action::HeadPublished`]: number and hash.
pub const HEAD_DETAILS: [&str; 2] = ["seq", "hash"];

impl ActRow {
    /// The link of the chain that covers this row, after a head: a hash over the place, the hash before it and every
    /// column of the row.
    #[must_use]
    pub fn link(&self, after: &Head) -> Head {
        let mut digest = after.begin("skillswap audit 1");
        digest.add(Some(self.id.uuid().as_bytes()));
        digest.add(self.actor_id.map(EntityId::uuid).as_ref().map(Uuid::as_bytes).map(<[u8; 16]>::as_slice));
        let device = self.auth_session_id.map(EntityId::uuid);
        digest.add(device.as_ref().map(Uuid::as_bytes).map(<[u8; 16]>::as_slice));
        digest.add(Some(self.action.as_bytes()));
        digest.add(self.subject.as_deref().map(str::as_bytes));
        digest.add(Some(self.reason.as_bytes()));
        digest.add(Some(self.details.as_bytes()));
        // The database keeps microseconds.
        digest.number(self.occurred_at.timestamp_micros());
        after.next(digest)
    }

    /// The head that this act published, if it is such an act and can be read.
    #[must_use]
    pub fn published_head(&self) -> Option<Head> {
        let details = self.details();
        let [seq, hash] = HEAD_DETAILS.map(|name| details.get(name).cloned().unwrap_or_default());
        Head::read(seq.parse().ok()?, &hash)
    }

    /// Whether this act publishes a head.
    #[must_use]
    pub fn publishes(&self) -> bool {
        self.action == Action::HeadPublished.as_str()
    }

    /// The facts, by name.
    #[must_use]
    pub fn details(&self) -> BTreeMap<String, String> {
        serde_json::from_str(&self.details).unwrap_or_default()
    }
}

text_enum! {
    /// What is wrong with the log.
    pub enum FaultKind {
        RowAltered = "ROW_ALTERED",
        RowMissing = "ROW_MISSING",
        SealMissing = "SEAL_MISSING",
        RowNotSealed = "ROW_NOT_SEALED",
        HeadDiffers = "HEAD_DIFFERS",
    }
}

/// The first place where the log is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The number in the chain, if it is a place in it.
    pub seq: Option<i64>,
    /// The act, as far as it can be told.
    pub act: Option<ActId>,
}

/// What a check of the whole log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Sealed acts that were found to be as they were written.
    pub sealed: i64,
    /// Acts that wait for their seal: a few seconds' worth, as long as a worker runs.
    pub unsealed: i64,
    /// The last good link.
    pub head: Head,
    /// The first fault.
    pub fault: Option<Fault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> ActRow {
        ActRow {
            id: ActId::new(),
            actor_id: None,
            auth_session_id: None,
            action: "ROLES_CHANGED".to_owned(),
            subject: None,
            reason: "ab".to_owned(),
            details: "{}".to_owned(),
            occurred_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn values_cannot_move_between_columns() {
        let first = row();
        let second = ActRow { action: "ROLES_CHANGEDa".to_owned(), reason: "b".to_owned(), ..first.clone() };
        let third = ActRow { subject: Some(String::new()), ..first.clone() };
        let links = [&first, &second, &third].map(|row| row.link(&Head::GENESIS).hash);
        assert_ne!(links[0], links[1]);
        assert_ne!(links[0], links[2]);
    }
}
