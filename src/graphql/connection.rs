//! Relay connections over keyset pages.

use std::{borrow::Cow, future::Future, sync::Arc};

use async_graphql::{Object, OutputType, TypeName, Value, connection::PageInfo};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    error::{ApiCode, ApiError},
    plain::{Plain, PlainFields, PlainList, Wanted, text},
};
use crate::db::keyset::{Keyset, decode_cursor, sign_cursor};

/// A page of a list, in the form of the [Relay cursor connections
/// specification](https://relay.dev/graphql/connections.htm).
#[derive(Clone, Debug)]
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    has_previous_page: bool,
    has_next_page: bool,
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<T: PlainFields> Connection<T> {
    /// The entries on this page, in the list's order.
    async fn edges(&self) -> PlainList<&[Edge<T>]> {
        PlainList(&self.edges)
    }

    /// The same without their cursors.
    async fn nodes(&self) -> PlainList<Vec<&T>> {
        PlainList(self.edges.iter().map(|edge| &edge.node).collect())
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous_page,
            has_next_page: self.has_next_page,
            start_cursor: self.edges.first().map(|edge| edge.cursor.text()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.text()),
        }
    }
}

impl<T> Connection<T> {
    /// A page without entries.
    #[must_use]
    pub const fn empty() -> Self {
        Self { edges: Vec::new(), has_previous_page: false, has_next_page: false }
    }
}

/// An entry of a page.
#[derive(Clone, Debug)]
pub struct Edge<T> {
    cursor: Place,
    node: T,
}

/// A row's place in its list. Documents select the cursors of few rows, so it is signed when it is selected.
#[derive(Clone, Debug)]
struct Place {
    scope: Arc<str>,
    /// The sort key as JSON.
    key: Vec<u8>,
}

impl Place {
    fn text(&self) -> String {
        sign_cursor(&self.scope, &self.key)
    }
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An entry of a page.
#[Object(name_type)]
impl<T: PlainFields> Edge<T> {
    /// Opaque place of the entry in the list: give it as `after` or `before`.
    async fn cursor(&self) -> String {
        self.cursor.text()
    }

    /// The entry.
    async fn node(&self) -> Plain<&T> {
        Plain(&self.node)
    }
}

impl<T: PlainFields> PlainFields for Edge<T> {
    const PLAIN: &'static [&'static str] = &["cursor", "node"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        match field.name() {
            "cursor" => text(self.cursor.text()),
            "node" => field.object(&self.node),
            _ => None,
        }
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
    pub const fn new(
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Self {
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
                let message =
                    "The cursor does not belong to this list: start again without `after` or `before`.";
                ApiError::told(ApiCode::CursorInvalid, message)
            })
        };
        Ok(Keyset {
            after: cursor(&self.after)?,
            before: cursor(&self.before)?,
            backward,
            limit: i64::from(size),
        })
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
    let scope: Arc<str> = scope.into();
    let edges = rows
        .into_iter()
        .map(|row| {
            let key = serde_json::to_vec(&key(&row)).unwrap_or_default();
            Edge { cursor: Place { scope: Arc::clone(&scope), key }, node: node(row) }
        })
        .collect();
    Ok(Connection { edges, has_previous_page: previous, has_next_page: next })
}
