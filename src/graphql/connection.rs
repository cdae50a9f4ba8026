//! Relay connections over keyset pages.

use std::future::Future;

use async_graphql::{OutputType, connection::{Connection as Relay, CursorType, Edge, EmptyFields}};
use serde::{Serialize, de::DeserializeOwned};

use super::error::{ApiCode, ApiError};
use crate::db::keyset::{Keyset, decode_cursor, encode_cursor};

/// A page of a list, in the form of the Relay cursor connections specification.
pub type Connection<T> = Relay<PageCursor, T, EmptyFields, EmptyFields>;

/// An opaque place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageCursor(pub String);

impl CursorType for PageCursor {
    type Error = std::convert::Infallible;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        Ok(Self(text.to_owned()))
    }

    fn encode_cursor(&self) -> String {
        self.0.clone()
    }
}

/// Rows on a page unless asked otherwise.
pub const DEFAULT_PAGE: i32 = 20;
/// The most rows a page may have.
pub const LARGEST_PAGE: i32 = 50;

/// The arguments of a list field.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// Take this many from the start.
    pub first: Option<i32>,
    /// Start after this cursor.
    pub after: Option<String>,
    /// Take this many from the end.
    pub last: Option<i32>,
    /// End before this cursor.
    pub before: Option<String>,
}

impl PageArgs {
    /// The arguments as the field has them.
    #[must_use]
    pub const fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Self {
        Self { first, after, last, before }
    }

    /// Checks the arguments. `scope` names the list with its filter, order and owner: a cursor of another one is refused.
    ///
    /// # Errors
    /// `VALIDATION` for a page size out of bounds or contradicting arguments, `CURSOR_INVALID` for a foreign cursor.
    pub fn keyset<K: DeserializeOwned>(&self, scope: &str) -> Result<Keyset<K>, ApiError> {
        let (size, backward) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::told(ApiCode::Validation, "Give either `first` or `last`, not both."));
            }
            (None, Some(last)) => (last, true),
            (first, None) => (first.unwrap_or(DEFAULT_PAGE), false),
        };
        if !(1..=LARGEST_PAGE).contains(&size) {
            let name = if backward { "last" } else { "first" };
            let message = format!("`{name}` must be between 1 and {LARGEST_PAGE}; it was {size}.");
            return Err(ApiError::told(ApiCode::Validation, message));
        }
        let cursor = |text: &Option<String>| {
            text.as_deref().map(|text| decode_cursor(scope, text)).transpose().map_err(|_| {
                let message = "The cursor does not belong to this list: start again without `after` or `before`.";
                ApiError::told(ApiCode::CursorInvalid, message)
            })
        };
        Ok(Keyset { after: cursor(&self.after)?, before: cursor(&self.before)?, backward, limit: i64::from(size) })
    }
}

/// Reads a page: checks the arguments, lets `read` fetch the rows (in list order, or reversed if `backward`, one more
/// than the page), and builds edges and page info.
///
/// # Errors
/// See [`PageArgs::keyset`]; else what `read` returns.
pub async fn page<R, K, T, F>(
    args: PageArgs,
    scope: &str,
    read: impl FnOnce(Keyset<K>) -> F,
    key: impl Fn(&R) -> K,
    node: impl Fn(R) -> T,
) -> Result<Connection<T>, ApiError>
where
    K: Serialize + DeserializeOwned + Clone,
    T: OutputType,
    F: Future<Output = Result<Vec<R>, ApiError>>,
{
    let keyset: Keyset<K> = args.keyset(scope)?;
    let (backward, limit) = (keyset.backward, usize::try_from(keyset.limit).unwrap_or_default());
    let (has_after, has_before) = (keyset.after.is_some(), keyset.before.is_some());
    let mut rows = read(keyset).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    if backward {
        rows.reverse();
    }
    let (previous, next) = if backward { (more, has_before) } else { (has_after, more) };
    let mut connection = Connection::new(previous, next);
    connection.edges.extend(rows.into_iter().map(|row| {
        let cursor = PageCursor(encode_cursor(scope, &key(&row)));
        Edge::new(cursor, node(row))
    }));
    Ok(connection)
}
