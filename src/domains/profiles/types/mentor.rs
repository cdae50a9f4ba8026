//! A member who teaches.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject, Value};
use chrono::{DateTime, Utc};

use super::{Member, Skill};
use crate::{
    db::ids::{EntityId, MentorId},
    domains::{
        accounts::loaders::MemberById,
        profiles::{
            loaders::{SkillById, SkillsOf},
            model::{self, MentorRow, SkillIntent},
        },
        reviews::types::{Review, reviews_page},
        scheduling::{
            model::Span,
            types::{Availability, Slot, availability_of, slots_of},
        },
    },
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs},
        field,
        plain::{Plain, PlainFields, PlainList, Wanted, id, nullable, scalar, text},
        scalars::Money,
    },
};

/// A rating out of five stars.
#[derive(Clone, Copy, Debug, PartialEq, SimpleObject)]
pub struct Rating {
    /// Mean of all ratings, 1 to 5, rounded to hundredths. `null` without ratings.
    pub average: Option<f64>,
    /// How many ratings.
    pub count: i32,
}

/// What happens to the price when a learner cancels.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct CancellationPolicy {
    /// Until so many hours before the start everything goes back to the learner.
    pub free_hours: i32,
    /// What the mentor earns of the price by a later cancellation, in percent; the rest goes back.
    pub late_fee_percent: i32,
}

impl From<model::CancellationPolicy> for CancellationPolicy {
    fn from(policy: model::CancellationPolicy) -> Self {
        Self { free_hours: policy.free_hours.into(), late_fee_percent: policy.late_fee_percent.into() }
    }
}

/// A member who teaches: what they offer.
#[derive(Clone, Debug)]
pub struct Mentor(pub Arc<MentorRow>);

/// A member who teaches: what they offer.
#[Object]
impl Mentor {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(MentorId::from_uuid(self.0.member_id.uuid()).to_string())
    }

    /// One line about the offer.
    async fn headline(&self) -> &str {
        &self.0.headline
    }

    /// Price of an hour.
    async fn hourly_rate(&self) -> Money {
        Money::new(self.0.hourly_rate, self.0.currency.as_str())
    }

    /// Mean and number of ratings.
    async fn rating(&self) -> Rating {
        rating(&self.0)
    }

    /// Sessions given.
    async fn sessions_completed(&self) -> i32 {
        self.0.sessions_completed
    }

    /// What happens to the price when a learner cancels a booking that is made now.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.cancellation_policy().into()
    }

    /// Bookings that the mentor cancelled when learners could no longer cancel for nothing.
    async fn late_cancellations(&self) -> i32 {
        self.0.late_cancellations
    }

    /// Whether the mentor appears in searches.
    async fn listed(&self) -> bool {
        self.0.listed
    }

    /// The person. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Plain<Member>> {
        field(async { Ok(ctx.hot(MemberById(self.0.member_id)).await?.map(Member).map(Plain)) }).await
    }

    /// Skills taught, in the mentor's order; at most 30. `null` if they cannot be read.
    async fn skills(&self, ctx: &Context<'_>) -> Field<PlainList<Vec<Skill>>> {
        field(async {
            let Some(rows) = ctx.hot(SkillsOf(self.0.member_id)).await? else { return Ok(None) };
            let offered = rows.iter().filter(|row| row.intent == SkillIntent::Offered);
            let skills =
                futures_util::future::try_join_all(offered.map(|row| ctx.hot(SkillById(row.skill_id))))
                    .await?;
            Ok(Some(PlainList(skills.into_iter().flatten().map(Skill).collect())))
        })
        .await
    }

    /// What learners say, newest first. `null` if it cannot be read.
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Review>> {
        field(async {
            reviews_page(ctx, self.0.member_id, PageArgs::new(first, after, last, before)).await.map(Some)
        })
        .await
    }

    /// When the mentor can be booked. `null` if the mentor never said.
    async fn availability(&self, ctx: &Context<'_>) -> Field<Availability> {
        field(availability_of(ctx, self.0.member_id)).await
    }

    /// Free slots that lie between `from` and `to` as a whole, soonest first, at most 500. The caller's own holds are free
    /// to the caller. `null` if the mentor cannot be booked.
    async fn slots(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Slots that start then or later.")] from: DateTime<Utc>,
        #[graphql(desc = "Slots that end by then; at most 31 days after `from`.")] to: DateTime<Utc>,
        #[graphql(desc = "How long a slot has to be, 15 to 480.", default = 60)] duration_minutes: i32,
    ) -> Field<Vec<Slot>> {
        field(slots_of(ctx, self.0.member_id, Span { starts_at: from, ends_at: to }, duration_minutes)).await
    }
}

impl PlainFields for Mentor {
    const PLAIN: &'static [&'static str] = &["id", "headline", "hourlyRate", "rating", "member", "skills"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.0;
        match field.name() {
            "id" => id(MentorId::from_uuid(row.member_id.uuid())),
            "headline" => text(&*row.headline),
            "hourlyRate" => field.object(&Money::new(row.hourly_rate, row.currency.as_str())),
            "rating" => field.object(&rating(row)),
            "member" => field.object(&Member(field.kept(MemberById(row.member_id))?)),
            "skills" => {
                let rows = field.kept(SkillsOf(row.member_id))?;
                let offered = rows.iter().filter(|row| row.intent == SkillIntent::Offered);
                field.objects(offered.map(|row| field.kept(SkillById(row.skill_id)).map(Skill)))
            }
            _ => None,
        }
    }
}

impl PlainFields for Rating {
    const PLAIN: &'static [&'static str] = &["average", "count"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        match field.name() {
            "average" => nullable(self.average.as_ref()),
            "count" => scalar(&self.count),
            _ => None,
        }
    }
}

fn rating(row: &MentorRow) -> Rating {
    let (sum, count) = (row.rating_sum, row.rating_count);
    let hundredths = (count > 0).then(|| (sum * 100 + i64::from(count) / 2) / i64::from(count));
    let average = hundredths.map(|hundredths| f64::from(i32::try_from(hundredths).unwrap_or(0)) / 100.0);
    Rating { average, count }
}
