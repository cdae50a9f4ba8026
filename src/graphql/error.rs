//! Errors at the edge: what stands in the top-level `errors` of an answer.
//!
//! Only a bad document, a limit, a missing right, an overload or a bug is reported here; what a mutation refuses is
//! data (`userErrors`). Nothing internal leaves: an internal error is logged once, here, and told as a number.

use std::{future::Future, sync::Arc};

use async_graphql::{ErrorExtensionValues, Value};
use chrono::{DateTime, Utc};

use crate::db::pool;

/// A field that can fail: a value, `null`, or `null` plus one entry in `errors`.
///
/// `Result<T>` and `Result<Option<T>>` would null the parent, so no field uses them.
pub type Field<T> = Option<Result<T, ApiError>>;

/// Runs a resolver's body: `Ok(None)` is `null`, an error is `null` plus an entry in `errors`. The body gets a place of its
/// own in memory: the future that the library makes for a field of a type is as large as the largest of them, and is moved
/// several times.
pub fn field<T>(body: impl Future<Output = Result<Option<T>, ApiError>>) -> impl Future<Output = Field<T>> {
    let body = Box::pin(body);
    async move { body.await.transpose() }
}

/// The closed list of `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiCode {
    /// The document cannot be parsed or does not fit the schema.
    BadDocument,
    /// The request has a wrong form.
    BadRequest,
    /// A variable or argument has a wrong value.
    Validation,
    /// The cursor was made by another list or stream.
    CursorInvalid,
    /// The document is too large or too deep.
    LimitExceeded,
    /// The operation costs too much, for example 50 rows of 50 rows: ask for smaller pages.
    QueryTooExpensive,
    /// The caller's budget is used up, for example the 101st anonymous request in 15 minutes: wait until `resetAt`.
    RateLimited,
    /// Sign in first.
    Unauthenticated,
    /// Signed in, but not allowed.
    Forbidden,
    /// Signed in, but the account may not act now.
    AccountSuspended,
    /// The hash of a persisted query is not known yet.
    PersistedQueryNotFound,
    /// Only registered documents run here, and this is none.
    DocumentNotTrusted,
    /// The server has no capacity right now.
    Overloaded,
    /// The request took too long.
    Timeout,
    /// A bug of the server.
    Internal,
}

impl ApiCode {
    /// The text in `extensions.code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadDocument => "BAD_DOCUMENT",
            Self::BadRequest => "BAD_REQUEST",
            Self::Validation => "VALIDATION",
            Self::CursorInvalid => "CURSOR_INVALID",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::QueryTooExpensive => "QUERY_TOO_EXPENSIVE",
            Self::RateLimited => "RATE_LIMITED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::AccountSuspended => "ACCOUNT_SUSPENDED",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::Overloaded => "OVERLOADED",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL",
        }
    }
}

/// An error of the request, not of the business. Neither `Display` nor `Error`, so that it cannot be converted by accident.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// The caller can do something about it.
    Told {
        /// See [`ApiCode`].
        code: ApiCode,
        /// A sentence that says what to do.
        message: String,
    },
    /// The caller's account may look, but not act. A mutation tells it as data.
    Suspended {
        /// When that ends by itself.
        until: Option<DateTime<Utc>>,
    },
    /// The caller cannot.
    Internal(Arc<anyhow::Error>),
}

impl ApiError {
    /// An error that the caller can do something about.
    #[must_use]
    pub fn told(code: ApiCode, message: impl Into<String>) -> Self {
        Self::Told { code, message: message.into() }
    }

    /// The caller is not signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::told(
            ApiCode::Unauthenticated,
            "Sign in first: send an access token from `logIn` or `refreshSession`.",
        )
    }

    /// The caller lacks a right.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::told(ApiCode::Forbidden, "You are not allowed to see or do this.")
    }
}

/// As much waits as may wait.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("overloaded")]
pub struct Overloaded;

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ApiError {
    fn from(error: E) -> Self {
        let error = anyhow::Error::new(error);
        let database = error.chain().find_map(|cause| {
            cause
                .downcast_ref::<diesel::result::Error>()
                .or_else(|| cause.downcast_ref::<Arc<diesel::result::Error>>().map(AsRef::as_ref))
        });
        if database.is_some_and(pool::is_overloaded)
            || error.chain().any(|cause| cause.downcast_ref::<Overloaded>().is_some())
        {
            return Self::told(ApiCode::Overloaded, "The server is busy. Try again in a second.");
        }
        Self::Internal(Arc::new(error))
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let (code, message) = match error {
            ApiError::Told { code, message } => (code, message),
            ApiError::Suspended { .. } => {
                (ApiCode::AccountSuspended, "This account is suspended: it may look, but not act.".to_owned())
            }
            ApiError::Internal(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a resolver failed");
                (ApiCode::Internal, INTERNAL_MESSAGE.to_owned())
            }
        };
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", Value::from(code.as_str()));
        if matches!(code, ApiCode::Overloaded) {
            extensions.set("retryAfter", Value::from(1));
        }
        Self { message, source: None, extensions: Some(extensions) }
    }
}

/// What a caller reads of a bug.
pub const INTERNAL_MESSAGE: &str =
    "Something went wrong on our side. Try again; if it stays, report the request id.";
