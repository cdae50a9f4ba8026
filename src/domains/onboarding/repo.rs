//! The one statement of onboarding.

use diesel::{OptionalExtension, QueryResult, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::Facts;
use crate::{db::ids::MemberId, statement};

/// What the data says of a member. `None` if there is no such member.
pub async fn facts(conn: &mut AsyncPgConnection, member: MemberId) -> QueryResult<Option<Facts>> {
    FactsOf { member_id: member }.get_result(conn).await.optional()
}

statement! {
    /// Everything that a step looks at.
    FactsOf(member_id: MemberId => sql_types::Uuid) -> (
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
        sql_types::Bool,
    ) =
    "select 'LEARNER' = any(m.roles), 'MENTOR' = any(m.roles), 'EXCHANGER' = any(m.roles), 'ADMIN' = any(m.roles),
            not exists (select from credentials c where c.member_id = m.id and c.email_verified_at is null),
            m.bio <> '' and m.avatar_url is not null,
            exists (select from member_skills s where s.member_id = m.id and s.intent = 'DESIRED'),
            exists (select from member_skills s where s.member_id = m.id and s.intent = 'OFFERED'),
            exists (select from mentor_applications a where a.member_id = m.id and a.status = 'PENDING'),
            exists (select from availability_rules r where r.mentor_id = m.id),
            exists (select from mentors o where o.member_id = m.id and o.hourly_rate > 0),
            exists (select from second_factors f where f.member_id = m.id and f.confirmed_at is not null)
     from members m where m.id = $1"
}
