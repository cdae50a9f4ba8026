//! What a payer's bank takes back, under the payment's lock.

use diesel::QueryResult;

use super::{super::repo, settle::Heard, sum};
use crate::{
    db::Tx,
    domains::chargebacks::{
        self,
        model::ChargebackStatus,
        service::{Charged, Word},
    },
    integrations::payments::{ChargebackReport, ChargebackWord, ProviderName},
};

/// Lets a chargeback follow what the provider says. What was paid back already cannot be taken back once more.
pub(super) async fn hear(
    tx: &mut Tx,
    provider: ProviderName,
    report: ChargebackReport,
) -> QueryResult<Heard> {
    let found = match (&report.payment_id, &report.reference, &report.capture) {
        (Some(id), _, _) => repo::lock_payment(tx, *id).await?,
        (None, Some(reference), _) => repo::lock_payment_by_reference(tx, provider, reference).await?,
        (None, None, Some(capture)) => repo::lock_payment_by_capture(tx, provider, capture).await?,
        (None, None, None) => None,
    };
    let Some(payment) = found else { return Ok(Heard::Unknown) };
    let same = |own: &Option<String>, told: &Option<String>| own.is_none() || told.is_none() || own == told;
    let own = sum(&payment, payment.amount);
    let amount = report.sum.in_decimals(own.decimals).filter(|amount| (1..=payment.amount).contains(amount));
    let fits = payment.provider == provider
        && same(&payment.provider_reference, &report.reference)
        && same(&payment.provider_capture, &report.capture)
        && report.sum.currency == own.currency;
    let Some(amount) = amount.filter(|_| fits) else { return Ok(Heard::Mismatch) };
    let charged = Charged {
        payment_id: payment.id,
        member_id: payment.member_id,
        provider: provider.as_str(),
        amount: payment.amount - payment.refunded - payment.refund_pending,
        currency: &payment.currency,
        credits: payment.credits - payment.refunded_credits,
    };
    let status = match report.word {
        ChargebackWord::Opened => ChargebackStatus::Open,
        ChargebackWord::Won => ChargebackStatus::Won,
        ChargebackWord::Lost => ChargebackStatus::Lost,
    };
    let word = Word { reference: &report.chargeback, status, amount };
    let followed = chargebacks::service::follow(tx, &charged, &word).await?;
    Ok(if followed { Heard::Followed } else { Heard::NoNews })
}
