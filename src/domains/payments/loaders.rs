//! Lookups of payments.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use uuid::Uuid;

use super::{
    model::{CreditPackageRow, PaymentRow, RefundRow, WebhookRow},
    repo,
};
use crate::db::{
    hot::{HotKey, Tag},
    ids::{CreditPackageId, EntityId, PaymentId, RefundId, WebhookId},
    loader::{LoadError, Reader},
};

/// The packages as a whole: what the list of packages on sale depends on.
pub const PACKAGES: Tag = ("credit_packages", Uuid::nil());

/// A package of credits by id, on sale or not. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PackageById(pub CreditPackageId);

impl HotKey for PackageById {
    const NAME: &'static str = "credit_package";
    const CAPACITY: u64 = 1_000;
    type Row = Arc<CreditPackageRow>;

    fn id(self) -> Uuid {
        self.0.uuid()
    }
}

impl Loader<PackageById> for Reader {
    type Value = Arc<CreditPackageRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[PackageById],
    ) -> Result<HashMap<PackageById, Arc<CreditPackageRow>>, LoadError> {
        let ids: Vec<CreditPackageId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::packages_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (PackageById(row.id), Arc::new(row))).collect())
    }
}

/// A payment by id, whoever's: private, the caller checks. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PaymentById(pub PaymentId);

impl Loader<PaymentById> for Reader {
    type Value = Arc<PaymentRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[PaymentById]) -> Result<HashMap<PaymentById, Arc<PaymentRow>>, LoadError> {
        let ids: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::payments_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (PaymentById(row.id), Arc::new(row))).collect())
    }
}

/// A refund by id, whoever's: private, the caller checks. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefundById(pub RefundId);

impl Loader<RefundById> for Reader {
    type Value = Arc<RefundRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[RefundById]) -> Result<HashMap<RefundById, Arc<RefundRow>>, LoadError> {
        let ids: Vec<RefundId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::refunds::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (RefundById(row.id), Arc::new(row))).collect())
    }
}

/// The refunds of a payment, oldest first. Absent if there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefundsOf(pub PaymentId);

impl Loader<RefundsOf> for Reader {
    type Value = Vec<Arc<RefundRow>>;
    type Error = LoadError;

    async fn load(&self, keys: &[RefundsOf]) -> Result<HashMap<RefundsOf, Vec<Arc<RefundRow>>>, LoadError> {
        let payments: Vec<PaymentId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::refunds::of_payments(&mut *self.conn().await?, &payments).await.map_err(Arc::new)?;
        let mut found: HashMap<RefundsOf, Vec<Arc<RefundRow>>> = HashMap::new();
        for row in rows {
            found.entry(RefundsOf(row.payment_id)).or_default().push(Arc::new(row));
        }
        Ok(found)
    }
}

/// A webhook by our name for it: for operators, the caller checks. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WebhookById(pub WebhookId);

impl Loader<WebhookById> for Reader {
    type Value = Arc<WebhookRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[WebhookById]) -> Result<HashMap<WebhookById, Arc<WebhookRow>>, LoadError> {
        let ids: Vec<WebhookId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::webhooks::by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(rows.into_iter().map(|row| (WebhookById(row.id), Arc::new(row))).collect())
    }
}
