//! The port to mail.
//!
//! A letter is enqueued by the transaction that it tells of ([`send`]) and leaves after the commit, by the job
//! [`SendMail`]: a refusal or a broken connection is tried again later. [`smtp`] delivers it; where no server is set,
//! [`mailbox`] keeps it for the page `/dev/mail`.

pub mod link;
pub mod mailbox;
mod smtp;
pub mod templates;

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use futures_util::{TryStreamExt, future::BoxFuture};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::{
    mailbox::Mailbox,
    smtp::Smtp,
    templates::{Language, Template},
};
use crate::{
    app::App,
    config::{Config, Mode},
    db::{Tx, ids},
    jobs::{Job, queue},
};

pub(crate) use smtp::{is_sender, is_url};

/// A mail, ready to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The same each time it is tried, so that a repeat can be recognised.
    pub id: Uuid,
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// The same, with looks.
    pub html: String,
    /// What comes along.
    pub attachment: Option<Attachment>,
}

/// A file that comes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The name that its reader saves it under.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// All of it.
    pub bytes: Bytes,
}

/// A way for mail to leave.
pub trait Mailer: fmt::Debug + Send + Sync {
    /// Hands a mail over; it may be handed over again.
    ///
    /// # Errors
    /// If it was not taken: it is tried again later.
    fn deliver<'a>(&'a self, app: &'a App, mail: &'a Mail) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// The way that the settings choose.
#[derive(Clone, Debug)]
pub struct Mails(Arc<dyn Mailer>);

impl Mails {
    /// SMTP if a server is set, otherwise the mailbox.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        if let Some(url) = &config.smtp_url {
            return Self(Arc::new(Smtp::new(url, &config.mail_from)));
        }
        if config.mode == Mode::Production {
            tracing::warn!(
                "SMTP_URL is not set: no mail leaves. Set it, or nobody can verify an address or reset a password"
            );
        }
        Self(Arc::new(Mailbox))
    }
}

/// A letter to one address. Values are texts for the template's placeholders.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The language, as far as there is a template in it.
    pub language: Language,
    /// What it says.
    pub template: Template,
    /// What fills the placeholders.
    pub values: BTreeMap<String, String>,
    /// What it links to.
    pub link: Option<Link>,
    /// What comes along.
    #[serde(default)]
    pub attachment: Option<StoredFile>,
}

/// A file in the store, for a letter: it is read when the mail leaves.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredFile {
    /// The name that its reader saves it under.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Where it is in the store.
    pub key: String,
}

impl StoredFile {
    async fn read(self, app: &App) -> anyhow::Result<Attachment> {
        let pieces: Vec<Bytes> = app.integrations.storage.read(&self.key, None).await?.try_collect().await?;
        Ok(Attachment { name: self.name, mime: self.mime, bytes: pieces.concat().into() })
    }
}

/// A link with a one-time token that is made when the mail leaves: neither the database nor the queue has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// What the token is for.
    pub purpose: String,
    /// The row that the token stands for.
    pub id: Uuid,
    /// The page that takes it, such as `verify-email`.
    pub page: String,
    /// After this the letter is of no use and is not sent.
    pub expires_at: DateTime<Utc>,
}

/// Enqueues a letter in the transaction that it tells of.
///
/// # Errors
/// Only if the database fails.
pub async fn send(tx: &mut Tx, letter: Letter) -> QueryResult<()> {
    queue::enqueue(tx, &SendMail { id: ids::new_uuid(), letter }).await
}

/// Writes a letter out and hands it over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    id: Uuid,
    letter: Letter,
}

impl Job for SendMail {
    const KIND: &'static str = "mail.send";

    async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self { id, letter } = self;
        let mut values = letter.values;
        if let Some(link) = &letter.link {
            if link.expires_at <= app.clock.now() {
                tracing::info!(
                    template = letter.template.as_str(),
                    "a letter came too late and was left out"
                );
                return Ok(());
            }
            let token = link::token(&app.secret, &link.purpose, link.id);
            values.insert("link".to_owned(), link::address(app, &link.page, &token));
            values.insert("token".to_owned(), token);
        }
        let mut mail = templates::write(id, letter.to, letter.language, letter.template, &values);
        if let Some(file) = letter.attachment {
            mail.attachment = Some(file.read(app).await?);
        }
        app.integrations.mails.0.deliver(app, &mail).await
    }
}
