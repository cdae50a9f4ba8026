use super::*;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2027, 1, 15).unwrap();

/// The changes as `severity KIND place`, without the safe ones; allowed ones in brackets.
fn diff(old: &str, new: &str) -> Vec<String> {
    let changes = changes(old, new, TODAY).unwrap();
    let told = changes.iter().filter(|change| change.severity != Severity::Safe).map(|change| {
        let what = if change.severity == Severity::Dangerous { "dangerous" } else { "breaking" };
        let text = format!("{what} {} {}", change.kind, change.place);
        if change.announced { format!("({text})") } else { text }
    });
    told.collect()
}

#[test]
fn every_breaking_change_is_found() {
    for (old, new, found) in [
        ("type Query { a: A } type A { x: Int }", "type Query { a: Int }", "TYPE_REMOVED A"),
        (
            "type Query { a: A } type A { x: Int }",
            "type Query { a: A } interface A { x: Int }",
            "TYPE_CHANGED_KIND A",
        ),
        ("union U = A | B", "union U = A", "TYPE_REMOVED_FROM_UNION U"),
        ("enum E { A B }", "enum E { A }", "VALUE_REMOVED_FROM_ENUM E.B"),
        ("input I { a: Int }", "input I { a: Int b: Int! }", "REQUIRED_INPUT_FIELD_ADDED I.b"),
        ("input I { a: Int b: Int }", "input I { a: Int }", "FIELD_REMOVED I.b"),
        ("input I { a: Int }", "input I { a: Int! }", "FIELD_CHANGED_KIND I.a"),
        ("input I { a: Int! = 1 }", "input I { a: Int! }", "FIELD_CHANGED_KIND I.a"),
        ("input I { a: [Int] }", "input I { a: [Int!] }", "FIELD_CHANGED_KIND I.a"),
        ("input I { a: Int }", "input I @oneOf { a: Int }", "ONE_OF_ADDED I"),
        (
            "interface N { id: ID } type A implements N { id: ID }",
            "interface N { id: ID } type A { id: ID }",
            "IMPLEMENTED_INTERFACE_REMOVED A",
        ),
        ("type Query { a: Int b: Int }", "type Query { a: Int }", "FIELD_REMOVED Query.b"),
        ("type Query { a: Int! }", "type Query { a: Int }", "FIELD_CHANGED_KIND Query.a"),
        ("type Query { a: [Int!]! }", "type Query { a: [Int]! }", "FIELD_CHANGED_KIND Query.a"),
        ("type Query { a: Int }", "type Query { a: String }", "FIELD_CHANGED_KIND Query.a"),
        ("type Query { a: Int }", "type Query { a: [Int] }", "FIELD_CHANGED_KIND Query.a"),
        ("type Query { a: Int }", "type Query { a(x: Int!): Int }", "REQUIRED_ARG_ADDED Query.a(x:)"),
        ("type Query { a(x: Int): Int }", "type Query { a: Int }", "ARG_REMOVED Query.a(x:)"),
        ("type Query { a(x: Int): Int }", "type Query { a(x: String): Int }", "ARG_CHANGED_KIND Query.a(x:)"),
        ("directive @d on FIELD type Query { a: Int }", "type Query { a: Int }", "DIRECTIVE_REMOVED @d"),
        ("directive @d(x: Int) on FIELD", "directive @d on FIELD", "DIRECTIVE_ARG_REMOVED @d(x:)"),
        ("directive @d on FIELD", "directive @d(x: Int!) on FIELD", "REQUIRED_DIRECTIVE_ARG_ADDED @d(x:)"),
        ("directive @d repeatable on FIELD", "directive @d on FIELD", "DIRECTIVE_REPEATABLE_REMOVED @d"),
        ("directive @d on FIELD | QUERY", "directive @d on FIELD", "DIRECTIVE_LOCATION_REMOVED @d"),
        (
            "schema { query: A } type A { x: Int } type B { x: Int }",
            "schema { query: B } type A { x: Int } type B { x: Int }",
            "ROOT_CHANGED A",
        ),
    ] {
        let told = diff(old, new);
        assert!(told.contains(&format!("breaking {found}")), "{old} → {new}: {told:?}");
    }
}

#[test]
fn every_dangerous_change_is_found() {
    for (old, new, found) in [
        ("enum E { A }", "enum E { A B }", "VALUE_ADDED_TO_ENUM E.B"),
        ("union U = A", "union U = A | B", "TYPE_ADDED_TO_UNION U"),
        ("input I { a: Int }", "input I { a: Int b: Int }", "OPTIONAL_INPUT_FIELD_ADDED I.b"),
        ("input I { a: Int }", "input I { a: Int b: Int! = 1 }", "OPTIONAL_INPUT_FIELD_ADDED I.b"),
        ("input I { a: Int = 1 }", "input I { a: Int = 2 }", "INPUT_FIELD_DEFAULT_VALUE_CHANGE I.a"),
        ("type Query { a: Int }", "type Query { a(x: Int): Int }", "OPTIONAL_ARG_ADDED Query.a(x:)"),
        (
            "type Query { a(x: Int = 1): Int }",
            "type Query { a(x: Int): Int }",
            "ARG_DEFAULT_VALUE_CHANGE Query.a(x:)",
        ),
        (
            "interface N { id: ID } type A { id: ID }",
            "interface N { id: ID } type A implements N { id: ID }",
            "IMPLEMENTED_INTERFACE_ADDED A",
        ),
    ] {
        assert_eq!(diff(old, new), [format!("dangerous {found}")], "{old} → {new}");
    }
}

#[test]
fn what_no_client_notices_is_safe() {
    for (old, new) in [
        ("type Query { a: Int }", "\"More words.\" type Query { a: Int b: B } type B { x: Int }"),
        ("type Query { a: Int }", "type Query { a: Int! }"),
        ("type Query { a: [Int] }", "type Query { a: [Int!]! }"),
        ("type Query { a(x: Int!): Int }", "type Query { a(x: Int): Int }"),
        ("input I { a: Int! }", "input I { a: Int }"),
        ("input I { a: [Int!] }", "input I { a: [Int] }"),
        (
            "type Query { a: Int }",
            "type Query { a: Int @deprecated(reason: \"Use `b`. Removed after 2027-06-30.\") }",
        ),
        ("type Query { a: Int }", "directive @d on FIELD type Query { a: Int }"),
        ("type Query { a: Int }", "type Query { a: Int }"),
    ] {
        assert_eq!(diff(old, new), [""; 0], "{old} → {new}");
    }
}

#[test]
fn what_was_deprecated_may_go_after_its_day_and_not_before() {
    let old = |date: &str| {
        format!(
            "type Query {{ a(x: Int @deprecated(reason: \"Use `y`. {date}\")): Int b: Int @deprecated(reason: \"Use `a`. {date}\") e: E i(i: I): Int }}
             enum E {{ A B @deprecated(reason: \"Use `A`. {date}\") }}
             input I {{ a: Int b: Int @deprecated(reason: \"Use `a`. {date}\") }}"
        )
    };
    let new = "type Query { a: Int e: E i(i: I): Int } enum E { A } input I { a: Int }";
    let gone = [
        "VALUE_REMOVED_FROM_ENUM E.B",
        "FIELD_REMOVED I.b",
        "ARG_REMOVED Query.a(x:)",
        "FIELD_REMOVED Query.b",
    ];
    let allowed = gone.map(|gone| format!("(breaking {gone})"));
    let refused = gone.map(|gone| format!("breaking {gone}"));
    assert_eq!(diff(&old("Removed after 2027-01-14."), new), allowed);
    assert_eq!(diff(&old("Removed after 2027-01-15."), new), refused);
    assert_eq!(diff(&old("Some day."), new), refused);
    assert_eq!(diff(&old("Removed after soon."), new), refused);
    // A deprecation that was never released announces nothing.
    assert_eq!(
        diff("type Query { a: Int b: Int }", "type Query { a: Int }"),
        ["breaking FIELD_REMOVED Query.b"]
    );
}

#[test]
fn a_type_may_go_with_the_last_that_led_to_it() {
    let over = "@deprecated(reason: \"Use `b`. Removed after 2026-12-31.\")";
    let old = format!("type Query {{ a: A {over} b: Int }} type A {{ x: X }} type X {{ y: Int }}");
    let new = "type Query { b: Int }";
    assert_eq!(
        diff(&old, new),
        ["(breaking TYPE_REMOVED A)", "(breaking FIELD_REMOVED Query.a)", "(breaking TYPE_REMOVED X)"]
    );
    let still = format!("type Query {{ a: A {over} b: Int c: X }} type A {{ x: X }} type X {{ y: Int }}");
    assert_eq!(
        diff(&still, "type Query { b: Int c: X } type X { y: Int }"),
        ["(breaking TYPE_REMOVED A)", "(breaking FIELD_REMOVED Query.a)"]
    );
    assert_eq!(
        diff(&still, "type Query { b: Int c: Int }"),
        [
            "(breaking TYPE_REMOVED A)",
            "(breaking FIELD_REMOVED Query.a)",
            "breaking FIELD_CHANGED_KIND Query.c",
            "breaking TYPE_REMOVED X"
        ]
    );
    // Whoever asks for a node may ask for any type that is one, unless all that it has is over.
    let node = |mark: &str| {
        format!("type Query {{ n: N }} interface N {{ id: ID }} type A implements N {{ id: ID {mark} }}")
    };
    let new = "type Query { n: N } interface N { id: ID }";
    assert_eq!(diff(&node(""), new), ["breaking TYPE_REMOVED A"]);
    assert_eq!(diff(&node(over), new), ["(breaking TYPE_REMOVED A)"]);
}
