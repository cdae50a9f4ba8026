//! The requests of `benches/documents.json`.

use std::fs;

use anyhow::Context;
use serde_json::{Value, json};

use crate::{material::Material, template::Template};

/// The documents with their gaps bound to the present ids and access tokens.
pub(crate) struct Documents<'a> {
    content: Value,
    material: &'a Material,
}

/// A request over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Everything before the length of the body.
    head: Template,
    body: Template,
}

impl<'a> Documents<'a> {
    /// Reads the file.
    pub(crate) fn read(material: &'a Material) -> anyhow::Result<Self> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/documents.json");
        let content = serde_json::from_str(&fs::read_to_string(file)?).context(file)?;
        Ok(Self { content, material })
    }

    /// What a shape is.
    pub(crate) fn title(&self, shape: &str) -> &str {
        self.content.pointer(&format!("/shapes/{shape}/title")).and_then(Value::as_str).unwrap_or_default()
    }

    /// The request of a shape.
    pub(crate) fn request(&self, shape: &str, address: &str) -> anyhow::Result<Request> {
        let document = self.content.pointer(&format!("/shapes/{shape}"));
        self.http(document.with_context(|| format!("benches/documents.json has no shape {shape}"))?, address)
    }

    /// The mutation whose message all sockets receive.
    pub(crate) fn publish(&self, address: &str) -> anyhow::Result<Request> {
        self.http(
            self.content.pointer("/subscription/publish").context("no publish in benches/documents.json")?,
            address,
        )
    }

    /// The payload of the subscription.
    pub(crate) fn subscribe(&self) -> anyhow::Result<String> {
        let document = self
            .content
            .pointer("/subscription/subscribe")
            .context("no subscribe in benches/documents.json")?;
        let mut text = String::new();
        Template::new(&payload(document), self.material)?.fill(0, &mut text);
        Ok(text)
    }

    /// The documents for another harness: files by their full names, and only shapes whose gaps it knows.
    pub(crate) fn for_others(&self) -> Value {
        let mut content = self.content.clone();
        if let Some(shapes) = content.get_mut("shapes").and_then(Value::as_object_mut) {
            shapes.retain(|_, shape| !shape.to_string().contains("\"$unique\""));
        }
        if let Some(content) = content.as_object_mut() {
            content.remove("subscription");
        }
        name_files(&mut content, self.material);
        content
    }

    fn http(&self, document: &Value, address: &str) -> anyhow::Result<Request> {
        let path = self.content.get("path").and_then(Value::as_str).unwrap_or("/graphql");
        let mut head = vec![Template::new(
            &json!(format!(
                "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n"
            )),
            self.material,
        )?];
        for (name, value) in document.get("headers").and_then(Value::as_object).into_iter().flatten() {
            head.push(Template::new(&json!(format!("{name}: ")), self.material)?);
            head.push(Template::new(value, self.material)?);
            head.push(Template::new(&json!("\r\n"), self.material)?);
        }
        Ok(Request { head: Template::join(head), body: Template::new(&payload(document), self.material)? })
    }
}

impl Request {
    /// Writes the n-th request; `change` may still change its body.
    pub(crate) fn write(&self, number: usize, out: &mut Vec<u8>, change: impl FnOnce(String) -> String) {
        let mut body = String::new();
        self.body.fill(number, &mut body);
        let body = change(body);
        let mut text = String::with_capacity(body.len() + 1024);
        self.head.fill(number, &mut text);
        text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        text.push_str(&body);
        out.clear();
        out.extend_from_slice(text.as_bytes());
    }
}

fn payload(document: &Value) -> Value {
    json!({ "query": document.get("query"), "variables": document.get("variables").unwrap_or(&json!({})) })
}

fn name_files(value: &mut Value, material: &Material) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(file) if name == "$line" => {
                        *file = material.path(file).to_string_lossy().into_owned();
                    }
                    _ => name_files(value, material),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| name_files(value, material)),
        _ => {}
    }
}
