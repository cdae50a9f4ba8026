//! The demo data: a small marketplace that looks lived in. 200 members, 60 of them mentors, 120 skills, some 600
//! meetings with their money, reviews, conversations and notifications.
//!
//! A plan is made first ([`world`]), without a database; then each part turns it into rows. Everything follows from the
//! numbers of the rows and the instant of the load, so that two loads at the same instant give the same rows.

mod catalogue;
mod chat;
mod content;
mod meetings;
mod mentors;
mod money;
mod notifications;
mod people;
mod world;

use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection, AsyncPgConnection};

use self::world::World;
use super::{
    Outcome,
    accounts::{ACCOUNTS, PASSWORD},
    rows::{self, Rows},
};
use crate::domains::{accounts::service::password, discovery};

/// Loads the demo data in one transaction, unless they are there.
///
/// # Errors
/// If the database cannot be reached or refuses a row; then nothing was loaded.
pub async fn demo(url: &str, now: DateTime<Utc>) -> anyhow::Result<Outcome> {
    let mut conn = AsyncPgConnection::establish(url).await?;
    let first = ACCOUNTS.first().map_or("", |account| account.email);
    if rows::address_exists(&mut conn, first).await? {
        return Ok(Outcome::AlreadyThere);
    }
    let hash = tokio::task::spawn_blocking(|| password::hash_now(PASSWORD.as_bytes())).await??;
    let tables = tokio::task::spawn_blocking(move || plan(now, &hash)).await?;
    let rows = conn
        .transaction(async |conn| {
            let mut rows = 0;
            for table in tables {
                rows += table.insert(conn).await?;
            }
            discovery::service::rebuild(conn).await?;
            Ok::<_, diesel::result::Error>(rows)
        })
        .await?;
    Ok(Outcome::Loaded { rows })
}

/// Every table in an order that the foreign keys accept.
fn plan(now: DateTime<Utc>, password_hash: &str) -> Vec<Rows> {
    let world = World::new(now);
    let purchases = money::purchases(&world);
    let mut tables = catalogue::rows();
    tables.extend(people::rows(&world, password_hash));
    tables.extend(mentors::rows(&world));
    tables.extend(meetings::rows(&world));
    tables.extend(money::rows(&world, &purchases));
    tables.extend(chat::rows(&world));
    tables.extend(notifications::rows(&world, &purchases));
    tables
}
