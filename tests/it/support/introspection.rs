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

/// A text, or an empty one.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The named type below lists and non-null marks.
pub fn named(ty: &Value) -> String {
    if ty["ofType"].is_null() { text(&ty["name"]) } else { named(&ty["ofType"]) }
}
