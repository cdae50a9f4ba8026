//! Hot statements: written by hand, typed, and prepared once per connection.
//!
//! diesel prepares anew, at each call, whatever it cannot prove to be the same text: `sql_query`, `dsl::sql`, boxed
//! queries, every `update … set`, upserts and batch inserts. A statement that runs on every request is declared by
//! [`statement!`](crate::statement) instead, whose type is the key of diesel's statement cache.

/// Declares a statement as a type with one field per parameter.
///
/// The text uses `$1`, `$2`, … for the fields in order (a parameter may stand in it more than once). Run it with
/// `RunQueryDsl`: `.load::<Row>(conn)`, `.get_result::<Row>(conn)` where `Row` derives `Queryable` with fields in the
/// order of the `->` list, or `.execute(conn)`.
///
/// ```ignore
/// statement! {
///     /// The last messages of a conversation, newest first.
///     LastMessages(conversation: ConversationId => sql_types::Uuid, limit: i64 => BigInt) -> (BigInt, Text) =
///     "select seq, body from messages where conversation_id = $1 order by seq desc limit $2"
/// }
/// ```
#[macro_export]
macro_rules! statement {
    ($(#[$meta:meta])* $name:ident($($field:ident: $rust:ty => $sql:ty),* $(,)?) -> $row:ty = $text:expr) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name {
            $(
                #[doc = concat!("The parameter `", stringify!($field), "`.")]
                pub $field: $rust,
            )*
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>) -> diesel::QueryResult<()> {
                let text: &str = $text;
                let mut rest = text;
                while let Some((before, after)) = rest.split_once('$') {
                    out.push_sql(before);
                    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
                    let (number, tail) = after.split_at(digits);
                    let wanted: usize = number.parse().unwrap_or_default();
                    let place = 0_usize;
                    $(
                        let place = place + 1;
                        if place == wanted {
                            out.push_bind_param::<$sql, _>(&self.$field)?;
                        }
                    )*
                    if wanted == 0 || wanted > place {
                        return Err(diesel::result::Error::QueryBuilderError(
                            concat!(stringify!($name), " names a parameter that it does not have").into(),
                        ));
                    }
                    rest = tail;
                }
                out.push_sql(rest);
                Ok(())
            }
        }
    };
}
