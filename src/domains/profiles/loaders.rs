//! Lookups of profiles: small, hot and public, so all of them are kept in the process.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::Loader;
use uuid::Uuid;

use super::{
    model::{MemberSkillRow, MentorRow, SkillCategoryRow, SkillRow},
    repo,
};
use crate::db::{
    hot::{HotKey, Tag},
    ids::{EntityId, MemberId, SkillCategoryId, SkillId},
    loader::{LoadError, Reader},
};

/// The catalogue as a whole: what lists of skills and categories depend on.
pub const CATALOGUE: Tag = ("catalogue", Uuid::nil());

/// A skill by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SkillById(pub SkillId);

/// A category by id. Absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CategoryById(pub SkillCategoryId);

/// The skills of a member, offered and desired, in the member's order. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SkillsOf(pub MemberId);

/// What a member offers as a mentor. Absent if the member is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MentorById(pub MemberId);

/// How many vouch for each skill of a member. Never absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EndorsementsOf(pub MemberId);

macro_rules! hot {
    ($($key:ty, $name:literal, $capacity:literal => $row:ty;)+) => {$(
        impl HotKey for $key {
            const NAME: &'static str = $name;
            const CAPACITY: u64 = $capacity;
            type Row = $row;

            fn id(self) -> Uuid {
                self.0.uuid()
            }
        }
    )+};
}

hot! {
    SkillById, "skill", 10_000 => Arc<SkillRow>;
    CategoryById, "category", 1_000 => Arc<SkillCategoryRow>;
    SkillsOf, "skills_of", 20_000 => Arc<[MemberSkillRow]>;
    MentorById, "mentor", 20_000 => Arc<MentorRow>;
    EndorsementsOf, "endorsements_of", 20_000 => Arc<HashMap<SkillId, i64>>;
}

impl Loader<SkillById> for Reader {
    type Value = Arc<SkillRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[SkillById]) -> Result<HashMap<SkillById, Arc<SkillRow>>, LoadError> {
        let ids: Vec<SkillId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::skills_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(by(rows, |row| SkillById(row.id)))
    }
}

impl Loader<CategoryById> for Reader {
    type Value = Arc<SkillCategoryRow>;
    type Error = LoadError;

    async fn load(
        &self,
        keys: &[CategoryById],
    ) -> Result<HashMap<CategoryById, Arc<SkillCategoryRow>>, LoadError> {
        let ids: Vec<SkillCategoryId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::categories_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(by(rows, |row| CategoryById(row.id)))
    }
}

impl Loader<MentorById> for Reader {
    type Value = Arc<MentorRow>;
    type Error = LoadError;

    async fn load(&self, keys: &[MentorById]) -> Result<HashMap<MentorById, Arc<MentorRow>>, LoadError> {
        let ids: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::mentors_by_ids(&mut *self.conn().await?, &ids).await.map_err(Arc::new)?;
        Ok(by(rows, |row| MentorById(row.member_id)))
    }
}

impl Loader<SkillsOf> for Reader {
    type Value = Arc<[MemberSkillRow]>;
    type Error = LoadError;

    async fn load(&self, keys: &[SkillsOf]) -> Result<HashMap<SkillsOf, Arc<[MemberSkillRow]>>, LoadError> {
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::skills_of(&mut *self.conn().await?, &members).await.map_err(Arc::new)?;
        let mut found: HashMap<SkillsOf, Vec<MemberSkillRow>> =
            keys.iter().map(|&key| (key, Vec::new())).collect();
        for row in rows {
            found.entry(SkillsOf(row.member_id)).or_default().push(row);
        }
        Ok(found.into_iter().map(|(key, rows)| (key, rows.into())).collect())
    }
}

impl Loader<EndorsementsOf> for Reader {
    type Value = Arc<HashMap<SkillId, i64>>;
    type Error = LoadError;

    async fn load(&self, keys: &[EndorsementsOf]) -> Result<HashMap<EndorsementsOf, Self::Value>, LoadError> {
        let members: Vec<MemberId> = keys.iter().map(|key| key.0).collect();
        let rows = repo::endorsements(&mut *self.conn().await?, &members).await.map_err(Arc::new)?;
        let mut found: HashMap<EndorsementsOf, HashMap<SkillId, i64>> =
            keys.iter().map(|&key| (key, HashMap::new())).collect();
        for (member, skill, count) in rows {
            found.entry(EndorsementsOf(member)).or_default().insert(skill, count);
        }
        Ok(found.into_iter().map(|(key, counts)| (key, Arc::new(counts))).collect())
    }
}

fn by<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Arc<R>> {
    rows.into_iter().map(|row| (key(&row), Arc::new(row))).collect()
}
