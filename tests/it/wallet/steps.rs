use std::sync::{Arc, Mutex};

use rand::RngExt;
use skillswap::{
    db::ids::{BookingId, MemberId},
    domains::wallet::service::HoldError,
};

use super::{assert_sound, buy, hold, refund, release};
use crate::support::TestApp;

const WORKERS: usize = 8;
const STEPS: usize = 125;

/// What the steps did, to compare with the ledger.
#[derive(Default)]
struct Story {
    open: Vec<(BookingId, MemberId)>,
    bought: i64,
    paid: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_random_steps_at_once_keep_the_ledger_sound() {
    let app = TestApp::start().await;
    let members: Vec<MemberId> = (0..5).map(|_| MemberId::new()).collect();
    let story = Arc::new(Mutex::new(Story::default()));

    let workers = (0..WORKERS).map(|_| {
        let (app, members, story) = (app.app.clone(), members.clone(), Arc::clone(&story));
        tokio::spawn(async move {
            for _ in 0..STEPS {
                step(&app, &members, &story).await;
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    while workers.iter().any(|worker| !worker.is_finished()) {
        assert_sound(&app.app).await; // at every moment, not only at the end
    }
    for worker in workers {
        worker.await.unwrap();
    }
    let rest = std::mem::take(&mut story.lock().unwrap().open);
    for (booking, learner) in rest {
        refund(&app.app, booking, learner).await.unwrap();
    }

    assert_sound(&app.app).await;
    let (paid, bought) = {
        let story = story.lock().unwrap();
        (story.paid, story.bought)
    };
    let kept =
        |kind: &str| format!("select coalesce(sum(balance), 0) from ledger_accounts where kind = '{kind}'");
    assert_eq!(app.count(&kept("ESCROW")).await, 0);
    assert_eq!(app.count("select coalesce(sum(held), 0) from ledger_accounts").await, 0);
    assert_eq!(app.count(&kept("EARNINGS")).await, paid);
    let fees = app.count("select coalesce(sum(p.amount), 0) from ledger_postings p join ledger_accounts a on a.id = p.account_id where kind = 'FEES'").await;
    assert_eq!(app.count(&kept("WALLET")).await + paid + fees, bought);
}

async fn step(app: &skillswap::app::App, members: &[MemberId], story: &Mutex<Story>) {
    let (dice, place, amount) = {
        let mut rng = rand::rng();
        (rng.random_range(0..10), rng.random_range(0..members.len()), rng.random_range(1..=2_000_i64))
    };
    let member = members[place];
    match dice {
        0..2 => {
            buy(app, member, amount).await.unwrap();
            story.lock().unwrap().bought += amount;
        }
        2..6 => {
            let booking = BookingId::new();
            match hold(app, booking, member, amount).await {
                Ok(()) => story.lock().unwrap().open.push((booking, member)),
                Err(HoldError::Insufficient { missing }) => assert!(missing > 0 && missing <= amount),
                Err(error) => panic!("{error:?}"),
            }
        }
        _ => {
            // Left in the list, so that several workers end the same booking.
            let Some((booking, learner)) = ({
                let mut story = story.lock().unwrap();
                let length = story.open.len();
                if length > 10 {
                    let first = story.open.remove(0);
                    Some(first)
                } else {
                    story.open.last().copied()
                }
            }) else {
                return;
            };
            if dice < 8 {
                let paid = release(app, booking, member).await.unwrap();
                story.lock().unwrap().paid += paid.earnings;
            } else {
                refund(app, booking, learner).await.unwrap();
            }
        }
    }
}
