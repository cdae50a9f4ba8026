//! What a document costs at most, and what is wrong with it, without running it.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{
    Request, ServerError, ValidationResult, async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation},
    parser::types::OperationType,
};

use super::documents::{Documents, Known};
use crate::{
    graphql::ApiError,
    schema::{self, AppSchema, MAX_DEPTH},
};

/// A document that may be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// SHA-256 of the text in hexadecimal.
    pub hash: String,
    /// Its operations, such as `query Home, mutation Book`.
    pub operations: String,
    /// What it costs at most: every page as large as its variable allows, every list of ids as long as it may be.
    pub cost: u64,
    /// The deprecated members of the schema that it names.
    pub deprecated: Vec<String>,
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, from 1; 0 = in no place.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// Measures documents against the schema of this binary.
pub struct Measure {
    schema: AppSchema,
    documents: Documents,
    result: Probe,
    most: u64,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measure").finish_non_exhaustive()
    }
}

impl Measure {
    /// Allows documents that cost so many points at most.
    #[must_use]
    pub fn new(most: u64) -> Self {
        let result = Probe::default();
        let schema = schema::builder().extension(result.clone()).finish();
        Self { documents: Documents::default(), schema, result, most }
    }

    /// Validates a document as the server does, and works out its cost.
    ///
    /// # Errors
    /// What is wrong with it, or that it costs too much.
    pub async fn measure(&self, text: &str) -> Result<Measured, Vec<Fault>> {
        let known = self.documents.parse(text).map_err(|error| vec![fault_of(error)])?;
        let mut request = Request::new("");
        request.set_parsed_query(known.document.clone());
        // The validation ends in a refusal, so nothing is executed.
        let response = self.schema.execute(request).await;
        let Some(result) = self.result.0.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Err(response.errors.into_iter().map(Fault::from).collect());
        };
        let cost = known.prices.most();
        within("cost", cost, self.most, ", with the dearest variables")?;
        let (depth, deepest) = (u64::try_from(result.depth), u64::try_from(MAX_DEPTH));
        within("depth", depth.unwrap_or(u64::MAX), deepest.unwrap_or(u64::MAX), "")?;
        Ok(Measured {
            hash: known.hash.to_string(),
            operations: operations(&known),
            cost,
            deprecated: known.deprecated().map(str::to_owned).collect(),
        })
    }
}

fn within(what: &str, is: u64, most: u64, how: &str) -> Result<(), Vec<Fault>> {
    if is <= most {
        return Ok(());
    }
    let message = format!("its {what} is {is}{how}: at most {most} is allowed. Ask for less at once");
    Err(vec![Fault { line: 0, message }])
}

fn operations(known: &Known) -> String {
    let names = known.document.operations.iter().map(|(name, operation)| {
        let kind = match operation.node.ty {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        };
        name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.join(", ")
}

fn fault_of(error: ApiError) -> Fault {
    let message = async_graphql::Error::from(error).message;
    // The parser writes ` --> line:column` first.
    let place = message.split_once("--> ").and_then(|(_, rest)| rest.split_once(':'));
    let line = place.and_then(|(line, _)| line.trim().parse().ok()).unwrap_or(0);
    let last = message.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    Fault { line, message: last.trim_start_matches("= ").to_owned() }
}

impl From<ServerError> for Fault {
    fn from(error: ServerError) -> Self {
        Self { line: error.locations.first().map_or(0, |at| at.line), message: error.message }
    }
}

/// Catches the result of the validation.
#[derive(Clone, Debug, Default)]
struct Probe(Arc<Mutex<Option<ValidationResult>>>);

impl ExtensionFactory for Probe {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Extension for Probe {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        Err(vec![ServerError::new("measured", None)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn measure(text: &str) -> Result<Measured, Vec<(usize, String)>> {
        let faults =
            |faults: Vec<Fault>| faults.into_iter().map(|fault| (fault.line, fault.message)).collect();
        Measure::new(10_000).measure(text).await.map_err(faults)
    }

    #[tokio::test]
    async fn the_cost_is_the_highest_that_any_variables_can_bring_about() {
        let cost = async |text: &str| measure(text).await.unwrap().cost;
        let largest = cost("{ mentors(first: 50) { edges { node { headline } } } }").await;
        let usual = cost("{ mentors { edges { node { headline } } } }").await;
        assert!(usual < largest, "{usual} {largest}");
        assert_eq!(
            cost("query($n: Int) { mentors(first: $n) { edges { node { headline } } } }").await,
            largest
        );
        assert_eq!(
            cost("query($n: Int! = 2) { mentors(last: $n) { edges { node { headline } } } }").await,
            largest
        );
        assert!(cost("query($ids: [ID!]!) { nodes(ids: $ids) { id } }").await >= 50);
    }

    #[tokio::test]
    async fn a_document_is_named_by_its_operations_and_told_what_is_deprecated() {
        let text = "query B($m: ID!, $t: DateTime!) { node(id: $m) { ... on Mentor { slots(from: $t, to: $t) { offset } } } }
            mutation A($i: LogOutInput!) { logOut(input: $i) { userErrors { code } } }";
        let measured = measure(text).await.unwrap();
        assert_eq!(measured.operations, "mutation A, query B");
        assert_eq!(measured.deprecated, ["Slot.offset"]);
        assert_eq!(measured.hash.len(), 64);
    }

    #[tokio::test]
    async fn faults_are_told_with_their_lines() {
        assert_eq!(measure("{\n  viewer {\n    nothing\n  }\n}").await.unwrap_err()[0].0, 3);
        let (line, message) = measure("{\n  viewer {\n").await.unwrap_err().remove(0);
        assert!(line >= 2 && !message.contains('\n'), "{line}: {message}");
        let dear = "query($n: Int) { mentors(first: $n) { edges { node { reviews(first: $n) { edges { node {
            mentor { reviews(first: $n) { edges { node { body } } } } } } } } } } }";
        assert!(measure(dear).await.unwrap_err()[0].1.contains("its cost is"));
    }
}
