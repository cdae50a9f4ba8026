//! Every refusal of the product: what a mutation answers instead of doing what it was asked.
//!
//! A use-case has its own Rust error enum; the mutation maps it by one exhaustive match, `impl From<…> for Refusal`.
//! Each refusal says what to do next, in data where it can.

use std::future::Future;

use async_graphql::{Enum, Interface, SimpleObject};
use chrono::{DateTime, Utc};

use crate::{
    db::idempotency::Difference,
    domains::{
        payments::types::{CreditPackage, PaymentProviderName},
        payouts::types::PayoutAccountStatus,
        scheduling::types::Slot,
        second_factor::types::ProofMethod,
        sessions::types::Quote,
    },
    graphql::{
        ApiError, Field,
        scalars::{BigInt, Money, Url},
    },
};

/// Why a mutation was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ErrorCode {
    /// A value breaks a rule, for example a text that is too long.
    Validation,
    /// Absent, or not yours to know of.
    NotFound,
    /// Known to you, but not yours to do.
    Forbidden,
    /// The e-mail address and the password do not belong together.
    InvalidCredentials,
    /// The token is unknown, spent or expired.
    TokenInvalid,
    /// It works only over a WebSocket, for example `refreshConnection` sent by POST.
    WebsocketRequired,
    /// Not a code that the authenticator app shows now, for example one of two minutes ago.
    CodeInvalid,
    /// A code of the authenticator app is good once, for example not for `logIn` and then for `stepUp`.
    CodeReused,
    /// A second factor is needed, for example the `code` of an authenticator app at `logIn`.
    TwoFactorRequired,
    /// A recent proof is needed, for example `stepUp` with a code before `disableTotp`.
    StepUpRequired,
    /// The sign-in through a provider is unknown, used, too old or somebody else's, for example a `state` sent twice.
    OauthStateInvalid,
    /// The address is not proven, for example one that Google has not confirmed.
    EmailNotVerified,
    /// Another account has it, for example a Google identity that is linked there.
    IdentityTaken,
    /// The only way to sign in cannot be taken away, for example the one identity of an account without a password.
    LastCredential,
    /// The account is suspended or banned: it may look, but not act. `until` says when that ends by itself.
    AccountSuspended,
    /// There must be an administrator: for example the last one cannot give the role up.
    LastAdmin,
    /// An application was rejected: for example apply again after `date`.
    ReapplyAfter,
    /// Somebody else has the name, for example a handle.
    NameTaken,
    /// Somebody else has the time.
    SlotTaken,
    /// The mentor does not offer the time.
    SlotUnavailable,
    /// You have something else at that time.
    TimeConflict,
    /// Too many things of the kind at once, for example held slots.
    TooMany,
    /// The wallet has too little.
    InsufficientFunds,
    /// The earnings have less than what shall be paid out: `available` says how much they have.
    InsufficientEarnings,
    /// Less than the least that can be paid out.
    AmountTooSmall,
    /// There is no account that a payout can go to, for example because its holder has not proven who they are yet.
    PayoutAccountNotReady,
    /// A second administrator must approve it, for example a large adjustment of credits: nothing was done yet.
    ApprovalRequired,
    /// The price is not the one that you expected.
    PriceChanged,
    /// Money would move that you were not shown: `quote` says what, and the act needs its id.
    QuoteRequired,
    /// Something else would move than you were shown, for example because the free time to cancel is over: `quote` says
    /// what.
    QuoteStale,
    /// The state does not allow it now.
    InvalidTransition,
    /// Somebody changed it since you read it.
    StaleVersion,
    /// The idempotency key was used with another input.
    IdempotencyConflict,
    /// An item of a batch was not executed, because one that it waits for was not done.
    DependencyFailed,
    /// Not open to you, for example a review without a completed booking.
    NotEligible,
    /// Done before and possible only once.
    AlreadyDone,
    /// The time for it is over, for example to contest a booking: `closedAt` says since when.
    WindowClosed,
    /// The parts do not sum to what is divided, for example to the price of a disputed booking.
    SplitMismatch,
    /// The payment provider cannot be reached or is not set up: `available` says which are.
    ProviderUnavailable,
    /// More than can go back: `refundable` says how much can.
    AmountTooHigh,
    /// The quote is too old: ask for a new one.
    QuoteExpired,
    /// The quote was used: each is good once.
    QuoteUsed,
    /// Too often; wait.
    RateLimited,
    /// Larger than allowed, for example a picture of 6 MB: `max` says how large it may be.
    TooLarge,
    /// What was put is not what was announced, for example a web page under the name of a picture.
    UploadMismatch,
}

/// In what a file differs from what was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum UploadDifference {
    /// It is not there.
    Missing,
    /// It has another size.
    Size,
    /// Its first bytes are those of another type.
    Type,
    /// It has another SHA-256.
    Sha256,
}

macro_rules! user_errors {
    ($($(#[$doc:meta])* $variant:ident => $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, SimpleObject)]
            pub struct $name {
                /// Why, for programs.
                pub code: ErrorCode,
                /// Why and what to do, for people.
                pub message: String,
                /// Where in `input` the cause is; empty if nowhere in particular.
                pub path: Vec<String>,
                /// Whether the same request can succeed later.
                pub retryable: bool,
                $($(#[$field_doc])* pub $field: $ty,)*
            }

        )+

        /// Something that a mutation refused, with the next step. The types that implement it carry more.
        #[derive(Clone, Debug, Interface)]
        #[graphql(
            field(name = "code", ty = "&ErrorCode", desc = "Why, for programs."),
            field(name = "message", ty = "&String", desc = "Why and what to do, for people."),
            field(name = "path", ty = "&Vec<String>", desc = "Where in `input` the cause is; empty if nowhere in particular."),
            field(name = "retryable", ty = "&bool", desc = "Whether the same request can succeed later."),
        )]
        #[expect(missing_docs, reason = "each variant is the type of the same name")]
        pub enum UserError { $($variant($name),)+ }
    };
}

user_errors! {
    /// A refusal that needs no more than its code and message.
    Basic => BasicError {}
    /// A value breaks a rule.
    Validation => ValidationError {
        /// The rule, such as `LENGTH`, `RANGE` or `ID`.
        rule: String,
    }
    /// The state does not allow the act now.
    InvalidTransition => InvalidTransitionError {
        /// The present state.
        from: String,
        /// The mutations that are possible now.
        allowed: Vec<String>,
    }
    /// It was changed since you read it: read it again, then decide.
    StaleVersion => StaleVersionError {
        /// The present version.
        current: i32,
    }
    /// Somebody else has the time, or some of it.
    SlotTaken => SlotTakenError {
        /// Free slots of the same mentor and length that the caller can take now, soonest first; at most 3.
        next_free: Vec<Slot>,
    }
    /// The mentor does not offer the time.
    SlotUnavailable => SlotUnavailableError {
        /// Free slots of the same mentor and length that the caller can take now, soonest first; at most 3.
        next_free: Vec<Slot>,
    }
    /// The wallet has too little.
    InsufficientFunds => InsufficientFundsError {
        /// How much too little.
        missing: Money,
        /// Packages of credits on sale.
        packages: Vec<CreditPackage>,
    }
    /// The earnings have less than what shall be paid out.
    InsufficientEarnings => InsufficientEarningsError {
        /// What can be paid out.
        available: Money,
    }
    /// Less than the least that can be paid out.
    AmountTooSmall => AmountTooSmallError {
        /// The least.
        minimum: Money,
    }
    /// There is no account that a payout can go to.
    PayoutAccountNotReady => PayoutAccountNotReadyError {
        /// What the provider thinks of the account. `null` if there is none.
        status: Option<PayoutAccountStatus>,
        /// The provider's page on which the caller proves what is missing. `null` if there is no account, or no page now.
        onboarding_url: Option<Url>,
    }
    /// The price is not the one that you expected.
    PriceChanged => PriceChangedError {
        /// The price now.
        price: Money,
    }
    /// The key was used with another input.
    IdempotencyConflict => IdempotencyConflictError {
        /// The fields of `input` that are not as in the first request; empty if that is not known any more.
        differs: Vec<String>,
    }
    /// Money would move in another way than the caller was shown.
    Quote => QuoteError {
        /// What would move now. Show it, and send its id as `quoteId`.
        quote: Quote,
    }
    /// The payment provider cannot be reached or is not set up.
    ProviderUnavailable => ProviderUnavailableError {
        /// The providers that can be paid through here in the way that was asked for, the preferred one first.
        available: Vec<PaymentProviderName>,
    }
    /// More than can go back.
    AmountTooHigh => AmountTooHighError {
        /// What can.
        refundable: Money,
    }
    /// A second factor is needed.
    TwoFactorRequired => TwoFactorRequiredError {
        /// What counts as one here.
        methods: Vec<ProofMethod>,
    }
    /// The caller has to prove again who they are.
    StepUpRequired => StepUpRequiredError {
        /// What `stepUp` takes from this caller.
        methods: Vec<ProofMethod>,
    }

    /// The account may look, but not act.
    AccountSuspended => AccountSuspendedError {
        /// When the suspension ends by itself. `null` if it does not: write to support.
        until: Option<DateTime<Utc>>,
    }
    /// An application was rejected not long ago.
    ReapplyAfter => ReapplyAfterError {
        /// When the next one can be made.
        date: DateTime<Utc>,
    }
    /// It is larger than allowed.
    TooLarge => TooLargeError {
        /// The most bytes.
        max: BigInt,
    }
    /// What was put is not what was announced.
    UploadMismatch => UploadMismatchError {
        /// In what it differs.
        difference: UploadDifference,
        /// What was found instead: bytes, a media type or a hash. `null` if there is nothing, or nothing known.
        found: Option<String>,
    }
    /// The time for it is over.
    WindowClosed => WindowClosedError {
        /// Since when. `null` if it never began.
        closed_at: Option<DateTime<Utc>>,
    }
    /// The parts do not sum to what is divided.
    SplitMismatch => SplitMismatchError {
        /// What the parts have to sum to.
        held: Money,
    }
    /// Too often.
    RateLimited => RateLimitedError {
        /// Seconds to wait.
        retry_after: i32,
    }
}

/// `path` as the list of its parts; dots separate.
#[must_use]
pub fn path(path: &str) -> Vec<String> {
    if path.is_empty() { Vec::new() } else { path.split('.').map(str::to_owned).collect() }
}

impl UserError {
    /// A refusal without extras.
    #[must_use]
    pub fn basic(code: ErrorCode, at: &str, message: impl Into<String>) -> Self {
        BasicError { code, message: message.into(), path: path(at), retryable: false }.into()
    }

    /// A value that breaks a rule.
    #[must_use]
    pub fn validation(at: &str, rule: &str, message: impl Into<String>) -> Self {
        let code = ErrorCode::Validation;
        ValidationError {
            code,
            message: message.into(),
            path: path(at),
            retryable: false,
            rule: rule.to_owned(),
        }
        .into()
    }

    /// A state that does not allow the act.
    #[must_use]
    pub fn transition(from: &str, allowed: &[&str]) -> Self {
        let next = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        let message = format!("This is not possible in the state {from}. Possible now: {next}.");
        let allowed = allowed.iter().map(|&name| name.to_owned()).collect();
        let code = ErrorCode::InvalidTransition;
        InvalidTransitionError {
            code,
            message,
            path: Vec::new(),
            retryable: false,
            from: from.to_owned(),
            allowed,
        }
        .into()
    }

    /// A version that is not the present one.
    #[must_use]
    pub fn stale(at: &str, current: i64) -> Self {
        let message = format!(
            "It was changed since you read it: it is at version {current}. Read it again, then decide."
        );
        let current = i32::try_from(current).unwrap_or(i32::MAX);
        StaleVersionError {
            code: ErrorCode::StaleVersion,
            message,
            path: path(at),
            retryable: false,
            current,
        }
        .into()
    }

    /// Time that somebody else has.
    #[must_use]
    pub fn slot_taken(at: &str, next_free: Vec<Slot>) -> Self {
        let message = format!("Somebody else has this time. {}", next_step(&next_free));
        SlotTakenError { code: ErrorCode::SlotTaken, message, path: path(at), retryable: false, next_free }
            .into()
    }

    /// Time that the mentor does not offer.
    #[must_use]
    pub fn slot_unavailable(at: &str, next_free: Vec<Slot>) -> Self {
        let message = format!("The mentor does not offer this time. {}", next_step(&next_free));
        SlotUnavailableError {
            code: ErrorCode::SlotUnavailable,
            message,
            path: path(at),
            retryable: false,
            next_free,
        }
        .into()
    }

    /// A price that is not the expected one.
    #[must_use]
    pub fn price_changed(at: &str, price: Money) -> Self {
        let message =
            "The price has changed. Show `price` to the learner, and send it as the expected one.".to_owned();
        let code = ErrorCode::PriceChanged;
        PriceChangedError { code, message, path: path(at), retryable: false, price }.into()
    }

    /// A time that is over.
    #[must_use]
    pub fn window_closed(at: &str, closed_at: Option<DateTime<Utc>>) -> Self {
        let message = match closed_at {
            Some(closed) => {
                format!("This was possible until {} only.", closed.format("%-d %B %Y, %H:%M UTC"))
            }
            None => "This is not possible here.".to_owned(),
        };
        WindowClosedError {
            code: ErrorCode::WindowClosed,
            message,
            path: path(at),
            retryable: false,
            closed_at,
        }
        .into()
    }

    /// Parts that do not sum to what is held.
    #[must_use]
    pub fn split_mismatch(at: &str, held: Money) -> Self {
        let message = format!("The parts must sum to exactly {} minor units.", held.amount_minor.0);
        SplitMismatchError { code: ErrorCode::SplitMismatch, message, path: path(at), retryable: false, held }
            .into()
    }

    /// Money that would move in another way than the caller was shown.
    #[must_use]
    pub fn quote(code: ErrorCode, quote: Quote) -> Self {
        let message = match code {
            ErrorCode::QuoteStale => {
                "Something else would move now than this quote says. Show `quote`, and send its id as `quoteId`."
            }
            _ => "Not everything would go back. Show `quote`, and send its id as `quoteId`.",
        };
        let message = message.to_owned();
        QuoteError { code, message, path: path("quoteId"), retryable: false, quote }.into()
    }

    /// Too many tries.
    #[must_use]
    pub fn rate_limited(at: &str, message: &str, retry_after: i32) -> Self {
        let (code, message) = (ErrorCode::RateLimited, message.to_owned());
        RateLimitedError { code, message, path: path(at), retryable: true, retry_after }.into()
    }

    /// A second factor that is missing.
    #[must_use]
    pub fn two_factor_required(at: &str, message: &str, methods: Vec<ProofMethod>) -> Self {
        let (code, message) = (ErrorCode::TwoFactorRequired, message.to_owned());
        TwoFactorRequiredError { code, message, path: path(at), retryable: false, methods }.into()
    }

    /// A recent proof that is missing.
    #[must_use]
    pub fn step_up_required(message: &str, methods: Vec<ProofMethod>) -> Self {
        let (code, message) = (ErrorCode::StepUpRequired, message.to_owned());
        StepUpRequiredError { code, message, path: Vec::new(), retryable: false, methods }.into()
    }

    /// Something that is too large.
    #[must_use]
    pub fn too_large(at: &str, message: &str, max: i64) -> Self {
        let (code, message) = (ErrorCode::TooLarge, message.to_owned());
        TooLargeError { code, message, path: path(at), retryable: false, max: BigInt(max) }.into()
    }

    /// A file that is not what was announced.
    #[must_use]
    pub fn upload_mismatch(
        at: &str,
        message: &str,
        difference: UploadDifference,
        found: Option<String>,
    ) -> Self {
        let (code, message) = (ErrorCode::UploadMismatch, message.to_owned());
        UploadMismatchError { code, message, path: path(at), retryable: true, difference, found }.into()
    }

    /// An account that may not act now.
    #[must_use]
    pub fn suspended(until: Option<DateTime<Utc>>) -> Self {
        let code = ErrorCode::AccountSuspended;
        let message = match until {
            Some(until) => format!(
                "This account is suspended until {}. You can read, but not change anything. Write to support if you \
                 think that this is wrong.",
                until.format("%-d %B %Y, %H:%M UTC")
            ),
            None => "This account is suspended. Write to support.".to_owned(),
        };
        AccountSuspendedError { code, message, path: Vec::new(), retryable: until.is_some(), until }.into()
    }

    /// An application that comes too soon after a rejected one.
    #[must_use]
    pub fn reapply_after(date: DateTime<Utc>) -> Self {
        let message =
            format!("Your last application was rejected. Apply again after {}.", date.format("%-d %B %Y"));
        ReapplyAfterError { code: ErrorCode::ReapplyAfter, message, path: Vec::new(), retryable: true, date }
            .into()
    }

    /// An idempotency key that was used with another input.
    #[must_use]
    pub fn idempotency_conflict(difference: Difference) -> Self {
        Self::key_conflict("idempotencyKey", difference)
    }

    /// A key, by its name in the input, that was used with another input.
    #[must_use]
    pub fn key_conflict(at: &str, Difference(differs): Difference) -> Self {
        let what =
            if differs.is_empty() { String::new() } else { format!(": {} differs", differs.join(", ")) };
        let message =
            format!("This {at} was used with another input{what}. Use a new key for a new request.");
        let code = ErrorCode::IdempotencyConflict;
        IdempotencyConflictError { code, message, path: path(at), retryable: false, differs }.into()
    }
}

fn next_step(next_free: &[Slot]) -> &'static str {
    if next_free.is_empty() {
        "Read `Mentor.slots` for other days."
    } else {
        "Take one of `nextFree`, or read `Mentor.slots`."
    }
}

/// Why a mutation's body ended early.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Refused: told in the payload.
    User(Vec<UserError>),
    /// Failed: told in the top-level `errors`.
    Api(ApiError),
}

impl From<UserError> for Refusal {
    fn from(error: UserError) -> Self {
        Self::User(vec![error])
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Suspended { until } => UserError::suspended(until).into(),
            error => Self::Api(error),
        }
    }
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        Self::Api(error.into())
    }
}

/// A mutation's payload: everything empty but the refusals, if it was refused.
pub trait Payload: Default {
    /// Where the refusals go.
    fn user_errors_mut(&mut self) -> &mut Vec<UserError>;
}

/// Says where a payload keeps its refusals.
#[macro_export]
macro_rules! payloads {
    ($($name:ty),+ $(,)?) => {$(
        impl $crate::domains::user_error::Payload for $name {
            fn user_errors_mut(&mut self) -> &mut Vec<$crate::domains::user_error::UserError> {
                &mut self.user_errors
            }
        }
    )+};
}

/// Runs a mutation's body: a refusal becomes a payload with `userErrors`, a failure an entry in `errors`. The body has a
/// place of its own in memory, as that of a [`field`](crate::graphql::field) has.
pub fn answer<P: Payload>(body: impl Future<Output = Result<P, Refusal>>) -> impl Future<Output = Field<P>> {
    let body = Box::pin(body);
    async move {
        Some(match body.await {
            Ok(payload) => Ok(payload),
            Err(Refusal::User(errors)) => {
                let mut payload = P::default();
                *payload.user_errors_mut() = errors;
                Ok(payload)
            }
            Err(Refusal::Api(error)) => Err(error),
        })
    }
}
