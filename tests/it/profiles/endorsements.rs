use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestApp, booking::COMPLETE};

const SKILL: &str = "01900000-0000-7000-8000-000000000001";

/// A mentor who offers one skill, and its global id.
async fn mentor_with_skill(app: &TestApp) -> (Client, String) {
    app.sql(&format!(
        "insert into skill_categories values ('{SKILL}', 'code', 'Code', 1);
         insert into skills values ('{SKILL}', '{SKILL}', 'rust', 'Rust', '{{}}')"
    ))
    .await;
    let grace = app.mentor("grace").await;
    let skill = skillswap::db::ids::encode("skl", SKILL.parse().unwrap());
    let list = json!({ "intent": "OFFERED", "skills": [{ "skillId": skill, "level": "EXPERT" }] });
    grace.mutate("setMemberSkills", "member { id }", list).await.ok("setMemberSkills");
    (grace, skill)
}

async fn endorse(who: &Client, member: &Client, skill: &str) -> Reply {
    let input = json!({ "memberId": member.id, "skillId": skill });
    who.mutate("endorseSkill", "member { skills { endorsements skill { id } } }", input).await
}

async fn count(app: &TestApp, member: &Client) -> Value {
    let query = "query($id: ID!) { member(by: { id: $id }) { skills { endorsements } } }";
    let reply = app.anonymous().run(query, json!({ "id": member.id })).await;
    reply.data("member")["skills"][0]["endorsements"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skill_is_endorsed_only_after_a_completed_session_together() {
    let app = TestApp::start().await;
    let (grace, skill) = mentor_with_skill(&app).await;
    let (ada, eve) = (app.learner("ada").await, app.member("eve").await);
    ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;
    assert_eq!(endorse(&ada, &grace, &skill).await.codes("endorseSkill"), ["NOT_ELIGIBLE"]);
    app.sql(COMPLETE).await;

    let done = endorse(&ada, &grace, &skill).await;

    assert_eq!(done.ok("endorseSkill")["member"]["skills"][0]["endorsements"], 1);
    assert_eq!(count(&app, &grace).await, 1);
    for who in [&eve, &grace] {
        assert_eq!(endorse(who, &grace, &skill).await.codes("endorseSkill"), ["NOT_ELIGIBLE"]);
    }
    // Either side may vouch for the other, for what is offered.
    assert_eq!(endorse(&grace, &ada, &skill).await.codes("endorseSkill"), ["NOT_FOUND"]);
    assert_eq!(count(&app, &grace).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_endorses_a_skill_once_even_at_once_and_it_outlives_the_list() {
    let app = TestApp::start().await;
    let (grace, skill) = mentor_with_skill(&app).await;
    let ada = app.learner("ada").await;
    ada.book(&grace, app.hour_after(TimeDelta::hours(3))).await;
    app.sql(COMPLETE).await;

    let replies = futures_util::future::join_all((0..8).map(|_| endorse(&ada, &grace, &skill))).await;

    let codes: Vec<String> = replies.iter().flat_map(|reply| reply.codes("endorseSkill")).collect();
    assert_eq!(codes, vec!["ALREADY_DONE"; 7]);
    assert_eq!(count(&app, &grace).await, 1);
    let list = json!({ "intent": "OFFERED", "skills": [{ "skillId": skill, "level": "ADVANCED" }] });
    grace.mutate("setMemberSkills", "member { id }", list).await.ok("setMemberSkills");
    assert_eq!(count(&app, &grace).await, 1);
}
