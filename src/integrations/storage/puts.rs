//! The files that are on their way into this process: of each one at a time, or one link would fill the disk with copies.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

/// What is being put.
#[derive(Clone, Debug, Default)]
pub struct Puts(Arc<Mutex<HashSet<Uuid>>>);

/// The right to put a file, given back when it is dropped.
#[derive(Debug)]
pub struct Putting {
    puts: Puts,
    id: Uuid,
}

impl Puts {
    /// Begins to put a file. `None` if it is being put already.
    #[must_use]
    pub fn begin(&self, id: Uuid) -> Option<Putting> {
        let is_first = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        is_first.then(|| Putting { puts: self.clone(), id })
    }
}

impl Drop for Putting {
    fn drop(&mut self) {
        self.puts.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
