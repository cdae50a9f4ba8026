//! Queries and mutations over HTTP, by the [GraphQL over HTTP](https://graphql.github.io/graphql-over-http/)
//! specification.

use std::time::Instant;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ALLOW, HeaderName, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE},
    },
    rt,
    web::{Bytes, Data, Payload},
};
use async_graphql::parser::types::OperationType;
use serde_json::json;
use tracing::Instrument;
use uuid::Uuid;

use super::server::Shared;
use super::{
    auth::{self, BadToken},
    cookies,
    envelope::RequestId,
    limits::{Denied, Receipt, Visit},
    long_lived::Crowded,
    media::Media,
    meters::Outcome,
    params,
    upload::Upload,
    websocket,
};
use crate::{
    engine::{
        Caller, Engine,
        answers::{AnswerKey, Answers},
        run::{Answer, Operation, Params, limited, refuse, refuse_with},
    },
    graphql::error::{ApiCode, INTERNAL_MESSAGE},
    limits::{self, Exhausted},
};

/// When a caller with too many connections may try again.
const CROWDED_SECONDS: i64 = 10;

/// An answer with its place in HTTP.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status for clients that know the media type of GraphQL.
    status: StatusCode,
    /// The status for those that know JSON only.
    json_status: StatusCode,
    header: Option<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// `POST /graphql`: runs a query or mutation, or a few of them in a JSON array.
pub(super) async fn post(shared: Data<Shared>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let mut upload = Upload::new(payload);
    let Some(media) = Media::negotiate(request.headers()) else {
        return upload.close_unless_whole(not_acceptable().into_response(Media::Json));
    };
    let mut cookies = None;
    let reply = async {
        let body = upload.read(&request).await?;
        let caller = caller(&shared, &request).await?;
        cookies.clone_from(&caller.client.cookies);
        match params::batch(&body)? {
            None => Turn::take(&shared, &request, caller, &body).await,
            Some(items) => Ok(batch(&shared, &request, &caller, items).await),
        }
    };
    let reply: Result<Reply, Reply> = reply.await;
    let mut response = reply.unwrap_or_else(|refusal| refusal).into_response(media);
    if let Some(cookies) = cookies {
        cookies::write(&shared, &cookies, &mut response);
    }
    upload.close_unless_whole(response)
}

/// Bytes of answers after which the rest of a batch is refused: they are all in memory together.
const MOST_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Runs one after another, so that each sees what those before it wrote.
async fn batch(shared: &Shared, request: &HttpRequest, caller: &Caller, items: Vec<String>) -> Reply {
    let mut replies: Vec<Reply> = Vec::with_capacity(items.len());
    let mut bytes = 0;
    for item in items {
        bytes += replies.last().map_or(0, |reply| reply.body.len());
        if bytes > MOST_BATCH_BYTES {
            let message = "The answers before this one in the batch are too large: send it on its own.";
            replies.push(Reply::refusal(StatusCode::BAD_REQUEST, ApiCode::LimitExceeded, message));
            continue;
        }
        let reply = Turn::take(shared, request, caller.clone(), item.as_bytes()).await;
        replies.push(reply.unwrap_or_else(|refusal| refusal));
    }
    let answers: Vec<&[u8]> = replies.iter().map(|reply| &*reply.body).collect();
    let body = [b"[", answers.join(&b","[..]).as_slice(), b"]"].concat().into();
    // Nothing of it was let in.
    if replies.iter().all(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS)
        && let Some(last) = replies.pop()
    {
        return Reply { body, ..last };
    }
    Reply::ok(body)
}

/// `GET /graphql`: runs a query, or opens a WebSocket.
pub(super) async fn get(shared: Data<Shared>, request: HttpRequest, payload: Payload) -> HttpResponse {
    if websocket::is_wanted(&request) {
        return websocket::open(shared, &request, payload);
    }
    let Some(media) = Media::negotiate(request.headers()) else {
        return not_acceptable().into_response(Media::Json);
    };
    let mut turn = Turn::start(&shared, &request);
    let reply = async {
        let caller = caller(&shared, &request).await?;
        // A prefix, so that no body can name the answer to a query string.
        let key = Answers::key(format!("GET {}", request.query_string()).as_bytes());
        let mut visit = Visit::begin(&shared.engine, &caller)?;
        if let Some(kept) = shared.engine.kept_answer(&key) {
            let receipt = visit.pay(kept.cost)?;
            shared.engine.count(&caller.client.app, &kept.used);
            return Ok(turn.kept(&kept.bytes, receipt));
        }
        let params = params::from_query(request.query_string());
        let operation =
            params.and_then(|params| turn.prepare(params)).and_then(|operation| match operation.kind {
                OperationType::Query => Ok(operation),
                OperationType::Mutation => Err(only_queries()),
                OperationType::Subscription => Err(no_subscriptions()),
            });
        let operation = operation.inspect_err(|_| visit.waste())?;
        let receipt = visit.pay(operation.cost)?;
        Ok(turn.run(caller, operation, key, receipt).await)
    };
    let reply: Result<Reply, Reply> = reply.await;
    turn.end();
    reply.unwrap_or_else(|refusal| refusal).into_response(media)
}

/// Any other method.
pub(super) async fn other_method() -> HttpResponse {
    let mut reply =
        Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, ApiCode::BadRequest, "Use POST, or GET for queries.");
    reply.header = Some((ALLOW, HeaderValue::from_static("GET, POST")));
    reply.into_response(Media::Json)
}

fn no_subscriptions() -> Reply {
    let message = "Subscriptions run over WebSocket (`/graphql`, subprotocol `graphql-transport-ws`) \
        or as server-sent events (`/graphql/stream`).";
    Reply::refusal(StatusCode::BAD_REQUEST, ApiCode::BadRequest, message)
}

/// Who asks. Trying tokens counts as asking without one.
///
/// # Errors
/// The reply to a token that is not known to be good, or to too many of those.
pub(super) async fn caller(shared: &Shared, request: &HttpRequest) -> Result<Caller, Reply> {
    auth::caller(shared, request).await.map_err(|bad| {
        let app = &shared.engine.app;
        let place = limits::Caller::at(auth::client(app, request).ip);
        match app.limits.spend(place, 1, app.clock.now()) {
            Ok(_) => Reply::from(bad),
            Err(exhausted) => Reply::from(exhausted),
        }
    })
}

/// What a query by GET must not be.
pub(super) fn only_queries() -> Reply {
    let message = "GET runs queries only: send mutations by POST.";
    let mut reply = Reply::refusal(StatusCode::METHOD_NOT_ALLOWED, ApiCode::BadRequest, message);
    reply.header = Some((ALLOW, HeaderValue::from_static("POST")));
    reply
}

/// Runs a query or mutation under its request id. A mutation that has begun goes on when its client hangs up.
pub(super) async fn execute(
    engine: Engine,
    caller: Caller,
    operation: Operation,
    key: Option<AnswerKey>,
    id: Uuid,
) -> Answer {
    let mutates = operation.kind == OperationType::Mutation;
    let run = async move { engine.execute(caller, operation, key).await }
        .instrument(tracing::error_span!("request", request.id = %id));
    if !mutates {
        return run.await;
    }
    // Only a runtime that ends can take the task away.
    rt::spawn(run).await.unwrap_or_else(|_| refuse(ApiCode::Internal, INTERNAL_MESSAGE))
}

/// How an execution ended.
pub(super) fn outcome_of(answer: &Answer) -> Outcome {
    match answer.refused {
        Some(_) => Outcome::Refused,
        // The engine writes errors before data.
        None if answer.body.starts_with(b"{\"errors\"") => Outcome::Failed,
        None => Outcome::Answered,
    }
}

/// One request: runs its operation and counts how it ends.
struct Turn<'s> {
    shared: &'s Shared,
    id: Uuid,
    began: Instant,
    kind: Option<OperationType>,
    outcome: Outcome,
}

impl<'s> Turn<'s> {
    /// One request of a body.
    async fn take(
        shared: &'s Shared,
        request: &HttpRequest,
        caller: Caller,
        body: &[u8],
    ) -> Result<Reply, Reply> {
        let mut turn = Self::start(shared, request);
        let reply = turn.answer(caller, body).await;
        turn.end();
        reply
    }

    async fn answer(&mut self, caller: Caller, body: &[u8]) -> Result<Reply, Reply> {
        let key = Answers::key(body);
        let mut visit = Visit::begin(&self.shared.engine, &caller)?;
        if let Some(kept) = self.shared.engine.kept_answer(&key) {
            let receipt = visit.pay(kept.cost)?;
            self.shared.engine.count(&caller.client.app, &kept.used);
            return Ok(self.kept(&kept.bytes, receipt));
        }
        let params = params::from_json(body);
        let operation =
            params.and_then(|params| self.prepare(params)).and_then(|operation| match operation.kind {
                OperationType::Query | OperationType::Mutation => Ok(operation),
                OperationType::Subscription => Err(no_subscriptions()),
            });
        let operation = operation.inspect_err(|_| visit.waste())?;
        let receipt = visit.pay(operation.cost)?;
        Ok(self.run(caller, operation, key, receipt).await)
    }

    fn start(shared: &'s Shared, request: &HttpRequest) -> Self {
        let id = request.extensions().get::<RequestId>().map_or(Uuid::nil(), |id| id.0);
        Self { shared, id, began: Instant::now(), kind: None, outcome: Outcome::Refused }
    }

    fn kept(&mut self, body: &[u8], receipt: Receipt) -> Reply {
        self.kind = Some(OperationType::Query);
        self.outcome = Outcome::Kept;
        Reply::ok(receipt.on(body))
    }

    fn prepare(&mut self, params: Params) -> Result<Operation, Reply> {
        let operation = self.shared.engine.prepare(params).map_err(Reply::from)?;
        self.kind = Some(operation.kind);
        Ok(operation)
    }

    async fn run(&mut self, caller: Caller, operation: Operation, key: AnswerKey, receipt: Receipt) -> Reply {
        let answer = execute(self.shared.engine.clone(), caller, operation, Some(key), self.id).await;
        self.outcome = outcome_of(&answer);
        Answer { body: receipt.on(&answer.body), ..answer }.into()
    }

    fn end(self) {
        self.shared.meters.operation(self.kind, self.outcome, self.began.elapsed());
    }
}

impl Reply {
    fn ok(body: Bytes) -> Self {
        Self { status: StatusCode::OK, json_status: StatusCode::OK, header: None, body }
    }

    /// A refusal whose status is the same for every media type.
    pub(super) fn refusal(status: StatusCode, code: ApiCode, message: &str) -> Self {
        Self { status, json_status: status, header: None, body: refuse(code, message).body }
    }

    /// The status of a refusal says so, whatever the client accepts.
    pub(super) fn strict(self) -> Self {
        Self { json_status: self.status, ..self }
    }

    pub(super) fn into_response(self, media: Media) -> HttpResponse {
        let status = match media {
            Media::GraphQlResponse => self.status,
            Media::Json => self.json_status,
        };
        let mut response = HttpResponse::build(status);
        response.content_type(media.content_type()).insert_header((VARY, HeaderValue::from_static("Accept")));
        if let Some((name, value)) = self.header {
            response.insert_header((name, value));
        }
        response.body(self.body)
    }
}

impl From<BadToken> for Reply {
    fn from(reason: BadToken) -> Self {
        let message = match reason {
            BadToken::Invalid => {
                "The access token is invalid or has expired: get a new one from `refreshSession` or `logIn`, or send none."
            }
            BadToken::Unproven => {
                "The issuer of the access token has not proven your e-mail address: prove it there, and get a new token."
            }
            BadToken::Unavailable => {
                let message = "The access token cannot be checked at the moment. Try again in a minute.";
                return Self::refusal(StatusCode::SERVICE_UNAVAILABLE, ApiCode::Overloaded, message);
            }
        };
        let reply = Self::refusal(StatusCode::UNAUTHORIZED, ApiCode::Unauthenticated, message);
        Self { header: Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))), ..reply }
    }
}

impl From<Exhausted> for Reply {
    fn from(exhausted: Exhausted) -> Self {
        let (status, seconds) = (StatusCode::TOO_MANY_REQUESTS, exhausted.retry_after);
        let header = Some((RETRY_AFTER, HeaderValue::from(seconds)));
        Self { status, json_status: status, header, body: limited(exhausted).body }
    }
}

impl From<Crowded> for Reply {
    fn from(crowded: Crowded) -> Self {
        let details = json!({ "retryAfter": CROWDED_SECONDS });
        let status = StatusCode::TOO_MANY_REQUESTS;
        let header = Some((RETRY_AFTER, HeaderValue::from(CROWDED_SECONDS)));
        let body = refuse_with(ApiCode::RateLimited, &crowded.message(), details).body;
        Self { status, json_status: status, header, body }
    }
}

impl From<Denied> for Reply {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Limited(exhausted) => exhausted.into(),
            Denied::Refused(answer) => answer.into(),
            Denied::TooExpensive(answer, receipt) => {
                Answer { body: receipt.on(&answer.body), ..answer }.into()
            }
        }
    }
}

impl From<Answer> for Reply {
    fn from(Answer { body, refused }: Answer) -> Self {
        let (status, json_status) = match refused {
            // The client is expected to ask again with the text: not a fault.
            None | Some(ApiCode::PersistedQueryNotFound) => (StatusCode::OK, StatusCode::OK),
            Some(ApiCode::BadRequest) => (StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST),
            // It is not the document that is wrong: it may not run here.
            Some(ApiCode::DocumentNotTrusted) => (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
            Some(_) => (StatusCode::BAD_REQUEST, StatusCode::OK),
        };
        Self { status, json_status, header: None, body }
    }
}

fn not_acceptable() -> Reply {
    let message = "Accept `application/graphql-response+json` or `application/json`.";
    Reply::refusal(StatusCode::NOT_ACCEPTABLE, ApiCode::BadRequest, message)
}
