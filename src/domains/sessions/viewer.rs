//! The sessions part of `Query.viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::{
    model::BookingStatus,
    repo::read::{self, BookingSearch},
    types::{Booking, BookingFilter, BookingSort, Session},
};
use crate::{
    db::ids::MemberId,
    graphql::{
        ApiError, ContextExt, Field,
        connection::{Connection, LARGEST_PAGE, PageArgs, page},
        error::ApiCode,
        field,
        plain::PlainList,
    },
};

/// The caller's own sessions.
#[derive(Clone, Copy, Debug)]
pub struct SessionsViewer(pub MemberId);

/// The caller's own sessions.
#[Object]
impl SessionsViewer {
    /// The sessions that the caller leads or has booked and that are not over, soonest first. `null` if they cannot be
    /// read.
    async fn upcoming_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10, desc = "How many, 1 to 50.")] first: Option<i32>,
    ) -> Field<PlainList<Vec<Session>>> {
        field(async {
            let first = first.unwrap_or(10);
            if !(1..=LARGEST_PAGE).contains(&first) {
                let message = format!("`first` must be between 1 and {LARGEST_PAGE}; it was {first}.");
                return Err(ApiError::told(ApiCode::Validation, message));
            }
            let now = ctx.now();
            let rows = read::upcoming(&mut *ctx.conn().await?, self.0, now, i64::from(first)).await?;
            Ok(Some(PlainList(rows.into_iter().map(Session::from).collect())))
        })
        .await
    }

    /// The seats that the caller booked, and those booked with the caller as mentor. `null` if they cannot be read.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which bookings.")] filter: Option<BookingFilter>,
        #[graphql(default, desc = "In which order.")] sort: BookingSort,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Booking>> {
        field(async {
            let filter = filter.unwrap_or_default();
            let now = ctx.now();
            let search = BookingSearch {
                member: self.0,
                status: filter.status.map(BookingStatus::from),
                from: (filter.upcoming == Some(true)).then_some(now),
                until: (filter.upcoming == Some(false)).then_some(now),
                latest_first: sort == BookingSort::LatestFirst,
            };
            let scope = format!("bookings:{}:{:?}:{:?}:{sort:?}", self.0, filter.status, filter.upcoming);
            let read =
                async |keyset| Ok(read::page_of_bookings(&mut *ctx.conn().await?, &search, &keyset).await?);
            let args = PageArgs::new(first, after, last, before);
            let node = |row| Booking { row: Arc::new(row), session: None };
            page(args, &scope, read, |row| (row.starts_at, row.id), node).await.map(Some)
        })
        .await
    }
}
