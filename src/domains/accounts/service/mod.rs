//! Use-cases of accounts.
//!
//! - here: making an account; [`sign_in`]: devices, in and out; [`recovery`] and [`email`]: passwords and addresses;
//! - [`connection`]: sockets that outlive the token they were opened with;
//! - [`lockout`], [`device`]: how often a password may be tried, and from where; [`password`], [`token`]: the cryptography;
//! - [`outside`]: accounts of people whom a provider has recognised;
//! - [`rights`]: roles and status; [`letters`]: what is mailed; [`revocation`]: devices signed out while their access tokens are still good.

pub mod connection;
pub mod device;
pub mod email;
pub mod letters;
pub mod lockout;
pub mod outside;
pub mod password;
pub mod recovery;
pub mod revocation;
pub mod rights;
pub mod sign_in;
pub mod token;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;

pub use connection::RenewError;
use password::{HashingError, Turn};
pub use sign_in::{LogInError, RefreshError, RevokeError, SignedIn};
pub use token::{TokenError, public_keys, verify_access_token};

use super::{
    model::{CredentialRow, MemberRow, MemberSearch, MemberStatus, Role, TokenPurpose, handle_for},
    repo,
};
use crate::{
    app::App,
    db::{Tx, ids::MemberId, keyset::Keyset, transact},
};

/// What a new member tells.
#[derive(Clone, Debug)]
pub struct Register {
    /// In normal form.
    pub email: String,
    /// Checked for length.
    pub password: String,
    /// The name shown.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
    /// BCP 47 tags, best first.
    pub languages: Vec<String>,
    /// `LEARNER` or `EXCHANGER`.
    pub roles: Vec<Role>,
}

/// Only the database can fail.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
    /// The password could not be hashed.
    #[error("hashing: {0}")]
    Hashing(#[from] HashingError),
}

/// Makes an account and mails a link that proves its address. A taken address changes nothing and is not told: the answer
/// and its time are the same, and its owner gets a letter.
///
/// # Errors
/// Only if the database or the hashing fails.
pub async fn register(app: &App, command: Register) -> Result<(), AccountError> {
    let password_hash = Turn::take(app)?.hash(command.password).await?;
    let done: Result<(), AccountError> = transact(app, async |tx| {
        if repo::credential_by_email(tx, &command.email).await?.is_some() {
            return Ok(letters::tell_owner(tx, &command.email).await?);
        }
        let id = MemberId::new();
        let now = tx.now();
        let member = MemberRow {
            id,
            handle: handle_for(&command.name, id),
            name: command.name.clone(),
            avatar_url: None,
            bio: String::new(),
            time_zone: command.time_zone.clone(),
            languages: command.languages.clone(),
            roles: command.roles.clone(),
            status: MemberStatus::Active,
            version: 1,
            created_at: now,
            suspended_until: None,
        };
        let credential = CredentialRow {
            member_id: id,
            email: command.email.clone(),
            email_verified_at: None,
            password_hash: Some(password_hash.clone()),
            changed_at: now,
        };
        repo::insert_member(tx, &member, &credential).await?;
        Ok(letters::send_link(app, tx, TokenPurpose::VerifyEmail, &member, &command.email).await?)
    })
    .await;
    match done {
        // Somebody registered the address in the same moment.
        Err(AccountError::Database(error))
            if crate::db::constraint::broken(&error) == Some("credentials_email_key") =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Makes an account an administrator's, for the operator's command line: the first administrator comes from here.
///
/// # Errors
/// Only if the database fails; `false` if no account has the address.
pub async fn grant_admin(app: &App, email: &str) -> Result<bool, AccountError> {
    transact(app, async |tx| {
        let Some((_, member)) = repo::credential_by_email(tx, email).await? else { return Ok(false) };
        let Some(member) = repo::lock_member(tx, member.id).await? else { return Ok(false) };
        if !member.has_role(Role::Admin) {
            let roles: Vec<Role> = member.roles.iter().copied().chain([Role::Admin]).collect();
            rights::write_roles(tx, &member, roles, None, "by the operator").await?;
        }
        Ok(true)
    })
    .await
}

/// A page of the members, newest first.
///
/// # Errors
/// Only if the database fails.
pub async fn members(
    conn: &mut AsyncPgConnection,
    search: &MemberSearch,
    page: &Keyset<(DateTime<Utc>, MemberId)>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<MemberRow>> {
    repo::rights::page_of_members(conn, search, page, now).await
}

/// A member with the address that letters go to.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// The member.
    pub member: MemberRow,
    /// In lower case.
    pub email: String,
}

/// A member as letters are addressed. `None` if unknown.
///
/// # Errors
/// Only if the database fails.
pub async fn addressee(conn: &mut AsyncPgConnection, id: MemberId) -> QueryResult<Option<Addressee>> {
    let found = repo::credential_of(conn, id).await?;
    Ok(found.map(|(credential, member)| Addressee { member, email: credential.email }))
}

/// A member, locked until the end of the transaction.
///
/// # Errors
/// Only if the database fails.
pub async fn lock(tx: &mut Tx, id: MemberId) -> QueryResult<Option<MemberRow>> {
    repo::lock_member(tx, id).await
}
