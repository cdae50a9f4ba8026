//! Who may import whom: reads the `use` lines of the sources and fails with file and line.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with its path below `src/` and its text, without the tests beside the code.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a source");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            (name, code)
        })
        .collect()
}

/// Lines of files for which `concerns` holds that contain one of `forbidden`, as `file:line: text`.
fn offences(concerns: impl Fn(&str) -> bool, forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, code) in files().into_iter().filter(|(name, _)| concerns(name)) {
        for (line, text) in code.lines().enumerate() {
            let trimmed = text.trim_start();
            if !trimmed.starts_with("//") && forbidden.iter().any(|word| trimmed.contains(word)) {
                found.push(format!("src/{name}:{}: {}", line + 1, trimmed));
            }
        }
    }
    found
}

fn check(rule: &str, concerns: impl Fn(&str) -> bool, forbidden: &[&str]) {
    let found = offences(concerns, forbidden);
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// `domains/<domain>/<room>` → (domain, room).
fn room(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("domains/")?;
    let (domain, rest) = rest.split_once('/')?;
    let room = rest.split('/').next()?;
    Some((domain, room.strip_suffix(".rs").unwrap_or(room)))
}

fn is_room(name: &str, rooms: &[&str]) -> bool {
    room(name).is_some_and(|(_, room)| rooms.contains(&room))
}

#[test]
fn resolvers_know_no_database() {
    let rooms = ["types", "query", "mutation", "subscription", "viewer"];
    check(
        "a resolver imports diesel",
        |name| is_room(name, &rooms),
        &["diesel::{", "use diesel", "diesel_async", "db::tables", "crate::db::pool"],
    );
}

#[test]
fn repos_models_services_and_listeners_know_no_graphql_and_no_http() {
    let rooms = ["repo", "model", "service", "listener", "jobs"];
    check("GraphQL or HTTP below the edge", |name| is_room(name, &rooms), &["async_graphql", "actix"]);
}

#[test]
fn models_are_pure() {
    check(
        "a model does work",
        |name| is_room(name, &["model"]),
        &["async fn", "diesel_async", "crate::app", "Pool"],
    );
}

#[test]
fn a_repo_or_model_of_one_domain_is_used_by_no_other() {
    let mut found = Vec::new();
    for (name, code) in files() {
        let Some((own, place)) = room(&name) else { continue };
        if place == "mod" {
            continue;
        }
        // Discovery, analytics and the shared edge read what others define; services and listeners may name models.
        let may_name_models = !matches!(place, "repo" | "model");
        for (line, text) in code.lines().enumerate() {
            for (at, _) in text.match_indices("domains::") {
                let rest = &text[at + "domains::".len()..];
                let Some((domain, rest)) = rest.split_once("::") else { continue };
                let foreign =
                    domain != own && domain.chars().all(|char| char.is_ascii_lowercase() || char == '_');
                let forbidden = rest.starts_with("repo") || (rest.starts_with("model") && !may_name_models);
                if foreign && forbidden {
                    found.push(format!("src/{name}:{}: {}", line + 1, text.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "a foreign repo or model:\n{}", found.join("\n"));
}

#[test]
fn the_kits_name_no_domain() {
    let kit = |name: &str| {
        ["graphql/", "db/", "events/", "integrations/", "engine/"].iter().any(|kit| name.starts_with(kit))
    };
    check("a kit names a domain", kit, &["domains::"]);
    check(
        "the job kit names a domain",
        |name| name.starts_with("jobs/") && name != "jobs/registry.rs",
        &["domains::"],
    );
}

#[test]
fn the_database_kit_knows_no_graphql_and_no_http() {
    let db = |name: &str| name.starts_with("db/") && name != "db/loader.rs";
    check("the database kit knows the edge", db, &["async_graphql", "actix"]);
    check("the event kit knows the edge", |name| name.starts_with("events/"), &["async_graphql", "actix"]);
    check(
        "the GraphQL kit knows actix or diesel's queries",
        |name| name.starts_with("graphql/"),
        &["actix", "RunQueryDsl"],
    );
}

#[test]
fn what_a_field_costs_is_read_from_the_schema() {
    check("a second rule for costs", |name| name.starts_with("domains/"), &["complexity ="]);
}

#[test]
fn transports_hold_no_sql() {
    check(
        "a transport knows diesel",
        |name| name.starts_with("http/"),
        &["use diesel", "diesel::", "diesel_async", "::repo::"],
    );
    check("the schema knows diesel", |name| matches!(name, "schema.rs" | "node.rs"), &["diesel", "::repo"]);
}

#[test]
fn only_the_transports_know_actix() {
    check("actix outside the transports", |name| !name.starts_with("http/"), &["actix_web", "actix_ws"]);
}

#[test]
fn money_moves_in_one_place() {
    let elsewhere = |name: &str| {
        !name.starts_with("domains/wallet/") && !name.starts_with("cli/seed") && name != "db/tables.rs"
    };
    check(
        "ledger tables outside the wallet",
        elsewhere,
        &["ledger_postings", "ledger_transactions", "ledger_accounts"],
    );
}
