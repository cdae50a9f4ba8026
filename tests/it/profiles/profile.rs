use serde_json::json;

use crate::support::TestApp;

const UPDATE: &str = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { member { name handle bio languages avatarUrl } userErrors { code path } } }";
const SET_SKILLS: &str = "mutation($input: SetMemberSkillsInput!) { setMemberSkills(input: $input) { member { skills { intent level skill { name category { name } } } } userErrors { code path } } }";

async fn catalogue(app: &TestApp) {
    app.sql(
        "insert into skill_categories values ('00000000-0000-0000-0000-000000000001', 'music', 'Music', 1);
         insert into skills values
           ('00000000-0000-0000-0000-000000000011', '00000000-0000-0000-0000-000000000001', 'guitar', 'Guitar', '{gitarre}'),
           ('00000000-0000-0000-0000-000000000012', '00000000-0000-0000-0000-000000000001', 'piano', 'Piano', '{}'),
           ('00000000-0000-0000-0000-000000000013', '00000000-0000-0000-0000-000000000001', 'drums', 'Drums', '{}')",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_changes_only_what_the_input_names() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    let change = json!({ "bio": "I teach.", "handle": "Ada_L", "languages": ["en", "pt-BR"], "avatarUrl": "https://cdn.example.org/a.png" });
    ada.run(UPDATE, json!({ "input": change })).await.ok("updateProfile");

    let reply = ada.run(UPDATE, json!({ "input": { "avatarUrl": null } })).await;

    let member = &reply.ok("updateProfile")["member"];
    assert_eq!(
        member,
        &json!({ "name": "ada", "handle": "ada_l", "bio": "I teach.", "languages": ["en", "pt-BR"], "avatarUrl": null })
    );
    let public = app.anonymous().query("{ member(by: {handle: \"ada_l\"}) { id bio } }").await;
    assert_eq!(public.data("member")["bio"], "I teach.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_handle_and_bad_values_are_refused_and_change_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.member("ada").await, app.member("bob").await);
    ada.run(UPDATE, json!({ "input": { "handle": "the_one" } })).await.ok("updateProfile");
    let before = app.sql("select * from members order by id").await;

    for (input, code) in [
        (json!({ "handle": "the_one" }), "NAME_TAKEN"),
        (json!({ "handle": "1x" }), "VALIDATION"),
        (json!({ "name": " " }), "VALIDATION"),
        (json!({ "name": "x".repeat(81) }), "VALIDATION"),
        (json!({ "bio": "a\u{0}b" }), "VALIDATION"),
        (json!({ "languages": ["not a tag"] }), "VALIDATION"),
    ] {
        assert_eq!(
            bob.run(UPDATE, json!({ "input": input })).await.codes("updateProfile"),
            [code],
            "{input}"
        );
    }

    assert_eq!(app.sql("select * from members order by id").await, before);
    assert_eq!(app.anonymous().run(UPDATE, json!({ "input": {} })).await.error_codes(), ["UNAUTHENTICATED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_skills_is_replaced_as_a_whole() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let ada = app.member("ada").await;
    let skills = app.anonymous().query("{ skills(first: 50) { edges { node { id name } } } }").await;
    let ids: Vec<_> = skills.data("skills")["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["node"]["id"].clone())
        .collect();
    let set = async |skills: serde_json::Value| {
        ada.run(SET_SKILLS, json!({ "input": { "intent": "OFFERED", "skills": skills } })).await
    };

    set(json!([{ "skillId": ids[0], "level": "EXPERT" }, { "skillId": ids[1], "level": "BEGINNER" }]))
        .await
        .ok("setMemberSkills");
    let reply = set(json!([{ "skillId": ids[2], "level": "ADVANCED" }])).await;

    let expected = json!([{ "intent": "OFFERED", "level": "ADVANCED", "skill": { "name": "Piano", "category": { "name": "Music" } } }]);
    assert_eq!(reply.ok("setMemberSkills")["member"]["skills"], expected);
    for (skills, code) in [
        (
            json!([{ "skillId": ids[0], "level": "EXPERT" }, { "skillId": ids[0], "level": "EXPERT" }]),
            "VALIDATION",
        ),
        (json!([{ "skillId": ada.id, "level": "EXPERT" }]), "VALIDATION"),
        (json!([{ "skillId": "skl_00000000000000000000000000", "level": "EXPERT" }]), "NOT_FOUND"),
    ] {
        assert_eq!(set(skills.clone()).await.codes("setMemberSkills"), [code], "{skills}");
    }
    assert_eq!(app.count("select count(*) from member_skills").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_pages_both_ways_and_finds_other_names() {
    let app = TestApp::start().await;
    catalogue(&app).await;
    let page = async |arguments: &str| {
        let reply = app.anonymous().query(&format!("{{ skills({arguments}) {{ edges {{ cursor node {{ name }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }} }} }}")).await;
        reply.json
    };
    let names = |reply: &serde_json::Value| -> Vec<String> {
        reply["data"]["skills"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| edge["node"]["name"].as_str().unwrap().to_owned())
            .collect()
    };

    let first = page("first: 2").await;
    assert_eq!(names(&first), ["Drums", "Guitar"]);
    let cursor = first["data"]["skills"]["pageInfo"]["endCursor"].as_str().unwrap();
    assert_eq!(names(&page(&format!("first: 2, after: \"{cursor}\"")).await), ["Piano"]);
    assert_eq!(names(&page("last: 2").await), ["Guitar", "Piano"]);
    assert_eq!(names(&page(&format!("last: 5, before: \"{cursor}\"")).await), ["Drums"]);
    assert_eq!(names(&page("filter: {text: \"GITA\"}").await), ["Guitar"]);
    assert_eq!(
        names(&page("filter: {categoryId: \"cat_7zzzzzzzzzzzzzzzzzzzzzzzzz\"}").await),
        Vec::<String>::new()
    );
    for (arguments, code) in [
        ("first: 0", "VALIDATION"),
        ("first: -5", "VALIDATION"),
        ("first: 10001", "VALIDATION"),
        ("first: 1, last: 1", "VALIDATION"),
        ("after: \"nonsense\"", "CURSOR_INVALID"),
        (&format!("filter: {{text: \"a\"}}, after: \"{cursor}\""), "CURSOR_INVALID"),
    ] {
        assert_eq!(page(arguments).await["errors"][0]["extensions"]["code"], code, "{arguments}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_answer_is_kept_and_dropped_when_something_in_it_changes() {
    let app = TestApp::start().await;
    let ada = app.member("ada").await;
    ada.run(UPDATE, json!({ "input": { "handle": "ada" } })).await.ok("updateProfile");
    let query = format!("{{ member(by: {{id: \"{}\"}}) {{ name bio }} }}", ada.id);
    app.anonymous().query(&query).await;

    let (statements, _) = app.statements(async || app.anonymous().query(&query).await).await;
    assert_eq!(statements, 0);

    ada.run(UPDATE, json!({ "input": { "bio": "New." } })).await.ok("updateProfile");
    assert_eq!(app.anonymous().query(&query).await.data("member")["bio"], "New.");
}
