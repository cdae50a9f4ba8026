//! What an act would move: shown first, then done exactly so.

use chrono::{DateTime, Utc};
use diesel::{OptionalExtension, QueryResult};

use super::{App, repo};
use crate::{
    db::ids::{BookingId, CancellationQuoteId, MemberId, PriceQuoteId, SkillId},
    domains::{
        profiles::model::MentorRow,
        scheduling::model::Slot,
        sessions::{
            model::{
                BookingCommand, BookingRow, Step,
                quote::{CancellationQuoteRow, PriceQuoteRow, QUOTE_KEPT, QUOTE_LIFE},
            },
            repo::quotes,
        },
        wallet::model::Parts,
    },
};

/// What a cancellation moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Whether the time to cancel for nothing is over.
    pub late: bool,
    /// Who gets what.
    pub parts: Parts,
}

impl Due {
    /// What a cancellation by a member moves at an instant, by what the booking was promised. Only a learner who comes
    /// late pays; a mentor always gives everything back.
    pub(super) fn of(booking: &BookingRow, by: MemberId, now: DateTime<Utc>, fee_basis_points: u16) -> Self {
        let late = now >= booking.free_until();
        let pays = late && by == booking.learner_id;
        let percent = if pays { u32::try_from(booking.late_fee_percent).unwrap_or_default() } else { 0 };
        Self { late, parts: Parts::partly_earned(booking.price, percent, fee_basis_points) }
    }

    /// Whether a quote, made before, promises exactly this.
    pub(super) fn is_quoted(
        self,
        quote: &CancellationQuoteRow,
        booking: &BookingRow,
        now: DateTime<Utc>,
    ) -> bool {
        let parts = Parts { learner: quote.to_learner, mentor: quote.to_mentor, fee: quote.fee };
        now < quote.expires_at
            && quote.booking_version == booking.version
            && self == Self { late: quote.late, parts }
    }
}

/// What it would move if a member cancelled a booking now. `None` if there is no such booking of the member, or it cannot
/// be cancelled now.
///
/// # Errors
/// Only if the database fails.
pub async fn quote_cancellation(
    app: &App,
    by: MemberId,
    booking: BookingId,
) -> QueryResult<Option<CancellationQuoteRow>> {
    let mut conn = app.conn().await?;
    let now = app.clock.now();
    let Some((booking, session)) = repo::booked(&mut conn, booking).await.optional()? else {
        return Ok(None);
    };
    let possible = booking.status.after(session.phase(now), BookingCommand::Cancel);
    if !booking.concerns(by) || !matches!(possible, Ok(Step::To(_))) {
        return Ok(None);
    }
    let due = Due::of(&booking, by, now, app.config.fee_basis_points);
    let changes_at = if due.late { booking.starts_at } else { booking.free_until() };
    let quote = CancellationQuoteRow {
        id: CancellationQuoteId::new(),
        member_id: by,
        booking_id: booking.id,
        booking_version: booking.version,
        late: due.late,
        to_learner: due.parts.learner,
        to_mentor: due.parts.mentor,
        fee: due.parts.fee,
        currency: booking.currency,
        created_at: now,
        expires_at: changes_at.min(now + QUOTE_LIFE),
    };
    quotes::insert_cancellation(&mut conn, &quote).await?;
    Ok(Some(quote))
}

/// What it would cost a member to book a mentor now.
///
/// # Errors
/// Only if the database fails.
pub async fn quote_price(
    app: &App,
    member: MemberId,
    mentor: &MentorRow,
    skill_id: Option<SkillId>,
    slot: &Slot,
) -> QueryResult<PriceQuoteRow> {
    let now = app.clock.now();
    let price = mentor.price_for((slot.ends_at - slot.starts_at).num_minutes());
    let quote = PriceQuoteRow {
        id: PriceQuoteId::new(),
        member_id: member,
        mentor_id: mentor.member_id,
        skill_id,
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        price,
        fee: Parts::earned(price, app.config.fee_basis_points).fee,
        currency: mentor.currency.clone(),
        free_cancellation_hours: mentor.free_cancellation_hours,
        late_fee_percent: mentor.late_fee_percent,
        created_at: now,
        expires_at: now + QUOTE_LIFE,
    };
    quotes::insert_price(&mut *app.conn().await?, &quote).await?;
    Ok(quote)
}

/// Quotes removed at a time.
const BATCH: i64 = 2_000;

/// Removes quotes that expired long ago.
///
/// # Errors
/// Only if the database fails.
pub async fn forget_quotes(app: &App) -> QueryResult<()> {
    let before = app.clock.now() - QUOTE_KEPT;
    while !app.is_stopping() && quotes::forget(&mut *app.conn().await?, before, BATCH).await? > 0 {}
    Ok(())
}
