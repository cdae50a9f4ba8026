//! Use-cases of profiles.

use super::{
    loaders::{EndorsementsOf, MentorById, SkillsOf},
    model::{CancellationPolicy, MemberSkillRow, ProfileUpdated, SkillIntent, SkillLevel},
    repo::{self, ProfileChanges},
};
use crate::{
    app::App,
    db::{
        Tx, constraint,
        hot::HotKey,
        ids::{MemberId, SkillId, UploadId},
        transact,
    },
    domains::{accounts::loaders::MemberById, sessions, uploads},
    events::StreamName,
};

/// Why a profile was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Somebody else has the handle.
    #[error("handle taken")]
    HandleTaken,
    /// A skill is not in the catalogue: its place in the input.
    #[error("unknown skill")]
    UnknownSkill(usize),
    /// The picture is no finalised upload of the member.
    #[error("unknown picture")]
    NoAvatar,
    /// The mentor offers nothing yet.
    #[error("no offer")]
    NoOffer,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Changes a member's profile. A picture that was uploaded stands in `changes` by its public path.
///
/// # Errors
/// See [`ProfileError`].
pub async fn update_profile(
    app: &App,
    member: MemberId,
    changes: &ProfileChanges,
    avatar: Option<UploadId>,
) -> Result<(), ProfileError> {
    transact(app, async |tx| {
        repo::update_profile(tx, member, changes).await.map_err(|error| {
            match constraint::broken(&error) {
                Some("members_handle_key") => ProfileError::HandleTaken,
                _ => error.into(),
            }
        })?;
        // The member's row is locked now: of two pictures at once the later stays.
        match avatar {
            Some(upload) if !uploads::service::avatar::show(tx, member, upload).await? => {
                return Err(ProfileError::NoAvatar);
            }
            None if changes.avatar_url.is_some() => uploads::service::avatar::hide(tx, member, None).await?,
            _ => {}
        }
        tx.changed(MemberById(member).tag());
        told(tx, member);
        Ok(())
    })
    .await
}

/// A skill as a member lists it.
#[derive(Clone, Copy, Debug)]
pub struct ListedSkill {
    /// Which.
    pub skill_id: SkillId,
    /// How well.
    pub level: SkillLevel,
}

/// Replaces a member's list of offered or desired skills.
///
/// # Errors
/// See [`ProfileError`].
pub async fn set_skills(
    app: &App,
    member: MemberId,
    intent: SkillIntent,
    skills: &[ListedSkill],
) -> Result<(), ProfileError> {
    let rows: Vec<MemberSkillRow> = skills
        .iter()
        .zip(0_i16..)
        .map(|(skill, position)| MemberSkillRow {
            member_id: member,
            skill_id: skill.skill_id,
            intent,
            level: skill.level,
            position,
        })
        .collect();
    transact(app, async |tx| {
        let ids: Vec<SkillId> = skills.iter().map(|skill| skill.skill_id).collect();
        let known: Vec<SkillId> = repo::skills_by_ids(tx, &ids).await?.iter().map(|skill| skill.id).collect();
        if let Some(place) = ids.iter().position(|id| !known.contains(id)) {
            return Err(ProfileError::UnknownSkill(place));
        }
        repo::replace_skills(tx, member, intent, &rows).await?;
        tx.changed(SkillsOf(member).tag());
        told(tx, member);
        Ok(())
    })
    .await
}

/// Sets what a mentor offers. The caller checked the role.
///
/// # Errors
/// Only if the database fails.
pub async fn set_mentor_offer(
    app: &App,
    member: MemberId,
    headline: &str,
    hourly_rate: i64,
    listed: bool,
) -> Result<(), ProfileError> {
    transact(app, async |tx| {
        repo::upsert_mentor(tx, member, headline, hourly_rate, listed).await?;
        tx.changed(MentorById(member).tag());
        told(tx, member);
        Ok(())
    })
    .await
}

/// Sets what happens to the price of later bookings when they are cancelled. The caller checked the role.
///
/// # Errors
/// See [`ProfileError`].
pub async fn set_cancellation_policy(
    app: &App,
    member: MemberId,
    policy: CancellationPolicy,
) -> Result<(), ProfileError> {
    transact(app, async |tx| {
        if !repo::set_cancellation_policy(tx, member, policy).await? {
            return Err(ProfileError::NoOffer);
        }
        tx.changed(MentorById(member).tag());
        told(tx, member);
        Ok(())
    })
    .await
}

/// Counts a booking that a mentor cancelled late, inside the transaction that cancelled it.
///
/// # Errors
/// Only if the database fails.
pub async fn count_late_cancellation(tx: &mut Tx, mentor: MemberId) -> diesel::QueryResult<()> {
    repo::count_late_cancellation(tx, mentor).await?;
    tx.changed(MentorById(mentor).tag());
    Ok(())
}

/// Adds a rating to a mentor's, inside the transaction of the review.
///
/// # Errors
/// Only if the database fails.
pub async fn add_rating(tx: &mut Tx, mentor: MemberId, rating: i64) -> diesel::QueryResult<()> {
    repo::add_rating(tx, mentor, rating, 1).await?;
    tx.changed(MentorById(mentor).tag());
    told(tx, mentor);
    Ok(())
}

/// Counts a session that a mentor gave, inside the transaction that completed it.
///
/// # Errors
/// Only if the database fails.
pub async fn count_session(tx: &mut Tx, mentor: MemberId) -> diesel::QueryResult<()> {
    repo::count_session(tx, mentor).await?;
    tx.changed(MentorById(mentor).tag());
    Ok(())
}

/// Why a skill was not endorsed.
#[derive(Debug, thiserror::Error)]
pub enum EndorseError {
    /// The member does not offer the skill.
    #[error("not offered")]
    NotOffered,
    /// The two had no completed session together, or are the same.
    #[error("never met")]
    NeverMet,
    /// The endorser did it before.
    #[error("endorsed before")]
    EndorsedBefore,
    /// The database failed.
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

/// Vouches for a skill that a member offers: once, and only after a completed session together.
///
/// # Errors
/// See [`EndorseError`].
pub async fn endorse(
    app: &App,
    endorser: MemberId,
    member: MemberId,
    skill: SkillId,
) -> Result<(), EndorseError> {
    transact(app, async |tx| {
        let now = tx.now();
        if endorser == member || !sessions::service::met(tx, endorser, member).await? {
            return Err(EndorseError::NeverMet);
        }
        let offered = |row: &MemberSkillRow| row.skill_id == skill && row.intent == SkillIntent::Offered;
        if !repo::skills_of(tx, &[member]).await?.iter().any(offered) {
            return Err(EndorseError::NotOffered);
        }
        if !repo::endorse(tx, endorser, member, skill, now).await? {
            return Err(EndorseError::EndorsedBefore);
        }
        tx.changed(EndorsementsOf(member).tag());
        Ok(())
    })
    .await
}

/// Says that something which decides how a member is found has changed, such as roles or status.
pub fn announce(tx: &mut Tx, member: MemberId) {
    tx.changed(MentorById(member).tag());
    told(tx, member);
}

fn told(tx: &mut Tx, member: MemberId) {
    tx.tell(StreamName::User(member), &ProfileUpdated { member_id: member });
}
