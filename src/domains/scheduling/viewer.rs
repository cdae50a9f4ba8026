//! The scheduling part of `Query.viewer`.

use async_graphql::{Context, Object};

use super::{loaders::ScheduleOf, repo, types::Hold};
use crate::{
    db::ids::MemberId,
    graphql::{ContextExt, Field, field},
};

/// The caller's holds.
#[derive(Clone, Copy, Debug)]
pub struct SchedulingViewer(pub MemberId);

/// The caller's holds.
#[Object]
impl SchedulingViewer {
    /// Slots that the caller holds now, the first to expire first; at most 3. `null` if they cannot be read.
    async fn holds(&self, ctx: &Context<'_>) -> Field<Vec<Hold>> {
        field(async {
            let now = ctx.now();
            let rows = repo::holds_of(&mut *ctx.conn().await?, self.0, now).await?;
            let schedules = rows.iter().map(|row| ctx.hot(ScheduleOf(row.mentor_id)));
            let schedules = futures_util::future::try_join_all(schedules).await?;
            let zones = schedules.into_iter().map(|schedule| schedule.map(|schedule| schedule.settings.zone));
            Ok(Some(
                rows.into_iter()
                    .zip(zones)
                    .filter_map(|(row, zone)| Some(Hold { row, zone: zone? }))
                    .collect(),
            ))
        })
        .await
    }
}
