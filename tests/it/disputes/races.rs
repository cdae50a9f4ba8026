use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::json;

use super::{Case, accept, act, confirm, offer, open, resolve};
use crate::support::{Reply, TestApp};

async fn case() -> Case {
    Case::ended_on(TestApp::start_with(|config| config.pool_size = 24).await).await
}

fn won(replies: &[Reply], name: &str) -> usize {
    replies.iter().filter(|reply| reply.codes(name).is_empty()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sides_that_open_at_once_make_one_dispute() {
    let case = case().await;
    let keys: Vec<String> = (0..10).map(|n| format!("open {n}")).collect();
    let replies = join_all(keys.iter().enumerate().map(|(n, key)| {
        let by = if n % 2 == 0 { &case.learner } else { &case.mentor };
        open(by, &case.booked, json!({ "percent": 40 }), key)
    }))
    .await;

    assert_eq!(won(&replies, "openDispute"), 1);
    assert_eq!(case.app.count("select count(*) from disputes").await, 1);
    assert_eq!((case.booking().await, case.money().await), ("DISPUTED HELD".to_owned(), (94_000, 6000, 0)));
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_and_confirming_at_once_always_end_frozen_with_the_whole_price() {
    let mut ways = [0, 0];
    for round in 0..6 {
        let case = case().await;
        let asked = || open(&case.learner, &case.booked, json!({ "percent": 100 }), "open");
        let (opened, confirmed) = if round % 2 == 0 {
            join(asked(), confirm(&case.learner, &case.booked)).await
        } else {
            let (confirmed, opened) = join(confirm(&case.learner, &case.booked), asked()).await;
            (opened, confirmed)
        };

        opened.ok("openDispute");
        let codes = confirmed.codes("confirmSession");
        assert!(codes.is_empty() || codes == ["INVALID_TRANSITION"], "{codes:?}");
        ways[usize::from(codes.is_empty())] += 1;
        assert_eq!(
            (case.booking().await, case.money().await),
            ("DISPUTED HELD".to_owned(), (94_000, 6000, 0)),
            "round {round}"
        );
        case.assert_sound().await;
    }
    assert_eq!(ways.iter().sum::<i32>(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_decisions_at_once_one_counts() {
    let case = case().await;
    let dispute = case.dispute(&case.learner, 6000).await;
    let admins = [case.app.admin("root").await, case.app.admin("rita").await];
    let keys: Vec<String> = (0..20).map(|n| format!("resolve {n}")).collect();

    let replies = join_all(keys.iter().enumerate().map(|(n, key)| {
        let back = 100 * i64::try_from(n).expect("small");
        resolve(&admins[n % 2], &dispute, (back, 6000 - back, 0), key)
    }))
    .await;

    assert_eq!(won(&replies, "resolveDispute"), 1);
    let lost = replies.iter().filter(|reply| reply.codes("resolveDispute") == ["INVALID_TRANSITION"]);
    assert_eq!(lost.count(), 19);
    let (available, held, earned) = case.money().await;
    assert_eq!((available - 94_000 + earned, held), (6000, 0));
    assert_eq!(case.app.count("select to_learner + to_mentor + fee from disputes").await, 6000);
    assert_eq!(case.app.count("select count(*) from audit_log where action = 'DISPUTE_RESOLVED'").await, 1);
    assert_eq!(case.app.count("select count(*) from ledger_transactions where kind = 'DISPUTE'").await, 1);
    case.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_and_the_clock_at_once_settle_once() {
    for _ in 0..4 {
        let mut case = case().await;
        let dispute = case.dispute(&case.learner, 6000).await;
        case.app.admin("root").await;
        case.app.advance(TimeDelta::days(7) + TimeDelta::minutes(1));
        case.sign_in().await;
        let admin = case.app.sign_in_again("root@example.org").await;

        let (decided, ()) = join(resolve(&admin, &dispute, (0, 6000, 0), "now"), case.app.work()).await;

        let silent = case.app.count("select count(*) from disputes where outcome = 'SILENCE'").await == 1;
        let codes = decided.codes("resolveDispute");
        if silent {
            assert_eq!(codes, ["INVALID_TRANSITION"]);
            assert_eq!(case.money().await, (100_000, 0, 0));
        } else {
            assert!(codes.is_empty(), "{codes:?}");
            assert_eq!(case.money().await, (94_000, 0, 6000));
        }
        case.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accepting_withdrawing_and_deciding_at_once_end_in_one_story() {
    for round in 0..4 {
        let case = case().await;
        case.confirm().await;
        let dispute = case.dispute(&case.learner, 6000).await;
        let admin = case.app.admin("root").await;
        act(&case.mentor, "respondDispute", &dispute, offer(2000)).await.ok("respondDispute");

        let (accepted, withdrawn, decided) = futures_util::join!(
            act(&case.learner, "acceptDisputeOffer", &dispute, json!({})),
            act(&case.learner, "withdrawDispute", &dispute, json!({})),
            resolve(&admin, &dispute, (6000, 0, 0), "all"),
        );

        let ways = [
            (accepted.codes("acceptDisputeOffer").is_empty(), (96_000, 0, 3400)),
            (withdrawn.codes("withdrawDispute").is_empty(), (94_000, 0, 5100)),
            (decided.codes("resolveDispute").is_empty(), (100_000, 0, 0)),
        ];
        let mut won = ways.iter().filter(|(won, _)| *won);
        let (_, money) = won.next().expect("one of them");
        assert!(won.next().is_none(), "round {round}: {ways:?}");
        assert_eq!(case.money().await, *money, "round {round}");
        case.assert_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_sent_ten_times_at_once_answers_once() {
    let case = case().await;
    let dispute = case.dispute(&case.learner, 3000).await;
    let replies = join_all((0..10).map(|_| act(&case.mentor, "respondDispute", &dispute, accept()))).await;
    let fresh = replies.iter().filter(|reply| reply.ok("respondDispute")["replayed"] == false).count();
    assert_eq!((fresh, case.money().await), (1, (97_000, 0, 2550)));
    case.assert_sound().await;
}
