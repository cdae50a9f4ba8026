//! Every statement of reviews.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::ReviewRow;
use crate::{
    db::{
        ids::{MemberId, ReviewId},
        keyset::Keyset,
        tables::reviews,
    },
    statement,
};

/// Reviews by id.
pub async fn reviews_by_ids(conn: &mut AsyncPgConnection, ids: &[ReviewId]) -> QueryResult<Vec<ReviewRow>> {
    reviews::table.filter(reviews::id.eq_any(ids)).select(ReviewRow::as_select()).load(conn).await
}

/// Writes a review. The caller looks at the broken constraint if this fails.
pub async fn insert(conn: &mut AsyncPgConnection, review: &ReviewRow) -> QueryResult<()> {
    diesel::insert_into(reviews::table).values(review).execute(conn).await.map(drop)
}

/// A review's place in a list: when, then the id.
pub type Place = (DateTime<Utc>, ReviewId);

/// The latest reviews of mentors, newest first, each mentor's own number of them.
pub async fn latest(conn: &mut AsyncPgConnection, wanted: &[(MemberId, i64)]) -> QueryResult<Vec<ReviewRow>> {
    let (mentors, limits) = wanted.iter().copied().unzip();
    LatestReviews { mentors, limits }.load(conn).await
}

/// A page of a mentor's reviews, newest first.
pub async fn page(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    page: &Keyset<Place>,
) -> QueryResult<Vec<ReviewRow>> {
    let of_mentor = reviews::table.filter(reviews::mentor_id.eq(mentor));
    let mut query = of_mentor.select(ReviewRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some((at, id)) = page.after {
        query =
            query.filter(reviews::created_at.lt(at).or(reviews::created_at.eq(at).and(reviews::id.lt(id))));
    }
    if let Some((at, id)) = page.before {
        query =
            query.filter(reviews::created_at.gt(at).or(reviews::created_at.eq(at).and(reviews::id.gt(id))));
    }
    query = if page.backward {
        query.order((reviews::created_at.asc(), reviews::id.asc()))
    } else {
        query.order((reviews::created_at.desc(), reviews::id.desc()))
    };
    query.load(conn).await
}

statement! {
    /// The latest reviews of several mentors: one look into the index each.
    LatestReviews(
        mentors: Vec<MemberId> => sql_types::Array<sql_types::Uuid>,
        limits: Vec<i64> => sql_types::Array<sql_types::BigInt>,
    ) -> (
        sql_types::Uuid, sql_types::Uuid, sql_types::Uuid, sql_types::Uuid, sql_types::SmallInt, sql_types::Text,
        sql_types::Timestamptz
    ) =
    "select r.id, r.booking_id, r.author_id, r.mentor_id, r.rating, r.body, r.created_at
     from unnest($1, $2) as w(mentor, most)
     cross join lateral (
       select * from reviews where mentor_id = w.mentor order by created_at desc, id desc limit w.most
     ) r"
}
