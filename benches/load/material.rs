//! Ids and access tokens for the gaps of the documents: files of one per line, in `target/bench/material`.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use skillswap::{
    db::ids::{AuthSessionId, EntityId, MemberId, encode},
    domains::accounts::service::token,
};
use uuid::Uuid;

use crate::server::Bench;

/// Lists of ids by file, with the statement that reads them. A second column is the member who asks, a third one their
/// device; for these there is a file `….bearer` with an access token in the same line.
const LISTS: &[(&str, &str, &str)] = &[
    ("skills", "skl", "select id::text from skills where slug like 'bench-%' order by id"),
    (
        "active_learners",
        "usr",
        "select m.id::text, m.id::text, a.id::text from bookings b join members m on m.id = b.learner_id
         join auth_sessions a on a.member_id = m.id where b.status = 'CONFIRMED' and b.starts_at > now()
           and a.user_agent = 'bench' group by m.id, a.id order by m.id limit 5000",
    ),
    (
        "busy_conversations",
        "cnv",
        "select c.id::text, m.id::text, a.id::text from conversations c join conversation_members o on o.conversation_id = c.id
         join members m on m.id = o.member_id join auth_sessions a on a.member_id = m.id
         where c.kind = 'DIRECT' and c.last_seq > 50 and 'MENTOR' = any (m.roles) and a.user_agent = 'bench'
         order by c.id limit 8000",
    ),
    (
        "conversations",
        "cnv",
        "select c.id::text, m.id::text, a.id::text from conversations c join conversation_members o on o.conversation_id = c.id
         join members m on m.id = o.member_id join auth_sessions a on a.member_id = m.id
         where c.kind = 'DIRECT' and 'MENTOR' = any (m.roles) and a.user_agent = 'bench' order by c.id limit 20000",
    ),
    (
        "learners",
        "usr",
        "select m.id::text, m.id::text, a.id::text from members m join auth_sessions a on a.member_id = m.id
         where not 'MENTOR' = any (m.roles) and a.user_agent = 'bench' order by m.id desc limit 5000",
    ),
    ("mentors", "mtr", "select member_id::text from mentors order by member_id limit 5000"),
    (
        "mentors.skill",
        "skl",
        "select (select skill_id::text from member_skills s where s.member_id = m.member_id order by skill_id limit 1)
         from mentors m order by member_id limit 5000",
    ),
    (
        "room",
        "cnv",
        "select c.id::text, o.member_id::text, a.id::text from conversations c join conversation_members o on o.conversation_id = c.id
         join auth_sessions a on a.member_id = o.member_id where c.kind = 'SESSION' and a.user_agent = 'bench'
           and c.session_id in (select id from sessions where status = 'LIVE') order by o.member_id limit 10000",
    ),
];

/// New access tokens are made after this time; they end after a quarter of an hour.
const FRESH: Duration = Duration::from_mins(8);

/// What fills the gaps.
pub(crate) struct Material {
    folder: PathBuf,
    written: Option<Instant>,
    /// Makes unique texts of different rows differ.
    pub(crate) run: i64,
    /// From here on no mentor has a meeting.
    pub(crate) free_from: DateTime<Utc>,
}

impl Material {
    /// Nothing yet.
    pub(crate) fn new(folder: &Path) -> anyhow::Result<Self> {
        let folder = std::path::absolute(folder)?.join("material");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, written: None, run: 0, free_from: DateTime::default() })
    }

    /// Makes it ready for one more row of the report.
    pub(crate) async fn renew(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let now = bench.now().await?;
        if self.written.is_none_or(|written| FRESH < written.elapsed()) {
            self.write_lists(bench, now).await?;
            self.written = Some(Instant::now());
        }
        let last = "select (max(extract(epoch from upper(during))) * 1000000)::bigint from claims";
        let taken: Option<i64> = bench.client.query_one(last, &[]).await?.get(0);
        let taken = taken.and_then(DateTime::from_timestamp_micros).unwrap_or(now);
        let from = taken.max(now + TimeDelta::days(61)).duration_trunc(TimeDelta::hours(1))?;
        (self.run, self.free_from) = (now.timestamp_millis(), from + TimeDelta::hours(1));
        Ok(())
    }

    async fn write_lists(&self, bench: &Bench, now: DateTime<Utc>) -> anyhow::Result<()> {
        let mut tokens: HashMap<Uuid, String> = HashMap::new();
        for (name, prefix, statement) in LISTS {
            let mut ids = Vec::new();
            let mut bearers = Vec::new();
            for row in
                bench.client.query(*statement, &[]).await.with_context(|| format!("the list {name}"))?
            {
                ids.push(encode(prefix, row.get::<_, &str>(0).parse()?));
                if row.len() == 3 {
                    let (member, device) = (row.get::<_, &str>(1).parse()?, row.get::<_, &str>(2).parse()?);
                    bearers.push(bearer(bench, &mut tokens, member, device, now)?);
                }
            }
            anyhow::ensure!(
                !ids.is_empty(),
                "the list {name} is empty: remove the folder of the benchmark and start again"
            );
            // Without a line end at the end, or there would be an empty line.
            fs::write(self.path(name), ids.join("\n"))?;
            if !bearers.is_empty() {
                fs::write(self.path(&format!("{name}.bearer")), bearers.join("\n"))?;
            }
        }
        Ok(())
    }

    /// The full name of a file.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The lines of a file.
    pub(crate) fn lines(&self, file: &str) -> anyhow::Result<Vec<String>> {
        let path = self.path(file);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.lines().map(str::to_owned).collect())
    }
}

/// The header that signs a member's device in.
fn bearer(
    bench: &Bench,
    tokens: &mut HashMap<Uuid, String>,
    member: Uuid,
    device: Uuid,
    now: DateTime<Utc>,
) -> anyhow::Result<String> {
    if let Some(known) = tokens.get(&member) {
        return Ok(known.clone());
    }
    let (member_id, device) = (MemberId::from_uuid(member), AuthSessionId::from_uuid(device));
    let (token, _) = token::issue_access_token(&bench.app, member_id, device, now)?;
    Ok(tokens.entry(member).or_insert(format!("Bearer {token}")).clone())
}
