//! The single connection mode: a stream is reserved by PUT, opened once, and fed by further requests.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use serde_json::Value;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    order, refuse,
    stream::{Command, EventStream},
};
use crate::{
    db::ids::MemberId,
    engine::{Caller, run::Params},
    graphql::error::ApiCode,
    http::{
        graphql::{self, Reply},
        limits::Visit,
        media::Media,
        operations::MAX_RUNNING,
        server::Shared,
    },
    limits,
};

/// How long a reservation waits for its stream.
const PATIENCE: Duration = Duration::from_secs(30);
/// Reservations and reserved streams at once.
const MAX_RESERVED: usize = 10_000;
/// Reservations and reserved streams of one caller.
const MOST_EACH: usize = 50;
/// The longest id of an operation, in bytes: it is repeated in every event.
const MAX_ID: usize = 256;

/// The reserved streams of this process.
#[derive(Debug, Default)]
pub(in crate::http) struct Reservations(Mutex<HashMap<Uuid, Reservation>>);

#[derive(Debug)]
struct Reservation {
    member: Option<MemberId>,
    /// Who counts as one caller.
    caller: limits::Caller,
    commands: mpsc::Sender<Command>,
    /// Until the stream is opened.
    waiting: Option<(mpsc::Receiver<Command>, Instant)>,
}

/// The place of an open stream; given back when the stream ends.
pub(super) struct Seat {
    shared: Data<Shared>,
    token: Uuid,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.reservations.with(|reserved| reserved.remove(&self.token));
    }
}

impl Reservations {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Uuid, Reservation>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// `PUT /graphql/stream`: reserves a stream and answers with its token.
pub(in crate::http) async fn reserve(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let caller = match graphql::caller(&shared, &request).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(Media::Json),
    };
    match Visit::begin(&shared.engine, &caller) {
        // Costs a member as much as the least operation.
        Ok(visit) => visit.waste(),
        Err(exhausted) => return Reply::from(exhausted).into_response(Media::Json),
    }
    let token = uuid::Builder::from_random_bytes(rand::random()).into_uuid();
    let (commands, orders) = mpsc::channel(MAX_RUNNING);
    let member = caller.viewer.map(|viewer| viewer.member_id);
    let caller = member.map_or_else(|| limits::Caller::at(caller.client.ip), limits::Caller::Member);
    let reservation = Reservation { member, caller, commands, waiting: Some((orders, Instant::now())) };
    let reserved = shared.reservations.with(|reserved| {
        reserved
            .retain(|_, other| other.waiting.as_ref().is_none_or(|(_, since)| since.elapsed() < PATIENCE));
        let own = reserved.values().filter(|other| other.caller == caller).count();
        let free = reserved.len() < MAX_RESERVED && own < MOST_EACH;
        if free {
            reserved.insert(token, reservation);
        }
        free
    });
    if !reserved {
        let message = "Too many streams are reserved. Try again in a minute.";
        return Reply::refusal(StatusCode::SERVICE_UNAVAILABLE, ApiCode::Overloaded, message)
            .into_response(Media::Json);
    }
    HttpResponse::Created().content_type("text/plain; charset=utf-8").body(token.to_string())
}

/// `DELETE /graphql/stream?operationId=…`: ends an operation.
pub(in crate::http) async fn complete(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let done = async {
        let token = token(&request).ok_or_else(no_stream)?;
        let id = parameter(&request, "operationId")
            .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "Name the operation in `operationId`."))?;
        let caller = graphql::caller(&shared, &request).await?;
        send(&shared, &caller, token, Command::Stop(id))
    };
    match done.await {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(refusal) => refusal.into_response(Media::Json),
    }
}

/// The token of a reserved stream, if a request has one.
pub(super) fn token(request: &HttpRequest) -> Option<Uuid> {
    let header = request.headers().get("x-graphql-event-stream-token").and_then(|token| token.to_str().ok());
    let text = header.map(str::to_owned).or_else(|| parameter(request, "token"))?;
    // One that is none belongs to no stream, and is answered so.
    Some(Uuid::try_parse(&text).unwrap_or_default())
}

/// Opens the stream that was reserved.
///
/// # Errors
/// The reply if there is none, or if it is open already.
pub(super) async fn open(
    shared: &Data<Shared>,
    request: &HttpRequest,
    token: Uuid,
) -> Result<HttpResponse, Reply> {
    let caller = graphql::caller(shared, request).await?;
    let kept = shared.long_lived.of(&caller)?;
    let member = caller.viewer.map(|viewer| viewer.member_id);
    let (orders, _) = shared.reservations.with(|reserved| {
        let reservation = reserved
            .get_mut(&token)
            .filter(|reservation| reservation.member == member)
            .ok_or_else(no_stream)?;
        reservation.waiting.take().ok_or_else(|| refuse(StatusCode::CONFLICT, "The stream is open already."))
    })?;
    let seat = Seat { shared: Data::clone(shared), token };
    Ok(EventStream::of_many(Data::clone(shared), kept, caller.viewer, orders, seat).into_response())
}

/// Starts an operation on the stream.
///
/// # Errors
/// The reply if there is no stream, or if the operation cannot be read.
pub(super) async fn start(
    shared: &Data<Shared>,
    request: &HttpRequest,
    token: Uuid,
    params: Params,
) -> Result<HttpResponse, Reply> {
    let id = params
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get("operationId"))
        .and_then(Value::as_str);
    let id = id
        .filter(|id| !id.is_empty() && id.len() <= MAX_ID)
        .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "Name the operation in `extensions.operationId`."))?
        .to_owned();
    let caller = graphql::caller(shared, request).await?;
    let mut order = order(shared, request, caller.clone(), id, params)?;
    order.operation = Ok(order.operation.map_err(|refused| Reply::from(refused).strict())?);
    send(shared, &caller, token, Command::Start(Box::new(order)))?;
    Ok(HttpResponse::Accepted().finish())
}

fn send(shared: &Shared, caller: &Caller, token: Uuid, command: Command) -> Result<(), Reply> {
    let member = caller.viewer.map(|viewer| viewer.member_id);
    let commands = shared.reservations.with(|reserved| {
        let reservation = reserved.get(&token).filter(|reservation| reservation.member == member);
        reservation.map(|reservation| reservation.commands.clone())
    });
    match commands.ok_or_else(no_stream)?.try_send(command) {
        Ok(()) => Ok(()),
        Err(mpsc::error::TrySendError::Closed(_)) => Err(no_stream()),
        Err(mpsc::error::TrySendError::Full(_)) => {
            let message = "The stream is busy. Try again in a second.";
            Err(Reply::refusal(StatusCode::SERVICE_UNAVAILABLE, ApiCode::Overloaded, message))
        }
    }
}

fn no_stream() -> Reply {
    refuse(StatusCode::NOT_FOUND, "There is no such stream: reserve one by PUT.")
}

fn parameter(request: &HttpRequest, wanted: &str) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    pairs.into_iter().find_map(|(name, value)| (name == wanted).then_some(value))
}
