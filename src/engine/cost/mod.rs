//! What an operation costs, in points, known before it is executed.
//!
//! The cost is the number of objects that the answer may have at most, and so about the rows that are read for it:
//!
//! ```text
//! operation   1 + its fields
//! field       of plain values: 0, under an alias 1; an object: 1 + its fields; a mutation: 10 + its fields
//! list        rows × (1 + the fields of a row); rows = `first` or `last`, 20 without; the length of `ids`;
//!             10 for a list without a page size
//! connection  1 + rows × (1 + the fields of a row); `edges { node }` is one row, as `nodes` is; `pageInfo` and the connection itself are none
//! ```
//!
//! A few fields have a price or a number of rows of their own ([`crate::schema::PRICES`], [`crate::schema::ROWS`]),
//! introspection costs 100 and what it selects. Aliases and fragments count as often as they stand in the document, `@skip`
//! and `@include` are followed, and literals count as much as variables. A document is compiled to a formula once, when it is parsed.

mod catalogue;
mod formula;

use async_graphql::{
    Name, Positioned,
    parser::types::{
        Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
        VariableDefinition,
    },
};
use serde_json::{Map, Value as Json};

use self::{
    catalogue::{Catalogue, Priced, Rows},
    formula::{Argument, Formula, Times},
};
use crate::schema;

/// Points of every operation.
const OPERATION: u64 = 1;
/// Points of a look at the schema.
const INTROSPECTION: u64 = 100;
/// Types that a type leads to: what a look at the schema costs grows with it at each step.
const NEIGHBOURS: u64 = 50;
/// Fields that lead from types to types.
const TO_TYPES: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// What an operation costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Points.
    pub points: u64,
    /// Mutations in it that need no signing in: each is as good as a request of its own.
    pub open_mutations: u32,
}

/// The costs of a document's operations.
#[derive(Debug)]
pub struct Prices(Vec<Price>);

#[derive(Debug)]
struct Price {
    operation: Option<Name>,
    formula: Formula,
    open_mutations: u32,
}

/// What an operation of a document costs with these variables; `None` if there is no such operation. The document must
/// have passed [`super::size::check`].
#[must_use]
pub fn of(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Map<String, Json>,
) -> Option<Cost> {
    Prices::of(document).cost(operation, variables)
}

/// Reads the schema, so that the first request need not wait for it.
pub(super) fn get_ready() {
    Catalogue::get();
}

impl Prices {
    /// Compiles all operations of a document. Recursion is bounded: the document was scanned for nesting and size.
    #[must_use]
    pub fn of(document: &ExecutableDocument) -> Self {
        let prices = document.operations.iter().map(|(name, operation)| {
            let compiler = Compiler {
                catalogue: Catalogue::get(),
                document,
                variables: &operation.node.variable_definitions,
            };
            Price { operation: name.cloned(), ..compiler.operation(&operation.node) }
        });
        Self(prices.collect())
    }

    /// What an operation costs; without a name the only one.
    #[must_use]
    pub fn cost(&self, operation: Option<&str>, variables: &Map<String, Json>) -> Option<Cost> {
        let price = match (operation, self.0.as_slice()) {
            (None, [only]) => only,
            (wanted, all) => all.iter().find(|price| price.operation.as_deref() == wanted)?,
        };
        Some(Cost { points: price.formula.at(variables), open_mutations: price.open_mutations })
    }

    /// What the dearest operation costs with whatever variables.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.0.iter().map(|price| price.formula.most()).max().unwrap_or_default()
    }

    /// How much there is to remember.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.0.iter().map(|price| 1 + price.formula.parts()).sum()
    }
}

struct Compiler<'d> {
    catalogue: &'static Catalogue,
    document: &'d ExecutableDocument,
    variables: &'d [Positioned<VariableDefinition>],
}

impl Compiler<'_> {
    fn operation(&self, operation: &OperationDefinition) -> Price {
        let root = match operation.ty {
            OperationType::Query => "Query",
            OperationType::Mutation => "Mutation",
            OperationType::Subscription => "Subscription",
        };
        let selected = &operation.selection_set.node;
        let open_mutations =
            if operation.ty == OperationType::Mutation { self.open_mutations(selected) } else { 0 };
        let formula = Formula::fixed(OPERATION).plus(self.set(selected, root, None));
        Price { operation: None, formula, open_mutations }
    }

    /// The fields of an object; `page` is the size of the page around it, if it holds one.
    fn set(&self, set: &SelectionSet, parent: &str, page: Option<&Times>) -> Formula {
        set.items.iter().fold(Formula::default(), |sum, selection| {
            let costs = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent, page),
                Selection::InlineFragment(inline) => {
                    let of = inline.node.type_condition.as_ref();
                    let of = of.map_or(parent, |condition| &condition.node.on.node);
                    self.set(&inline.node.selection_set.node, of, page)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or_else(Formula::default, |fragment| {
                        let of = &fragment.node.type_condition.node.on.node;
                        self.set(&fragment.node.selection_set.node, of, page)
                    })
                }
            };
            sum.plus(self.conditional(costs, selection.node.directives()))
        })
    }

    fn conditional(&self, costs: Formula, directives: &[Positioned<Directive>]) -> Formula {
        directives.iter().fold(costs, |costs, directive| {
            let wanted = match directive.node.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => return costs,
            };
            let flag = directive.node.get_argument("if").map(|value| &value.node);
            costs.times(&Times::If(Argument::of(flag, |name| self.default_of(name)), wanted))
        })
    }

    fn field(&self, field: &Field, parent: &str, page: Option<&Times>) -> Formula {
        let (name, selected) = (field.name.node.as_str(), &field.selection_set.node);
        if name.starts_with("__") {
            let looks = matches!(name, "__schema" | "__type");
            return if looks {
                self.introspection(selected, false).plus(Formula::fixed(INTROSPECTION))
            } else {
                Formula::default()
            };
        }
        let Some(Priced { of, once, each, rows }) =
            self.catalogue.fields(parent).and_then(|fields| fields.get(name))
        else {
            // The validation refuses it.
            return Formula::fixed(1);
        };
        let times = match rows {
            Rows::Known(rows) => Times::Known(*rows),
            Rows::Page(usual) => Times::Page {
                first: self.argument(field, "first"),
                last: self.argument(field, "last"),
                usual: *usual,
            },
            Rows::OfPage => page.cloned().unwrap_or(Times::Known(1)),
            Rows::Ids => Times::Length(self.argument(field, "ids")),
        };
        let costs = if of.ends_with("Connection") {
            Formula::fixed(*each).plus(self.set(selected, of, Some(&times)))
        } else {
            Formula::fixed(*each).plus(self.set(selected, of, None)).times(&times)
        };
        // Values come with their row, but not the same value again and again.
        let again = u64::from(field.alias.is_some() && selected.items.is_empty());
        costs.plus(Formula::fixed(once + again))
    }

    fn introspection(&self, set: &SelectionSet, in_types: bool) -> Formula {
        set.items.iter().fold(Formula::default(), |sum, selection| {
            let costs = match &selection.node {
                Selection::Field(field) => {
                    let leads = TO_TYPES.contains(&field.node.name.node.as_str());
                    let costs = self.introspection(&field.node.selection_set.node, in_types || leads);
                    let times = if in_types && leads { NEIGHBOURS } else { 1 };
                    costs.plus(Formula::fixed(1)).times(&Times::Known(times))
                }
                Selection::InlineFragment(inline) => {
                    self.introspection(&inline.node.selection_set.node, in_types)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or_else(Formula::default, |fragment| {
                        self.introspection(&fragment.node.selection_set.node, in_types)
                    })
                }
            };
            sum.plus(costs)
        })
    }

    fn argument(&self, field: &Field, name: &str) -> Argument {
        Argument::of(field.get_argument(name).map(|value| &value.node), |variable| self.default_of(variable))
    }

    fn default_of(&self, variable: &str) -> Json {
        let definition = self.variables.iter().find(|definition| definition.node.name.node == variable);
        let default = definition.and_then(|definition| definition.node.default_value.as_ref());
        default.and_then(|value| value.node.clone().into_json().ok()).unwrap_or_default()
    }

    fn open_mutations(&self, set: &SelectionSet) -> u32 {
        set.items.iter().fold(0_u32, |sum, selection| {
            sum.saturating_add(match &selection.node {
                Selection::Field(field) => u32::from(schema::is_open_mutation(&field.node.name.node)),
                Selection::InlineFragment(inline) => self.open_mutations(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or(0, |fragment| self.open_mutations(&fragment.node.selection_set.node))
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn points(document: &str, variables: Json) -> u64 {
        let Json::Object(variables) = variables else { panic!("an object") };
        of(&parse_query(document).unwrap(), None, &variables).unwrap().points
    }

    #[test]
    fn rows_count_and_values_do_not() {
        for (document, expected) in [
            ("{ __typename }", 1),
            ("{ skillCategories { id name } }", 1 + 10),
            ("{ mentors { edges { node { id headline } } } }", 1 + 1 + 20),
            ("{ mentors(first: 5) { edges { cursor node { id } } pageInfo { hasNextPage } } }", 1 + 1 + 5),
            ("{ mentors(first: 5) { edges { node { id member { name } } } } }", 1 + 1 + 5 * 2),
            (
                "{ mentors(last: 7) { edges { node { reviews(first: 3) { edges { node { id } } } } } } }",
                1 + 1 + 7 * (1 + 1 + 3),
            ),
            (
                "{ a: mentors(first: 5) { ...P } b: mentors(first: 5) { ...P } } fragment P on MentorConnection { edges { cursor } }",
                1 + 2 * 6,
            ),
            ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id ... on Member { profile: name } } }", 1 + 3 + 3),
            ("{ mentors(first: 100000) { edges { cursor } } }", 1 + 1 + 50),
            ("{ mentors(first: 9) @skip(if: true) { edges { cursor } } }", 1),
            ("{ viewer { upcomingSessions { id } } }", 1 + 1 + 10),
            ("mutation { logOut(input: {}) { userErrors { code } } }", 1 + 10 + 1),
        ] {
            assert_eq!(points(document, json!({})), expected, "{document}");
        }
    }

    #[test]
    fn variables_count_like_what_they_stand_for() {
        let document = "query($n: Int, $d: Int = 8, $show: Boolean = false, $ids: [ID!]! = []) {
            a: mentors(first: $n) { edges { cursor } }
            b: mentors(first: $d) { edges { node { reviews(last: $n) @include(if: $show) { edges { cursor } } } } }
            nodes(ids: $ids) { id } }";
        assert_eq!(points(document, json!({})), 1 + (1 + 20) + (1 + 8));
        assert_eq!(points(document, json!({ "n": null, "d": null })), 1 + 21 + 21);
        assert_eq!(points(document, json!({ "n": 3 })), 1 + (1 + 3) + (1 + 8));
        let all = json!({ "n": 3, "d": 4, "show": true, "ids": ["x", "y"] });
        assert_eq!(points(document, all), 1 + (1 + 3) + (1 + 4 * (1 + 1 + 3)) + 2);
    }

    #[test]
    fn the_most_is_what_the_dearest_variables_cost() {
        let document = "query($n: Int = 2, $show: Boolean = false) {
            mentors(first: $n) { edges { node { slots { startsAt } reviews(first: 3) @include(if: $show) { edges { cursor } } } } } }";
        let most = Prices::of(&parse_query(document).unwrap()).most();
        assert_eq!(most, 1 + 1 + 50 * (1 + 15 + 1 + 3));
        assert_eq!(points(document, json!({ "n": 50, "show": true })), most);
        assert_eq!(points(document, json!({})), 1 + 1 + 2 * (1 + 15));
    }

    #[test]
    fn a_look_at_the_schema_is_cheap_and_a_look_around_in_it_is_not() {
        let once = "{ __schema { types { name fields { name type { name ofType { name } } } } } }";
        assert!(points(once, json!({})) < 120);
        let twice = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }";
        assert!(points(twice, json!({})) > 2_500);
    }

    #[test]
    fn mutations_that_anybody_may_use_are_counted() {
        let document = parse_query(
            "mutation A { a: logIn(input: {}) { userErrors { code } } ...F logOut(input: {}) { userErrors { code } } }
             fragment F on Mutation { b: logIn(input: {}) { userErrors { code } } }
             query B { logIn: __typename }",
        )
        .unwrap();
        let open = |name| of(&document, Some(name), &Map::new()).map(|cost| cost.open_mutations);
        assert_eq!((open("A"), open("B"), open("C")), (Some(2), Some(0), None));
    }
}
