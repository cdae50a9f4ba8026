//! Lookups of payments.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use uuid::Uuid;

use super::{
    model::{CreditPackageRow, PaymentRow},
    repo,
};
use crate::db::{
    hot::{HotKey, Tag},
    ids::{CreditPackageId, EntityId, PaymentId},
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
