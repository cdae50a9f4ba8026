//! Use-cases of invoices.

mod file;
mod issue;

pub use file::{FileError, Found, file_of, find, link, read};
pub use issue::{credit, issue};
