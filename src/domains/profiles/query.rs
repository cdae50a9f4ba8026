//! Root queries of profiles. All of them are public.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::{
    loaders::{CATALOGUE, SkillById},
    repo::{self, SkillSearch},
    types::{Member, MemberBy, Skill, SkillCategory, SkillFilter},
};
use crate::{
    db::ids::{MemberId, SkillCategoryId, SkillId},
    domains::accounts::{
        loaders::{MemberByHandle, MemberById},
        model::MemberStatus,
    },
    graphql::{
        ContextExt, Field,
        connection::{Connection, PageArgs, page},
        field,
    },
};

/// Queries of profiles.
#[derive(Debug, Default)]
pub struct ProfilesQuery;

/// Queries of profiles.
#[Object]
impl ProfilesQuery {
    /// A member's public profile. `null` if there is no such member.
    async fn member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member.")] by: MemberBy,
    ) -> Field<Member> {
        field(async {
            let found = match by {
                MemberBy::Id(id) => match id.parse::<MemberId>() {
                    Ok(id) => ctx.hot(MemberById(id)).await?,
                    Err(_) => None,
                },
                // No handle has a control character, and the database takes no zero byte.
                MemberBy::Handle(handle) if handle.chars().any(char::is_control) => None,
                MemberBy::Handle(handle) => ctx.one(MemberByHandle(handle)).await?,
            };
            Ok(found.filter(|member| member.status != MemberStatus::Banned).map(Member))
        })
        .await
    }

    /// A skill of the catalogue. `null` if there is no such skill.
    async fn skill(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Field<Skill> {
        field(async {
            let Ok(id) = id.parse::<SkillId>() else { return Ok(None) };
            Ok(ctx.hot(SkillById(id)).await?.map(Skill))
        })
        .await
    }

    /// The catalogue of skills, by name. `null` if it cannot be read.
    async fn skills(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which skills.")] filter: Option<SkillFilter>,
        #[graphql(desc = "How many from the start, 1 to 50; 20 by default.")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 50.")] last: Option<i32>,
        #[graphql(desc = "End before this cursor.")] before: Option<String>,
    ) -> Field<Connection<Skill>> {
        field(async {
            let filter = filter.unwrap_or_default();
            let scope = format!("skills:{:?}:{:?}", filter.category_id, filter.text);
            let unknown_category =
                filter.category_id.as_ref().is_some_and(|id| id.parse::<SkillCategoryId>().is_err());
            let search = SkillSearch {
                category_id: filter.category_id.and_then(|id| id.parse().ok()),
                text: filter.text.map(|text| text.replace('\0', "")).filter(|text| !text.trim().is_empty()),
            };
            let read = async |keyset| {
                if unknown_category {
                    return Ok(Vec::new());
                }
                Ok(repo::page_of_skills(&mut *ctx.public_conn(CATALOGUE).await?, &search, &keyset).await?)
            };
            let args = PageArgs::new(first, after, last, before);
            page(args, &scope, read, |row| (row.name.clone(), row.id), |row| Skill(Arc::new(row)))
                .await
                .map(Some)
        })
        .await
    }

    /// Every category of skills, in order. `null` if they cannot be read.
    async fn skill_categories(&self, ctx: &Context<'_>) -> Field<Vec<SkillCategory>> {
        field(async {
            let rows = repo::categories(&mut *ctx.public_conn(CATALOGUE).await?).await?;
            Ok(Some(rows.into_iter().map(|row| SkillCategory(Arc::new(row))).collect()))
        })
        .await
    }
}
