//! What each field of the schema costs, read from the schema itself, so that a new field cannot be forgotten.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::registry::{MetaField, MetaType, Registry};

use crate::{graphql::connection::DEFAULT_PAGE, schema};

/// Rows that a list without a page size is taken to have.
const USUAL_ROWS: u64 = 10;
/// Points of a mutation's root field.
const MUTATION: u64 = 10;

/// The types with fields.
#[derive(Debug)]
pub(super) struct Catalogue(HashMap<String, Type>);

/// The fields of a type.
pub(super) type Type = HashMap<String, Priced>;

/// A field.
#[derive(Debug)]
pub(super) struct Priced {
    /// The type of one row.
    pub(super) of: String,
    /// Points once.
    pub(super) once: u64,
    /// Points per row.
    pub(super) each: u64,
    /// How many rows.
    pub(super) rows: Rows,
}

/// How many rows a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// This many.
    Known(u64),
    /// As many as `first` or `last` say, or this many.
    Page(i64),
    /// As the page around it.
    OfPage,
    /// One per entry of `ids`.
    Ids,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::of(&schema::registry()));

impl Catalogue {
    /// The schema's.
    pub(super) fn get() -> &'static Self {
        &CATALOGUE
    }

    fn of(registry: &Registry) -> Self {
        let composite = registry.types.iter().filter(|(_, meta)| meta.is_composite());
        let types = composite.map(|(name, meta)| {
            let fields = meta.fields().into_iter().flatten();
            (name.clone(), fields.map(|(field, meta)| (field.clone(), price(registry, name, meta))).collect())
        });
        Self(types.collect())
    }

    pub(super) fn fields(&self, of: &str) -> Option<&Type> {
        self.0.get(of)
    }
}

fn price(registry: &Registry, parent: &str, field: &MetaField) -> Priced {
    let of = field.ty.trim_matches(['[', ']', '!']);
    let is_object = registry.types.get(of).is_some_and(MetaType::is_composite);
    // What only holds rows together is free, and so is a value of a row that is there anyway.
    let is_wrapper = of == "PageInfo" || (parent.ends_with("Edge") && field.name == "node");
    let each = match parent {
        "Mutation" => MUTATION,
        _ => u64::from(is_object && !is_wrapper),
    };
    let once = schema::PRICES.iter().find(|(place, name, _)| *place == parent && *name == field.name);
    Priced {
        of: of.to_owned(),
        once: once.map_or(0, |(_, _, points)| *points),
        each,
        rows: rows(parent, field, of, is_object),
    }
}

fn rows(parent: &str, field: &MetaField, of: &str, is_object: bool) -> Rows {
    let is_list = field.ty.starts_with('[');
    if let Some((_, _, rows)) =
        schema::ROWS.iter().find(|(place, name, _)| *place == parent && *name == field.name)
    {
        return Rows::Known(*rows);
    }
    if let Some(size) = field.args.get("first").or_else(|| field.args.get("last")) {
        let usual = size.default_value.as_deref().and_then(|text| text.parse().ok());
        return Rows::Page(usual.unwrap_or_else(|| DEFAULT_PAGE.into()));
    }
    match field.args.get("ids") {
        Some(_) if is_list => Rows::Ids,
        _ if is_list && parent.ends_with("Connection") => Rows::OfPage,
        // Refusals are few, or none.
        _ if is_list && is_object && of != "UserError" => Rows::Known(USUAL_ROWS),
        _ => Rows::Known(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prices_of_single_fields_name_fields_that_there_are() {
        for (parent, field, _) in schema::PRICES.iter().chain(schema::ROWS) {
            let fields = Catalogue::get().fields(parent);
            assert!(fields.is_some_and(|fields| fields.contains_key(*field)), "{parent}.{field}");
        }
    }
}
