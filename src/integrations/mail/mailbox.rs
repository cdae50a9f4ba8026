//! The mail that nobody delivers: kept in the database, the newest only, for the page `/dev/mail`.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::RunQueryDsl;
use futures_util::future::{BoxFuture, FutureExt};
use serde::Serialize;
use uuid::Uuid;

use super::{Mail, Mailer};
use crate::{app::App, config::Mode, db::tables::mailbox};

/// How many are kept.
const KEPT: i64 = 500;

/// Keeps mail instead of delivering it.
#[derive(Debug)]
pub(super) struct Mailbox;

/// A kept mail.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = mailbox, check_for_backend(diesel::pg::Pg))]
#[serde(rename_all = "camelCase")]
pub struct KeptMail {
    /// The mail's id.
    pub id: Uuid,
    /// To whom.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text_body: String,
    /// The same as HTML.
    pub html_body: String,
    /// Name of what came along.
    pub attachment: Option<String>,
    /// When it would have left.
    pub sent_at: DateTime<Utc>,
}

impl Mailer for Mailbox {
    fn deliver<'a>(&'a self, app: &'a App, mail: &'a Mail) -> BoxFuture<'a, anyhow::Result<()>> {
        async move {
            // Nobody may read it there, so it would only lie about.
            anyhow::ensure!(app.config.mode != Mode::Production, "SMTP_URL is not set");
            keep(app, mail).await?;
            Ok(())
        }
        .boxed()
    }
}

async fn keep(app: &App, mail: &Mail) -> QueryResult<()> {
    let row = KeptMail {
        id: mail.id,
        recipient: mail.to.clone(),
        subject: mail.subject.clone(),
        text_body: mail.text.clone(),
        html_body: mail.html.clone(),
        attachment: mail.attachment.as_ref().map(|attachment| attachment.name.clone()),
        sent_at: app.clock.now(),
    };
    let mut conn = app.conn().await?;
    diesel::insert_into(mailbox::table).values(&row).on_conflict_do_nothing().execute(&mut conn).await?;
    let oldest: Option<Uuid> = mailbox::table
        .select(mailbox::id)
        .order(mailbox::id.desc())
        .offset(KEPT)
        .first(&mut conn)
        .await
        .optional()?;
    if let Some(oldest) = oldest {
        diesel::delete(mailbox::table.filter(mailbox::id.le(oldest))).execute(&mut conn).await?;
    }
    Ok(())
}

/// The newest mails in the order in which they were written, newest first; `to` = only those to an address.
///
/// # Errors
/// Only if the database fails.
pub async fn newest(app: &App, to: Option<&str>, limit: i64) -> QueryResult<Vec<KeptMail>> {
    let mut mails =
        mailbox::table.select(KeptMail::as_select()).order(mailbox::id.desc()).limit(limit).into_boxed();
    if let Some(to) = to {
        mails = mails.filter(mailbox::recipient.eq(to.to_lowercase()));
    }
    mails.load(&mut *app.conn().await?).await
}
