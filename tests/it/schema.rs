//! The schema as an artefact: committed, described, and named by rule.

use std::{fs, path::Path, process::Command};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
};
use sha2::{Digest, Sha256};
use skillswap::cli::schema::{
    breaking,
    diff::{changes, date_in},
};

use crate::support::{TestApp, database};

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

/// The reasons of all deprecations, with their places.
fn deprecations() -> Vec<(String, String)> {
    let sdl = skillswap::schema::sdl();
    let marked = sdl
        .lines()
        .filter(|line| !line.starts_with("directive"))
        .filter_map(|line| line.split_once("@deprecated"));
    marked.map(|(place, reason)| (place.trim().to_owned(), reason.to_owned())).collect()
}

#[test]
fn every_deprecation_names_what_to_use_instead_and_a_day() {
    let found = deprecations();
    assert!(!found.is_empty(), "the schema has deprecations");
    for (place, reason) in found {
        let replaced = reason.contains("Use `") || reason.contains("Nothing replaces it");
        assert!(
            replaced,
            "{place}: say what to use instead (Use `…`), or that nothing replaces it: {reason}"
        );
        assert!(date_in(&reason).is_some(), "{place}: say `Removed after <year>-<month>-<day>`: {reason}");
    }
}

/// After a release: `make schema-release`.
#[test]
fn no_client_of_the_released_schema_breaks() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/released.graphql");
    let released = fs::read_to_string(path).expect("the released schema");
    let today = skillswap::clock::Clock::default().now().date_naive();
    let changes = changes(&released, &skillswap::schema::sdl(), today).expect("both are schemas");
    let breaking = breaking(&changes);
    assert!(
        breaking.is_empty(),
        "deprecate it with a day, release, and remove it after the day:\n{breaking}"
    );
}

#[test]
fn the_command_shows_what_changes_and_takes_no_release_that_breaks_clients() {
    let folder = database::folder().join("schemas");
    fs::create_dir_all(&folder).expect("a folder");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_skillswap"))
            .arg("schema")
            .args(arguments)
            .output()
            .expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let (old, new) = (file("old", "type Query { a: Int b: Int }"), file("new", "type Query { a: Int! }"));
    let (done, printed) = run(&["diff", &old, &new]);
    assert!(!done && printed.starts_with("BREAKING   FIELD_REMOVED"), "{printed}");
    let (done, printed) = run(&["diff", &new, &new]);
    assert!(done && printed.contains("0 changes"), "{printed}");

    let sdl = skillswap::schema::sdl();
    let released = file("released", &sdl.replace("type Query {", "type Query {\n\tgone: Int"));
    assert!(!run(&["release", "--file", &released]).0);
    assert_ne!(fs::read_to_string(&released).expect("the release"), sdl);
    let over = "type Query {\n\tgone: Int @deprecated(reason: \"Use `viewer`. Removed after 2020-01-31.\")";
    let released = file("released", &sdl.replace("type Query {", over));
    let (done, printed) = run(&["release", "--file", &released]);
    assert!(done && printed.contains(skillswap::schema::version()), "{printed}");
    assert_eq!(fs::read_to_string(&released).expect("the release"), sdl);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_can_ask_for_the_version_of_the_schema() {
    let app = TestApp::start().await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let digest: String = Sha256::digest(fs::read(path).expect("the schema"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let reply = app.anonymous().query("{ schemaVersion }").await;
    assert_eq!(*reply.data("schemaVersion"), digest[..16]);
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

#[test]
fn every_idempotency_key_says_the_same_rule() {
    let mut rules = Vec::new();
    for definition in definitions() {
        let TypeKind::InputObject(input) = &definition.kind else { continue };
        for field in input.fields.iter().filter(|field| field.node.name.node == "idempotencyKey") {
            let told = &field.node.description.as_ref().expect("described").node;
            let rule = told.split_whitespace().collect::<Vec<_>>().join(" ");
            rules.push((definition.name.node.to_string(), rule));
        }
    }
    assert!(rules.len() >= 5, "{rules:?}");
    let (_, rule) = &rules[0];
    for word in ["same key", "replayed", "IDEMPOTENCY_CONFLICT", "7 days", "intentId"] {
        assert!(rule.contains(word), "the rule does not say {word}: {rule}");
    }
    for (name, other) in &rules {
        assert_eq!(other, rule, "{name}");
    }
}
