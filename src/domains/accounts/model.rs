//! Rows and rules of accounts.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    db::{
        ids::{AuthSessionId, MemberId},
        tables::{account_tokens, auth_sessions, credentials, members},
    },
    events::EventPayload,
    text_enum,
};

text_enum! {
    /// What a member may be; roles can be held together.
    pub enum Role { Learner = "LEARNER", Mentor = "MENTOR", Exchanger = "EXCHANGER", Admin = "ADMIN" }
}

text_enum! {
    /// Whether an account may be used.
    pub enum MemberStatus { Active = "ACTIVE", Inactive = "INACTIVE", Suspended = "SUSPENDED", Banned = "BANNED" }
}

text_enum! {
    /// What a mailed token is for.
    pub enum TokenPurpose {
        VerifyEmail = "VERIFY_EMAIL", ResetPassword = "RESET_PASSWORD", ChangeEmail = "CHANGE_EMAIL",
    }
}

text_enum! {
    /// What happened to the safety of an account.
    pub enum SecurityEventKind {
        RefreshTokenReused = "REFRESH_TOKEN_REUSED", PasswordChanged = "PASSWORD_CHANGED",
        PasswordReset = "PASSWORD_RESET", EmailChanged = "EMAIL_CHANGED",
    }
}

text_enum! {
    /// What the privileged may do; granted by roles.
    pub enum Permission {
        ManageMembers = "MANAGE_MEMBERS", ReviewMentors = "REVIEW_MENTORS", ReadAudit = "READ_AUDIT",
        ReadUsage = "READ_USAGE", OverseeConversations = "OVERSEE_CONVERSATIONS", ManageMoney = "MANAGE_MONEY",
        ResolveDisputes = "RESOLVE_DISPUTES",
    }
}

impl Role {
    /// What the role allows beyond what every member may do.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Learner | Self::Mentor | Self::Exchanger => &[],
            Self::Admin => Permission::ALL,
        }
    }
}

/// An account that may look, but not act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// When it ends by itself; `None` = when somebody lifts it.
    pub until: Option<DateTime<Utc>>,
}

/// How long an access token is good.
pub const ACCESS_TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a device stays signed in without being used.
pub const AUTH_SESSION_LIFE: TimeDelta = TimeDelta::days(30);
/// How long the answer to a refresh is repeated for who asks again with the same token: the answer may have been lost, and
/// two windows of one program may ask at once.
pub const REFRESH_GRACE: TimeDelta = TimeDelta::seconds(30);
/// How long a mailed token is good.
pub const MAILED_TOKEN_LIFE: TimeDelta = TimeDelta::hours(1);
/// Signed-in devices of one member; one more signs the longest unused one out.
pub const MAX_AUTH_SESSIONS: i64 = 50;
/// Characters of a password.
pub const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// A member: the public card.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = members, check_for_backend(diesel::pg::Pg))]
pub struct MemberRow {
    /// The member's id.
    pub id: MemberId,
    /// Unique name in addresses.
    pub handle: String,
    /// The name shown.
    pub name: String,
    /// Address of the picture.
    pub avatar_url: Option<String>,
    /// About the member, in the member's words.
    pub bio: String,
    /// IANA zone.
    pub time_zone: String,
    /// BCP 47 tags, best first.
    pub languages: Vec<String>,
    /// Roles held.
    pub roles: Vec<Role>,
    /// Whether the account may be used.
    pub status: MemberStatus,
    /// Rises with every change.
    pub version: i64,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When a suspension ends by itself; `None` = not by itself, or there is none.
    #[serde(default)]
    pub suspended_until: Option<DateTime<Utc>>,
}

impl MemberRow {
    /// The status at an instant: a suspension whose time is over has ended, whether or not anybody wrote it down.
    #[must_use]
    pub fn status_at(&self, now: DateTime<Utc>) -> MemberStatus {
        let over =
            self.status == MemberStatus::Suspended && self.suspended_until.is_some_and(|until| until <= now);
        if over { MemberStatus::Active } else { self.status }
    }

    /// What keeps the member from acting at an instant.
    #[must_use]
    pub fn suspension_at(&self, now: DateTime<Utc>) -> Option<Suspension> {
        match self.status_at(now) {
            MemberStatus::Active | MemberStatus::Inactive => None,
            MemberStatus::Suspended => Some(Suspension { until: self.suspended_until }),
            MemberStatus::Banned => Some(Suspension { until: None }),
        }
    }

    /// Whether a role that the member holds grants a permission.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.iter().any(|role| role.permissions().contains(&permission))
    }

    /// Whether the member holds a role.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// Which members are listed.
#[derive(Clone, Debug, Default)]
pub struct MemberSearch {
    /// Part of the name, the handle or the address.
    pub text: Option<String>,
    /// Only holders of this role.
    pub role: Option<Role>,
    /// Only with this status.
    pub status: Option<MemberStatus>,
}

/// A member's roles or status changed. Told on the member's own stream and on that of the administrators.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RightsChanged {
    /// Whose.
    pub member_id: MemberId,
    /// Roles held now.
    pub roles: Vec<Role>,
    /// The status now.
    pub status: MemberStatus,
    /// When a suspension ends by itself.
    pub suspended_until: Option<DateTime<Utc>>,
}

impl EventPayload for RightsChanged {
    const KIND: &'static str = "RIGHTS_CHANGED";
}

impl RightsChanged {
    /// The rights of a member as they are.
    #[must_use]
    pub fn of(member: &MemberRow) -> Self {
        Self {
            member_id: member.id,
            roles: member.roles.clone(),
            status: member.status,
            suspended_until: member.suspended_until,
        }
    }
}

/// How a member signs in.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = credentials, check_for_backend(diesel::pg::Pg))]
pub struct CredentialRow {
    /// Whose.
    pub member_id: MemberId,
    /// In lower case.
    pub email: String,
    /// When the address was proven; `None` = not yet.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// In the PHC string format; `None` = the member signs in through others.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub changed_at: DateTime<Utc>,
}

/// A signed-in device.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = auth_sessions, check_for_backend(diesel::pg::Pg))]
pub struct AuthSessionRow {
    /// Its id, also in its access tokens.
    pub id: AuthSessionId,
    /// Whose.
    pub member_id: MemberId,
    /// The program, in its own words.
    pub user_agent: Option<String>,
    /// When the member signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless refreshed.
    pub expires_at: DateTime<Utc>,
    /// When it was ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The network it signed in from.
    pub ip_address: Option<String>,
    /// The session of an outside issuer whose tokens it uses, by a hash.
    pub outside_key: Option<Vec<u8>>,
}

/// The address that a member signs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEmail {
    /// In lower case.
    pub email: String,
    /// Whether it was proven.
    pub verified: bool,
}

/// What a mailed link stands for.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = account_tokens, check_for_backend(diesel::pg::Pg))]
pub struct AccountTokenRow {
    /// The token is derived from it.
    pub id: uuid::Uuid,
    /// What it is for.
    pub purpose: TokenPurpose,
    /// Whose.
    pub member_id: MemberId,
    /// The address that got the link, and that it is good for.
    pub email: String,
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

/// Something happened to the safety of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// What.
    pub what: SecurityEventKind,
    /// The device that it happened to or on, if one.
    pub auth_session_id: Option<AuthSessionId>,
}

impl EventPayload for SecurityEvent {
    const KIND: &'static str = "SECURITY_EVENT";
}

/// The address in the form it is kept in, if it looks like one.
#[must_use]
pub fn normal_email(text: &str) -> Option<String> {
    let email = text.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@')?;
    let plausible = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && email.len() <= 254
        && !email.chars().any(|char| char.is_whitespace() || char.is_control());
    plausible.then_some(email)
}

/// A handle made of a name, with a suffix that makes it unique.
#[must_use]
pub fn handle_for(name: &str, id: MemberId) -> String {
    let word: String = name
        .to_lowercase()
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '_' })
        .skip_while(|char| !char.is_ascii_lowercase())
        .take(16)
        .collect();
    let text = id.to_string();
    let suffix = text.get(text.len().saturating_sub(8)..).unwrap_or_default();
    let word = if word.is_empty() { "member" } else { word.trim_end_matches('_') };
    format!("{word}_{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_or_refused() {
        assert_eq!(normal_email(" Ada@Example.org "), Some("ada@example.org".to_owned()));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@example",
            "a da@example.org",
            "ada@.org",
            "ada@org.",
            "a\0@b.org",
        ] {
            assert_eq!(normal_email(text), None, "{text:?}");
        }
    }

    #[test]
    fn handles_fit_the_rule_of_the_table() {
        for name in ["Ada Lovelace", "4ever", "李小龍", "___", "a-very-long-name-that-goes-on-and-on"] {
            let handle = handle_for(name, MemberId::new());
            assert!((3..=30).contains(&handle.len()), "{handle}");
            assert!(handle.starts_with(|first: char| first.is_ascii_lowercase()), "{handle}");
            assert!(
                handle.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{handle}"
            );
        }
    }
}
