//! Which deprecated and which unknown members of the schema a document names.
//!
//! Members are named by their [coordinates](https://spec.graphql.org/draft/#sec-Schema-Coordinates): `Slot.offset`,
//! `Query.mentors(filter:)`, `MentorSort.PRICE`. A document is looked at once, when it is parsed.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::LazyLock,
};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_schema,
        types::{
            BaseType, ConstDirective, ExecutableDocument, FieldDefinition, InputValueDefinition,
            OperationType, Selection, SelectionSet, Type, TypeKind, TypeSystemDefinition,
        },
    },
};
use async_graphql_value::{ConstValue, Value};
use serde_json::{Map, Value as Json};

use crate::schema;

/// A member that should no longer be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stale {
    /// It is deprecated.
    Deprecated(String),
    /// The schema does not have it: it was removed, or never there.
    Removed(String),
}

/// What was found in one document.
#[derive(Debug, Default)]
pub struct Found {
    /// Every stale member that its text names.
    pub stale: BTreeSet<Stale>,
    /// Variables whose values could name deprecated members, with their types.
    pub watched: Vec<(String, String)>,
}

/// The members of this binary's schema.
static MEMBERS: LazyLock<Members> = LazyLock::new(|| Members::of(&schema::sdl()));

/// The members of a schema.
#[derive(Debug, Default)]
pub struct Members {
    kinds: HashMap<String, Kind>,
    /// Input types and enumerations with deprecated members somewhere in them.
    watched: HashSet<String>,
}

#[derive(Debug)]
enum Kind {
    /// Objects, interfaces and unions.
    Composite(HashMap<String, Output>),
    Input(HashMap<String, Input>),
    /// Each value, and whether it is deprecated.
    Enum(HashMap<String, bool>),
    Scalar,
}

#[derive(Debug)]
struct Output {
    ty: String,
    deprecated: bool,
    arguments: HashMap<String, Input>,
}

#[derive(Debug)]
struct Input {
    ty: String,
    deprecated: bool,
}

impl Members {
    /// Those of this binary's schema.
    #[must_use]
    pub fn get() -> &'static Self {
        &MEMBERS
    }

    /// Reads a schema in the schema definition language; one that cannot be read has no members.
    #[must_use]
    pub fn of(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).map(|document| document.definitions).unwrap_or_default();
        let kinds: HashMap<String, Kind> = definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => {
                    Some((definition.node.name.node.to_string(), Kind::of(definition.node.kind)))
                }
                TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
            })
            .collect();
        let mut members = Self { kinds, watched: HashSet::new() };
        // Input types may contain each other: what contains a watched type is watched, until nothing is added.
        loop {
            let more: Vec<String> = members
                .kinds
                .iter()
                .filter(|(name, kind)| !members.watched.contains(*name) && kind.is_watched(&members.watched))
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                return members;
            }
            members.watched.extend(more);
        }
    }

    /// Looks at a document that was checked for nesting.
    #[must_use]
    pub fn find(&self, document: &ExecutableDocument) -> Found {
        let mut found = Found::default();
        for (_, operation) in document.operations.iter() {
            for variable in &operation.node.variable_definitions {
                let ty = name_of(&variable.node.var_type.node);
                if let Some(default) = &variable.node.default_value {
                    self.value(&ty, &default.node.clone().into_value(), &mut found.stale);
                }
                if self.watched.contains(&ty) {
                    found.watched.push((variable.node.name.node.to_string(), ty));
                }
            }
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            self.selections(root, &operation.node.selection_set.node, &mut found.stale);
        }
        for fragment in document.fragments.values() {
            let on = &fragment.node.type_condition.node.on.node;
            self.condition(on, &fragment.node.selection_set.node, &mut found.stale);
        }
        found
    }

    /// The deprecated members that the values of watched variables name.
    #[must_use]
    pub fn in_variables(
        &self,
        watched: &[(String, String)],
        variables: &Map<String, Json>,
    ) -> BTreeSet<Stale> {
        let mut stale = BTreeSet::new();
        for (name, ty) in watched {
            if let Some(value) =
                variables.get(name).and_then(|value| ConstValue::from_json(value.clone()).ok())
            {
                self.value(ty, &value.into_value(), &mut stale);
            }
        }
        // What is not in the schema is refused by the validation, with the name of the variable.
        stale.retain(|member| matches!(member, Stale::Deprecated(_)));
        stale
    }

    fn condition(&self, on: &Name, set: &SelectionSet, stale: &mut BTreeSet<Stale>) {
        if self.kinds.contains_key(on.as_str()) {
            self.selections(on, set, stale);
        } else {
            stale.insert(Stale::Removed(on.to_string()));
        }
    }

    /// Recursion is bounded: the document was scanned for nesting, and fragments are looked at once each.
    fn selections(&self, on: &str, set: &SelectionSet, stale: &mut BTreeSet<Stale>) {
        let Some(Kind::Composite(fields)) = self.kinds.get(on) else { return };
        for selection in &set.items {
            let field = match &selection.node {
                Selection::FragmentSpread(_) => continue,
                Selection::InlineFragment(fragment) => {
                    let set = &fragment.node.selection_set.node;
                    match &fragment.node.type_condition {
                        Some(condition) => self.condition(&condition.node.on.node, set, stale),
                        None => self.selections(on, set, stale),
                    }
                    continue;
                }
                Selection::Field(field) => &field.node,
            };
            let name = field.name.node.as_str();
            if name.starts_with("__") {
                continue;
            }
            let coordinate = format!("{on}.{name}");
            let Some(known) = fields.get(name) else {
                stale.insert(Stale::Removed(coordinate));
                continue;
            };
            for (argument, value) in &field.arguments {
                let coordinate = || format!("{coordinate}({}:)", argument.node);
                match known.arguments.get(argument.node.as_str()) {
                    None => drop(stale.insert(Stale::Removed(coordinate()))),
                    Some(argument) => {
                        if argument.deprecated {
                            stale.insert(Stale::Deprecated(coordinate()));
                        }
                        self.value(&argument.ty, &value.node, stale);
                    }
                }
            }
            if known.deprecated {
                stale.insert(Stale::Deprecated(coordinate));
            }
            self.selections(&known.ty, &field.selection_set.node, stale);
        }
    }

    fn value(&self, ty: &str, value: &Value, stale: &mut BTreeSet<Stale>) {
        match (self.kinds.get(ty), value) {
            (_, Value::List(items)) => items.iter().for_each(|item| self.value(ty, item, stale)),
            (Some(Kind::Input(fields)), Value::Object(given)) => {
                for (name, value) in given {
                    let coordinate = || format!("{ty}.{name}");
                    match fields.get(name.as_str()) {
                        None => drop(stale.insert(Stale::Removed(coordinate()))),
                        Some(field) => {
                            if field.deprecated {
                                stale.insert(Stale::Deprecated(coordinate()));
                            }
                            self.value(&field.ty, value, stale);
                        }
                    }
                }
            }
            (Some(Kind::Enum(values)), Value::Enum(name)) => choice(ty, values, name, stale),
            // In variables, a value of an enumeration is a text.
            (Some(Kind::Enum(values)), Value::String(name)) => choice(ty, values, name, stale),
            _ => {}
        }
    }
}

fn choice(ty: &str, values: &HashMap<String, bool>, name: &str, stale: &mut BTreeSet<Stale>) {
    match values.get(name) {
        Some(false) => {}
        Some(true) => drop(stale.insert(Stale::Deprecated(format!("{ty}.{name}")))),
        None => drop(stale.insert(Stale::Removed(format!("{ty}.{name}")))),
    }
}

impl Kind {
    fn of(kind: TypeKind) -> Self {
        match kind {
            TypeKind::Scalar => Self::Scalar,
            TypeKind::Object(object) => Self::Composite(outputs(object.fields)),
            TypeKind::Interface(interface) => Self::Composite(outputs(interface.fields)),
            TypeKind::Union(_) => Self::Composite(HashMap::new()),
            TypeKind::InputObject(input) => Self::Input(inputs(input.fields)),
            TypeKind::Enum(values) => {
                let value = |value: &async_graphql::parser::types::EnumValueDefinition| {
                    (value.value.node.to_string(), is_deprecated(&value.directives))
                };
                Self::Enum(values.values.iter().map(|known| value(&known.node)).collect())
            }
        }
    }

    fn is_watched(&self, watched: &HashSet<String>) -> bool {
        match self {
            Self::Composite(_) | Self::Scalar => false,
            Self::Enum(values) => values.values().any(|&deprecated| deprecated),
            Self::Input(fields) => {
                fields.values().any(|field| field.deprecated || watched.contains(&field.ty))
            }
        }
    }
}

fn outputs(fields: Vec<Positioned<FieldDefinition>>) -> HashMap<String, Output> {
    let output = |field: FieldDefinition| {
        let known = Output {
            ty: name_of(&field.ty.node),
            deprecated: is_deprecated(&field.directives),
            arguments: inputs(field.arguments),
        };
        (field.name.node.to_string(), known)
    };
    fields.into_iter().map(|field| output(field.node)).collect()
}

fn inputs(values: Vec<Positioned<InputValueDefinition>>) -> HashMap<String, Input> {
    let input = |value: InputValueDefinition| {
        let known = Input { ty: name_of(&value.ty.node), deprecated: is_deprecated(&value.directives) };
        (value.name.node.to_string(), known)
    };
    values.into_iter().map(|value| input(value.node)).collect()
}

fn is_deprecated(directives: &[Positioned<ConstDirective>]) -> bool {
    directives.iter().any(|directive| directive.node.name.node == "deprecated")
}

/// The named type below lists and non-null marks.
fn name_of(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => name_of(inner),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SDL: &str = r#"
        type Query { a: A old: A @deprecated(reason: "x") list(sort: Sort = UP, in: In, was: Int @deprecated): [A!]! }
        interface Base { id: ID! old: Int @deprecated }
        type A implements Base { id: ID! old: Int @deprecated b: B }
        type B { id: ID! }
        union Any = A | B
        enum Sort { UP DOWN @deprecated(reason: "x") }
        input In { sort: Sort plain: Int old: Int @deprecated deep: [In!] }
        input Clean { plain: Int }
    "#;

    fn find(query: &str) -> Vec<String> {
        let found = Members::of(SDL).find(&parse_query(query).unwrap());
        found.stale.into_iter().map(text).collect()
    }

    fn text(stale: Stale) -> String {
        match stale {
            Stale::Deprecated(coordinate) => coordinate,
            Stale::Removed(coordinate) => format!("-{coordinate}"),
        }
    }

    #[test]
    fn deprecated_members_are_found_wherever_they_stand() {
        assert_eq!(find("{ a { id b { id __typename } } list { id } __schema { types { name } } }"), [""; 0]);
        assert_eq!(find("{ x: old { id } }"), ["Query.old"]);
        assert_eq!(
            find("{ a { ...F } } fragment F on A { b { id } ... on Base { old } ... { old } }"),
            ["A.old", "Base.old"]
        );
        assert_eq!(find("{ list(sort: DOWN, was: 1) { id } }"), ["Query.list(was:)", "Sort.DOWN"]);
        assert_eq!(
            find("{ list(in: { deep: [{ old: 1 }, { sort: DOWN }] }) { id } }"),
            ["In.old", "Sort.DOWN"]
        );
        assert_eq!(
            find("query($s: Sort = DOWN, $i: In = { old: 1 }) { list(sort: $s, in: $i) { id } }"),
            ["In.old", "Sort.DOWN"]
        );
    }

    #[test]
    fn what_the_schema_does_not_have_is_found() {
        assert_eq!(
            find(
                "{ gone a { gone { id } b { gone } } list(gone: 1, sort: SIDE, in: { gone: 1 }) { id } ... on Gone { id } }"
            ),
            ["-A.gone", "-B.gone", "-Gone", "-In.gone", "-Query.gone", "-Query.list(gone:)", "-Sort.SIDE"]
        );
    }

    #[test]
    fn values_of_variables_are_looked_at_only_where_they_could_matter() {
        let members = Members::of(SDL);
        let query = parse_query("query($i: [In!], $s: Sort!, $n: Int, $c: Clean) { a { id } }").unwrap();
        let watched = members.find(&query).watched;
        assert_eq!(watched, [("i".to_owned(), "In".to_owned()), ("s".to_owned(), "Sort".to_owned())]);
        let given =
            json!({ "i": [{ "plain": 1, "deep": [{ "old": null, "gone": 1 }] }], "s": "DOWN", "n": 3 });
        let found = members.in_variables(&watched, given.as_object().unwrap());
        assert_eq!(found.into_iter().map(text).collect::<Vec<_>>(), ["In.old", "Sort.DOWN"]);
        let fine = json!({ "i": null, "s": "UP" });
        assert!(members.in_variables(&watched, fine.as_object().unwrap()).is_empty());
    }
}
