//! Every job, schedule, listener and kept row of the product: the one place here that names domains.

use super::Registry;
use crate::domains::scheduling::loaders::ScheduleOf;

/// The whole product.
#[must_use]
pub fn registry() -> Registry {
    Registry::default().hot::<ScheduleOf>()
}
