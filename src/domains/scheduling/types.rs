//! GraphQL types of scheduling.

use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Offset, SecondsFormat, Utc};

use super::model::{HoldRow, OfferedSlot};
use crate::{
    domains::profiles::{loaders::MentorById, types::Mentor},
    graphql::{ContextExt, Field, field, scalars::TimeZone},
};

/// A piece of a mentor's time that can be booked as it is.
#[derive(Clone, Debug)]
pub struct Slot(pub OfferedSlot, pub Option<HoldRow>);

/// A piece of a mentor's time that can be booked as it is.
#[Object]
impl Slot {
    /// Its first instant.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.slot.starts_at
    }

    /// The first instant after it.
    async fn ends_at(&self) -> DateTime<Utc> {
        self.0.slot.ends_at
    }

    /// What the mentor's clock reads when it starts, with its offset: `2026-11-23T09:00:00+01:00`.
    async fn local_start(&self) -> String {
        self.0.slot.starts_at.with_timezone(&self.0.zone).to_rfc3339_opts(SecondsFormat::Secs, false)
    }

    /// The mentor's time zone.
    async fn zone(&self) -> TimeZone {
        TimeZone(self.0.zone.name().to_owned())
    }

    /// The zone's offset from UTC when it starts: `+01:00`.
    async fn offset(&self) -> String {
        self.0.slot.starts_at.with_timezone(&self.0.zone).offset().fix().to_string()
    }

    /// The version of the IANA time zone database that the times were worked out with.
    async fn tzdb_version(&self) -> &str {
        chrono_tz::IANA_TZDB_VERSION
    }

    /// The caller's own hold of it. `null` if the caller does not hold it.
    async fn viewer_hold(&self) -> Option<Hold> {
        self.1.clone().map(|row| Hold { zone: self.0.zone, row })
    }
}

/// A slot kept for its holder for some minutes: nobody else can take it, and booking it turns it into the booking.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The hold.
    pub row: HoldRow,
    /// The mentor's zone.
    pub zone: chrono_tz::Tz,
}

/// A slot kept for its holder for some minutes: nobody else can take it, and booking it turns it into the booking.
#[Object]
impl Hold {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// What is held.
    async fn slot(&self) -> Slot {
        Slot(OfferedSlot { slot: self.row.slot(), zone: self.zone }, Some(self.row.clone()))
    }

    /// When others can take it again.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.row.expires_at
    }

    /// Whose time it is. `null` if the mentor was removed.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.row.mentor_id)).await?.map(Mentor)) }).await
    }
}
