mod index;
mod pages;
mod search;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const SKILLS: &str = "insert into skill_categories values ('00000000-0000-7000-8000-0000000000c1', 'all', 'All', 1);
    insert into skills values
      ('00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-0000000000c1', 'rust', 'Rust', '{rustlang}'),
      ('00000000-0000-7000-8000-000000000012', '00000000-0000-7000-8000-0000000000c1', 'guitar', 'Guitar', '{Gitarre}'),
      ('00000000-0000-7000-8000-000000000013', '00000000-0000-7000-8000-0000000000c1', 'chess', 'Chess', '{}')";
const RUST: u128 = 0x11;
const GUITAR: u128 = 0x12;

/// The global id of a skill of the tests.
fn skill(number: u128) -> String {
    let base = 0x0000_0000_0000_7000_8000_0000_0000_0000_u128;
    skillswap::db::ids::encode("skl", uuid::Uuid::from_u128(base + number))
}

/// Many mentors at once, written straight into the tables: `(name, headline, hourly rate, sum and number of ratings)`, all
/// of them teaching Rust, open on weekdays from nine to five in Berlin.
async fn many(app: &TestApp, mentors: &[(String, String, i64, i64, i64)]) {
    let values: Vec<String> = mentors
        .iter()
        .map(|(name, headline, rate, sum, count)| {
            format!("(gen_random_uuid(), '{name}', '{headline}', {rate}, {sum}, {count})")
        })
        .collect();
    app.sql(&format!(
        "create temp table new as select * from (values {}) as v(id, name, headline, rate, sum, count);
         insert into members (id, handle, name, time_zone, languages, roles, created_at)
           select id, 'm' || substr(replace(id::text, '-', ''), 1, 20), name, 'Europe/Berlin', '{{de,en-GB}}', '{{LEARNER,MENTOR}}', now() from new;
         insert into mentors (member_id, headline, hourly_rate, rating_sum, rating_count) select id, headline, rate, sum, count from new;
         insert into member_skills select id, '00000000-0000-7000-8000-000000000011', 'OFFERED', 'EXPERT', 0 from new;
         insert into schedules (mentor_id, time_zone) select id, 'Europe/Berlin' from new;
         insert into availability_rules select id, day, 540, 1020 from new, generate_series(1, 5) day",
        values.join(", ")
    ))
    .await;
    let mut conn = app.app.conn().await.expect("a connection");
    skillswap::domains::discovery::service::rebuild(&mut conn).await.expect("the index");
}

/// `mentors(…)` with these arguments, as text; the names, in order.
async fn names(client: &Client, arguments: &str) -> Vec<String> {
    let reply = client
        .query(&format!("{{ mentors{arguments} {{ edges {{ node {{ member {{ name }} }} }} }} }}"))
        .await;
    let edges = reply.data("mentors")["edges"].as_array().expect("edges").clone();
    edges.iter().map(|edge| edge["node"]["member"]["name"].as_str().expect("a name").to_owned()).collect()
}

async fn set_skills(mentor: &Client, skills: &[u128]) {
    let skills: Vec<Value> =
        skills.iter().map(|&number| json!({ "skillId": skill(number), "level": "EXPERT" })).collect();
    let input = json!({ "input": { "intent": "OFFERED", "skills": skills } });
    let query =
        "mutation($input: SetMemberSkillsInput!) { setMemberSkills(input: $input) { userErrors { code } } }";
    mentor.run(query, input).await.ok("setMemberSkills");
}

async fn set_offer(mentor: &Client, headline: &str, rate: i64, listed: bool) {
    let input =
        json!({ "input": { "headline": headline, "hourlyRateMinor": rate.to_string(), "listed": listed } });
    let query = "mutation($input: UpdateMentorProfileInput!) { updateMentorProfile(input: $input) { userErrors { code } } }";
    mentor.run(query, input).await.ok("updateMentorProfile");
}

async fn set_profile(mentor: &Client, input: Value) {
    let query =
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code } } }";
    mentor.run(query, json!({ "input": input })).await.ok("updateProfile");
}
