//! The letters of accounts, and the tokens in them.

use std::collections::BTreeMap;

use diesel::QueryResult;
use sha2::{Digest, Sha256};

use super::{
    super::{
        model::{AccountTokenRow, MAILED_TOKEN_LIFE, MemberRow, TokenPurpose},
        repo::{self, recovery},
    },
    lockout::{self, MAILS, TryError},
};
use crate::{
    app::App,
    db::{
        Tx,
        ids::{MemberId, new_uuid},
    },
    integrations::mail::{
        self, Letter, Link, link,
        templates::{Language, Template},
    },
};

/// Sends a link to an address; earlier links of the kind are dead. Letters to an address have a limit; beyond it nothing is
/// sent, and nothing is told.
pub async fn send_link(
    app: &App,
    tx: &mut Tx,
    purpose: TokenPurpose,
    member: &MemberRow,
    email: &str,
) -> QueryResult<()> {
    if !may_send(tx, purpose.as_str(), email).await? {
        return Ok(());
    }
    recovery::withdraw_tokens(tx, member.id, Some(purpose)).await?;
    let (id, now) = (new_uuid(), tx.now());
    let expires_at = now + MAILED_TOKEN_LIFE;
    let token = link::token(&app.secret, purpose.as_str(), id);
    let row = AccountTokenRow {
        id,
        purpose,
        member_id: member.id,
        email: email.to_owned(),
        token_hash: hash(&token).to_vec(),
        created_at: now,
        expires_at,
        used_at: None,
    };
    recovery::insert_token(tx, &row).await?;
    let (template, page) = match purpose {
        TokenPurpose::VerifyEmail => (Template::VerifyEmail, "verify-email"),
        TokenPurpose::ResetPassword => (Template::ResetPassword, "reset-password"),
        TokenPurpose::ChangeEmail => (Template::ConfirmEmail, "confirm-email"),
    };
    let link = Link { purpose: purpose.as_str().to_owned(), id, page: page.to_owned(), expires_at };
    // No name: the address may be a stranger's, and the name anything that its reader should not read.
    let values = BTreeMap::from([("new_email".to_owned(), email.to_owned())]);
    let language = Language::best(&member.languages);
    let (to, link) = (email.to_owned(), Some(link));
    mail::send(tx, Letter { to, language, template, values, link, attachment: None }).await
}

/// Tells the owner of an address that somebody wanted it.
pub async fn tell_owner(tx: &mut Tx, email: &str) -> QueryResult<()> {
    let Some((_, owner)) = repo::credential_by_email(tx, email).await? else { return Ok(()) };
    if !may_send(tx, "ADDRESS_TAKEN", email).await? {
        return Ok(());
    }
    notice(tx, &owner, email, Template::AddressTaken, &[("email", email)]).await
}

/// Tells a member something at one of the member's own addresses.
pub async fn notice(
    tx: &mut Tx,
    member: &MemberRow,
    to: &str,
    template: Template,
    values: &[(&str, &str)],
) -> QueryResult<()> {
    let given = values.iter().copied().chain([("name", member.name.as_str())]);
    let values = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let language = Language::best(&member.languages);
    let to = to.to_owned();
    mail::send(tx, Letter { to, language, template, values, link: None, attachment: None }).await
}

/// Uses a mailed token: whose it is, and the address it is good for.
pub async fn redeem(
    tx: &mut Tx,
    token: &str,
    purpose: TokenPurpose,
) -> QueryResult<Option<(MemberId, String)>> {
    let now = tx.now();
    recovery::use_token(tx, &hash(token), purpose, now).await
}

/// The form in which tokens are kept.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Each kind of letter has a number of its own, or somebody could use up the letters that the owner needs. The last link that
/// was sent stays good until the next one may be.
async fn may_send(tx: &mut Tx, kind: &str, email: &str) -> QueryResult<bool> {
    let now = tx.now();
    match lockout::count_one(tx, &format!("mails {kind}"), email.as_bytes(), MAILS, now).await {
        Ok(_) => Ok(true),
        Err(TryError::Limited { .. }) => Ok(false),
        Err(TryError::Database(error)) => Err(error),
    }
}
