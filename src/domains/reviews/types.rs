//! GraphQL types of reviews.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject, Value};
use chrono::{DateTime, Utc};

use super::{
    loaders::{LatestReviews, reviews_of},
    model::{self, ReviewRow},
    repo,
};
use crate::{
    db::{ids::MemberId, keyset::Keyset},
    domains::{
        accounts::loaders::MemberById,
        event::Happened,
        profiles::{
            loaders::MentorById,
            types::{Member, Mentor},
        },
        user_error::UserError,
    },
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
        plain::{PlainFields, Wanted, id, scalar, text},
    },
    payloads,
};

/// What a learner says about a mentor after a completed booking.
#[derive(Clone, Debug)]
pub struct Review(pub Arc<ReviewRow>);

/// What a learner says about a mentor after a completed booking.
#[Object]
impl Review {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// 1 to 5 stars.
    async fn rating(&self) -> i32 {
        self.0.rating.into()
    }

    /// What the author says; may be empty.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// When it was written.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Who wrote it. `null` if the account was removed.
    async fn author(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.0.author_id)).await?.map(Member)) }).await
    }

    /// About whom. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.0.mentor_id)).await?.map(Mentor)) }).await
    }
}

impl PlainFields for Review {
    const PLAIN: &'static [&'static str] = &["id", "rating", "body", "createdAt", "author"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.0;
        match field.name() {
            "id" => id(row.id),
            "rating" => scalar(&i32::from(row.rating)),
            "body" => text(&*row.body),
            "createdAt" => scalar(&row.created_at),
            "author" => field.object(&Member(field.kept(MemberById(row.author_id))?)),
            _ => None,
        }
    }
}

/// A page of a mentor's reviews, newest first. The start of the list is batched with those of other mentors.
///
/// # Errors
/// See [`PageArgs::keyset`].
pub async fn reviews_page(
    ctx: &Context<'_>,
    mentor_id: MemberId,
    args: PageArgs,
) -> Result<Connection<Review>, ApiError> {
    let read = async |keyset: Keyset<repo::Place>| -> Result<Vec<Arc<ReviewRow>>, ApiError> {
        let tag = reviews_of(mentor_id);
        if keyset.after.is_none() && keyset.before.is_none() && !keyset.backward {
            let key = LatestReviews { mentor_id, first: keyset.fetch() };
            return Ok(ctx.public_one(tag, key).await?.unwrap_or_default().to_vec());
        }
        let rows = repo::page(&mut *ctx.public_conn(tag).await?, mentor_id, &keyset).await?;
        Ok(rows.into_iter().map(Arc::new).collect())
    };
    page(args, &format!("reviews:{mentor_id}"), read, |row| (row.created_at, row.id), Review).await
}

/// A mentor got a review.
#[derive(Clone, Debug)]
pub struct ReviewAdded(pub Happened, pub model::ReviewAdded);

/// A mentor got a review.
#[Object]
impl ReviewAdded {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The review.
    async fn review(&self) -> Review {
        Review(Arc::new(self.1.review.clone()))
    }
}

/// What the caller says about a booking.
#[derive(Clone, Debug, InputObject)]
pub struct AddReviewInput {
    /// The caller's completed booking.
    pub booking_id: ID,
    /// 1 to 5 stars.
    pub rating: i32,
    /// What the caller says, up to 2000 characters.
    #[graphql(default)]
    pub body: String,
    /// A text of your choice, up to 128 characters, or the `intentId` of a prepared form; new for every new wish. The same
    /// key with the same input gives the first result again (`replayed`); with another input it is refused with
    /// `IDEMPOTENCY_CONFLICT`, which names what differs. A key is yours and this mutation's alone, and known for 7 days.
    pub idempotency_key: ID,
}

/// What `addReview` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct AddReviewPayload {
    /// The review; its `mentor` has the new rating.
    pub review: Option<Review>,
    /// Why there is none.
    pub user_errors: Vec<UserError>,
    /// Whether this request was answered before.
    pub replayed: Option<bool>,
}

payloads!(AddReviewPayload);
