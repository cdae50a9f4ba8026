//! Root mutations of profiles.

use async_graphql::{Context, Object};

use super::{
    loaders::MentorById,
    model::{CancellationPolicy, FREE_CANCELLATION_HOURS, LATE_FEE_PERCENT, MOST_SKILLS, SkillIntent},
    repo::ProfileChanges,
    service::{self, EndorseError, ListedSkill, ProfileError},
    types::{
        EndorseSkillInput, EndorseSkillPayload, Member, Mentor, SetCancellationPolicyInput,
        SetCancellationPolicyPayload, SetMemberSkillsInput, SetMemberSkillsPayload, UpdateMentorProfileInput,
        UpdateMentorProfilePayload, UpdateProfileInput, UpdateProfilePayload,
    },
};
use crate::{
    db::ids::{MemberId, SkillId},
    domains::{
        accounts::loaders::MemberById,
        input::{id, languages, list, not_found, number, text},
        uploads::service::avatar::public_path,
        user_error::{ErrorCode, Refusal, UserError, answer},
    },
    graphql::{ContextExt, Field},
};

/// Mutations of profiles.
#[derive(Debug, Default)]
pub struct ProfilesMutation;

/// Mutations of profiles.
#[Object]
impl ProfilesMutation {
    /// Changes the caller's public profile. Needs a signed-in caller.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        input: UpdateProfileInput,
    ) -> Field<UpdateProfilePayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let avatar =
                input.avatar_upload_id.as_ref().map(|upload| id(upload, "avatarUploadId")).transpose()?;
            if avatar.is_some() && !input.avatar_url.is_undefined() {
                let message = "Give avatarUrl or avatarUploadId, not both.";
                return Err(UserError::validation("avatarUploadId", "EXCLUSIVE", message).into());
            }
            let mut changes = profile_changes(input)?;
            if let Some(avatar) = avatar {
                changes.avatar_url = Some(Some(public_path(avatar)));
            }
            service::update_profile(ctx.app(), viewer.member_id, &changes, avatar).await?;
            ctx.wrote();
            Ok(UpdateProfilePayload {
                member: changed_member(ctx, viewer.member_id).await?,
                ..Default::default()
            })
        })
        .await
    }

    /// Replaces the caller's list of offered or desired skills. Needs a signed-in caller.
    async fn set_member_skills(
        &self,
        ctx: &Context<'_>,
        input: SetMemberSkillsInput,
    ) -> Field<SetMemberSkillsPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let intent = SkillIntent::from(input.intent);
            let mut skills: Vec<ListedSkill> = Vec::new();
            for (place, listed) in list(input.skills, "skills", MOST_SKILLS)?.into_iter().enumerate() {
                let path = format!("skills.{place}.skillId");
                let skill_id: SkillId = id(&listed.skill_id, &path)?;
                if skills.iter().any(|skill| skill.skill_id == skill_id) {
                    return Err(UserError::validation(&path, "UNIQUE", "List every skill once.").into());
                }
                skills.push(ListedSkill { skill_id, level: listed.level.into() });
            }
            service::set_skills(ctx.app(), viewer.member_id, intent, &skills).await?;
            ctx.wrote();
            Ok(SetMemberSkillsPayload {
                member: changed_member(ctx, viewer.member_id).await?,
                ..Default::default()
            })
        })
        .await
    }

    /// Sets what the caller offers as a mentor. Needs the role MENTOR.
    async fn update_mentor_profile(
        &self,
        ctx: &Context<'_>,
        input: UpdateMentorProfileInput,
    ) -> Field<UpdateMentorProfilePayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let headline = text(&input.headline, "headline", 1..=160)?;
            let rate = number(input.hourly_rate_minor.0, "hourlyRateMinor", 0..=1_000_000)?;
            service::set_mentor_offer(ctx.app(), viewer.member_id, &headline, rate, input.listed).await?;
            ctx.wrote();
            let mentor = ctx.hot(MentorById(viewer.member_id)).await?.map(Mentor);
            Ok(UpdateMentorProfilePayload { mentor, ..Default::default() })
        })
        .await
    }

    /// Sets what happens to the price when a learner cancels. Bookings that are made before keep what they were promised.
    /// Needs the role MENTOR.
    async fn set_cancellation_policy(
        &self,
        ctx: &Context<'_>,
        input: SetCancellationPolicyInput,
    ) -> Field<SetCancellationPolicyPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let policy = policy(input)?;
            service::set_cancellation_policy(ctx.app(), viewer.member_id, policy).await?;
            ctx.wrote();
            let mentor = ctx.hot(MentorById(viewer.member_id)).await?.map(Mentor);
            Ok(SetCancellationPolicyPayload { mentor, ..Default::default() })
        })
        .await
    }

    /// Vouches for a skill that a member offers, once. Needs a caller who had a completed session with the member.
    async fn endorse_skill(&self, ctx: &Context<'_>, input: EndorseSkillInput) -> Field<EndorseSkillPayload> {
        answer(async {
            let viewer = ctx.signed_in()?;
            let (member, skill) = (id(&input.member_id, "memberId")?, id(&input.skill_id, "skillId")?);
            service::endorse(ctx.app(), viewer.member_id, member, skill).await?;
            ctx.wrote();
            Ok(EndorseSkillPayload { member: changed_member(ctx, member).await?, ..Default::default() })
        })
        .await
    }
}

async fn changed_member(ctx: &Context<'_>, id: MemberId) -> Result<Option<Member>, Refusal> {
    Ok(ctx.hot(MemberById(id)).await?.map(Member))
}

fn policy(input: SetCancellationPolicyInput) -> Result<CancellationPolicy, UserError> {
    let hours = i16::try_from(input.free_hours).unwrap_or(-1);
    if !FREE_CANCELLATION_HOURS.contains(&hours) {
        let message = "`freeHours` must be 0, 12, 24 or 36.";
        return Err(UserError::validation("freeHours", "CHOICE", message));
    }
    let percent = i64::from(*LATE_FEE_PERCENT.start())..=i64::from(*LATE_FEE_PERCENT.end());
    let percent = number(input.late_fee_percent.into(), "lateFeePercent", percent)?;
    Ok(CancellationPolicy {
        free_hours: hours,
        late_fee_percent: i16::try_from(percent).unwrap_or(*LATE_FEE_PERCENT.end()),
    })
}

fn profile_changes(input: UpdateProfileInput) -> Result<ProfileChanges, UserError> {
    let handle = input.handle.map(|handle| handle.trim().to_lowercase());
    if handle.as_deref().is_some_and(|handle| !is_handle(handle)) {
        let message = "A handle has 3 to 30 of a–z, 0–9 and _, a letter first.";
        return Err(UserError::validation("handle", "HANDLE", message));
    }
    let languages = input.languages.map(|tags| languages(tags, "languages")).transpose()?;
    Ok(ProfileChanges {
        name: input.name.map(|name| text(&name, "name", 1..=80)).transpose()?,
        bio: input.bio.map(|bio| text(&bio, "bio", 0..=4000)).transpose()?,
        avatar_url: input.avatar_url.map_value(|url| url.0).into(),
        time_zone: input.time_zone.map(|zone| zone.0),
        languages,
        handle,
    })
}

fn is_handle(text: &str) -> bool {
    (3..=30).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl From<EndorseError> for Refusal {
    fn from(error: EndorseError) -> Self {
        match error {
            EndorseError::NeverMet => {
                let message =
                    "Only who had a completed session with the member can vouch for a skill of theirs.";
                UserError::basic(ErrorCode::NotEligible, "memberId", message).into()
            }
            EndorseError::NotOffered => {
                not_found("skillId", "skill among those that the member offers").into()
            }
            EndorseError::EndorsedBefore => {
                let message = "You vouched for this skill before; it counts once.";
                UserError::basic(ErrorCode::AlreadyDone, "skillId", message).into()
            }
            EndorseError::Database(_) => Self::Api(error.into()),
        }
    }
}

impl From<ProfileError> for Refusal {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::HandleTaken => UserError::basic(
                ErrorCode::NameTaken,
                "handle",
                "Somebody else has this handle. Choose another.",
            )
            .into(),
            ProfileError::UnknownSkill(place) => {
                crate::domains::input::not_found(&format!("skills.{place}.skillId"), "skill").into()
            }
            ProfileError::NoOffer => UserError::transition("NO_OFFER", &["updateMentorProfile"]).into(),
            ProfileError::NoAvatar => not_found("avatarUploadId", "finalised picture of yours").into(),
            ProfileError::Database(_) => Self::Api(error.into()),
        }
    }
}
