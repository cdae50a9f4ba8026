//! Repeats of a mutation: the same key with the same input gives the first result again.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{ids::MemberId, tables::idempotency_keys};
use crate::statement;

/// The longest key accepted.
pub const MAX_KEY_LENGTH: usize = 128;

/// A key as its sender chose it, with what identifies the request.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Whose key it is.
    pub member_id: MemberId,
    /// The mutation.
    pub operation: &'static str,
    /// The client's text.
    pub key: String,
    /// Hash of the input.
    pub input_hash: Vec<u8>,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// First time: run the mutation.
    New,
    /// Done before, with this result.
    Replayed(Uuid),
    /// Used before with another input.
    Conflict,
}

impl Attempt {
    /// Hashes the input (everything but the key).
    #[must_use]
    pub fn new(member_id: MemberId, operation: &'static str, key: String, input: &impl Serialize) -> Self {
        let input_hash = Sha256::digest(serde_json::to_vec(input).unwrap_or_default()).to_vec();
        Self { member_id, operation, key, input_hash }
    }

    /// Claims the key for `result_id` inside the transaction that makes the result. A concurrent claim of the same key
    /// waits here until that transaction ends.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn claim(
        &self,
        conn: &mut AsyncPgConnection,
        result_id: Uuid,
        now: DateTime<Utc>,
    ) -> QueryResult<Claimed> {
        if claim_all(conn, &[(self, result_id)], now).await? {
            return Ok(Claimed::New);
        }
        match self.look(conn).await? {
            // It was forgotten just now, being old. The caller tries again.
            Claimed::New => Err(diesel::result::Error::NotFound),
            known => Ok(known),
        }
    }

    /// What became of the key so far; nothing is claimed.
    ///
    /// # Errors
    /// Only if the database fails.
    pub async fn look(&self, conn: &mut AsyncPgConnection) -> QueryResult<Claimed> {
        let found = idempotency_keys::table
            .find((self.member_id, self.operation, &self.key))
            .select((idempotency_keys::input_hash, idempotency_keys::result_id))
            .first::<(Vec<u8>, Uuid)>(conn)
            .await
            .optional()?;
        Ok(match found {
            None => Claimed::New,
            Some((input_hash, result_id)) if input_hash == self.input_hash => Claimed::Replayed(result_id),
            Some(_) => Claimed::Conflict,
        })
    }
}

/// Claims keys of different members; whether all of them were new. If not, the caller rolls back or looks at each.
///
/// # Errors
/// Only if the database fails.
pub async fn claim_all(
    conn: &mut AsyncPgConnection,
    attempts: &[(&Attempt, Uuid)],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let claims = ClaimKeys {
        members: attempts.iter().map(|(attempt, _)| attempt.member_id).collect(),
        operations: attempts.iter().map(|(attempt, _)| attempt.operation.to_owned()).collect(),
        keys: attempts.iter().map(|(attempt, _)| attempt.key.clone()).collect(),
        input_hashes: attempts.iter().map(|(attempt, _)| attempt.input_hash.clone()).collect(),
        results: attempts.iter().map(|(_, result)| *result).collect(),
        now,
    };
    Ok(claims.execute(conn).await? == attempts.len())
}

/// Removes at most `limit` keys older than `before`; returns how many.
///
/// # Errors
/// Only if the database fails.
pub async fn forget(conn: &mut AsyncPgConnection, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    ForgetKeys { before, limit }.execute(conn).await
}

statement! {
    /// Deletes old keys; one that a transaction holds is left for the next time.
    ForgetKeys(before: DateTime<Utc> => sql_types::Timestamptz, limit: i64 => sql_types::BigInt) -> () =
    "delete from idempotency_keys k using (
       select member_id, operation, key from idempotency_keys where created_at < $1
       order by created_at limit $2 for update skip locked
     ) old where k.member_id = old.member_id and k.operation = old.operation and k.key = old.key"
}

statement! {
    /// Inserts the keys that do not exist.
    ClaimKeys(
        members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        operations: Vec<String> => sql_types::Array<sql_types::Text>,
        keys: Vec<String> => sql_types::Array<sql_types::Text>,
        input_hashes: Vec<Vec<u8>> => sql_types::Array<sql_types::Bytea>,
        results: Vec<Uuid> => sql_types::Array<sql_types::Uuid>,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into idempotency_keys (member_id, operation, key, input_hash, result_id, created_at)
     select k.*, $6 from unnest($1, $2, $3, $4, $5) as k(member_id, operation, key, input_hash, result_id)
     on conflict do nothing"
}
