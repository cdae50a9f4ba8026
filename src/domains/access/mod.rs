//! Who may use which field: declared in one table, enforced in one place, told in every description.
//!
//! - [`table`]: the access of every root field, and of the object types that only the privileged see;
//! - [`guard`]: wraps the roots of the schema. A field without an entry is refused, and a test fails.
//!
//! What a member sees of a row (an owner, a party) is decided where the row is read; the table says whom it is for.

pub mod guard;
pub mod table;

use super::accounts::model::{Permission, Role};

pub use guard::{Guarded, Needs};

/// Who may use a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; the answer is the same for all, or the caller's own.
    Anybody,
    /// Everybody, but an answer holds only what the caller may see: the rest is absent.
    Visible,
    /// Whoever is signed in.
    SignedIn,
    /// Signed in, and concerned as the text says; for others it is as if the thing did not exist.
    Party(&'static str),
    /// Members with a role.
    Role(Role),
    /// Members with a role that grants a permission.
    Permission(Permission),
}

impl Access {
    /// The sentence that clients read in the field's description.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Anybody => "Open to everybody.".to_owned(),
            Self::Visible => "Open to everybody; shows only what the caller may see.".to_owned(),
            Self::SignedIn => "Needs a signed-in caller.".to_owned(),
            Self::Party(who) => format!("Needs {who}."),
            Self::Role(role) => format!("Needs the role {role}."),
            Self::Permission(permission) => format!("Needs the permission {permission}."),
        }
    }
}
