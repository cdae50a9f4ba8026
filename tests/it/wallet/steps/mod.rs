//! Random lives of the money: whatever happens, in whatever order, the ledger adds up.
//!
//! A new kind of step is a variant of [`Step`] with its weight in [`STEPS`], its act in [`World::take`], and, for the run
//! that is foretold, its rule in [`Foretold`].

mod foretold;

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use skillswap::{
    app::App,
    db::{
        Tx,
        idempotency::{Attempt, Claimed},
        ids::{AuthSessionId, BookingId, EntityId, MemberId, PaymentId},
        transact,
    },
    domains::wallet::{
        model::{Amount, Asset},
        service::{
            self, HoldError,
            adjust::{AdjustError, AdjustWallet, adjust},
            promotions,
        },
    },
    graphql::Viewer,
};

use self::foretold::Foretold;
use super::assert_sound;
use crate::support::TestApp;

/// What can happen to the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Buy,
    Book,
    Complete,
    Cancel,
    Adjust,
    Grant,
    Expire,
}

/// How often each of them happens.
const STEPS: [(Step, u32); 7] = [
    (Step::Buy, 14),
    (Step::Book, 36),
    (Step::Complete, 18),
    (Step::Cancel, 18),
    (Step::Adjust, 5),
    (Step::Grant, 8),
    (Step::Expire, 1),
];

/// A step with everything that it needs, drawn before it is taken.
#[derive(Clone, Debug)]
struct Draw {
    step: Step,
    member: usize,
    amount: i64,
    /// Which of the open bookings.
    pick: usize,
    /// The transaction is rolled back at its end, and then tried again with the same key.
    fails: bool,
    /// The same key is sent once more afterwards.
    repeats: bool,
}

impl Draw {
    fn from(dice: &mut StdRng, members: usize) -> Self {
        let total: u32 = STEPS.iter().map(|(_, weight)| weight).sum();
        let mut thrown = dice.random_range(0..total);
        let step = STEPS.iter().find(|(_, weight)| {
            let hit = thrown < *weight;
            thrown = thrown.saturating_sub(*weight);
            hit
        });
        Self {
            step: step.expect("a step").0,
            member: dice.random_range(0..members),
            amount: dice.random_range(1..=2_000),
            pick: dice.random_range(0..1_000),
            fails: dice.random_range(0..20) == 0,
            repeats: dice.random_range(0..20) == 0,
        }
    }

    /// What an adjustment gives, or takes.
    fn adjustment(&self) -> i64 {
        if self.pick.is_multiple_of(2) { self.amount } else { -self.amount }
    }
}

/// A step that runs in a transaction of ours.
#[derive(Clone, Copy, Debug)]
enum Act {
    Buy { payment: PaymentId, member: MemberId, amount: i64 },
    Book { booking: BookingId, learner: MemberId, price: i64 },
    Complete { booking: BookingId, mentor: MemberId },
    Cancel { booking: BookingId, learner: MemberId },
    Grant { member: MemberId, amount: i64 },
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("injected")]
    Injected,
    #[error("too little")]
    Missing(i64),
    #[error("database")]
    Database(#[from] diesel::result::Error),
}

impl From<HoldError> for Failure {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Insufficient { missing } => Self::Missing(missing),
            HoldError::Database(error) => Self::Database(error),
        }
    }
}

fn credits(minor: i64) -> Amount {
    Amount { minor, asset: Asset::credit() }
}

impl Act {
    async fn take(self, tx: &mut Tx) -> Result<(), Failure> {
        match self {
            Self::Buy { payment, member, amount } => {
                let paid = Amount { minor: amount, asset: Asset::of("USD") };
                service::credit_purchase(tx, payment, member, &paid, amount).await?;
            }
            Self::Book { booking, learner, price } => service::hold(tx, booking, learner, price).await?,
            Self::Complete { booking, mentor } => {
                service::release(tx, booking, mentor, FEE).await?;
            }
            Self::Cancel { booking, learner } => {
                service::refund(tx, booking, learner).await?;
            }
            Self::Grant { member, amount } => {
                promotions::grant(tx, member, &credits(amount), "a gift").await?;
            }
        }
        Ok(())
    }
}

/// The platform's share, in hundredths of a percent.
const FEE: u16 = 1500;

/// An open booking: its id, the learner, and the mentor, both by place.
type Open = (BookingId, usize, usize);

struct World {
    app: App,
    admin: Viewer,
    members: Vec<MemberId>,
    open: Mutex<Vec<Open>>,
}

impl World {
    async fn new(app: &TestApp) -> Self {
        let admin = app.admin("root").await;
        let mut members = Vec::new();
        for name in ["ada", "bob", "cleo", "dan", "eve"] {
            members.push(app.member(name).await.id.parse().unwrap());
        }
        let admin = Viewer {
            member_id: admin.id.parse().unwrap(),
            auth_session_id: AuthSessionId::new(),
            expires_at: app.now(),
        };
        Self { app: app.app.clone(), admin, members, open: Mutex::default() }
    }

    /// Takes a step. What is missing in the wallet, if that is why nothing was done.
    async fn take(&self, draw: &Draw) -> Option<i64> {
        let Draw { step, member: place, amount, .. } = *draw;
        let member = self.members[place];
        match step {
            Step::Buy => self.once(draw, Act::Buy { payment: PaymentId::new(), member, amount }).await,
            Step::Grant => self.once(draw, Act::Grant { member, amount }).await,
            Step::Book => {
                let booking = BookingId::new();
                let missing = self.once(draw, Act::Book { booking, learner: member, price: amount }).await;
                if missing.is_none() {
                    let mentor = (place + 1) % self.members.len();
                    self.open.lock().unwrap().push((booking, place, mentor));
                }
                missing
            }
            Step::Complete | Step::Cancel => {
                let (booking, learner, mentor) = self.picked(draw)?;
                let act = if step == Step::Complete {
                    Act::Complete { booking, mentor: self.members[mentor] }
                } else {
                    Act::Cancel { booking, learner: self.members[learner] }
                };
                self.once(draw, act).await
            }
            Step::Adjust => self.adjust(draw, member).await,
            Step::Expire => {
                promotions::expire_promotions(&self.app).await.unwrap();
                None
            }
        }
    }

    /// One of the open bookings. Sometimes it stays open, so that several end the same one.
    fn picked(&self, draw: &Draw) -> Option<Open> {
        let mut open = self.open.lock().unwrap();
        if open.is_empty() {
            return None;
        }
        let place = draw.pick % open.len();
        Some(if draw.repeats { open[place] } else { open.remove(place) })
    }

    /// Runs an act in a transaction that claims a key, as a mutation does: rolled back at its end if it shall fail, then
    /// sent again with the same key, and once more if it shall be repeated.
    async fn once(&self, draw: &Draw, act: Act) -> Option<i64> {
        let attempt =
            Attempt::new(self.members[draw.member], "step", MemberId::new().to_string(), &draw.amount);
        let mut missing = None;
        for fails in
            [draw.fails.then_some(true), Some(false), draw.repeats.then_some(false)].into_iter().flatten()
        {
            let done = transact(&self.app, async |tx| {
                let now = tx.now();
                if attempt.claim(tx, MemberId::new().uuid(), now).await? != Claimed::New {
                    return Ok(());
                }
                act.take(tx).await?;
                if fails { Err(Failure::Injected) } else { Ok(()) }
            })
            .await;
            match done {
                // Somebody may have topped the wallet up between two tries.
                Ok(()) => missing = None,
                Err(Failure::Injected) => assert!(fails),
                Err(Failure::Missing(amount)) => missing = Some(amount),
                Err(Failure::Database(error)) => panic!("{draw:?}: {error:?}"),
            }
        }
        missing
    }

    async fn adjust(&self, draw: &Draw, member_id: MemberId) -> Option<i64> {
        let minor = draw.adjustment();
        let attempt = Attempt::new(self.admin.member_id, "adjust", MemberId::new().to_string(), &minor);
        let command = AdjustWallet {
            by: self.admin,
            member_id,
            amount: credits(minor),
            promotional: false,
            reason: "a correction".to_owned(),
            attempt,
        };
        let mut missing = None;
        for _ in 0..=usize::from(draw.repeats) {
            match adjust(&self.app, command.clone()).await {
                Ok(_) => missing = None,
                Err(AdjustError::Insufficient { missing: amount }) => missing = Some(amount),
                Err(error) => panic!("{draw:?}: {error:?}"),
            }
        }
        missing
    }

    /// Ends what is open, and checks everything.
    async fn finish(&self, app: &TestApp) {
        let rest = std::mem::take(&mut *self.open.lock().unwrap());
        for (booking, learner, _) in rest {
            let learner = self.members[learner];
            transact(&self.app, async |tx| Act::Cancel { booking, learner }.take(tx).await).await.unwrap();
        }
        service::seal(&self.app).await.unwrap();
        assert_sound(&self.app).await;
        let report = service::verify(&mut self.app.conn().await.unwrap()).await.unwrap();
        assert_eq!(report.chain.unsealed, 0);
        assert_eq!(app.count("select count(*) from ledger_accounts where balance < 0 or held < 0").await, 0);
        assert_eq!(app.count("select sum(balance) from ledger_accounts where kind = 'ESCROW'").await, 0);
        assert_eq!(app.count("select sum(held) from ledger_accounts").await, 0);
        assert_eq!(app.count("select count(*) from ledger_seals").await, report.chain.sealed);
    }
}

async fn start() -> (TestApp, Arc<World>) {
    let app = TestApp::start_with(|config| config.adjustment_limit = i64::MAX).await;
    let world = Arc::new(World::new(&app).await);
    (app, world)
}

/// One after the other: after every step the wallets have what the rules foretell, so that the same seed gives the same
/// end. Two lives, side by side to use the machine, each with a ledger of its own.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_random_steps_end_as_foretold() {
    Box::pin(futures_util::future::join(life(2026, 5_000), life(7, 5_000))).await;
}

async fn life(seed: u64, steps: usize) {
    let (app, world) = start().await;
    let (mut dice, mut foretold) = (StdRng::seed_from_u64(seed), Foretold::new(world.members.len()));
    for number in 0..steps {
        let draw = Draw::from(&mut dice, world.members.len());
        if number % 350 == 349 {
            app.advance(TimeDelta::days(23));
        }
        let ends = foretold.take(&draw, app.now());
        assert_eq!(world.take(&draw).await, ends, "step {number}: {draw:?}");
        if number % 2_500 == 2_499 {
            assert_sound(&app.app).await;
            foretold.compare(&app, &world.members).await;
            service::seal(&app.app).await.unwrap();
        }
    }
    world.finish(&app).await;
}

/// Sixteen at once, who book, end and expire the same things.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_random_steps_by_sixteen_at_once_keep_the_ledger_sound() {
    let (app, world) = start().await;
    let actors: Vec<_> = (0..16_u64)
        .map(|actor| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut dice = StdRng::seed_from_u64(actor);
                for _ in 0..625 {
                    world.take(&Draw::from(&mut dice, world.members.len())).await;
                }
            })
        })
        .collect();
    // At every moment, not only at the end.
    while actors.iter().any(|actor| !actor.is_finished()) {
        assert_sound(&app.app).await;
        service::seal(&app.app).await.unwrap();
        app.advance(TimeDelta::days(40));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    }
    for actor in actors {
        actor.await.unwrap();
    }
    world.finish(&app).await;
}
