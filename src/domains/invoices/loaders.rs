//! Lookups of invoices. They are private: whoever asks has the right already.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{
    model::{InvoiceFileRow, InvoiceRow},
    repo,
};
use crate::db::{
    ids::{InvoiceId, PaymentId},
    loader::{LoadError, Reader},
};

/// A document by id, whoever's. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvoiceById(pub InvoiceId);

/// The invoice of a payment. Absent until it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvoiceOf(pub PaymentId);

/// The file of a document. Absent until it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileOf(pub InvoiceId);

impl Loader<InvoiceById> for Reader {
    type Value = Arc<InvoiceRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[InvoiceById]) -> Result<HashMap<InvoiceById, Self::Value>, LoadError> {
        let ids: Vec<InvoiceId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (InvoiceById(row.id), Arc::new(row))).collect())
    }
}

impl Loader<InvoiceOf> for Reader {
    type Value = Arc<InvoiceRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[InvoiceOf]) -> Result<HashMap<InvoiceOf, Self::Value>, LoadError> {
        let payments: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::of_payments(&mut *self.conn().await?, &payments).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (InvoiceOf(row.payment_id), Arc::new(row))).collect())
    }
}

impl Loader<FileOf> for Reader {
    type Value = Arc<InvoiceFileRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[FileOf]) -> Result<HashMap<FileOf, Self::Value>, LoadError> {
        let ids: Vec<InvoiceId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::files_of(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (FileOf(row.invoice_id), Arc::new(row))).collect())
    }
}
