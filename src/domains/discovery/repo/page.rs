//! Pages of mentors.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, QueryableByName, pg::Pg, query_builder::BoxedSqlQuery, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    db::{
        ids::{EntityId, MemberId, SkillId},
        keyset::Keyset,
    },
    domains::discovery::model::{MentorOrder, Search},
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
