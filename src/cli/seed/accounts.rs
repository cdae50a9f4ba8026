//! The accounts that anybody may sign in with in the demo.

use serde::Serialize;

/// The password of every demo member.
pub(super) const PASSWORD: &str = "demo-password";

/// A demo account, as the sign-in menu of the playground shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// The name shown.
    pub name: &'static str,
    /// The address to sign in with.
    pub email: &'static str,
    /// The password to sign in with.
    pub password: &'static str,
    /// Roles held.
    pub roles: &'static [&'static str],
    /// What can be tried with it.
    pub note: &'static str,
}

/// The demo accounts, in the order of the menu. They are the first members of the demo data.
pub const ACCOUNTS: &[DemoAccount] = &[
    account(
        "Ada Lindqvist",
        "ada@example.com",
        &["LEARNER"],
        "Has 250 credits, bookings, conversations and unread notifications",
    ),
    account(
        "Jonas Okafor",
        "jonas@example.com",
        &["LEARNER"],
        "Just signed up: no credits yet, so bookings are refused until a checkout is paid",
    ),
    account(
        "Priya Raman",
        "priya@example.com",
        &["LEARNER", "MENTOR"],
        "Can be booked at any hour of any day",
    ),
    account(
        "Mateo Salcedo",
        "mateo@example.com",
        &["LEARNER", "MENTOR"],
        "Works on weekdays from nine to five, Madrid time",
    ),
    account(
        "Noor Haddad",
        "noor@example.com",
        &["LEARNER", "EXCHANGER"],
        "Offers Arabic and calligraphy, wants guitar and TypeScript",
    ),
    account("Kiri Walker", "kiri@example.com", &["ADMIN"], "Looks after the platform"),
];

/// The places of the accounts among the members.
pub(super) mod place {
    /// The learner with credits.
    pub(in super::super) const LEARNER: usize = 0;
    /// The mentor who is always open.
    pub(in super::super) const OPEN_MENTOR: usize = 2;
    /// The mentor with office hours.
    pub(in super::super) const OFFICE_MENTOR: usize = 3;
    /// The member who trades skills.
    pub(in super::super) const EXCHANGER: usize = 4;
}

const fn account(
    name: &'static str,
    email: &'static str,
    roles: &'static [&'static str],
    note: &'static str,
) -> DemoAccount {
    DemoAccount { name, email, password: PASSWORD, roles, note }
}
