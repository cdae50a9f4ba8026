//! Objects that are answered from the row in hand.
//!
//! The library makes a boxed future for every field, and most fields of a long list only copy a value of a row that is
//! there already. Objects that fill long lists say so by [`PlainFields`]: what is plain is answered without a future,
//! nested objects that are kept in memory included, and only the rest goes the library's way.

use std::borrow::Cow;

use async_graphql::{
    ContainerType, ContextSelectionSet, EnumType, Name, OutputType, Positioned, ScalarType, ServerError,
    ServerResult, Value,
    indexmap::IndexMap,
    parser::types::{Field, Selection, SelectionSet},
    registry::Registry,
    resolver_utils::{enum_value, resolve_container},
};
use futures_util::future::try_join_all;

use super::context::Scope;
use crate::db::{
    hot::HotKey,
    ids::{EntityId, encode},
};

/// An object some of whose fields need no waiting.
pub trait PlainFields: ContainerType {
    /// Their names.
    const PLAIN: &'static [&'static str] = &[];

    /// The value of such a field; `None` leaves it to the resolver of that name, which answers the same. A field that has
    /// a guard is never plain.
    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let _ = field;
        None
    }
}

impl<T: PlainFields> PlainFields for &T {
    const PLAIN: &'static [&'static str] = T::PLAIN;

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        T::plain(self, field)
    }
}

/// A field that a document selects, without arguments.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    field: &'a Field,
    context: &'a ContextSelectionSet<'a>,
    scope: &'a Scope,
}

impl std::fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl Wanted<'_> {
    /// Its name in the schema.
    #[must_use]
    pub fn name(&self) -> &str {
        self.field.name.node.as_str()
    }

    /// A hot public row, if it is in memory.
    #[must_use]
    pub fn kept<K: HotKey>(&self, key: K) -> Option<K::Row> {
        self.scope.kept(key)
    }

    /// Address under which clients reach the server.
    #[must_use]
    pub fn public_url(&self) -> &str {
        self.scope.public_url()
    }

    /// An object as the field's value, if all that is selected of it is plain.
    #[must_use]
    pub fn object<T: PlainFields>(&self, object: &T) -> Option<Value> {
        let selected = &self.field.selection_set.node.items;
        // Seen at once more often than not, and then nothing was done in vain.
        let waits = |item: &Positioned<Selection>| match &item.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                name != "__typename" && !T::PLAIN.contains(&name)
            }
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
        };
        if selected.iter().any(waits) {
            return None;
        }
        let mut values = Values::with_capacity(selected.len());
        let open = collect(self.context, self.scope, &self.field.selection_set.node, object, &mut values)?;
        open.is_empty().then_some(Value::Object(values))
    }

    /// Objects as the field's value, if all that is selected of each is plain.
    #[must_use]
    pub fn objects<T: PlainFields>(&self, objects: impl Iterator<Item = Option<T>>) -> Option<Value> {
        objects.map(|object| self.object(&object?)).collect::<Option<Vec<Value>>>().map(Value::List)
    }
}

/// A scalar as a field's value.
#[must_use]
pub fn scalar(value: &impl ScalarType) -> Option<Value> {
    Some(value.to_value())
}

/// A scalar or `null` as a field's value.
#[must_use]
pub fn nullable(value: Option<&impl ScalarType>) -> Option<Value> {
    Some(value.map_or(Value::Null, ScalarType::to_value))
}

/// A global id as a field's value.
#[must_use]
pub fn id<I: EntityId>(id: I) -> Option<Value> {
    Some(Value::String(encode(I::PREFIX, id.uuid())))
}

/// A text, or a scalar that is written as one, as a field's value.
#[must_use]
pub fn text(value: impl Into<String>) -> Option<Value> {
    Some(Value::String(value.into()))
}

/// A value of an enumeration as a field's value.
#[must_use]
pub fn choice(value: impl EnumType) -> Option<Value> {
    Some(enum_value(value))
}

type Values = IndexMap<Name, Value>;
/// The fields that have to wait, with their places.
type Open<'a> = Vec<(usize, &'a Positioned<Field>)>;

/// Puts what is plain into `values` and returns what is not. `None` if the library has to do it all: directives, types
/// that differ, and fields that are merged.
fn collect<'a, T: PlainFields>(
    context: &ContextSelectionSet<'a>,
    scope: &Scope,
    selected: &'a SelectionSet,
    object: &T,
    values: &mut Values,
) -> Option<Open<'a>> {
    let mut open = Open::new();
    for item in &selected.items {
        let within = match &item.node {
            Selection::Field(field) => {
                if !field.node.directives.is_empty() {
                    return None;
                }
                let name = &field.node.name.node;
                let value = if name == "__typename" {
                    text(T::type_name())
                } else if field.node.arguments.is_empty() {
                    object.plain(&Wanted { field: &field.node, context, scope })
                } else {
                    None
                };
                let waits = value.is_none();
                let key = field.node.response_key().node.clone();
                let (place, twice) = values.insert_full(key, value.unwrap_or_default());
                if twice.is_some() {
                    return None;
                }
                if waits {
                    open.push((place, field));
                }
                continue;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = &context.query_env.fragments.get(&spread.node.fragment_name.node)?.node;
                if !spread.node.directives.is_empty()
                    || *fragment.type_condition.node.on.node != *T::type_name()
                {
                    return None;
                }
                &fragment.selection_set
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let fits = condition.is_none_or(|condition| *condition.node.on.node == *T::type_name());
                if !fragment.node.directives.is_empty() || !fits {
                    return None;
                }
                &fragment.node.selection_set
            }
        };
        open.append(&mut collect(context, scope, &within.node, object, values)?);
    }
    Some(open)
}

/// An object as far as it could be answered at once.
enum Begun<'a> {
    Partly(Values, Open<'a>),
    /// The library does it all.
    Unfit,
}

fn begin<'a, T: PlainFields>(context: &ContextSelectionSet<'a>, object: &T) -> Begun<'a> {
    let mut values = Values::with_capacity(context.item.node.items.len());
    match collect(context, Scope::of(context), &context.item.node, object, &mut values) {
        Some(open) => Begun::Partly(values, open),
        None => Begun::Unfit,
    }
}

async fn finish<'a, T: PlainFields>(
    context: &ContextSelectionSet<'a>,
    object: &T,
    begun: Begun<'a>,
) -> ServerResult<Value> {
    let Begun::Partly(mut values, open) = begun else { return resolve_container(context, object).await };
    let waiting = open.into_iter().map(|(place, field)| {
        Box::pin(async move {
            let value = object.resolve_field(&context.with_field(field)).await?;
            Ok::<_, ServerError>((place, value.unwrap_or_default()))
        })
    });
    for (place, value) in try_join_all(waiting).await? {
        if let Some((_, slot)) = values.get_index_mut(place) {
            *slot = value;
        }
    }
    Ok(Value::Object(values))
}

/// An object whose plain fields are answered at once.
#[derive(Clone, Debug)]
pub struct Plain<T>(pub T);

impl<T: PlainFields> OutputType for Plain<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let begun = begin(context, &self.0);
        finish(context, &self.0, begun).await
    }
}

/// A list of objects whose plain fields are answered at once.
#[derive(Clone, Debug)]
pub struct PlainList<L>(pub L);

/// So many futures the library joins without an allocation for each.
const JOINED: usize = 30;

impl<T: PlainFields, L: std::ops::Deref<Target = [T]> + Send + Sync> OutputType for PlainList<L> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, context: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let mut values = Vec::with_capacity(self.0.len());
        let mut waiting = Vec::new();
        for (index, object) in self.0.iter().enumerate() {
            match begin(context, object) {
                Begun::Partly(whole, open) if open.is_empty() => values.push(Value::Object(whole)),
                begun => {
                    values.push(Value::Null);
                    waiting.push(async move {
                        let context = context.with_index(index);
                        let value = finish(&context, object, begun).await;
                        value.map(|value| (index, value)).map_err(|error| context.set_error_path(error))
                    });
                }
            }
        }
        let mut groups = Vec::with_capacity(waiting.len().div_ceil(JOINED));
        let mut waiting = waiting.into_iter().peekable();
        while waiting.peek().is_some() {
            groups.push(try_join_all(waiting.by_ref().take(JOINED).collect::<Vec<_>>()));
        }
        for (index, value) in try_join_all(groups).await?.into_iter().flatten() {
            if let Some(slot) = values.get_mut(index) {
                *slot = value;
            }
        }
        Ok(Value::List(values))
    }
}
