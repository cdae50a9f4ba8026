//! Members with their sign-in and devices, skills, mentors with wide-open schedules, credit packages.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Client, Error};

use super::{
    copy::{Array, Copy, TEXT},
    draw::{Kind, draw, id, number, words},
    seats::Tally,
    volume::Volume,
};
use crate::cli::seed::ids::pick;

const GIVEN: &[&str] = &[
    "Ada", "Bela", "Chen", "Dara", "Emil", "Fay", "Gus", "Hana", "Ivo", "Juno", "Kira", "Liam", "Mina",
    "Noor", "Olaf", "Pia", "Quin", "Rosa", "Sami", "Tara",
];
const FAMILY: &[&str] = &[
    "Ahmed", "Berg", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Haas", "Ito", "Jones", "Khan", "Lopez",
    "Meyer", "Nagy", "Okafor", "Patel", "Rossi", "Silva", "Tanaka", "Weber",
];
const ZONES: &[&str] =
    &["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "America/Sao_Paulo", "Africa/Lagos"];
/// Skills that a mentor draws; one drawn twice counts once.
const SKILLS_EACH: usize = 5;

pub(super) async fn members(client: &Client, volume: &Volume, now: DateTime<Utc>) -> Result<u64, Error> {
    let columns =
        "id, handle, name, avatar_url, bio, time_zone, languages, roles, status, version, created_at";
    let mut copy = Copy::into(client, "members", columns).await?;
    for member in 0..volume.members {
        let is_mentor = member % 10 == 9;
        let name = format!(
            "{} {} {}",
            pick(GIVEN, draw(member, 1, GIVEN.len())),
            pick(FAMILY, draw(member, 2, FAMILY.len())),
            member + 1
        );
        let avatar = format!("https://cdn.example.com/a/{}.webp", id(Kind::AuthSession, member).simple());
        let roles: &[&str] = if is_mentor { &["LEARNER", "MENTOR"] } else { &["LEARNER"] };
        let joined_at = now - TimeDelta::days(700) + TimeDelta::seconds(number(draw(member, 3, 60 * 86_400)));
        copy.row(&[
            &id(Kind::Member, member),
            &format!("bench_{}", member + 1),
            &name,
            &avatar,
            &words(member, 5, if is_mentor { 30 } else { 10 }),
            &pick(ZONES, draw(member, 9, ZONES.len())),
            &Array(TEXT, &["en"]),
            &Array(TEXT, roles),
            &"ACTIVE",
            &1_i64,
            &joined_at,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn credentials(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
    hash: &str,
) -> Result<u64, Error> {
    let columns = "member_id, email, email_verified_at, password_hash, changed_at";
    let mut copy = Copy::into(client, "credentials", columns).await?;
    let joined_at = now - TimeDelta::days(640);
    for member in 0..volume.members {
        let email = format!("bench{}@example.com", member + 1);
        copy.row(&[&id(Kind::Member, member), &email, &joined_at, &hash, &joined_at]).await?;
    }
    copy.finish().await
}

/// One device each, signed in for years, so that access tokens can be made for everybody.
pub(super) async fn auth_sessions(
    client: &Client,
    volume: &Volume,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let columns = "id, member_id, user_agent, created_at, last_used_at, expires_at";
    let mut copy = Copy::into(client, "auth_sessions", columns).await?;
    for member in 0..volume.members {
        let ends_at = now + TimeDelta::days(3650);
        copy.row(&[
            &id(Kind::AuthSession, member),
            &id(Kind::Member, member),
            &"bench",
            &now,
            &now,
            &ends_at,
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn categories(client: &Client, volume: &Volume) -> Result<u64, Error> {
    let mut copy = Copy::into(client, "skill_categories", "id, slug, name, position").await?;
    for category in 0..volume.categories {
        let (slug, name) = (format!("bench-category-{}", category + 1), format!("Category {}", category + 1));
        copy.row(&[
            &id(Kind::Category, category),
            &slug,
            &name,
            &i32::try_from(category + 1).unwrap_or_default(),
        ])
        .await?;
    }
    copy.finish().await
}

pub(super) async fn skills(client: &Client, volume: &Volume) -> Result<u64, Error> {
    let mut copy = Copy::into(client, "skills", "id, category_id, slug, name").await?;
    for skill in 0..volume.skills {
        let name = format!("Skill {} {}", skill + 1, words(skill, 10, 1));
        let slug = format!("bench-skill-{}", skill + 1);
        copy.row(&[&id(Kind::Skill, skill), &id(Kind::Category, skill % volume.categories), &slug, &name])
            .await?;
    }
    copy.finish().await
}

pub(super) async fn packages(client: &Client) -> Result<u64, Error> {
    let mut copy =
        Copy::into(client, "credit_packages", "id, name, credits, price, currency, position").await?;
    copy.row(&[&id(Kind::Package, 0), &"Bench", &PURCHASE, &PURCHASE, &"USD", &1_i32]).await?;
    copy.finish().await
}

/// What every member bought once, in hundredths of a credit, and for how many cents.
pub(super) const PURCHASE: i64 = 1_000_000_000;

pub(super) async fn member_skills(client: &Client, volume: &Volume) -> Result<u64, Error> {
    let mut copy =
        Copy::into(client, "member_skills", "member_id, skill_id, intent, level, position").await?;
    for mentor in 0..volume.mentors() {
        let mut skills: Vec<usize> =
            (0..SKILLS_EACH).map(|place| draw(mentor * 10 + place, 11, volume.skills)).collect();
        skills.sort_unstable();
        skills.dedup();
        for (place, skill) in skills.into_iter().enumerate() {
            let position = i16::try_from(place).unwrap_or_default();
            copy.row(&[
                &id(Kind::Member, volume.mentor(mentor)),
                &id(Kind::Skill, skill),
                &"OFFERED",
                &"EXPERT",
                &position,
            ])
            .await?;
        }
    }
    copy.finish().await
}

/// The hourly rate of a mentor, in hundredths of a credit.
pub(super) fn hourly_rate(mentor: usize) -> i64 {
    1_500 + 100 * number(draw(mentor, 6, 120))
}

pub(super) async fn mentors(client: &Client, volume: &Volume, tally: &Tally) -> Result<u64, Error> {
    let columns = "member_id, headline, hourly_rate, currency, listed, rating_sum, rating_count, sessions_completed, version";
    let mut copy = Copy::into(client, "mentors", columns).await?;
    for (mentor, counted) in tally.mentors.iter().enumerate() {
        copy.row(&[
            &id(Kind::Member, volume.mentor(mentor)),
            &format!("Mentor for {}", words(mentor, 4, 4)),
            &hourly_rate(mentor),
            &"CREDIT",
            &true,
            &counted.rating_sum,
            &counted.rating_count,
            &counted.sessions_completed,
            &1_i64,
        ])
        .await?;
    }
    copy.finish().await
}

/// Bookable at every hour of the coming two years.
pub(super) async fn schedules(client: &Client, volume: &Volume) -> Result<u64, Error> {
    let columns = "mentor_id, time_zone, slot_step_minutes, min_notice_minutes, booking_window_days, version";
    let mut copy = Copy::into(client, "schedules", columns).await?;
    for mentor in 0..volume.mentors() {
        let member = volume.mentor(mentor);
        copy.row(&[&id(Kind::Member, member), &"UTC", &30_i32, &0_i32, &730_i32, &1_i64]).await?;
    }
    copy.finish().await
}

pub(super) async fn rules(client: &Client, volume: &Volume) -> Result<u64, Error> {
    let mut copy =
        Copy::into(client, "availability_rules", "mentor_id, weekday, start_minute, end_minute").await?;
    for mentor in 0..volume.mentors() {
        for weekday in 1..=7_i16 {
            copy.row(&[&id(Kind::Member, volume.mentor(mentor)), &weekday, &0_i16, &1440_i16]).await?;
        }
    }
    copy.finish().await
}
