//! Which rule of the database refused a statement.

use diesel::result::{DatabaseErrorKind, Error};

/// The name of the constraint that a failed statement broke.
#[must_use]
pub fn broken(error: &Error) -> Option<&str> {
    match error {
        Error::DatabaseError(_, info) => info.constraint_name(),
        _ => None,
    }
}

/// Whether running the whole transaction again can succeed: a serialization failure or a deadlock.
#[must_use]
pub fn is_transient(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Error::DatabaseError(_, info) => info.message().starts_with("deadlock detected"),
        _ => false,
    }
}

/// Whether the connection was gone before the statement reached the database.
#[must_use]
pub fn is_disconnected(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand, _)
    )
}
