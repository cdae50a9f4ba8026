//! Page sizes that a client leaves to the server.
//!
//! A variable that may be null and was not given counts as an argument that was not written. The library's rules for the
//! cost of a list take it for an error instead, so a page size that was left out is made `null`, which means the same.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql_value::Value;
use serde_json::{Map, Value as Json};

/// Gives `null` to every variable that stands for a page size and was left out.
pub(super) fn fill(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &mut Map<String, Json>,
) {
    let left_out: Vec<&str> = operation
        .variable_definitions
        .iter()
        .filter(|definition| {
            definition.node.var_type.node.nullable && definition.node.default_value.is_none()
        })
        .map(|definition| definition.node.name.node.as_str())
        .filter(|name| !variables.contains_key(*name))
        .collect();
    if left_out.is_empty() {
        return;
    }
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut found = Vec::new();
    for selections in fragments.chain([&operation.selection_set.node]) {
        page_sizes(selections, &mut found);
    }
    for name in left_out.into_iter().filter(|name| found.contains(name)) {
        variables.insert(name.to_owned(), Json::Null);
    }
}

/// The variables that stand for page sizes. Recursion is bounded: the document was scanned for nesting.
fn page_sizes<'d>(selections: &'d SelectionSet, found: &mut Vec<&'d str>) {
    for selection in &selections.items {
        match &selection.node {
            Selection::Field(field) => {
                found.extend(field.node.arguments.iter().filter_map(|(name, value)| match &value.node {
                    Value::Variable(variable) if matches!(name.node.as_str(), "first" | "last") => {
                        Some(variable.as_str())
                    }
                    _ => None,
                }));
                page_sizes(&field.node.selection_set.node, found);
            }
            Selection::InlineFragment(fragment) => page_sizes(&fragment.node.selection_set.node, found),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::DocumentOperations};

    use super::*;

    fn filled(document: &str, mut variables: Map<String, Json>) -> Json {
        let document = parse_query(document).unwrap();
        let DocumentOperations::Single(operation) = &document.operations else { panic!("one operation") };
        fill(&document, &operation.node, &mut variables);
        variables.into()
    }

    #[test]
    fn only_page_sizes_that_may_be_left_out_are_filled() {
        let document = "query($a: Int, $b: Int = 3, $c: Int!, $d: String, $e: Int, $f: Int, $g: Int) {
            x(first: $a) { y(first: $b, last: $c, after: $d) ...F ... on T { z(last: $e) } w(number: $g) } }
            fragment F on T { v(first: $f) }";
        let given = Map::from_iter([("e".to_owned(), Json::from(7))]);
        assert_eq!(filled(document, given), serde_json::json!({ "a": null, "e": 7, "f": null }));
    }
}
