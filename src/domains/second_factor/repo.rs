//! Every statement of the second factor.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{FactorRow, MAX_TRIES, Standing, TRY_WINDOW};
use crate::{
    db::{
        ids::{AuthSessionId, MemberId},
        tables::{credentials, proof_tries, recovery_codes, second_factors, step_ups},
    },
    statement,
};

statement! {
    /// How the members of devices stand.
    StandingsOf(devices: Vec<AuthSessionId> => sql_types::Array<sql_types::Uuid>) -> (
        sql_types::Uuid,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::BigInt,
        sql_types::Timestamptz,
        sql_types::Nullable<sql_types::Timestamptz>,
    ) =
    "select a.id, m.roles && array['MENTOR', 'ADMIN'], f.confirmed_at is not null, c.password_hash is not null,
            (select count(*) from recovery_codes r where r.member_id = m.id and r.used_at is null),
            a.created_at, s.stepped_up_at
     from auth_sessions a
     join members m on m.id = a.member_id
     left join credentials c on c.member_id = m.id
     left join second_factors f on f.member_id = m.id
     left join step_ups s on s.auth_session_id = a.id
     where a.id = any($1) and a.revoked_at is null"
}

/// How the members of devices stand.
pub async fn standings(
    conn: &mut AsyncPgConnection,
    devices: &[AuthSessionId],
) -> QueryResult<Vec<Standing>> {
    StandingsOf { devices: devices.to_vec() }.load(conn).await
}

/// A member's authenticator app, confirmed or not.
pub async fn factor(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<Option<FactorRow>> {
    second_factors::table.find(member).select(FactorRow::as_select()).first(conn).await.optional()
}

/// The address and the password's hash of a member.
pub async fn credential(
    conn: &mut AsyncPgConnection,
    member: MemberId,
) -> QueryResult<Option<(String, Option<String>)>> {
    credentials::table
        .find(member)
        .select((credentials::email, credentials::password_hash))
        .first(conn)
        .await
        .optional()
}

/// Keeps a new secret in place of one that was never confirmed; `false` if there is a confirmed one.
pub async fn enroll(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    sealed_secret: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let statement = Enroll { member_id: member, sealed_secret: sealed_secret.to_vec(), now };
    Ok(statement.execute(conn).await? == 1)
}

statement! {
    /// Inserts a secret, or replaces one that was never confirmed.
    Enroll(
        member_id: MemberId => sql_types::Uuid,
        sealed_secret: Vec<u8> => sql_types::Bytea,
        now: DateTime<Utc> => sql_types::Timestamptz,
    ) -> () =
    "insert into second_factors (member_id, sealed_secret, enrolled_at) values ($1, $2, $3)
     on conflict (member_id) do update set sealed_secret = $2, enrolled_at = $3, last_step = 0
     where second_factors.confirmed_at is null"
}

/// Makes the second factor count from now on, with the step of the code that was shown; of several at once, one does it.
pub async fn confirm(
    conn: &mut AsyncPgConnection,
    seen: &FactorRow,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    // The secret may have been replaced since it was read.
    let open = second_factors::table
        .find(seen.member_id)
        .filter(second_factors::confirmed_at.is_null())
        .filter(second_factors::sealed_secret.eq(&seen.sealed_secret));
    let changed = diesel::update(open)
        .set((second_factors::confirmed_at.eq(now), second_factors::last_step.eq(seen.last_step)))
        .execute(conn)
        .await?;
    Ok(changed == 1)
}

/// Takes the code of a step; of several at once, one does. `false` if it, or a later one, was taken before.
pub async fn take_step(conn: &mut AsyncPgConnection, member: MemberId, step: i64) -> QueryResult<bool> {
    let fresh = second_factors::table.find(member).filter(second_factors::last_step.lt(step));
    Ok(diesel::update(fresh).set(second_factors::last_step.eq(step)).execute(conn).await? == 1)
}

/// Keeps the hashes of recovery codes.
pub async fn insert_recovery_codes(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    hashes: &[Vec<u8>],
) -> QueryResult<()> {
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| (recovery_codes::member_id.eq(member), recovery_codes::code_hash.eq(hash)))
        .collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(conn).await.map(drop)
}

/// Spends a recovery code; of several at once, one does.
pub async fn spend_recovery_code(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let unused = recovery_codes::table.find((member, hash)).filter(recovery_codes::used_at.is_null());
    Ok(diesel::update(unused).set(recovery_codes::used_at.eq(now)).execute(conn).await? == 1)
}

/// Removes the second factor with its recovery codes; `false` if there was none.
pub async fn remove(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<bool> {
    Ok(diesel::delete(second_factors::table.find(member)).execute(conn).await? == 1)
}

/// Counts a try; `None` if the window has no more, then with nothing counted.
pub async fn count_try(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    now: DateTime<Utc>,
) -> QueryResult<Option<i32>> {
    let statement = CountTry { member_id: member, now, window_start: now - TRY_WINDOW, most: MAX_TRIES };
    statement.get_result(conn).await.optional()
}

statement! {
    /// One more try in the window, or the first of a new one.
    CountTry(
        member_id: MemberId => sql_types::Uuid,
        now: DateTime<Utc> => sql_types::Timestamptz,
        window_start: DateTime<Utc> => sql_types::Timestamptz,
        most: i32 => sql_types::Integer,
    ) -> sql_types::Integer =
    "insert into proof_tries as t (member_id, started_at, tries) values ($1, $2, 1)
     on conflict (member_id) do update set
       started_at = case when t.started_at <= $3 then $2 else t.started_at end,
       tries = case when t.started_at <= $3 then 1 else t.tries + 1 end
     where t.started_at <= $3 or t.tries < $4
     returning tries"
}

/// When the window of a member's tries began.
pub async fn tries_since(
    conn: &mut AsyncPgConnection,
    member: MemberId,
) -> QueryResult<Option<DateTime<Utc>>> {
    proof_tries::table.find(member).select(proof_tries::started_at).first(conn).await.optional()
}

/// Forgets the tries of a member who succeeded.
pub async fn forget_tries(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<()> {
    diesel::delete(proof_tries::table.find(member)).execute(conn).await.map(drop)
}

/// Marks a device as stepped up.
pub async fn mark_stepped_up(
    conn: &mut AsyncPgConnection,
    device: AuthSessionId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(step_ups::table)
        .values((step_ups::auth_session_id.eq(device), step_ups::stepped_up_at.eq(now)))
        .on_conflict(step_ups::auth_session_id)
        .do_update()
        .set(step_ups::stepped_up_at.eq(now))
        .execute(conn)
        .await
        .map(drop)
}

/// Takes the proof from every device of a member.
pub async fn forget_step_ups(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<()> {
    ForgetStepUps { member_id: member }.execute(conn).await.map(drop)
}

statement! {
    /// Deletes the marks of a member's devices.
    ForgetStepUps(member_id: MemberId => sql_types::Uuid) -> () =
    "delete from step_ups s using auth_sessions a where a.id = s.auth_session_id and a.member_id = $1"
}
