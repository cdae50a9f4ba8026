//! The schema as an artefact: committed, described, and named by rule.

use std::{fs, path::Path};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
};

fn definitions() -> Vec<TypeDefinition> {
    let document = parse_schema(skillswap::schema::sdl()).expect("the SDL parses");
    document
        .definitions
        .into_iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            _ => None,
        })
        .collect()
}

/// The named type below lists and non-null marks.
fn name_of(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => name_of(inner),
    }
}

/// Run `make schema` after a change.
#[test]
fn schema_graphql_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == skillswap::schema::sdl(), "schema.graphql is stale: run `make schema`");
}

#[test]
fn everything_in_the_schema_is_described() {
    let mut missing = Vec::new();
    for definition in definitions() {
        let name = definition.name.node.to_string();
        if definition.description.is_none() {
            missing.push(name.clone());
        }
        match definition.kind {
            TypeKind::Object(object) => missing.extend(undescribed(&name, &object.fields)),
            TypeKind::Interface(interface) => missing.extend(undescribed(&name, &interface.fields)),
            TypeKind::Enum(values) => missing.extend(
                values
                    .values
                    .iter()
                    .filter(|value| value.node.description.is_none())
                    .map(|value| format!("{name}.{}", value.node.value.node)),
            ),
            TypeKind::InputObject(input) => missing.extend(
                input
                    .fields
                    .iter()
                    .filter(|field| field.node.description.is_none())
                    .map(|field| format!("{name}.{}", field.node.name.node)),
            ),
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(missing.is_empty(), "no description: {missing:#?}");
}

fn undescribed(
    of: &str,
    fields: &[async_graphql::Positioned<async_graphql::parser::types::FieldDefinition>],
) -> Vec<String> {
    let mut missing = Vec::new();
    for field in fields {
        let name = format!("{of}.{}", field.node.name.node);
        for argument in &field.node.arguments {
            // A mutation's only argument is described by its type.
            if argument.node.description.is_none() && argument.node.name.node != "input" {
                missing.push(format!("{name}({})", argument.node.name.node));
            }
        }
        if field.node.description.is_none() {
            missing.push(name);
        }
    }
    missing
}

#[test]
fn mutations_take_one_input_and_give_a_nullable_payload_with_user_errors() {
    let definitions = definitions();
    let object = |name: &str| {
        definitions.iter().find_map(|definition| match &definition.kind {
            TypeKind::Object(object) if definition.name.node == name => Some(object),
            _ => None,
        })
    };
    for field in &object("Mutation").expect("mutations").fields {
        let name = field.node.name.node.to_string();
        let arguments: Vec<String> =
            field.node.arguments.iter().map(|argument| argument.node.name.node.to_string()).collect();
        assert_eq!(arguments, ["input"], "{name}");
        assert!(field.node.ty.node.nullable, "{name}: a failing mutation must not null its neighbours");
        let payload = name_of(&field.node.ty.node);
        assert!(payload.ends_with("Payload"), "{name} gives {payload}");
        let has_errors = object(&payload)
            .expect("a payload")
            .fields
            .iter()
            .any(|field| field.node.name.node == "userErrors");
        assert!(has_errors, "{payload} has no userErrors");
        let first = name.chars().take_while(char::is_ascii_lowercase).count();
        assert!(first > 1 && first < name.len(), "{name} names no act");
    }
}

#[test]
fn money_is_no_float_and_nothing_is_json() {
    for definition in definitions() {
        let name = definition.name.node.to_string();
        assert!(!name.starts_with("JSON"), "{name}: untyped data has no place in the schema");
        let TypeKind::Object(object) = &definition.kind else { continue };
        for field in &object.fields {
            let field_name = field.node.name.node.to_string();
            let is_float = name_of(&field.node.ty.node) == "Float";
            assert!(
                !is_float || (name == "Rating" && field_name == "average"),
                "{name}.{field_name} is a Float"
            );
        }
    }
}

#[test]
fn what_has_an_id_is_a_node() {
    for definition in definitions() {
        let TypeKind::Object(object) = &definition.kind else { continue };
        let name = definition.name.node.to_string();
        let has_id = object.fields.iter().any(|field| field.node.name.node == "id");
        let is_node = object.implements.iter().any(|interface| interface.node == "Node");
        // The viewer is the caller's own side of a member, whose public side is the node.
        assert!(!has_id || is_node || name == "Viewer", "{name} has an id but is no Node");
    }
}
