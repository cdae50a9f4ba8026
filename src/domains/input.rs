//! Checks of input values: each gives the value in the form the services take, or a refusal that names the path.

use std::ops::RangeInclusive;

use async_graphql::ID;

use super::user_error::{ErrorCode, UserError};
use crate::db::{
    idempotency::{Attempt, MAX_KEY_LENGTH},
    ids::{EntityId, MemberId},
};

/// An id of the expected kind.
///
/// # Errors
/// `VALIDATION` with the rule `ID`.
pub fn id<T: EntityId>(value: &ID, path: &str) -> Result<T, UserError> {
    value.parse().map_err(|_| {
        let message = format!("`{path}` must be an id that starts with `{}_`.", T::PREFIX);
        UserError::validation(path, "ID", message)
    })
}

/// A text without surrounding space, of a length in characters, without control characters other than line breaks and tabs.
///
/// # Errors
/// `VALIDATION` with the rule `LENGTH` or `CONTROL_CHARACTERS`.
pub fn text(value: &str, path: &str, length: RangeInclusive<usize>) -> Result<String, UserError> {
    let value = value.trim();
    if value.chars().any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t')) {
        let message = format!("`{path}` must not contain control characters.");
        return Err(UserError::validation(path, "CONTROL_CHARACTERS", message));
    }
    if !length.contains(&value.chars().count()) {
        let message = format!("`{path}` must have {} to {} characters.", length.start(), length.end());
        return Err(UserError::validation(path, "LENGTH", message));
    }
    Ok(value.to_owned())
}

/// A whole number within bounds.
///
/// # Errors
/// `VALIDATION` with the rule `RANGE`.
pub fn number(value: i64, path: &str, range: RangeInclusive<i64>) -> Result<i64, UserError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let message = format!("`{path}` must be between {} and {}.", range.start(), range.end());
    Err(UserError::validation(path, "RANGE", message))
}

/// A list of a bounded length.
///
/// # Errors
/// `VALIDATION` with the rule `SIZE`.
pub fn list<T>(value: Vec<T>, path: &str, most: usize) -> Result<Vec<T>, UserError> {
    if value.len() <= most {
        return Ok(value);
    }
    Err(UserError::validation(path, "SIZE", format!("`{path}` may have at most {most} entries.")))
}

/// Tags of languages, at most 10.
///
/// # Errors
/// `VALIDATION` with the rule `SIZE` or `LANGUAGE`.
pub fn languages(value: Vec<String>, path: &str) -> Result<Vec<String>, UserError> {
    let tags = list(value, path, 10)?;
    if let Some(place) = tags.iter().position(|tag| !is_language_tag(tag)) {
        let message = "Give language tags such as en or pt-BR.";
        return Err(UserError::validation(&format!("{path}.{place}"), "LANGUAGE", message));
    }
    Ok(tags)
}

/// The common forms of BCP 47: a language of 2 or 3 letters, then subtags of up to 8.
fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && text.len() <= 35
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// An idempotency key together with the input it stands for.
///
/// # Errors
/// `VALIDATION` if the key is empty or too long.
pub fn attempt(
    member_id: MemberId,
    operation: &'static str,
    key: &ID,
    input: &impl serde::Serialize,
) -> Result<Attempt, UserError> {
    let key = text(key, "idempotencyKey", 1..=MAX_KEY_LENGTH)?;
    Ok(Attempt::new(member_id, operation, key, input))
}

/// A refusal for an entity that is absent, or that the caller may not know of: the two look the same.
#[must_use]
pub fn not_found(path: &str, what: &str) -> UserError {
    UserError::basic(ErrorCode::NotFound, path, format!("There is no such {what}, or you may not see it."))
}
