//! Root mutations of notifications.

use async_graphql::{Context, Object};

use super::{
    model::MOST_IDS,
    service::{self, MarkReadError, Which},
    types::{MarkNotificationsReadInput, MarkNotificationsReadPayload},
};
use crate::{
    domains::{
        input::{id, list, not_found},
        user_error::{Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of notifications.
#[derive(Debug, Default)]
pub struct NotificationsMutation;

/// Mutations of notifications.
#[Object]
impl NotificationsMutation {
    /// Marks notifications of the caller as read; those read before stay as they are. Needs a signed-in caller.
    pub(crate) async fn mark_notifications_read(
        &self,
        ctx: &Context<'_>,
        input: MarkNotificationsReadInput,
    ) -> Field<MarkNotificationsReadPayload> {
        answer(async {
            let member = ctx.signed_in()?.member_id;
            let unread = service::mark_read(ctx.app(), member, &which(input)?).await?;
            let unread_notifications = Some(i32::try_from(unread).unwrap_or(i32::MAX));
            Ok(MarkNotificationsReadPayload { unread_notifications, ..Default::default() })
        })
        .await
    }
}

fn which(input: MarkNotificationsReadInput) -> Result<Which, UserError> {
    match input {
        MarkNotificationsReadInput::Ids(ids) => {
            let ids = list(ids, "ids", MOST_IDS)?;
            let ids = ids.iter().enumerate().map(|(place, value)| id(value, &format!("ids.{place}")));
            Ok(Which::Ids(ids.collect::<Result<_, _>>()?))
        }
        MarkNotificationsReadInput::UpTo(instant) => Ok(Which::UpTo(instant)),
        MarkNotificationsReadInput::All(true) => Ok(Which::All),
        MarkNotificationsReadInput::All(false) => {
            Err(UserError::validation("all", "TRUE", "Give `all: true`, or name the notifications in `ids`."))
        }
    }
}

impl From<MarkReadError> for Refusal {
    fn from(error: MarkReadError) -> Self {
        match error {
            MarkReadError::NotFound => not_found("ids", "notification").into(),
            MarkReadError::Database(_) => Self::Api(error.into()),
        }
    }
}
