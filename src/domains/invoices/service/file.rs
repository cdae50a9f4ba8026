//! The file of a document: made once, kept with its hash, mailed to the buyer, handed out by links.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::super::{
    model::{
        InvoiceFileRow, InvoiceKind, InvoiceRow, LINK_LIFE, MIME,
        pdf::{self, PdfError},
    },
    repo,
};
use crate::{
    app::App,
    db::{Tx, ids::InvoiceId, transact},
    domains::{
        accounts,
        wallet::model::{Amount, Asset},
    },
    integrations::{
        mail::{
            self, Letter, StoredFile,
            templates::{Language, Template},
        },
        storage::{
            Pieces, Served, StorageError,
            link::{Allows, Signed},
        },
    },
};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be written out.
    #[error("pdf")]
    Pdf(#[from] PdfError),
    /// The work was broken off.
    #[error("broken off")]
    BrokenOff(#[from] tokio::task::JoinError),
    /// The store of files failed.
    #[error("storage")]
    Storage(#[from] StorageError),
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// The file of a document, made now if it was not before. Whoever makes it first has it mailed to the buyer.
///
/// # Errors
/// See [`FileError`].
pub async fn file_of(app: &App, invoice: &InvoiceRow) -> Result<InvoiceFileRow, FileError> {
    if let Some(made) = repo::files_of(&mut *app.conn().await?, &[invoice.id]).await?.pop() {
        return Ok(made);
    }
    let bytes = written(app, invoice).await?;
    let fresh = InvoiceFileRow {
        invoice_id: invoice.id,
        object_key: format!("invoices/{}.pdf", invoice.id),
        bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        sha256: Sha256::digest(&bytes).to_vec(),
        made_at: app.clock.now(),
    };
    // Two who make it at once write the same bytes to the same place.
    let mut writing = app.integrations.storage.write(&fresh.object_key).await?;
    writing.add(bytes).await?;
    writing.finish().await?;
    transact(app, async |tx| {
        if repo::insert_file(tx, &fresh).await? {
            send(tx, invoice, &fresh).await?;
            return Ok(fresh.clone());
        }
        repo::files_of(tx, &[invoice.id])
            .await?
            .pop()
            .ok_or(FileError::Database(diesel::result::Error::NotFound))
    })
    .await
}

/// The bytes of a document's file, worked out beside the threads that serve requests.
async fn written(app: &App, invoice: &InvoiceRow) -> Result<Bytes, FileError> {
    let corrected = match invoice.corrects_id {
        Some(id) => repo::by_ids(&mut *app.conn().await?, &[id]).await?.pop(),
        None => None,
    };
    let (invoice, money) = (invoice.clone(), money(invoice));
    let written = tokio::task::spawn_blocking(move || {
        pdf::write(&invoice, &money, corrected.map(|invoice| invoice.full_number()).as_deref())
    });
    Ok(written.await??.into())
}

async fn send(tx: &mut Tx, invoice: &InvoiceRow, file: &InvoiceFileRow) -> Result<(), diesel::result::Error> {
    let Some(buyer) = accounts::service::addressee(tx, invoice.member_id).await? else { return Ok(()) };
    let values =
        [("name", buyer.member.name.clone()), ("number", invoice.full_number()), ("amount", money(invoice))];
    let letter = Letter {
        to: buyer.email,
        language: Language::best(&buyer.member.languages),
        template: match invoice.kind {
            InvoiceKind::Invoice => Template::Invoice,
            InvoiceKind::CreditNote => Template::CreditNote,
        },
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        link: None,
        attachment: Some(StoredFile {
            name: invoice.file_name(),
            mime: MIME.to_owned(),
            key: file.object_key.clone(),
        }),
    };
    mail::send(tx, letter).await
}

fn money(invoice: &InvoiceRow) -> String {
    Amount { minor: invoice.amount, asset: Asset::of(&invoice.currency) }.to_string()
}

/// A link to the file, for whoever may see the document, and until when it is good.
///
/// # Errors
/// If it cannot be signed.
pub async fn link(
    app: &App,
    invoice: &InvoiceRow,
    file: &InvoiceFileRow,
) -> Result<(String, DateTime<Utc>), StorageError> {
    let now = app.clock.now();
    let until = now + LINK_LIFE;
    let served = Served { mime: MIME.to_owned(), disposition: disposition(invoice) };
    let storage = &app.integrations.storage;
    let url = storage.get_link(&invoice.id.to_string(), &file.object_key, &served, (now, until)).await?;
    Ok((url, until))
}

fn disposition(invoice: &InvoiceRow) -> String {
    format!("inline; filename=\"{}\"", invoice.file_name())
}

/// A file that a link of ours leads to.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub file: InvoiceFileRow,
    /// The value of `Content-Disposition`.
    pub disposition: String,
}

/// What a link of ours leads to. `None` unless the link is good.
///
/// # Errors
/// Only if the database fails.
pub async fn find(
    app: &App,
    id: InvoiceId,
    signed: Option<&Signed>,
) -> Result<Option<Found>, diesel::result::Error> {
    let (links, now) = (app.integrations.storage.own_links(), app.clock.now());
    let linked = links
        .zip(signed)
        .is_some_and(|(links, signed)| links.allow(Allows::Get, &id.to_string(), signed, now));
    if !linked {
        return Ok(None);
    }
    let mut conn = app.conn().await?;
    let (invoice, file) =
        (repo::by_ids(&mut conn, &[id]).await?.pop(), repo::files_of(&mut conn, &[id]).await?.pop());
    Ok(invoice.zip(file).map(|(invoice, file)| Found { disposition: disposition(&invoice), file }))
}

/// The bytes of a file.
///
/// # Errors
/// If the store of files fails.
pub async fn read(app: &App, file: &InvoiceFileRow) -> Result<Pieces, StorageError> {
    app.integrations.storage.read(&file.object_key, None).await
}
