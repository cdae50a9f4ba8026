//! Writing the index.

use chrono::{DateTime, Utc};
use diesel::{IntoSql, QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::ids::{MemberId, SkillId},
    domains::discovery::model::{PRIOR_COUNT, PRIOR_MEAN},
    statement,
};

/// The database's time.
pub async fn now(conn: &mut AsyncPgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(diesel::dsl::now.into_sql::<sql_types::Timestamptz>()).get_result(conn).await
}

/// What became of the index.
#[derive(Clone, Debug, Default)]
pub struct Reindexed {
    /// Mentors that are in it now and were not before.
    pub added: Vec<MemberId>,
    /// Skills whose list changed.
    pub skills: Vec<SkillId>,
}

/// Brings the entries of these members up to date: adds, changes or removes them. The soonest slot stays as it is.
pub async fn reindex(conn: &mut AsyncPgConnection, members: &[MemberId]) -> QueryResult<Reindexed> {
    let statement = Reindex { members: members.to_vec(), prior_mean: PRIOR_MEAN, prior_count: PRIOR_COUNT };
    let rows: Vec<(Option<MemberId>, Option<SkillId>)> = statement.load(conn).await?;
    let mut done = Reindexed::default();
    for (mentor, skill) in rows {
        done.added.extend(mentor);
        done.skills.extend(skill);
    }
    Ok(done)
}

/// Members who are mentors or in the index, after an id, in order.
pub async fn candidates(
    conn: &mut AsyncPgConnection,
    after: MemberId,
    limit: i64,
) -> QueryResult<Vec<MemberId>> {
    Candidates { after, limit }.load(conn).await
}

/// The soonest slots as the index has them.
pub async fn next_slots(
    conn: &mut AsyncPgConnection,
    mentors: &[MemberId],
) -> QueryResult<Vec<(MemberId, Option<DateTime<Utc>>)>> {
    NextSlots { mentors: mentors.to_vec() }.load(conn).await
}

/// A soonest slot that is to be changed.
#[derive(Clone, Copy, Debug)]
pub struct Mend {
    /// Whose.
    pub mentor_id: MemberId,
    /// What it was when it was found wrong; if it is something else by now, it is left alone.
    pub was: Option<DateTime<Utc>>,
    /// What it should be.
    pub right: Option<DateTime<Utc>>,
}

/// Sets the soonest slots of mentors; returns how many.
pub async fn set_next_slots(conn: &mut AsyncPgConnection, mends: &[Mend]) -> QueryResult<usize> {
    SetNextSlots {
        mentors: mends.iter().map(|mend| mend.mentor_id).collect(),
        was: mends.iter().map(|mend| mend.was).collect(),
        right: mends.iter().map(|mend| mend.right).collect(),
    }
    .execute(conn)
    .await
}

/// Lets transactions that change the entries of the same mentors do it one after the other.
pub async fn lock_mentors(conn: &mut AsyncPgConnection, members: &[MemberId]) -> QueryResult<()> {
    LockMentors { members: members.to_vec() }.execute(conn).await.map(drop)
}

/// Mentors after an id whose soonest slot may have passed, been taken or come within reach, in order.
pub async fn outdated(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
    after: MemberId,
    limit: i64,
) -> QueryResult<Vec<MemberId>> {
    Outdated { now, after, limit }.load(conn).await
}

// Why `simple` and `english` together: `simple` keeps each word as it was written, so that names, product words and every
// language are found ("Gitarre", "C"); `english` adds stems and knows stop words, so that "teaching" finds "teach". A
// search in one of the two alone would lose half of that; two lexemes for a word cost some space in the index.
statement! {
    /// Brings entries up to date; tells which were added and which lists of skills changed.
    Reindex(
        members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        prior_mean: i64 => sql_types::BigInt,
        prior_count: i64 => sql_types::BigInt,
    ) -> (sql_types::Nullable<sql_types::Uuid>, sql_types::Nullable<sql_types::Uuid>) =
    "with fresh as (
       select m.member_id as mentor_id, m.hourly_rate,
              ((m.rating_sum * 1000 + $2 * $3) / (m.rating_count + $3))::int as score,
              case when m.rating_count = 0 then 0
                   else ((m.rating_sum * 100 + m.rating_count / 2) / m.rating_count)::int end as rating,
              array(select distinct tag from unnest(p.languages) as spoken(tags),
                    lateral (values (lower(tags)), (lower(split_part(tags, '-', 1)))) as each(tag)) as languages,
              setweight(to_tsvector('simple', a.words) || to_tsvector('english', a.words), 'A')
              || setweight(to_tsvector('simple', b.words) || to_tsvector('english', b.words), 'B')
              || setweight(to_tsvector('simple', p.bio) || to_tsvector('english', p.bio), 'C') as document
       from mentors m
       join members p on p.id = m.member_id,
       lateral (select p.name || ' ' || m.headline as words) a,
       lateral (select coalesce(string_agg(s.name || ' ' || array_to_string(s.synonyms, ' '), ' '), '') as words
                from member_skills k join skills s on s.id = k.skill_id
                where k.member_id = m.member_id and k.intent = 'OFFERED') b
       where m.member_id = any($1) and m.listed and p.status = 'ACTIVE' and 'MENTOR' = any(p.roles)
     ), taught as (
       select k.skill_id, f.score, f.mentor_id
       from fresh f join member_skills k on k.member_id = f.mentor_id and k.intent = 'OFFERED'
     ), left_lists as (
       delete from mentor_index_skills k
       where k.mentor_id = any($1)
         and not exists (select from taught t where (t.skill_id, t.score, t.mentor_id) = (k.skill_id, k.score, k.mentor_id))
       returning k.skill_id
     ), gone as (
       delete from mentor_index i
       where i.mentor_id = any($1) and not exists (select from fresh f where f.mentor_id = i.mentor_id)
     ), written as (
       insert into mentor_index as i (mentor_id, score, rating, hourly_rate, languages, document)
       select mentor_id, score, rating, hourly_rate, languages, document from fresh
       on conflict (mentor_id) do update set
         score = excluded.score, rating = excluded.rating, hourly_rate = excluded.hourly_rate,
         languages = excluded.languages, document = excluded.document
       returning i.mentor_id, i.xmax = 0 as added
     ), joined_lists as (
       insert into mentor_index_skills (skill_id, score, mentor_id)
       select skill_id, score, mentor_id from taught
       on conflict do nothing
       returning skill_id
     )
     select mentor_id, null::uuid from written where added
     union all select null, skill_id from left_lists
     union all select null, skill_id from joined_lists"
}

statement! {
    /// Everybody whom the index could be about.
    Candidates(after: MemberId => sql_types::Uuid, limit: i64 => sql_types::BigInt) -> sql_types::Uuid =
    "(select member_id from mentors where member_id > $1 order by member_id limit $2)
     union
     (select mentor_id from mentor_index where mentor_id > $1 order by mentor_id limit $2)
     order by 1 limit $2"
}

statement! {
    /// Soonest slots as they are kept.
    NextSlots(mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>) -> (sql_types::Uuid, sql_types::Nullable<sql_types::Timestamptz>) =
    "select mentor_id, next_slot_at from mentor_index where mentor_id = any($1)"
}

statement! {
    /// Sets soonest slots that are still what they were.
    SetNextSlots(
        mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        was: Vec<Option<DateTime<Utc>>> => sql_types::Array<sql_types::Nullable<sql_types::Timestamptz>>,
        right: Vec<Option<DateTime<Utc>>> => sql_types::Array<sql_types::Nullable<sql_types::Timestamptz>>,
    ) -> () =
    "update mentor_index i set next_slot_at = s.starts_at
     from unnest($1, $2, $3) as s(mentor_id, was, starts_at)
     where i.mentor_id = s.mentor_id and i.next_slot_at is not distinct from s.was"
}

statement! {
    /// Locks what all entries of a mentor are made from.
    LockMentors(members: Vec<MemberId> => sql_types::Array<sql_types::Uuid>) -> () =
    "select from mentors where member_id = any($1) order by member_id for no key update"
}

statement! {
    /// Soonest slots that may be wrong: too soon by now, booked, or none although the booking window moved on.
    Outdated(now: DateTime<Utc> => sql_types::Timestamptz, after: MemberId => sql_types::Uuid, limit: i64 => sql_types::BigInt) -> sql_types::Uuid =
    "select i.mentor_id from mentor_index i join schedules s on s.mentor_id = i.mentor_id
     where i.mentor_id > $2
       and (i.next_slot_at is null
            or i.next_slot_at < $1 + s.min_notice_minutes * interval '1 minute'
            or exists (select from claims c where c.mentor_id = i.mentor_id and c.during @> i.next_slot_at and c.kind <> 'HOLD'))
     order by i.mentor_id limit $3"
}
