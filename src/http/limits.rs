//! Lets a request in, charges for it, and tells what is left.
//!
//! An anonymous request is counted before anything is read of it; a member pays the cost of the operation once that is
//! known. Both happen before any execution. The answer tells it in `extensions.cost`.

use actix_web::web::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use crate::{
    engine::{
        Caller as Requester, Engine,
        cost::Cost,
        run::{Answer, Operation, Params, limited, refuse_with},
    },
    graphql::error::ApiCode,
    limits::{Caller, Exhausted, Limits, Standing},
};

/// A request that was let in.
#[derive(Debug)]
pub(super) struct Visit<'e> {
    limits: &'e Limits,
    now: DateTime<Utc>,
    place: Caller,
    member: Option<Caller>,
    standing: Option<Standing>,
}

/// What was charged, for the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receipt {
    requested: u64,
    max: u64,
    unit: &'static str,
    standing: Option<Standing>,
}

/// Why an operation is not executed.
#[derive(Debug)]
pub(super) enum Denied {
    /// The caller's budget is used up.
    Limited(Exhausted),
    /// It cannot be read.
    Refused(Answer),
    /// It costs too much.
    TooExpensive(Answer, Receipt),
}

impl From<Exhausted> for Denied {
    fn from(exhausted: Exhausted) -> Self {
        Self::Limited(exhausted)
    }
}

impl From<Denied> for Answer {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Limited(exhausted) => limited(exhausted),
            Denied::Refused(answer) | Denied::TooExpensive(answer, _) => answer,
        }
    }
}

impl<'e> Visit<'e> {
    /// Lets a request in: counts it for anonymous callers, sees whether members have anything left.
    ///
    /// # Errors
    /// If the budget is used up.
    pub(super) fn begin(engine: &'e Engine, requester: &Requester) -> Result<Self, Exhausted> {
        let (limits, now) = (&engine.app.limits, engine.app.clock.now());
        let place = Caller::at(requester.client.ip);
        let member = requester.viewer.map(|viewer| Caller::Member(viewer.member_id));
        let standing = match member {
            None => limits.spend(place, 1, now)?,
            Some(member) => {
                limits.look(member, now)?;
                None
            }
        };
        Ok(Self { limits, now, place, member, standing })
    }

    /// Charges for an operation.
    ///
    /// # Errors
    /// If it costs too much, or more than what is left.
    pub(super) fn pay(&mut self, cost: Cost) -> Result<Receipt, Denied> {
        let max = self.limits.most(self.member.unwrap_or(self.place));
        if cost.points > max {
            self.waste();
            return Err(self.too_expensive(cost.points, max));
        }
        let open = u64::from(cost.open_mutations);
        match self.member {
            None if open > 1 => self.standing = self.limits.spend(self.place, open - 1, self.now)?,
            None => {}
            Some(member) => {
                if open > 0 {
                    self.limits.spend(self.place, open, self.now)?;
                }
                self.standing = self.limits.spend(member, cost.points, self.now)?;
            }
        }
        Ok(self.receipt(cost.points, max))
    }

    /// Charges a member the least for what cannot be read; anonymous callers have paid.
    pub(super) fn waste(&self) {
        if let Some(member) = self.member {
            // Nothing left is no reason to say so here.
            self.limits.spend(member, 1, self.now).ok();
        }
    }

    const fn receipt(&self, requested: u64, max: u64) -> Receipt {
        let unit = if self.member.is_some() { "POINTS" } else { "REQUESTS" };
        Receipt { requested, max, unit, standing: self.standing }
    }

    fn too_expensive(&self, requested: u64, max: u64) -> Denied {
        let hint = if self.member.is_some() { "" } else { " Signed-in members may ask for more." };
        let message = format!(
            "This costs {requested} points, at most {max} are allowed in one request: ask for smaller pages or fewer lists.{hint}"
        );
        let details = json!({ "cost": { "requested": requested, "max": max } });
        let answer = refuse_with(ApiCode::QueryTooExpensive, &message, details);
        Denied::TooExpensive(answer, self.receipt(requested, max))
    }
}

/// Lets a request in, reads its operation and charges for it.
///
/// # Errors
/// Why it is not executed.
pub(super) fn admit(
    engine: &Engine,
    requester: &Requester,
    params: Params,
) -> Result<(Operation, Receipt), Denied> {
    let mut visit = Visit::begin(engine, requester)?;
    match engine.prepare(params) {
        Ok(operation) => {
            let receipt = visit.pay(operation.cost)?;
            Ok((operation, receipt))
        }
        Err(answer) => {
            visit.waste();
            Err(Denied::Refused(answer))
        }
    }
}

impl Receipt {
    /// Puts the cost into an answer, as its `extensions`.
    pub(super) fn on(&self, answer: &[u8]) -> Bytes {
        let Some(open) = answer.strip_suffix(b"}") else { return Bytes::copy_from_slice(answer) };
        let Self { requested, max, unit, .. } = self;
        let left = self.standing.map_or_else(
            || r#""budget":null,"remaining":null,"resetAt":null"#.to_owned(),
            |Standing { budget, remaining, resets_at }| {
                let resets_at = instant(resets_at);
                format!(r#""budget":{budget},"remaining":{remaining},"resetAt":"{resets_at}""#)
            },
        );
        let cost = format!(
            r#","extensions":{{"cost":{{"requested":{requested},"max":{max},"unit":"{unit}",{left}}}}}}}"#
        );
        [open, cost.as_bytes()].concat().into()
    }
}

fn instant(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
