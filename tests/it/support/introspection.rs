//! The schema as introspection tells it, to walk all of it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::Client;

/// Gives a value for a scalar of a name.
pub type Scalars = fn(&str) -> Value;

/// The named types of the schema.
pub struct Schema(HashMap<String, Value>);

impl Schema {
    /// Asks the server.
    pub async fn read(client: &Client) -> Self {
        let ofs = "ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
        let query = format!(
            "{{ __schema {{ types {{ kind name enumValues {{ name }} isOneOf
                 inputFields {{ name defaultValue type {{ kind name {ofs} }} }}
                 fields {{ name description args {{ name defaultValue type {{ kind name {ofs} }} }}
                   type {{ kind name {ofs} }} }} }} }} }}"
        );
        let reply = client.query(&query).await;
        let types = reply.data("__schema")["types"].as_array().expect("types").clone();
        Self(types.into_iter().map(|ty| (text(&ty["name"]), ty)).collect())
    }

    /// The fields of an object type.
    pub fn fields(&self, name: &str) -> &[Value] {
        self.0[name]["fields"].as_array().expect("fields")
    }

    /// Whether there is an object type of this name.
    pub fn has_object(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|ty| ty["kind"] == "OBJECT")
    }

    /// Every mutation with the name of its input.
    pub fn mutations(&self) -> Vec<(String, String)> {
        let fields = self.fields("Mutation").iter();
        fields.map(|field| (text(&field["name"]), named(&field["args"][0]["type"]))).collect()
    }

    /// A document that selects nothing but one root field, with values for the arguments that it needs.
    pub fn document(&self, operation: &str, field: &Value, scalars: Scalars) -> String {
        let needed =
            field["args"].as_array().expect("arguments").iter().filter(|argument| {
                argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
            });
        let arguments: Vec<String> = needed
            .map(|argument| {
                format!("{}: {}", text(&argument["name"]), literal(&self.value(&argument["type"], scalars)))
            })
            .collect();
        let arguments =
            if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
        let kind = &self.0[&named(&field["type"])]["kind"];
        let selection = if *kind == "SCALAR" || *kind == "ENUM" { "" } else { "{ __typename }" };
        format!("{operation} {{ {}{arguments} {selection} }}", text(&field["name"]))
    }

    /// A value of a type, made of what `scalars` says.
    pub fn value(&self, ty: &Value, scalars: Scalars) -> Value {
        match text(&ty["kind"]).as_str() {
            "NON_NULL" => self.value(&ty["ofType"], scalars),
            "LIST" => json!([self.value(&ty["ofType"], scalars)]),
            "INPUT_OBJECT" => self.input(&text(&ty["name"]), scalars),
            "ENUM" => self.0[&text(&ty["name"])]["enumValues"][0]["name"].clone(),
            _ => scalars(&text(&ty["name"])),
        }
    }

    /// Values of a type that each hold the text at one of the places that take text, and elsewhere only what is needed.
    pub fn probes(&self, ty: &Value, probe: &str, scalars: Scalars) -> Vec<Value> {
        match text(&ty["kind"]).as_str() {
            "NON_NULL" => self.probes(&ty["ofType"], probe, scalars),
            "LIST" => {
                self.probes(&ty["ofType"], probe, scalars).into_iter().map(|value| json!([value])).collect()
            }
            "INPUT_OBJECT" => {
                let of = &self.0[&text(&ty["name"])];
                let fields = of["inputFields"].as_array().expect("fields");
                let needed = fields.iter().filter(|field| {
                    of["isOneOf"] != true
                        && field["type"]["kind"] == "NON_NULL"
                        && field["defaultValue"].is_null()
                });
                let needed: Map<_, _> =
                    needed.map(|field| (text(&field["name"]), self.value(&field["type"], scalars))).collect();
                let probed = fields.iter().flat_map(|field| {
                    let values = self.probes(&field["type"], probe, scalars);
                    values.into_iter().map(move |value| (text(&field["name"]), value))
                });
                probed
                    .map(|field| needed.clone().into_iter().chain([field]).collect())
                    .map(Value::Object)
                    .collect()
            }
            "SCALAR" if ["String", "ID"].contains(&text(&ty["name"]).as_str()) => vec![json!(probe)],
            _ => Vec::new(),
        }
    }

    /// Requests of a root field that each hold the text at one place of its arguments.
    pub fn probing(&self, operation: &str, field: &Value, probe: &str, scalars: Scalars) -> Vec<Value> {
        let arguments = field["args"].as_array().expect("arguments");
        let name = |argument: &Value| text(&argument["name"]);
        let needed = arguments
            .iter()
            .filter(|argument| argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null());
        let needed: Map<_, _> =
            needed.map(|argument| (name(argument), self.value(&argument["type"], scalars))).collect();
        let declared: Vec<_> =
            arguments.iter().map(|it| format!("${}: {}", name(it), written(&it["type"]))).collect();
        let given: Vec<_> = arguments.iter().map(|it| format!("{0}: ${0}", name(it))).collect();
        let of = named(&field["type"]);
        let has_edges = self.has_object(&of) && self.fields(&of).iter().any(|field| field["name"] == "edges");
        let selection = match text(&self.0[&of]["kind"]).as_str() {
            "SCALAR" | "ENUM" => "",
            _ if has_edges => "{ edges { cursor } }",
            _ if operation == "mutation" => "{ userErrors { code } }",
            _ => "{ __typename }",
        };
        let query = format!(
            "{operation}({}) {{ {}({}) {selection} }}",
            declared.join(", "),
            text(&field["name"]),
            given.join(", ")
        );
        let probed = arguments.iter().flat_map(|argument| {
            let values = self.probes(&argument["type"], probe, scalars);
            values.into_iter().map(move |value| (name(argument), value))
        });
        probed
            .map(|argument| needed.clone().into_iter().chain([argument]).collect::<Map<_, _>>())
            .map(|variables| json!({ "query": query, "variables": variables }))
            .collect()
    }

    /// A value of an input type.
    pub fn input(&self, name: &str, scalars: Scalars) -> Value {
        let ty = &self.0[name];
        let mut fields: Vec<&Value> = ty["inputFields"].as_array().expect("fields").iter().collect();
        if ty["isOneOf"] == true {
            fields.truncate(1);
        }
        let values =
            fields.into_iter().map(|field| (text(&field["name"]), self.value(&field["type"], scalars)));
        Value::Object(values.collect::<Map<_, _>>())
    }
}

/// A JSON value as a literal of GraphQL; enum values do not occur.
fn literal(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}: {}", literal(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A type as documents write it.
fn written(ty: &Value) -> String {
    match text(&ty["kind"]).as_str() {
        "NON_NULL" => format!("{}!", written(&ty["ofType"])),
        "LIST" => format!("[{}]", written(&ty["ofType"])),
        _ => text(&ty["name"]),
    }
}

/// A text, or an empty one.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The named type below lists and non-null marks.
pub fn named(ty: &Value) -> String {
    if ty["ofType"].is_null() { text(&ty["name"]) } else { named(&ty["ofType"]) }
}
