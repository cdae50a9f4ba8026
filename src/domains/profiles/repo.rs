//! Every statement of profiles.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, prelude::*};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{CancellationPolicy, MemberSkillRow, MentorRow, SkillCategoryRow, SkillIntent, SkillRow};
use crate::db::{
    ids::{MemberId, SkillCategoryId, SkillId},
    keyset::Keyset,
    tables::{member_skills, members, mentors, skill_categories, skill_endorsements, skills},
};

/// Skills by id.
pub async fn skills_by_ids(conn: &mut AsyncPgConnection, ids: &[SkillId]) -> QueryResult<Vec<SkillRow>> {
    skills::table.filter(skills::id.eq_any(ids)).select(SkillRow::as_select()).load(conn).await
}

/// Categories by id.
pub async fn categories_by_ids(
    conn: &mut AsyncPgConnection,
    ids: &[SkillCategoryId],
) -> QueryResult<Vec<SkillCategoryRow>> {
    skill_categories::table
        .filter(skill_categories::id.eq_any(ids))
        .select(SkillCategoryRow::as_select())
        .load(conn)
        .await
}

/// All categories, in their order.
pub async fn categories(conn: &mut AsyncPgConnection) -> QueryResult<Vec<SkillCategoryRow>> {
    skill_categories::table
        .order((skill_categories::position, skill_categories::id))
        .select(SkillCategoryRow::as_select())
        .load(conn)
        .await
}

/// What skills are looked for.
#[derive(Clone, Debug, Default)]
pub struct SkillSearch {
    /// Only of this category.
    pub category_id: Option<SkillCategoryId>,
    /// Words in the name or a synonym.
    pub text: Option<String>,
}

/// A page of the catalogue, by name.
pub async fn page_of_skills(
    conn: &mut AsyncPgConnection,
    search: &SkillSearch,
    page: &Keyset<(String, SkillId)>,
) -> QueryResult<Vec<SkillRow>> {
    let mut query = skills::table.select(SkillRow::as_select()).limit(page.fetch()).into_boxed();
    if let Some(category) = search.category_id {
        query = query.filter(skills::category_id.eq(category));
    }
    if let Some(text) = &search.text {
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let synonym = diesel::dsl::sql::<diesel::sql_types::Bool>(
            "exists (select from unnest(skills.synonyms) as other where other ilike ",
        )
        .bind::<diesel::sql_types::Text, _>(pattern.clone())
        .sql(")");
        query = query.filter(skills::name.ilike(pattern).or(synonym));
    }
    if let Some((name, id)) = &page.after {
        query = query.filter(skills::name.gt(name).or(skills::name.eq(name).and(skills::id.gt(id))));
    }
    if let Some((name, id)) = &page.before {
        query = query.filter(skills::name.lt(name).or(skills::name.eq(name).and(skills::id.lt(id))));
    }
    query = if page.backward {
        query.order((skills::name.desc(), skills::id.desc()))
    } else {
        query.order((skills::name.asc(), skills::id.asc()))
    };
    query.load(conn).await
}

/// The skills of members, in their order.
pub async fn skills_of(
    conn: &mut AsyncPgConnection,
    members: &[MemberId],
) -> QueryResult<Vec<MemberSkillRow>> {
    member_skills::table
        .filter(member_skills::member_id.eq_any(members))
        .order((member_skills::member_id, member_skills::intent, member_skills::position))
        .select(MemberSkillRow::as_select())
        .load(conn)
        .await
}

/// Mentors by their member's id.
pub async fn mentors_by_ids(conn: &mut AsyncPgConnection, ids: &[MemberId]) -> QueryResult<Vec<MentorRow>> {
    mentors::table.filter(mentors::member_id.eq_any(ids)).select(MentorRow::as_select()).load(conn).await
}

/// What changes in a profile; `None` = leave.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = members)]
pub struct ProfileChanges {
    /// The name shown.
    pub name: Option<String>,
    /// About the member.
    pub bio: Option<String>,
    /// Address of the picture; inner `None` = remove.
    pub avatar_url: Option<Option<String>>,
    /// IANA zone.
    pub time_zone: Option<String>,
    /// BCP 47 tags.
    pub languages: Option<Vec<String>>,
    /// Unique name in addresses.
    pub handle: Option<String>,
}

/// Changes a member's profile.
pub async fn update_profile(
    conn: &mut AsyncPgConnection,
    id: MemberId,
    changes: &ProfileChanges,
) -> QueryResult<()> {
    diesel::update(members::table.find(id))
        .set((changes, members::version.eq(members::version + 1)))
        .execute(conn)
        .await
        .map(drop)
}

/// Replaces a member's skills of one intent.
pub async fn replace_skills(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    intent: SkillIntent,
    rows: &[MemberSkillRow],
) -> QueryResult<()> {
    let old = member_skills::table
        .filter(member_skills::member_id.eq(member))
        .filter(member_skills::intent.eq(intent));
    diesel::delete(old).execute(conn).await?;
    diesel::insert_into(member_skills::table).values(rows).execute(conn).await.map(drop)
}

/// Inserts or changes what a mentor offers.
pub async fn upsert_mentor(
    conn: &mut AsyncPgConnection,
    member: MemberId,
    headline: &str,
    hourly_rate: i64,
    listed: bool,
) -> QueryResult<()> {
    let offer =
        (mentors::headline.eq(headline), mentors::hourly_rate.eq(hourly_rate), mentors::listed.eq(listed));
    diesel::insert_into(mentors::table)
        .values((mentors::member_id.eq(member), offer))
        .on_conflict(mentors::member_id)
        .do_update()
        .set((offer, mentors::version.eq(mentors::version + 1)))
        .execute(conn)
        .await
        .map(drop)
}

/// Adds to a mentor's ratings.
pub async fn add_rating(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    sum: i64,
    count: i32,
) -> QueryResult<()> {
    diesel::update(mentors::table.find(mentor))
        .set((
            mentors::rating_sum.eq(mentors::rating_sum + sum),
            mentors::rating_count.eq(mentors::rating_count + count),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Counts a session that a mentor gave.
pub async fn count_session(conn: &mut AsyncPgConnection, mentor: MemberId) -> QueryResult<()> {
    diesel::update(mentors::table.find(mentor))
        .set(mentors::sessions_completed.eq(mentors::sessions_completed + 1))
        .execute(conn)
        .await
        .map(drop)
}

/// Changes a mentor's cancellation policy; `false` if the member has no offer.
pub async fn set_cancellation_policy(
    conn: &mut AsyncPgConnection,
    mentor: MemberId,
    policy: CancellationPolicy,
) -> QueryResult<bool> {
    let changed = diesel::update(mentors::table.find(mentor))
        .set((
            mentors::free_cancellation_hours.eq(policy.free_hours),
            mentors::late_fee_percent.eq(policy.late_fee_percent),
            mentors::version.eq(mentors::version + 1),
        ))
        .execute(conn)
        .await?;
    Ok(changed == 1)
}

/// Counts a booking that a mentor cancelled late.
pub async fn count_late_cancellation(conn: &mut AsyncPgConnection, mentor: MemberId) -> QueryResult<()> {
    diesel::update(mentors::table.find(mentor))
        .set(mentors::late_cancellations.eq(mentors::late_cancellations + 1))
        .execute(conn)
        .await
        .map(drop)
}

/// Notes that a member vouches for another's skill; `false` if it was noted before.
pub async fn endorse(
    conn: &mut AsyncPgConnection,
    endorser: MemberId,
    member: MemberId,
    skill: SkillId,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let written = diesel::insert_into(skill_endorsements::table)
        .values((
            skill_endorsements::member_id.eq(member),
            skill_endorsements::skill_id.eq(skill),
            skill_endorsements::endorser_id.eq(endorser),
            skill_endorsements::created_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(written == 1)
}

/// How many vouch for each skill of members.
pub async fn endorsements(
    conn: &mut AsyncPgConnection,
    members: &[MemberId],
) -> QueryResult<Vec<(MemberId, SkillId, i64)>> {
    skill_endorsements::table
        .filter(skill_endorsements::member_id.eq_any(members))
        .group_by((skill_endorsements::member_id, skill_endorsements::skill_id))
        .select((skill_endorsements::member_id, skill_endorsements::skill_id, diesel::dsl::count_star()))
        .load(conn)
        .await
}
