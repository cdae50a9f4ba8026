//! Lookups of chargebacks, for whoever may see the payment.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;

use super::{model::ChargebackRow, repo};
use crate::db::{
    ids::PaymentId,
    loader::{LoadError, Reader},
};

/// The last chargeback of a payment. Absent if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChargebackOf(pub PaymentId);

impl Loader<ChargebackOf> for Reader {
    type Value = Arc<ChargebackRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[ChargebackOf]) -> Result<HashMap<ChargebackOf, Self::Value>, LoadError> {
        let ids: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::of_payments(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (ChargebackOf(row.payment_id), Arc::new(row))).collect())
    }
}
