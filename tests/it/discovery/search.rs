use chrono::TimeDelta;
use serde_json::json;

use super::{GUITAR, RUST, SKILLS, many, names, set_offer, set_profile, set_skills, skill};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn mentors_are_found_by_everything_that_the_filter_names() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let (grace, linus) = (app.mentor("grace").await, app.mentor("linus").await);
    set_skills(&grace, &[RUST, GUITAR]).await;
    set_skills(&linus, &[RUST]).await;
    set_offer(&grace, "Systems teaching for beginners", 5_000, true).await;
    set_offer(&linus, "Kernels", 9_000, true).await;
    set_profile(&grace, json!({ "languages": ["pt-BR", "de"], "bio": "Ich liebe Grundlagen und Musik." }))
        .await;
    set_profile(&linus, json!({ "languages": ["en"] })).await;
    let anybody = app.anonymous();
    for (filter, found) in [
        (String::new(), vec!["grace", "linus"]),
        (format!("skillId: \"{}\"", skill(GUITAR)), vec!["grace"]),
        (format!("skillId: \"{}\"", skill(RUST)), vec!["grace", "linus"]),
        (format!("skillId: \"{}\"", skill(0x13)), vec![]),
        ("skillId: \"skl_nonsense\"".to_owned(), vec![]),
        ("price: { maxMinor: \"5000\" }".to_owned(), vec!["grace"]),
        ("price: { minMinor: \"5001\", maxMinor: \"9000\" }".to_owned(), vec!["linus"]),
        ("language: \"pt\"".to_owned(), vec!["grace"]),
        ("language: \"PT-br\"".to_owned(), vec!["grace"]),
        ("language: \"pt-PT\"".to_owned(), vec![]),
        ("minRating: 1".to_owned(), vec![]),
        (format!("skillId: \"{}\", language: \"en\", text: \"kernel\"", skill(RUST)), vec!["linus"]),
        // English stems, foreign words as they are, other names of skills, beginnings of the last word, the web's syntax.
        ("text: \"teach\"".to_owned(), vec!["grace"]),
        ("text: \"beginner systems\"".to_owned(), vec!["grace"]),
        ("text: \"Grundlagen\"".to_owned(), vec!["grace"]),
        ("text: \"gitarre\"".to_owned(), vec!["grace"]),
        ("text: \"rustlang\"".to_owned(), vec!["grace", "linus"]),
        ("text: \"lin\"".to_owned(), vec!["linus"]),
        ("text: \"teaching grun\"".to_owned(), vec!["grace"]),
        ("text: \"rust -guitar\"".to_owned(), vec!["linus"]),
        ("text: \"\\\"liebe Grundlagen\\\"\"".to_owned(), vec!["grace"]),
        ("text: \"\\\"Grundlagen liebe\\\"\"".to_owned(), vec![]),
        ("text: \"kernels or guitar\"".to_owned(), vec!["grace", "linus"]),
        ("text: \"cobol\"".to_owned(), vec![]),
        ("text: \"' & | ! ( :* \\\\ \\\" <-> %\"".to_owned(), vec![]),
        ("text: \"   \"".to_owned(), vec!["grace", "linus"]),
    ] {
        let mut mentors = names(&anybody, &format!("(filter: {{ {filter} }})")).await;
        mentors.sort();
        assert_eq!(mentors, found, "{filter}");
    }
    assert_eq!(names(&anybody, "(sort: PRICE)").await, ["grace", "linus"]);
    assert_eq!(names(&anybody, "(sort: PRICE_DESC)").await, ["linus", "grace"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_matches_better_than_a_skill_and_a_skill_better_than_own_words() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let (words, taught, named) =
        (app.mentor("one").await, app.mentor("two").await, app.mentor("three").await);
    set_profile(&words, json!({ "bio": "I like chess." })).await;
    set_skills(&taught, &[0x13]).await;
    set_offer(&named, "Chess for everybody", 5_000, true).await;
    let anybody = app.anonymous();
    assert_eq!(
        names(&anybody, "(filter: { text: \"chess\" }, sort: RELEVANCE)").await,
        ["three", "two", "one"]
    );
    assert_eq!(
        names(&anybody, "(filter: { text: \"chess\" }, sort: RELEVANCE, last: 2)").await,
        ["two", "one"]
    );
    assert_eq!(names(&anybody, "(sort: RELEVANCE)").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_perfect_rating_does_not_beat_two_hundred_very_good_ones() {
    let app = TestApp::start().await;
    app.sql(SKILLS).await;
    let mentor = |name: &str, sum, count| (name.to_owned(), String::new(), 100, sum, count);
    many(
        &app,
        &[
            mentor("one 5.0", 5, 1),
            mentor("two hundred 4.9", 980, 200),
            mentor("new", 0, 0),
            mentor("ten 2.0", 20, 10),
        ],
    )
    .await;
    let order = ["two hundred 4.9", "one 5.0", "new", "ten 2.0"];
    let anybody = app.anonymous();
    assert_eq!(names(&anybody, "").await, order);
    assert_eq!(names(&anybody, &format!("(filter: {{ skillId: \"{}\" }})", skill(RUST))).await, order);
    assert_eq!(names(&anybody, "(filter: { minRating: 4.9 })").await, ["two hundred 4.9", "one 5.0"]);
    assert_eq!(names(&anybody, "(filter: { minRating: 4.91 })").await, ["one 5.0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_out_of_bounds_are_told_so() {
    let app = TestApp::start().await;
    let now = app.now();
    let between = |from: TimeDelta, to: TimeDelta, minutes: i32| {
        format!(
            "(filter: {{ availableBetween: {{ from: \"{}\", to: \"{}\", durationMinutes: {minutes} }} }})",
            (now + from).to_rfc3339(),
            (now + to).to_rfc3339()
        )
    };
    for (arguments, code) in [
        ("(first: 0)".to_owned(), "VALIDATION"),
        ("(first: 10001)".to_owned(), "VALIDATION"),
        ("(first: 1, last: 1)".to_owned(), "VALIDATION"),
        ("(after: \"nonsense\")".to_owned(), "CURSOR_INVALID"),
        ("(filter: { minRating: 0.5 })".to_owned(), "VALIDATION"),
        ("(filter: { minRating: 5.1 })".to_owned(), "VALIDATION"),
        ("(filter: { price: { minMinor: \"2\", maxMinor: \"1\" } })".to_owned(), "VALIDATION"),
        (format!("(filter: {{ text: \"{}\" }})", "x".repeat(201)), "VALIDATION"),
        (between(TimeDelta::hours(1), TimeDelta::hours(1), 60), "VALIDATION"),
        (between(TimeDelta::hours(1), TimeDelta::days(33), 60), "VALIDATION"),
        (between(TimeDelta::hours(1), TimeDelta::days(3), 5), "VALIDATION"),
    ] {
        let reply =
            app.anonymous().query(&format!("{{ mentors{arguments} {{ edges {{ cursor }} }} }}")).await;
        assert_eq!(reply.error_codes(), [code], "{arguments}");
    }
}
