//! Typed ids. In the database a `UUIDv7`; outside an opaque text of a prefix and 26 characters, the form of the
//! [TypeID specification](https://github.com/jetify-com/typeid): `usr_01h455vb4pex5vsknk084sn02q`.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// An id of one kind of entity.
pub trait EntityId:
    Copy + Eq + std::hash::Hash + Send + Sync + fmt::Display + FromStr<Err = NotAnId> + 'static
{
    /// What stands before the underscore.
    const PREFIX: &'static str;

    /// The bare value, as the database has it.
    fn uuid(self) -> Uuid;

    /// Wraps a value that is known to name an entity of this kind.
    fn from_uuid(uuid: Uuid) -> Self;
}

/// The text is not an id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

/// A new `UUIDv7`, for rows that have no id type of their own.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the place where ids are made")]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// Crockford's alphabet in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes `prefix_` and the 26 characters of a value, most significant first.
#[must_use]
pub fn encode(prefix: &str, uuid: Uuid) -> String {
    let mut digits = [b'0'; 26];
    let mut value = uuid.as_u128();
    for place in digits.iter_mut().rev() {
        let digit = usize::try_from(value & 31).unwrap_or_default();
        *place = ALPHABET.get(digit).copied().unwrap_or(b'0');
        value >>= 5;
    }
    let mut text = String::with_capacity(prefix.len() + 27);
    text.push_str(prefix);
    text.push('_');
    text.push_str(str::from_utf8(&digits).unwrap_or_default());
    text
}

/// Splits an id into its prefix and value, whatever the kind.
///
/// # Errors
/// [`NotAnId`] unless the text has exactly the form that [`encode`] writes.
pub fn decode(text: &str) -> Result<(&str, Uuid), NotAnId> {
    let (prefix, digits) = text.split_once('_').ok_or(NotAnId)?;
    if digits.len() != 26 || !matches!(digits.as_bytes().first(), Some(b'0'..=b'7')) {
        return Err(NotAnId);
    }
    let mut value = 0_u128;
    for byte in digits.bytes() {
        let digit = ALPHABET.iter().position(|&symbol| symbol == byte).ok_or(NotAnId)?;
        value = (value << 5) | u128::try_from(digit).map_err(|_| NotAnId)?;
    }
    Ok((prefix, Uuid::from_u128(value)))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
                 diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[serde(transparent)]
        #[diesel(sql_type = diesel::sql_types::Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than every one before it.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "each call gives another value")]
            pub fn new() -> Self {
                Self(new_uuid())
            }
        }

        impl EntityId for $name {
            const PREFIX: &'static str = $prefix;

            fn uuid(self) -> Uuid {
                self.0
            }

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode($prefix, self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                match decode(text)? {
                    ($prefix, uuid) => Ok(Self(uuid)),
                    _ => Err(NotAnId),
                }
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                diesel::serialize::ToSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::to_sql(&self.0, out)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Uuid, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                diesel::deserialize::FromSql::<diesel::sql_types::Uuid, diesel::pg::Pg>::from_sql(value).map(Self)
            }
        }
    )+};
}

ids! {
    /// A member: anybody with an account.
    MemberId = "usr";
    /// A member as a mentor: the same value as the member's id.
    MentorId = "mtr";
    /// A signed-in device.
    AuthSessionId = "aut";
    /// Who a member is at an outside provider.
    OAuthIdentityId = "oid";
    /// A category of skills.
    SkillCategoryId = "cat";
    /// A skill of the catalogue.
    SkillId = "skl";
    /// A piece of a mentor's taken time.
    ClaimId = "clm";
    /// A live meeting.
    SessionId = "ses";
    /// One learner's seat in a session.
    BookingId = "bkg";
    /// A key that the server made for a mutation.
    IntentId = "int";
    /// What a cancellation would move.
    CancellationQuoteId = "cqt";
    /// What a booking would cost.
    PriceQuoteId = "pqt";
    /// One connection's stay in a room.
    PresenceId = "prs";
    /// An account of the ledger.
    LedgerAccountId = "acc";
    /// A balanced set of postings.
    LedgerTransactionId = "ltx";
    /// A correction of a wallet by hand.
    AdjustmentId = "adj";
    /// Promotional credits given at once.
    PromotionId = "prm";
    /// A payout of earnings.
    PayoutId = "pyo";
    /// A payment that the payer's bank takes back.
    ChargebackId = "cbk";
    /// A dispute about a booking's price.
    DisputeId = "dsp";
    /// A piece of evidence in a dispute.
    EvidenceId = "evd";
    /// A subscription to a mentor.
    SubscriptionId = "sub";
    /// A package of credits on sale.
    CreditPackageId = "pkg";
    /// A payment through a provider.
    PaymentId = "pay";
    /// An invoice or a credit note.
    InvoiceId = "inv";
    /// A refund of a payment.
    RefundId = "rfd";
    /// A webhook as it was stored.
    WebhookId = "whk";
    /// A conversation.
    ConversationId = "cnv";
    /// A chat message.
    MessageId = "msg";
    /// An entry of a member's inbox.
    NotificationId = "ntf";
    /// A review.
    ReviewId = "rev";
    /// An application to become a mentor.
    MentorApplicationId = "map";
    /// A row of the audit log.
    ActId = "act";
    /// A file of a member.
    UploadId = "upl";
    /// A background job.
    JobId = "job";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_follows_the_typeid_specification() {
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert_eq!(encode("prefix", uuid), "prefix_01h455vb4pex5vsknk084sn02q");
        assert_eq!(decode("prefix_01h455vb4pex5vsknk084sn02q"), Ok(("prefix", uuid)));
    }

    #[test]
    fn foreign_broken_and_overlong_texts_are_refused() {
        let id = MemberId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "usr",
            "usr_",
            "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "usr_01h455vb4pex5vsknk084sn02u",
            "é_01h455vb4pex5vsknk084sn02q",
        ] {
            assert_eq!(text.parse::<MemberId>(), Err(NotAnId), "{text}");
        }
        assert_eq!(SkillId::new().to_string().parse::<MemberId>(), Err(NotAnId));
    }
}
