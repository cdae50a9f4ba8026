//! Demo data.

/// An account of the demo.
#[derive(Clone, Copy, Debug)]
pub struct DemoAccount {
    /// The name shown.
    pub name: &'static str,
    /// The address to sign in with.
    pub email: &'static str,
    /// Its password.
    pub password: &'static str,
    /// Roles held.
    pub roles: &'static [&'static str],
    /// What it is good for.
    pub note: &'static str,
}

/// The accounts of the demo.
pub const ACCOUNTS: &[DemoAccount] = &[];
