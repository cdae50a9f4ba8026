//! Rows and rules of the second factor.

pub mod totp;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::{
    db::{
        ids::{AuthSessionId, MemberId},
        tables::second_factors,
    },
    text_enum,
};

text_enum! {
    /// A way to prove who one is.
    pub enum ProofMethod { Totp = "TOTP", RecoveryCode = "RECOVERY_CODE", Password = "PASSWORD" }
}

/// How long a proof counts.
pub const STEP_UP_LIFE: TimeDelta = TimeDelta::minutes(10);
/// Recovery codes of a member.
pub const RECOVERY_CODES: usize = 10;
/// Tries in one window; a success starts anew.
pub const MAX_TRIES: i32 = 5;
/// How long the tries are counted together.
pub const TRY_WINDOW: TimeDelta = TimeDelta::minutes(15);

/// A member's authenticator app.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = second_factors, check_for_backend(diesel::pg::Pg))]
pub struct FactorRow {
    /// Whose.
    pub member_id: MemberId,
    /// The shared secret, sealed.
    pub sealed_secret: Vec<u8>,
    /// When the secret was made.
    pub enrolled_at: DateTime<Utc>,
    /// When the first code was shown; `None` = it does not count yet.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The step of the last code taken.
    pub last_step: i64,
}

/// What a caller gives to prove who they are.
#[derive(Clone)]
pub enum Proof {
    /// Six digits of the authenticator app.
    Code(String),
    /// One of the recovery codes.
    RecoveryCode(String),
    /// The password; counts only where there is no second factor.
    Password(String),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets stay out of logs.
        f.write_str("Proof")
    }
}

/// How a member on a device stands: what sensitive acts depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Standing {
    /// The device.
    pub device: AuthSessionId,
    /// Whether the member can receive money or is an administrator.
    pub required: bool,
    /// Whether there is a confirmed second factor.
    pub enabled: bool,
    /// Whether the member has a password.
    pub has_password: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i64,
    /// When this device signed in.
    pub signed_in_at: DateTime<Utc>,
    /// When this device last stepped up.
    pub stepped_up_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// The ways in which this member can step up.
    #[must_use]
    pub fn methods(&self) -> Vec<ProofMethod> {
        if self.enabled {
            vec![ProofMethod::Totp, ProofMethod::RecoveryCode]
        } else if self.has_password {
            vec![ProofMethod::Password]
        } else {
            Vec::new()
        }
    }

    /// Until when the proof of this device counts, if it still does.
    #[must_use]
    pub fn stepped_up_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.stepped_up_at.map(|at| at + STEP_UP_LIFE).filter(|until| now < *until)
    }

    /// Whether a second factor may be set up: the caller has just signed in or stepped up. A token that leaked later must
    /// not be enough to lock its owner out.
    #[must_use]
    pub fn may_enroll(&self, now: DateTime<Utc>) -> bool {
        now < self.signed_in_at + STEP_UP_LIFE || self.stepped_up_until(now).is_some()
    }
}

/// A recovery code in the form that is hashed: without separators, in lower case.
#[must_use]
pub fn normal_recovery_code(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase()).take(64).collect()
}

/// Ten bytes as a recovery code: `abcd-efgh-ijkl-mnop`.
#[must_use]
pub fn recovery_code(random: [u8; 10]) -> String {
    let letters = totp::base32(&random).to_lowercase();
    let groups: Vec<&str> =
        [0..4, 4..8, 8..12, 12..16].into_iter().filter_map(|at| letters.get(at)).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_are_the_same_however_they_are_typed() {
        let code = recovery_code([0, 1, 2, 3, 4, 5, 6, 7, 8, 255]);
        assert_eq!((code.len(), code.matches('-').count()), (19, 3));
        assert_eq!(normal_recovery_code(&code), code.replace('-', ""));
        assert_eq!(normal_recovery_code(&format!(" {} ", code.to_uppercase())), code.replace('-', ""));
    }

    #[test]
    fn a_proof_counts_for_ten_minutes_and_not_longer() {
        let at = DateTime::UNIX_EPOCH;
        let standing = Standing {
            device: AuthSessionId::new(),
            required: false,
            enabled: true,
            has_password: true,
            recovery_codes_left: 10,
            signed_in_at: at - TimeDelta::days(1),
            stepped_up_at: Some(at),
        };
        assert!(standing.stepped_up_until(at + STEP_UP_LIFE - TimeDelta::microseconds(1)).is_some());
        assert!(standing.stepped_up_until(at + STEP_UP_LIFE).is_none());
        assert!(!standing.may_enroll(at + STEP_UP_LIFE));
        assert!(Standing { signed_in_at: at, ..standing }.may_enroll(at));
    }
}
