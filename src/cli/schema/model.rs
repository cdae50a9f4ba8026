//! A schema as far as clients depend on it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{
    Positioned,
    parser::{
        parse_schema,
        types::{
            BaseType, ConstDirective, DirectiveDefinition, FieldDefinition, InputValueDefinition, Type,
            TypeDefinition, TypeKind, TypeSystemDefinition,
        },
    },
};
use async_graphql_value::ConstValue;
use chrono::NaiveDate;

/// A schema.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) types: BTreeMap<String, Definition>,
    pub(super) directives: BTreeMap<String, DirectiveType>,
    /// The types of queries, mutations and subscriptions.
    pub(super) roots: BTreeMap<&'static str, String>,
}

/// A named type.
#[derive(Debug, Default)]
pub(super) struct Definition {
    pub(super) kind: &'static str,
    pub(super) fields: BTreeMap<String, Field>,
    pub(super) inputs: BTreeMap<String, Input>,
    pub(super) values: BTreeMap<String, Deprecation>,
    /// Types of a union.
    pub(super) members: BTreeSet<String>,
    /// Interfaces of an object or interface.
    pub(super) implements: BTreeSet<String>,
    pub(super) one_of: bool,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) ty: Type,
    pub(super) arguments: BTreeMap<String, Input>,
    pub(super) deprecation: Deprecation,
}

/// An argument or a field of an input object.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) ty: Type,
    pub(super) default: Option<ConstValue>,
    pub(super) deprecation: Deprecation,
}

impl Input {
    pub(super) const fn is_required(&self) -> bool {
        !self.ty.nullable && self.default.is_none()
    }
}

#[derive(Debug, Default)]
pub(super) struct DirectiveType {
    pub(super) arguments: BTreeMap<String, Input>,
    pub(super) locations: BTreeSet<String>,
    pub(super) repeatable: bool,
}

/// The reason of a deprecation, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deprecation(pub(super) Option<String>);

impl Deprecation {
    /// Whether the day after which it may be removed is over.
    pub(super) fn is_over(&self, today: NaiveDate) -> bool {
        self.0.as_deref().and_then(date_in).is_some_and(|date| date < today)
    }
}

/// The day in a reason such as `Use x. Removed after 2026-12-31.`
#[must_use]
pub fn date_in(reason: &str) -> Option<NaiveDate> {
    let (_, rest) = reason.split_once("Removed after ")?;
    NaiveDate::parse_from_str(rest.get(..10)?, "%Y-%m-%d").ok()
}

/// The named type below lists and non-null marks.
pub(super) fn name_of(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => name_of(inner),
    }
}

impl Schema {
    /// Reads a schema.
    pub(super) fn of(sdl: &str) -> anyhow::Result<Self> {
        let mut schema = Self::default();
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Type(definition) => {
                    let name = definition.node.name.node.to_string();
                    schema.types.insert(name, Definition::of(definition.node));
                }
                TypeSystemDefinition::Directive(directive) => {
                    let name = directive.node.name.node.to_string();
                    schema.directives.insert(name, DirectiveType::of(directive.node, sdl));
                }
                TypeSystemDefinition::Schema(roots) => {
                    let roots = roots.node;
                    let roots = [
                        ("query", roots.query),
                        ("mutation", roots.mutation),
                        ("subscription", roots.subscription),
                    ];
                    schema.roots.extend(
                        roots.into_iter().filter_map(|(root, name)| Some((root, name?.node.to_string()))),
                    );
                }
            }
        }
        if schema.roots.is_empty() {
            let usual = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
            let there = usual.into_iter().filter(|(_, name)| schema.types.contains_key(*name));
            schema.roots = there.map(|(root, name)| (root, name.to_owned())).collect();
        }
        Ok(schema)
    }

    /// The types that clients may still use once every member whose date is over is gone.
    pub(super) fn in_use(&self, today: NaiveDate) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = self.roots.values().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            let Some((name, ty)) = self.types.get_key_value(name) else { continue };
            if ty.is_spent(today) || !found.insert(name.as_str()) {
                continue;
            }
            let stays = |deprecation: &Deprecation| !deprecation.is_over(today);
            for field in ty.fields.values().filter(|field| stays(&field.deprecation)) {
                open.push(name_of(&field.ty));
                open.extend(
                    field
                        .arguments
                        .values()
                        .filter(|input| stays(&input.deprecation))
                        .map(|input| name_of(&input.ty)),
                );
            }
            open.extend(
                ty.inputs.values().filter(|input| stays(&input.deprecation)).map(|input| name_of(&input.ty)),
            );
            open.extend(ty.members.iter().chain(&ty.implements).map(String::as_str));
            if ty.kind == "interface" {
                let implementors = self.types.iter().filter(|(_, other)| other.implements.contains(name));
                open.extend(implementors.map(|(name, _)| name.as_str()));
            }
        }
        found
    }
}

impl Definition {
    fn of(definition: TypeDefinition) -> Self {
        let one_of = definition.directives.iter().any(|directive| directive.node.name.node == "oneOf");
        let names = |names: Vec<Positioned<async_graphql::Name>>| {
            names.into_iter().map(|name| name.node.to_string()).collect()
        };
        match definition.kind {
            TypeKind::Scalar => Self { kind: "scalar", ..Self::default() },
            TypeKind::Object(object) => Self {
                kind: "type",
                fields: fields(object.fields),
                implements: names(object.implements),
                ..Self::default()
            },
            TypeKind::Interface(interface) => Self {
                kind: "interface",
                fields: fields(interface.fields),
                implements: names(interface.implements),
                ..Self::default()
            },
            TypeKind::Union(union) => {
                Self { kind: "union", members: names(union.members), ..Self::default() }
            }
            TypeKind::InputObject(input) => {
                Self { kind: "input", inputs: inputs(input.fields), one_of, ..Self::default() }
            }
            TypeKind::Enum(values) => {
                let values = values.values.into_iter().map(|value| value.node);
                let values = values
                    .map(|value| (value.value.node.to_string(), deprecation(&value.directives)))
                    .collect();
                Self { kind: "enum", values, ..Self::default() }
            }
        }
    }

    /// Whether the date of everything in it is over.
    fn is_spent(&self, today: NaiveDate) -> bool {
        let mut marks = self.fields.values().map(|field| &field.deprecation);
        let mut inputs = self.inputs.values().map(|input| &input.deprecation);
        let mut values = self.values.values();
        let any = !(self.fields.is_empty() && self.inputs.is_empty() && self.values.is_empty());
        let over = |deprecation: &Deprecation| deprecation.is_over(today);
        any && marks.all(over) && inputs.all(over) && values.all(over)
    }
}

impl DirectiveType {
    fn of(directive: DirectiveDefinition, sdl: &str) -> Self {
        // The parser takes every directive for repeatable: what stands before the first location says it.
        let first = directive.locations.first().map(|location| location.pos);
        let line = first
            .and_then(|at| sdl.lines().nth(at.line.saturating_sub(1))?.get(..at.column.saturating_sub(1)));
        let before = line.unwrap_or_default().trim_end_matches([' ', '|']);
        let repeatable =
            before.strip_suffix("on").is_some_and(|before| before.trim_end().ends_with(" repeatable"));
        Self {
            arguments: inputs(directive.arguments),
            locations: directive.locations.iter().map(|location| format!("{:?}", location.node)).collect(),
            repeatable,
        }
    }
}

fn fields(fields: Vec<Positioned<FieldDefinition>>) -> BTreeMap<String, Field> {
    let field = |field: FieldDefinition| {
        let deprecation = deprecation(&field.directives);
        (
            field.name.node.to_string(),
            Field { ty: field.ty.node, arguments: inputs(field.arguments), deprecation },
        )
    };
    fields.into_iter().map(|definition| field(definition.node)).collect()
}

fn inputs(values: Vec<Positioned<InputValueDefinition>>) -> BTreeMap<String, Input> {
    let input = |value: InputValueDefinition| {
        let deprecation = deprecation(&value.directives);
        let default = value.default_value.map(|default| default.node);
        (value.name.node.to_string(), Input { ty: value.ty.node, default, deprecation })
    };
    values.into_iter().map(|definition| input(definition.node)).collect()
}

fn deprecation(directives: &[Positioned<ConstDirective>]) -> Deprecation {
    let directive = directives.iter().find(|directive| directive.node.name.node == "deprecated");
    Deprecation(directive.map(|directive| {
        match directive.node.get_argument("reason").map(|reason| &reason.node) {
            Some(ConstValue::String(reason)) => reason.clone(),
            _ => String::new(),
        }
    }))
}
