//! GraphQL types of profiles.

mod mentor;

use std::sync::Arc;

use async_graphql::{
    Context, Enum, ID, InputObject, MaybeUndefined, Object, OneofObject, SimpleObject, Value,
};
use chrono::{DateTime, Utc};

pub use mentor::{CancellationPolicy, Mentor, Rating};

use super::{
    loaders::{CategoryById, EndorsementsOf, MentorById, SkillById, SkillsOf},
    model::{self, MemberSkillRow, SkillCategoryRow, SkillRow},
};
use crate::{
    domains::{
        accounts::{loaders::MemberById, model::MemberRow, types::Role},
        event::Happened,
        user_error::UserError,
    },
    graphql::{
        ContextExt, Field, field,
        plain::{PlainFields, Wanted, id, text},
        scalars::{BigInt, TimeZone, Url},
    },
    payloads,
};

/// A member, as everybody sees them.
#[derive(Clone, Debug)]
pub struct Member(pub Arc<MemberRow>);

/// A member, as everybody sees them.
#[Object]
impl Member {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Unique name in addresses.
    async fn handle(&self) -> &str {
        &self.0.handle
    }

    /// The name shown.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Address of the picture. `null` if there is none.
    async fn avatar_url(&self, ctx: &Context<'_>) -> Option<Url> {
        self.0.avatar_url.as_deref().map(|url| Url(absolute(&ctx.app().public_url, url)))
    }

    /// About the member, in the member's own words.
    async fn bio(&self) -> &str {
        &self.0.bio
    }

    /// Where the member lives.
    async fn time_zone(&self) -> TimeZone {
        TimeZone(self.0.time_zone.clone())
    }

    /// BCP 47 tags of the languages spoken, best first.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// Roles held.
    async fn roles(&self) -> Vec<Role> {
        self.0.roles.iter().copied().map(Role::from).collect()
    }

    /// When the member joined.
    async fn joined_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// Skills that the member offers or desires, in the member's order; at most 30 of each. `null` if they cannot be read.
    async fn skills(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these.")] intent: Option<SkillIntent>,
    ) -> Field<Vec<MemberSkill>> {
        field(async {
            let rows = ctx.hot(SkillsOf(self.0.id)).await?;
            let wanted = intent.map(model::SkillIntent::from);
            Ok(rows.map(|rows| {
                rows.iter()
                    .filter(|row| wanted.is_none_or(|wanted| row.intent == wanted))
                    .cloned()
                    .map(MemberSkill)
                    .collect()
            }))
        })
        .await
    }

    /// What the member offers as a mentor. `null` if the member is none.
    async fn mentor(&self, ctx: &Context<'_>) -> Field<Mentor> {
        field(async { Ok(ctx.hot(MentorById(self.0.id)).await?.map(Mentor)) }).await
    }
}

impl PlainFields for Member {
    const PLAIN: &'static [&'static str] =
        &["id", "name", "avatarUrl", "handle", "timeZone", "bio", "mentor"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        let row = &*self.0;
        match field.name() {
            "id" => id(row.id),
            "name" => text(&*row.name),
            "avatarUrl" => {
                let absolute = |url| Value::from(absolute(field.public_url(), url));
                Some(row.avatar_url.as_deref().map_or(Value::Null, absolute))
            }
            "handle" => text(&*row.handle),
            "timeZone" => text(&*row.time_zone),
            "bio" => text(&*row.bio),
            "mentor" => field.object(&Mentor(field.kept(MentorById(row.id))?)),
            _ => None,
        }
    }
}

/// The address of a picture; our own are kept without the name of the server.
fn absolute(public_url: &str, url: &str) -> String {
    if url.starts_with('/') { format!("{public_url}{url}") } else { url.to_owned() }
}

/// A skill as a member lists it.
#[derive(Clone, Debug)]
pub struct MemberSkill(pub MemberSkillRow);

/// A skill as a member lists it.
#[Object]
impl MemberSkill {
    /// Offered or desired.
    async fn intent(&self) -> SkillIntent {
        self.0.intent.into()
    }

    /// How well the member knows it.
    async fn level(&self) -> SkillLevel {
        self.0.level.into()
    }

    /// How many members vouch for it after a session together. `null` if it cannot be read.
    async fn endorsements(&self, ctx: &Context<'_>) -> Field<i32> {
        field(async {
            let counts = ctx.hot(EndorsementsOf(self.0.member_id)).await?;
            let count = counts.and_then(|counts| counts.get(&self.0.skill_id).copied()).unwrap_or_default();
            Ok(Some(i32::try_from(count).unwrap_or(i32::MAX)))
        })
        .await
    }

    /// The skill. `null` if it was removed from the catalogue.
    async fn skill(&self, ctx: &Context<'_>) -> Field<Skill> {
        field(async { Ok(ctx.hot(SkillById(self.0.skill_id)).await?.map(Skill)) }).await
    }
}

/// Whether a skill is offered or looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::SkillIntent")]
pub enum SkillIntent {
    /// The member can teach it.
    Offered,
    /// The member wants to learn it.
    Desired,
}

/// How well a member knows a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "model::SkillLevel")]
pub enum SkillLevel {
    /// Has started.
    Beginner,
    /// Manages everyday tasks.
    Intermediate,
    /// Manages hard tasks.
    Advanced,
    /// Others ask them.
    Expert,
}

/// A skill of the catalogue.
#[derive(Clone, Debug)]
pub struct Skill(pub Arc<SkillRow>);

/// A skill of the catalogue.
#[Object]
impl Skill {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Unique name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name shown.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Other names it is found by.
    async fn synonyms(&self) -> &[String] {
        &self.0.synonyms
    }

    /// Its category. `null` if it cannot be read.
    async fn category(&self, ctx: &Context<'_>) -> Field<SkillCategory> {
        field(async { Ok(ctx.hot(CategoryById(self.0.category_id)).await?.map(SkillCategory)) }).await
    }
}

impl PlainFields for Skill {
    const PLAIN: &'static [&'static str] = &["id", "name", "slug", "category"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        match field.name() {
            "id" => id(self.0.id),
            "name" => text(&*self.0.name),
            "slug" => text(&*self.0.slug),
            "category" => field.object(&SkillCategory(field.kept(CategoryById(self.0.category_id))?)),
            _ => None,
        }
    }
}

/// A category of skills.
#[derive(Clone, Debug)]
pub struct SkillCategory(pub Arc<SkillCategoryRow>);

/// A category of skills.
#[Object]
impl SkillCategory {
    /// Global id.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Unique name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name shown.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

impl PlainFields for SkillCategory {
    const PLAIN: &'static [&'static str] = &["id", "name", "slug"];

    fn plain(&self, field: &Wanted<'_>) -> Option<Value> {
        match field.name() {
            "id" => id(self.0.id),
            "name" => text(&*self.0.name),
            "slug" => text(&*self.0.slug),
            _ => None,
        }
    }
}

/// A public profile, list of skills or mentor's offer changed.
#[derive(Clone, Debug)]
pub struct ProfileUpdated(pub Happened, pub model::ProfileUpdated);

/// A public profile, list of skills or mentor's offer changed.
#[Object]
impl ProfileUpdated {
    /// Opaque place right after this event.
    pub async fn cursor(&self) -> String {
        self.0.cursor()
    }

    /// When it happened.
    pub async fn occurred_at(&self) -> DateTime<Utc> {
        self.0.occurred_at()
    }

    /// The member, as of now. `null` if the account was removed.
    async fn member(&self, ctx: &Context<'_>) -> Field<Member> {
        field(async { Ok(ctx.hot(MemberById(self.1.member_id)).await?.map(Member)) }).await
    }
}

/// Which member.
#[derive(Clone, Debug, OneofObject)]
pub enum MemberBy {
    /// By global id.
    Id(ID),
    /// By the unique name in addresses.
    Handle(String),
}

/// Which skills.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SkillFilter {
    /// Only of this category; an unknown one gives an empty page.
    pub category_id: Option<ID>,
    /// Part of the name or of another name.
    pub text: Option<String>,
}

/// What changes in the caller's profile: absent = leave.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateProfileInput {
    /// The name shown, 1 to 80 characters.
    pub name: Option<String>,
    /// Unique name in addresses: 3 to 30 of a–z, 0–9 and _, a letter first.
    pub handle: Option<String>,
    /// About the member, up to 4000 characters.
    pub bio: Option<String>,
    /// Address of the picture, if it is kept elsewhere; `null` removes the picture.
    pub avatar_url: MaybeUndefined<Url>,
    /// The picture: an own upload of the kind `AVATAR` that is `READY`. Not together with `avatarUrl`.
    pub avatar_upload_id: Option<ID>,
    /// Where the member lives.
    pub time_zone: Option<TimeZone>,
    /// BCP 47 tags, best first, at most 10.
    pub languages: Option<Vec<String>>,
}

/// What `updateProfile` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct UpdateProfilePayload {
    /// The caller, changed.
    pub member: Option<Member>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// A skill as the caller lists it.
#[derive(Clone, Debug, InputObject)]
pub struct ListedSkillInput {
    /// The skill.
    pub skill_id: ID,
    /// How well the caller knows it.
    pub level: SkillLevel,
}

/// The caller's new list of skills.
#[derive(Clone, Debug, InputObject)]
pub struct SetMemberSkillsInput {
    /// Which list.
    pub intent: SkillIntent,
    /// The whole list, in order; at most 30, none twice.
    pub skills: Vec<ListedSkillInput>,
}

/// What `setMemberSkills` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct SetMemberSkillsPayload {
    /// The caller, changed.
    pub member: Option<Member>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// What the caller offers as a mentor.
#[derive(Clone, Debug, InputObject)]
pub struct UpdateMentorProfileInput {
    /// One line, 1 to 160 characters.
    pub headline: String,
    /// Price of an hour in hundredths of a credit, up to 1,000,000.
    pub hourly_rate_minor: BigInt,
    /// Whether to appear in searches.
    #[graphql(default = true)]
    pub listed: bool,
}

/// What `updateMentorProfile` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct UpdateMentorProfilePayload {
    /// The offer, changed.
    pub mentor: Option<Mentor>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// What happens to the price when a learner cancels.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct SetCancellationPolicyInput {
    /// Until so many hours before the start everything goes back to the learner: 0, 12, 24 or 36.
    pub free_hours: i32,
    /// What the caller earns of the price by a later cancellation, 0 to 100 percent.
    pub late_fee_percent: i32,
}

/// What `setCancellationPolicy` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct SetCancellationPolicyPayload {
    /// The offer, changed.
    pub mentor: Option<Mentor>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

/// Which skill of whom the caller vouches for.
#[derive(Clone, Debug, InputObject)]
pub struct EndorseSkillInput {
    /// Whose.
    pub member_id: ID,
    /// A skill that the member offers.
    pub skill_id: ID,
}

/// What `endorseSkill` did.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct EndorseSkillPayload {
    /// The member, with the new count.
    pub member: Option<Member>,
    /// Why nothing changed.
    pub user_errors: Vec<UserError>,
}

payloads!(
    EndorseSkillPayload,
    UpdateProfilePayload,
    SetMemberSkillsPayload,
    UpdateMentorProfilePayload,
    SetCancellationPolicyPayload,
);
