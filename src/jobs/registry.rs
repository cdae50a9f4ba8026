//! Every job, schedule, listener and kept row of the product: the one place here that names domains.

use super::Registry;

/// The whole product.
#[must_use]
pub fn registry() -> Registry {
    Registry::default()
}
