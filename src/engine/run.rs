//! One query or mutation to its answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    ErrorExtensionValues, Request, Response, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use bytes::Bytes;
use chrono::SecondsFormat;
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{
    Caller, Engine,
    answers::{AnswerKey, Kept},
    cost::Cost,
    registered::DOCUMENTS,
    usage::Subject,
};
use crate::{
    db::hot::Seen,
    graphql::{
        ClientApp, Scope,
        error::{ApiCode, ApiError, INTERNAL_MESSAGE},
        feed::Feed,
    },
    limits::Exhausted,
};

/// How long an execution may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A request as a client sends it, over any transport.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params {
    /// The document.
    #[serde(default)]
    pub query: Option<String>,
    /// The id of a document, instead of its text.
    #[serde(default)]
    pub document_id: Option<String>,
    /// Which operation of the document to run.
    #[serde(default)]
    pub operation_name: Option<String>,
    /// Values of the operation's variables.
    #[serde(default)]
    pub variables: Option<Map<String, Json>>,
    /// Protocol extensions.
    #[serde(default)]
    pub extensions: Option<Map<String, Json>>,
}

/// A document that was parsed, with what it runs on.
#[derive(Debug)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    /// The name in the document, for logs and metrics.
    pub name: String,
    /// What it costs.
    pub cost: Cost,
    pub(super) document: ExecutableDocument,
    pub(super) text: Arc<str>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Map<String, Json>,
    /// What its execution counts as.
    pub(super) used: Arc<[Subject]>,
    /// The registry of documents under which it was let in.
    pub(super) registry: Seen,
}

/// An answer, ready to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The execution result as JSON.
    pub body: Bytes,
    /// Whether the request failed before execution: it has `errors` and no `data`.
    pub refused: Option<ApiCode>,
}

impl Engine {
    /// The kept answer to a request with this body, if it is the same for everybody and nothing in it has changed.
    #[must_use]
    pub fn kept_answer(&self, key: &AnswerKey) -> Option<Kept> {
        let kept = self.answers.get(&self.app.hot.versions, key);
        let outcome = if kept.is_some() { "hit" } else { "miss" };
        metrics::counter!("skillswap_public_answers_total", "outcome" => outcome).increment(1);
        kept
    }

    /// Finds the document, scans and parses it, and chooses the operation.
    ///
    /// # Errors
    /// The answer that refuses the request.
    pub fn prepare(&self, params: Params) -> Result<Operation, Answer> {
        self.parse(params).map_err(|error| refusal(vec![to_server_error(error)]))
    }

    fn parse(&self, params: Params) -> Result<Operation, ApiError> {
        // Seen before it is looked at: a document that is retired meanwhile leaves no kept answer.
        let registry = self.app.hot.versions.see(DOCUMENTS);
        let trusted_only = self.app.config.trusts_registered_only();
        let (known, is_registered) = self.documents.resolve(&params, &self.app.registered, trusted_only)?;
        let document = &known.document;
        let bad = |message: String| ApiError::told(ApiCode::BadDocument, message);
        let wanted = params.operation_name.filter(|name| !name.is_empty());
        let (name, operation) = match (&document.operations, wanted.as_deref()) {
            (DocumentOperations::Single(operation), None) => (String::new(), &operation.node),
            (DocumentOperations::Multiple(operations), Some(name)) => match operations.get(name) {
                Some(operation) => (name.to_owned(), &operation.node),
                None => return Err(bad(format!("The document has no operation named \"{name}\"."))),
            },
            (DocumentOperations::Multiple(operations), None) => match operations.iter().next() {
                Some((name, operation)) if operations.len() == 1 => (name.to_string(), &operation.node),
                _ => {
                    return Err(bad(
                        "The document has several operations: name one in `operationName`.".to_owned()
                    ));
                }
            },
            (DocumentOperations::Single(_), Some(name)) => {
                return Err(bad(format!("The document has no operation named \"{name}\".")));
            }
        };
        let variables = params.variables.unwrap_or_default();
        let used = self.documents.counts_as(&known, is_registered, &variables);
        let cost = known.prices.cost(wanted.as_deref(), &variables).unwrap_or_default();
        let (kind, document, text) = (operation.ty, document.clone(), Arc::clone(&known.text));
        Ok(Operation { kind, name, cost, document, text, operation_name: wanted, variables, used, registry })
    }

    /// Counts an execution for the app that asked for it.
    pub fn count(&self, client: &ClientApp, used: &[Subject]) {
        for subject in used {
            if let Subject::Deprecated(member) | Subject::Removed(member) = subject {
                tracing::debug!(
                    client.name = &*client.name,
                    client.version = &*client.version,
                    member = &**member,
                    "an app uses what is gone or will go"
                );
            }
        }
        self.app.usage.count(self.app.clock.now(), client, used);
    }

    /// Runs a query or mutation. With a key, a public answer is kept for the next who asks the same.
    pub async fn execute(&self, caller: Caller, operation: Operation, key: Option<AnswerKey>) -> Answer {
        self.count(&caller.client.app, &operation.used);
        let (used, registry) = (Arc::clone(&operation.used), operation.registry);
        let scope = Arc::new(Scope::new(self.app.clone(), caller.viewer, caller.client, Feed::None));
        let (is_query, cost) = (operation.kind == OperationType::Query, operation.cost);
        let request = operation.into_request(Arc::clone(&scope), self.app.config.introspects());
        let run = AssertUnwindSafe(Box::pin(self.schema.execute(request))).catch_unwind();
        let response = match tokio::time::timeout(TIMEOUT, run).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => {
                tracing::error!("an execution panicked");
                failed(ApiCode::Internal, INTERNAL_MESSAGE)
            }
            Err(_) => {
                failed(ApiCode::Timeout, "The request took too long. Ask for less at once, or try again.")
            }
        };
        let spotless = response.errors.is_empty();
        let answer = answer(response);
        if let Some(key) = key
            && is_query
            && spotless
            && let Some(mut seen) = scope.public_dependencies()
        {
            seen.push(registry);
            self.answers.put(key, Kept { bytes: answer.body.clone(), cost, seen: seen.into(), used });
        }
        answer
    }
}

impl Operation {
    /// The request that the schema executes.
    pub(super) fn into_request(self, scope: Arc<Scope>, introspection: bool) -> Request {
        // The text is parsed already.
        let mut request =
            Request::new("").variables(Variables::from_json(Json::Object(self.variables))).data(scope);
        request.operation_name = self.operation_name;
        request.set_parsed_query(self.document);
        if introspection { request } else { request.disable_introspection() }
    }
}

/// An answer to a request that failed before it was executed.
#[must_use]
pub fn refuse(code: ApiCode, message: impl Into<String>) -> Answer {
    refusal(vec![to_server_error(ApiError::told(code, message))])
}

/// The same, with more for programs to read.
#[must_use]
pub fn refuse_with(code: ApiCode, message: &str, mut details: Json) -> Answer {
    if let Some(details) = details.as_object_mut() {
        details.insert("code".to_owned(), code.as_str().into());
    }
    let body = serde_json::json!({ "errors": [{ "message": message, "extensions": details }] });
    Answer { body: body.to_string().into(), refused: Some(code) }
}

/// The answer to a caller whose budget is used up.
#[must_use]
pub fn limited(exhausted: Exhausted) -> Answer {
    let Exhausted { resets_at, retry_after } = exhausted;
    let message = format!("You have asked for too much. Try again in {retry_after} seconds.");
    let details = serde_json::json!({ "retryAfter": retry_after, "resetAt": resets_at.to_rfc3339_opts(SecondsFormat::Secs, true) });
    refuse_with(ApiCode::RateLimited, &message, details)
}

fn refusal(errors: Vec<ServerError>) -> Answer {
    answer(Response::from_errors(errors))
}

fn failed(code: ApiCode, message: &str) -> Response {
    // A path makes it an error of the execution: the answer keeps `data: null`.
    let mut error = to_server_error(ApiError::told(code, message));
    error.path = vec![async_graphql::PathSegment::Field("data".to_owned())];
    Response::from_errors(vec![error])
}

fn to_server_error(error: ApiError) -> ServerError {
    async_graphql::Error::from(error).into_server_error(async_graphql::Pos::default())
}

/// Serialises a response; every error gets a code.
pub(super) fn answer(mut response: Response) -> Answer {
    for error in &mut response.errors {
        complete(error);
    }
    let refused = response.is_err()
        && response.data == Value::Null
        && response.errors.iter().all(|error| error.path.is_empty());
    if !refused {
        return Answer { body: serde_json::to_vec(&response).unwrap_or_default().into(), refused: None };
    }
    let code = response.errors.first().map_or(ApiCode::BadDocument, code_of);
    let errors: Vec<Json> = response.errors.iter().map(refused_error).collect();
    let body = serde_json::to_vec(&serde_json::json!({ "errors": errors })).unwrap_or_default();
    Answer { body: body.into(), refused: Some(code) }
}

/// A position that is unknown is left out rather than told as 0:0.
fn refused_error(error: &ServerError) -> Json {
    let mut json = serde_json::to_value(error).unwrap_or_default();
    if error.locations.iter().all(|at| at.line == 0)
        && let Some(object) = json.as_object_mut()
    {
        object.remove("locations");
    }
    json
}

const CODES: [ApiCode; 14] = [
    ApiCode::BadDocument,
    ApiCode::BadRequest,
    ApiCode::Validation,
    ApiCode::CursorInvalid,
    ApiCode::LimitExceeded,
    ApiCode::QueryTooExpensive,
    ApiCode::RateLimited,
    ApiCode::Unauthenticated,
    ApiCode::Forbidden,
    ApiCode::PersistedQueryNotFound,
    ApiCode::DocumentNotTrusted,
    ApiCode::Overloaded,
    ApiCode::Timeout,
    ApiCode::Internal,
];

fn code_of(error: &ServerError) -> ApiCode {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    CODES.into_iter().find(|known| code == Some(&Value::from(known.as_str()))).unwrap_or(ApiCode::BadDocument)
}

/// The library's own errors carry no code: those before execution concern the document, those in it a value.
fn complete(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_some() {
        return;
    }
    let limits = ["too deep", "nested depth", "number of directives", "amount of aliases", "recursion depth"];
    let code = if limits.iter().any(|limit| error.message.contains(limit)) {
        ApiCode::LimitExceeded
    } else if error.path.is_empty() {
        ApiCode::BadDocument
    } else {
        ApiCode::Validation
    };
    extensions.set("code", Value::from(code.as_str()));
}
