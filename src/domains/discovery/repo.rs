//! Every statement of discovery.

use chrono::{DateTime, Utc};
use diesel::{IntoSql, QueryResult, QueryableByName, pg::Pg, query_builder::BoxedSqlQuery, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::model::{MentorOrder, PRIOR_COUNT, PRIOR_MEAN, Search};
use crate::{
    db::{
        ids::{EntityId, MemberId, SkillId},
        keyset::Keyset,
    },
    statement,
};

/// A mentor's place in a list: what the list is ordered by, then the id.
pub type Place = (i64, MemberId);

/// The mentors of a skill, best first: the one statement of the card list.
pub async fn page_of_skill(
    conn: &mut AsyncPgConnection,
    skill: SkillId,
    page: &Keyset<Place>,
) -> QueryResult<Vec<Place>> {
    let (below, id_below) = page.after.unwrap_or((i64::from(i32::MAX), MemberId::from_uuid(Uuid::max())));
    let (above, id_above) = page.before.unwrap_or((i64::from(i32::MIN), MemberId::from_uuid(Uuid::nil())));
    let score = |score: i64| i32::try_from(score).unwrap_or_default();
    let (below, above, limit) = (score(below), score(above), page.fetch());
    let rows: Vec<(i32, MemberId)> = if page.backward {
        WorstOfSkill { skill, below, id_below, above, id_above, limit }.load(conn).await?
    } else {
        BestOfSkill { skill, below, id_below, above, id_above, limit }.load(conn).await?
    };
    Ok(rows.into_iter().map(|(score, mentor)| (score.into(), mentor)).collect())
}

/// A page of the mentors that fit.
pub async fn page(
    conn: &mut AsyncPgConnection,
    search: &Search,
    page: &Keyset<Place>,
) -> QueryResult<Vec<Place>> {
    let mut query = Builder::default();
    let order = query.order(search);
    let Order { key, descending, .. } = order;
    query.push(&format!("select ({key}) as key, i.mentor_id from mentor_index i where true"));
    query.filter(search);
    for (place, beyond) in [(page.after, descending), (page.before, !descending)] {
        if let Some((key, id)) = place {
            let (key, id) = (query.bind(Bind::Number(key)), query.bind(Bind::Id(id.uuid())));
            let sign = if beyond { "<" } else { ">" };
            query.push(&format!(
                " and ({}, i.mentor_id) {sign} ({}, {id})",
                order.column,
                (order.from_key)(&key)
            ));
        }
    }
    let direction = if descending == page.backward { "asc" } else { "desc" };
    let limit = query.bind(Bind::Number(page.fetch()));
    query.push(&format!(" order by {} {direction}, i.mentor_id {direction} limit {limit}", order.column));
    let rows: Vec<PlaceRow> = query.build().load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.mentor_id)).collect())
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = sql_types::BigInt)]
    key: i64,
    #[diesel(sql_type = sql_types::Uuid)]
    mentor_id: MemberId,
}

/// What a list is ordered by.
struct Order {
    /// The expression that is sorted.
    column: String,
    /// The same as a whole number, for the cursor.
    key: String,
    /// From the whole number back to a value of the expression.
    from_key: fn(&str) -> String,
    descending: bool,
}

enum Bind {
    Number(i64),
    Id(Uuid),
    Text(String),
    Instant(DateTime<Utc>),
}

/// Puts a statement together: its text with `$1`, `$2`, …, and their values.
#[derive(Default)]
struct Builder {
    text: String,
    binds: Vec<Bind>,
}

impl Builder {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, bind: Bind) -> String {
        self.binds.push(bind);
        format!("${}", self.binds.len())
    }

    fn order(&mut self, search: &Search) -> Order {
        let plain = |column: &str, from_key, descending| Order {
            column: column.to_owned(),
            key: format!("{column}::bigint"),
            from_key,
            descending,
        };
        match (search.order, &search.text) {
            (MentorOrder::Price, _) => plain("i.hourly_rate", std::borrow::ToOwned::to_owned, false),
            (MentorOrder::PriceDesc, _) => plain("i.hourly_rate", std::borrow::ToOwned::to_owned, true),
            (MentorOrder::Soonest, _) => Order {
                column: "i.next_slot_at".to_owned(),
                key: "(extract(epoch from i.next_slot_at) * 1000000)::bigint".to_owned(),
                from_key: |key| format!("timestamptz 'epoch' + {key} * interval '1 microsecond'"),
                descending: false,
            },
            (MentorOrder::Relevance, Some(_)) => {
                let words = self.words(search);
                let rank = format!("(ts_rank(i.document, {words}) * 1000000)::bigint");
                Order { column: rank.clone(), key: rank, from_key: |key| key.to_owned(), descending: true }
            }
            (MentorOrder::Rating | MentorOrder::Relevance, _) => {
                plain("i.score", |key| format!("({key})::int"), true)
            }
        }
    }

    /// The search words as a `tsquery`: as they are (every language) or by their English stems, or else with the last word
    /// as the beginning of one.
    fn words(&mut self, search: &Search) -> String {
        let Some(text) = &search.text else { return "null::tsquery".to_owned() };
        let all = self.bind(Bind::Text(text.all.clone()));
        let any_language = |text: &str| {
            format!("(websearch_to_tsquery('simple', {text}) || websearch_to_tsquery('english', {text}))")
        };
        let typed = any_language(&all);
        if text.prefix.is_empty() {
            return typed;
        }
        let (head, prefix) =
            (self.bind(Bind::Text(text.head.clone())), self.bind(Bind::Text(format!("{}:*", text.prefix))));
        format!("({typed} || ({} && to_tsquery('simple', {prefix})))", any_language(&head))
    }

    fn filter(&mut self, search: &Search) {
        if let Some(skill) = search.skill_id {
            let skill = self.bind(Bind::Id(skill.uuid()));
            self.push(&format!(
                " and i.mentor_id in (select mentor_id from mentor_index_skills where skill_id = {skill})"
            ));
        }
        if search.text.is_some() {
            let words = self.words(search);
            self.push(&format!(" and i.document @@ {words}"));
        }
        if let Some(price) = search.min_price {
            let price = self.bind(Bind::Number(price));
            self.push(&format!(" and i.hourly_rate >= {price}"));
        }
        if let Some(price) = search.max_price {
            let price = self.bind(Bind::Number(price));
            self.push(&format!(" and i.hourly_rate <= {price}"));
        }
        if let Some(language) = &search.language {
            let language = self.bind(Bind::Text(language.to_lowercase()));
            self.push(&format!(" and i.languages @> array[{language}]"));
        }
        if let Some(rating) = search.min_rating {
            let rating = self.bind(Bind::Number(rating.into()));
            self.push(&format!(" and i.rating >= {rating}"));
        }
        if let Some(instant) = search.slot_before {
            let instant = self.bind(Bind::Instant(instant));
            self.push(&format!(" and (i.next_slot_at is null or i.next_slot_at < {instant})"));
        }
        if search.order == MentorOrder::Soonest {
            self.push(" and i.next_slot_at is not null");
        }
    }

    fn build(self) -> BoxedSqlQuery<'static, Pg, diesel::query_builder::SqlQuery> {
        self.binds.into_iter().fold(diesel::sql_query(self.text).into_boxed(), |query, bind| match bind {
            Bind::Number(value) => query.bind::<sql_types::BigInt, _>(value),
            Bind::Id(value) => query.bind::<sql_types::Uuid, _>(value),
            Bind::Text(value) => query.bind::<sql_types::Text, _>(value),
            Bind::Instant(value) => query.bind::<sql_types::Timestamptz, _>(value),
        })
    }
}

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

statement! {
    /// The mentors of a skill between two places, best first.
    BestOfSkill(
        skill: SkillId => sql_types::Uuid,
        below: i32 => sql_types::Integer,
        id_below: MemberId => sql_types::Uuid,
        above: i32 => sql_types::Integer,
        id_above: MemberId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Integer, sql_types::Uuid) =
    "select score, mentor_id from mentor_index_skills
     where skill_id = $1 and (score, mentor_id) < ($2, $3) and (score, mentor_id) > ($4, $5)
     order by score desc, mentor_id desc limit $6"
}

statement! {
    /// The same from the other end.
    WorstOfSkill(
        skill: SkillId => sql_types::Uuid,
        below: i32 => sql_types::Integer,
        id_below: MemberId => sql_types::Uuid,
        above: i32 => sql_types::Integer,
        id_above: MemberId => sql_types::Uuid,
        limit: i64 => sql_types::BigInt,
    ) -> (sql_types::Integer, sql_types::Uuid) =
    "select score, mentor_id from mentor_index_skills
     where skill_id = $1 and (score, mentor_id) < ($2, $3) and (score, mentor_id) > ($4, $5)
     order by score, mentor_id limit $6"
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
