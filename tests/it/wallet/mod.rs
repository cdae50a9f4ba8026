mod adjustments;
mod chain;
mod ledger;
mod moves;
pub mod promotions;
mod steps;
mod story;
mod viewer;

use diesel::QueryResult;
use skillswap::{
    app::App,
    db::{
        ids::{BookingId, MemberId, PaymentId},
        transact,
    },
    domains::wallet::{
        model::{Amount, Asset},
        service::{self, HoldError, Released},
    },
};

/// Credits bought, without a provider.
pub async fn buy(app: &App, member: MemberId, credits: i64) -> QueryResult<()> {
    buy_for(app, PaymentId::new(), member, credits).await
}

pub async fn buy_for(app: &App, payment: PaymentId, member: MemberId, credits: i64) -> QueryResult<()> {
    let paid = Amount { minor: credits / 10 + 1, asset: Asset::of("USD") };
    transact(app, async |tx| service::credit_purchase(tx, payment, member, &paid, credits).await).await
}

pub async fn hold(app: &App, booking: BookingId, learner: MemberId, price: i64) -> Result<(), HoldError> {
    transact(app, async |tx| service::hold(tx, booking, learner, price).await).await
}

pub async fn release(app: &App, booking: BookingId, mentor: MemberId) -> QueryResult<Released> {
    transact(app, async |tx| service::release(tx, booking, mentor, 1500).await).await
}

pub async fn refund(app: &App, booking: BookingId, learner: MemberId) -> QueryResult<i64> {
    transact(app, async |tx| service::refund(tx, booking, learner).await).await
}

/// Fails unless the whole ledger is sound.
pub async fn assert_sound(app: &App) {
    let report = service::verify(&mut app.conn().await.unwrap()).await.unwrap();
    assert!(report.is_sound(), "{report:#?}");
    assert!(report.proofs.iter().all(|proof| proof.total == 0), "{report:#?}");
}
