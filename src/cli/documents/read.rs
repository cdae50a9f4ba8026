//! Files to documents.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use async_graphql::parser::{Error, parse_query};
use serde_json::{Map, Value};

use crate::engine::documents::{LONGEST_ID, hash_of};

/// A document as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Where.
    pub(super) place: Place,
    /// The id by which the app asks for it, unless that is its hash.
    pub(super) id: Option<String>,
    /// The text.
    pub(super) text: String,
}

/// Where a document was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    file: PathBuf,
    /// Line and name in a manifest; a `.graphql` file is the document.
    entry: Option<(usize, String)>,
}

impl Place {
    /// A fault in a line of the document (0 = in no line), with file and line.
    pub(super) fn told(&self, line: usize, message: &str) -> String {
        let file = self.file.display();
        match &self.entry {
            None => format!("{file}:{}: {message}", line.max(1)),
            Some((at, name)) if line == 0 => format!("{file}:{at}: {name}: {message}"),
            Some((at, name)) => format!("{file}:{at}: {name}: line {line} of its text: {message}"),
        }
    }
}

/// Every document in files and folders.
///
/// # Errors
/// If a file cannot be read, or is none of the known forms.
pub(super) fn all(paths: &[PathBuf]) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            folder(path, &mut found)?;
        } else {
            file(path, &mut found)?;
        }
    }
    let mut meanings = HashMap::new();
    for source in &found {
        if let Some(id) = &source.id
            && meanings.insert(id, &source.text).is_some_and(|text| *text != source.text)
        {
            anyhow::bail!("{}", source.place.told(0, &format!("the id {id} is another document's too")));
        }
    }
    Ok(found)
}

fn folder(path: &Path, found: &mut Vec<Source>) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be read", path.display());
    let entries =
        fs::read_dir(path).with_context(cannot)?.collect::<Result<Vec<_>, _>>().with_context(cannot)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "node_modules" && !name.starts_with('.') {
            folder(&path, found)?;
        } else if is_graphql(&path) {
            file(&path, found)?;
        }
    }
    Ok(())
}

fn is_graphql(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "graphql" || extension == "gql")
}

fn file(path: &Path, found: &mut Vec<Source>) -> anyhow::Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if is_graphql(path) {
        // What has fragments only is sent with the operations that spread them.
        if !matches!(parse_query(&text), Err(Error::MissingOperation)) {
            let place = Place { file: path.to_owned(), entry: None };
            found.push(Source { place, id: None, text });
        }
        return Ok(());
    }
    let broken = |line: usize, message: &str| anyhow::anyhow!("{}:{line}: {message}", path.display());
    let manifest: Map<String, Value> =
        serde_json::from_str(&text).map_err(|error| broken(error.line(), &error.to_string()))?;
    let entries = entries(&manifest).ok_or_else(|| {
        broken(1, "this is neither `.graphql`, nor Apollo's manifest of persisted queries, nor {\"<id>\": \"<text>\"}")
    })?;
    for (id, name, body) in entries {
        let line = line_of(&text, id);
        let place = Place { file: path.to_owned(), entry: Some((line, name.to_owned())) };
        let id = id.strip_prefix("sha256:").unwrap_or(id);
        let is_sha256 = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_its_hash = id.eq_ignore_ascii_case(&hash_of(body));
        if is_sha256 && !is_its_hash {
            return Err(anyhow::anyhow!("{}", place.told(0, "the id is not the SHA-256 of the text")));
        }
        if id.is_empty() || id.chars().count() > LONGEST_ID {
            let message = format!("an id must have 1 to {LONGEST_ID} characters");
            return Err(anyhow::anyhow!("{}", place.told(0, &message)));
        }
        let id = (!is_its_hash).then(|| id.to_owned());
        found.push(Source { place, id, text: body.to_owned() });
    }
    Ok(())
}

/// Id, name and text of each entry of a manifest.
fn entries(manifest: &Map<String, Value>) -> Option<Vec<(&str, &str, &str)>> {
    if manifest.get("format").and_then(Value::as_str) == Some("apollo-persisted-query-manifest") {
        let operations = manifest.get("operations").and_then(Value::as_array)?;
        if manifest.get("version").and_then(Value::as_i64) != Some(1) {
            return None;
        }
        return operations.iter().map(apollo).collect();
    }
    manifest.iter().map(|(id, body)| Some((id.as_str(), id.as_str(), body.as_str()?))).collect()
}

fn apollo(operation: &Value) -> Option<(&str, &str, &str)> {
    let text = |name| operation.get(name).and_then(Value::as_str);
    Some((text("id")?, text("name")?, text("body")?))
}

/// The line of a file on which an id stands.
fn line_of(file: &str, id: &str) -> usize {
    let quoted = Value::from(id).to_string();
    let before = file.find(&quoted).and_then(|at| file.get(..at)).unwrap_or_default();
    before.matches('\n').count() + 1
}
