//! Root queries of discovery.

use async_graphql::{Context, Object};
use chrono::TimeDelta;
use futures_util::future::try_join_all;

use super::{
    model::{ALL_MENTORS, LONGEST_TEXT, MentorOrder, Search, SearchText, mentors_of_skill},
    repo::{self, Place},
    service,
    types::{AvailableBetween, MentorFilter, MentorSort},
};
use crate::{
    db::{
        ids::{MemberId, SkillId},
        keyset::Keyset,
    },
    domains::{
        profiles::{loaders::MentorById, types::Mentor},
        scheduling::{
            model::Span,
            types::{check_slots, has_slot},
        },
    },
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, PageArgs, page},
        error::ApiCode,
        field,
    },
};

/// Queries of discovery.
#[derive(Debug, Default)]
pub struct DiscoveryQuery;

/// Queries of discovery.
#[Object]
impl DiscoveryQuery {
    /// Mentors who can be found: listed, with an offer. Open to everybody. `null` if they cannot be read.
    async fn mentors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which mentors.")] filter: Option<MentorFilter>,
        #[graphql(desc = "In which order.", default)] sort: MentorSort,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Mentor>> {
        field(async {
            let filter = filter.unwrap_or_default();
            let scope = format!("mentors:{sort:?}:{filter:?}");
            let available = filter.available_between;
            let nobody = filter.skill_id.as_ref().is_some_and(|id| id.parse::<SkillId>().is_err());
            let search = search(filter, sort.into())?;
            let read = async |keyset: Keyset<Place>| {
                if nobody {
                    return Ok(Vec::new());
                }
                let places = match available {
                    Some(available) => available_page(ctx, search, &keyset, available).await?,
                    None => search_page(ctx, &search, &keyset).await?,
                };
                let mentors =
                    try_join_all(places.iter().map(|(_, mentor)| ctx.hot(MentorById(*mentor)))).await?;
                Ok(places
                    .into_iter()
                    .zip(mentors)
                    .filter_map(|(place, mentor)| Some((place, mentor?)))
                    .collect())
            };
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |(place, _)| *place, |(_, mentor)| Mentor(mentor)).await.map(Some)
        })
        .await
    }
}

fn search(filter: MentorFilter, order: MentorOrder) -> Result<Search, ApiError> {
    let refuse = |message: String| Err(ApiError::told(ApiCode::Validation, message));
    let price =
        filter.price.map(|price| (price.min_minor.map(|min| min.0), price.max_minor.map(|max| max.0)));
    let (min_price, max_price) = price.unwrap_or_default();
    if min_price.zip(max_price).is_some_and(|(min, max)| max < min) {
        return refuse("`price.minMinor` must not be more than `price.maxMinor`.".to_owned());
    }
    if filter.text.as_ref().is_some_and(|text| text.chars().count() > LONGEST_TEXT) {
        return refuse(format!("`text` may have at most {LONGEST_TEXT} characters."));
    }
    if filter.min_rating.is_some_and(|rating| !(1.0..=5.0).contains(&rating)) {
        return refuse("`minRating` must be between 1 and 5.".to_owned());
    }
    Ok(Search {
        skill_id: filter.skill_id.and_then(|id| id.parse().ok()),
        text: filter.text.as_deref().and_then(SearchText::new),
        min_price,
        max_price,
        language: filter.language.map(|language| language.replace('\0', "")),
        min_rating: filter.min_rating.map(hundredths),
        slot_before: None,
        order,
    })
}

/// A number of stars from 1 to 5 in hundredths, rounded up, so that no rating that shows less passes.
fn hundredths(stars: f64) -> i32 {
    (100..=500).find(|&hundredths| f64::from(hundredths) >= stars * 100.0 - 1e-6).unwrap_or(500)
}

async fn search_page(
    ctx: &Context<'_>,
    search: &Search,
    keyset: &Keyset<Place>,
) -> Result<Vec<Place>, ApiError> {
    if let Some(skill) = search.plain_skill() {
        return Ok(
            repo::page_of_skill(&mut *ctx.public_conn(mentors_of_skill(skill)).await?, skill, keyset).await?
        );
    }
    if search.order == MentorOrder::Soonest {
        return soonest_page(ctx, search, keyset).await;
    }
    Ok(repo::page(&mut *ctx.public_conn(ALL_MENTORS).await?, search, keyset).await?)
}

/// How often a page by the soonest slot is read again because entries were wrong. Each round mends what it read, and what
/// is left by then is right to the minute.
const ROUNDS: usize = 5;

/// A page by the soonest slot, with the entries checked and mended.
async fn soonest_page(
    ctx: &Context<'_>,
    search: &Search,
    keyset: &Keyset<Place>,
) -> Result<Vec<Place>, ApiError> {
    let now = ctx.now();
    let mut conn = ctx.conn().await?;
    let mut places = repo::page(&mut conn, search, keyset).await?;
    for _ in 0..ROUNDS {
        let mentors: Vec<MemberId> = places.iter().map(|(_, mentor)| *mentor).collect();
        if service::mend_soonest(&mut conn, &mentors, now).await? == 0 {
            break;
        }
        places = repo::page(&mut conn, search, keyset).await?;
    }
    Ok(places)
}

/// Nobody can be booked further ahead than this.
const FURTHEST: TimeDelta = TimeDelta::days(1000);
/// Candidates looked at first, and at most, at a time.
const BATCHES: (i64, i64) = (64, 512);

/// A page of those who have a slot in a piece of time: candidates in order, in growing batches, until the page is full.
async fn available_page(
    ctx: &Context<'_>,
    mut search: Search,
    keyset: &Keyset<Place>,
    available: AvailableBetween,
) -> Result<Vec<Place>, ApiError> {
    let within = Span { starts_at: available.from, ends_at: available.to };
    let length = check_slots(within, available.duration_minutes)?;
    let now = ctx.now();
    if within.ends_at <= now || now + FURTHEST < within.starts_at {
        return Ok(Vec::new());
    }
    search.slot_before = Some(within.ends_at);
    let wanted = usize::try_from(keyset.fetch()).unwrap_or_default();
    let (mut found, mut rest, mut batch) = (Vec::new(), keyset.clone(), BATCHES.0);
    loop {
        rest.limit = batch - 1;
        let candidates = match search.order {
            MentorOrder::Soonest => soonest_page(ctx, &search, &rest).await?,
            _ => repo::page(&mut *ctx.conn().await?, &search, &rest).await?,
        };
        let free =
            try_join_all(candidates.iter().map(|(_, mentor)| has_slot(ctx, *mentor, within, length))).await?;
        found.extend(candidates.iter().zip(free).filter_map(|(place, free)| free.then_some(*place)));
        let exhausted = i64::try_from(candidates.len()).unwrap_or_default() < batch;
        let Some(&last) = candidates.last().filter(|_| !exhausted && found.len() < wanted) else { break };
        if rest.backward {
            rest.before = Some(last);
        } else {
            rest.after = Some(last);
        }
        batch = (batch * 2).min(BATCHES.1);
    }
    found.truncate(wanted);
    Ok(found)
}
