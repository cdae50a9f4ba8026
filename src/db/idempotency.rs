//! Repeats of a mutation: the same key with the same input gives the first result again.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Map, Value};
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
    /// The fields of the input with a short hash of each.
    pub parts: Vec<(String, PartHash)>,
}

/// A short hash of one field: enough to see that it differs.
pub type PartHash = [u8; 8];

/// The fields in which an input is not the one that its key was used with first; empty if that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference(pub Vec<String>);

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// First time: run the mutation.
    New,
    /// Done before, with this result.
    Replayed(Uuid),
    /// Used before with another input, which differs there.
    Conflict(Difference),
}

impl Attempt {
    /// Hashes the input (everything but the key). Its fields are named as clients name them.
    #[must_use]
    pub fn new(member_id: MemberId, operation: &'static str, key: String, input: &impl Serialize) -> Self {
        let input_hash = Sha256::digest(serde_json::to_vec(input).unwrap_or_default()).to_vec();
        let fields = match serde_json::to_value(input) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let parts = fields.into_iter().map(|(name, value)| (name, part_hash(&value))).collect();
        Self { member_id, operation, key, input_hash, parts }
    }

    fn stored_parts(&self) -> Vec<u8> {
        self.parts.iter().flat_map(|(_, hash)| *hash).collect()
    }

    /// Where this input differs from one of which the parts were stored.
    fn difference(&self, stored: &[u8]) -> Difference {
        let (hashes, []) = stored.as_chunks() else { return Difference::default() };
        if hashes.len() != self.parts.len() {
            return Difference::default();
        }
        let pairs = self.parts.iter().zip(hashes);
        let differ = pairs.filter(|((_, own), first)| own != *first).map(|((name, _), _)| name.clone());
        Difference(differ.collect())
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
            .select((
                idempotency_keys::input_hash,
                idempotency_keys::result_id,
                idempotency_keys::input_parts,
            ))
            .first::<(Vec<u8>, Uuid, Vec<u8>)>(conn)
            .await
            .optional()?;
        Ok(match found {
            None => Claimed::New,
            Some((hash, result_id, _)) if hash == self.input_hash => Claimed::Replayed(result_id),
            Some((_, _, parts)) => Claimed::Conflict(self.difference(&parts)),
        })
    }
}

fn part_hash(value: &Value) -> PartHash {
    let digest = Sha256::digest(value.to_string());
    digest.first_chunk().copied().unwrap_or_default()
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
        input_parts: attempts.iter().map(|(attempt, _)| attempt.stored_parts()).collect(),
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
        input_parts: Vec<Vec<u8>> => sql_types::Array<sql_types::Bytea>,
    ) -> () =
    "insert into idempotency_keys (member_id, operation, key, input_hash, result_id, input_parts, created_at)
     select k.*, $6 from unnest($1, $2, $3, $4, $5, $7)
       as k(member_id, operation, key, input_hash, result_id, input_parts)
     on conflict do nothing"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_names_the_fields_that_differ() {
        let attempt = |input: &Value| Attempt::new(MemberId::new(), "bookSession", "key".to_owned(), input);
        let first = attempt(&json!({ "mentorId": "a", "skillId": null, "durationMinutes": 60 }));
        let differs = |input: &Value| attempt(input).difference(&first.stored_parts()).0;
        assert_eq!(differs(&json!({ "mentorId": "a", "skillId": null, "durationMinutes": 60 })), [""; 0]);
        assert_eq!(
            differs(&json!({ "mentorId": "b", "skillId": null, "durationMinutes": 60 })),
            ["mentorId"]
        );
        let mut two = differs(&json!({ "mentorId": "a", "skillId": "s", "durationMinutes": 30 }));
        two.sort_unstable();
        assert_eq!(two, ["durationMinutes", "skillId"]);
        // Stored by another version of the server, or not at all.
        assert_eq!(differs(&json!({ "mentorId": "b" })), [""; 0]);
        assert_eq!(attempt(&json!({ "mentorId": "b" })).difference(&[1, 2, 3]).0, [""; 0]);
    }
}
