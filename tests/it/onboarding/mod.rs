use serde_json::{Value, json};
use skillswap::domains::accounts::model::Role;

use crate::support::{Client, TestApp};

const ONBOARDING: &str = "{ viewer { onboarding { steps { kind done } next } } }";

async fn next(client: &Client) -> Value {
    client.query(ONBOARDING).await.data("viewer")["onboarding"]["next"].clone()
}

/// Does a step, as the member and the mail's link would.
async fn take(app: &TestApp, client: &Client, step: &str) {
    let input = match step {
        "VERIFY_EMAIL" => {
            app.sql("update credentials set email_verified_at = now()").await;
            return;
        }
        "SECOND_FACTOR" => return app.step_up(client).await,
        "PROFILE" => (
            "updateProfile",
            "UpdateProfileInput",
            json!({ "bio": "I teach.", "avatarUrl": "https://cdn.example.org/a.png" }),
        ),
        "PRICE" => (
            "updateMentorProfile",
            "UpdateMentorProfileInput",
            json!({ "headline": "Lessons", "hourlyRateMinor": "100" }),
        ),
        "AVAILABILITY" => {
            let rule = json!({ "weekday": "MONDAY", "start": "08:00", "end": "12:00" });
            (
                "setAvailabilityRules",
                "SetAvailabilityRulesInput",
                json!({ "timeZone": "UTC", "rules": [rule], "minNoticeMinutes": 0 }),
            )
        }
        "DESIRED_SKILLS" | "OFFERED_SKILLS" => {
            let skill = json!({ "skillId": "skl_00000000000000000000000008", "level": "BEGINNER" });
            let intent = step.trim_end_matches("_SKILLS");
            ("setMemberSkills", "SetMemberSkillsInput", json!({ "intent": intent, "skills": [skill] }))
        }
        other => panic!("{other}"),
    };
    let (mutation, ty, input) = input;
    let document =
        format!("mutation($input: {ty}!) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}");
    client.run(&document, json!({ "input": input })).await.ok(mutation);
}

async fn catalogue(app: &TestApp) {
    app.sql(
        "insert into skill_categories values ('00000000-0000-0000-0000-000000000001', 'music', 'Music', 1);
         insert into skills values ('00000000-0000-0000-0000-000000000008', '00000000-0000-0000-0000-000000000001', 'guitar', 'Guitar', '{}')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_of_a_role_end_in_complete_in_any_order() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let learner = ["VERIFY_EMAIL", "PROFILE", "DESIRED_SKILLS"];
    let mentor = ["VERIFY_EMAIL", "PROFILE", "OFFERED_SKILLS", "AVAILABILITY", "PRICE", "SECOND_FACTOR"];
    for (name, roles, steps) in
        [("learner", vec![], &learner[..]), ("mentor", vec![Role::Mentor], &mentor[..])]
    {
        for turn in 0..steps.len() {
            app.sql("update credentials set email_verified_at = null").await;
            let client = app.member_with(&format!("{name}{turn}"), &roles).await;
            let mut order = steps.to_vec();
            order.rotate_left(turn);
            if turn % 2 == 1 {
                order.reverse();
            }
            for (place, step) in order.iter().enumerate() {
                let open =
                    steps.iter().find(|step| !order[..place].contains(step)).expect("not complete yet");
                assert_eq!(next(&client).await, *open, "{name}, {order:?}");
                take(&app, &client, step).await;
            }
            assert_eq!(next(&client).await, "COMPLETE", "{name}, {order:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_follow_the_roles_and_cost_one_statement() {
    let app = TestApp::start().await;
    let (ada, grace) = (app.member("ada").await, app.mentor("grace").await);
    let kinds = async |client: &Client| {
        let reply = client.query(ONBOARDING).await;
        let steps = reply.data("viewer")["onboarding"]["steps"].as_array().unwrap().clone();
        steps.iter().map(|step| step["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&ada).await, ["VERIFY_EMAIL", "PROFILE", "DESIRED_SKILLS"]);
    let apply =
        "mutation($input: ApplyAsMentorInput!) { applyAsMentor(input: $input) { userErrors { message } } }";
    let statement = "I have taught people to play the guitar for twenty years.";
    ada.run(apply, json!({ "input": { "statement": statement } })).await.ok("applyAsMentor");
    assert_eq!(kinds(&ada).await[3..], ["OFFERED_SKILLS", "MENTOR_APPLICATION"]);
    let statements = async |client: &Client| {
        app.warm_statements(async || {
            client.query(ONBOARDING).await;
        })
        .await
        .0
    };
    assert_eq!((statements(&ada).await, statements(&grace).await), (1, 1));
    assert!(app.anonymous().query(ONBOARDING).await.data("viewer").is_null());
}
