//! Making a document.

use diesel::QueryResult;

use super::super::{
    model::{InvoiceKind, InvoiceRow},
    repo,
};
use crate::{
    app::App,
    db::{
        Tx, constraint,
        ids::{EntityId, InvoiceId, PaymentId, RefundId},
        transact,
    },
    domains::{
        accounts,
        payments::{
            self,
            model::{PaymentRow, PaymentStatus, RefundRow, RefundStatus},
        },
        wallet::model::{Amount, Asset},
    },
};

/// The invoice of a payment, made now if it was not before. `None` for a payment that did not succeed.
///
/// # Errors
/// Only if the database fails.
pub async fn issue(app: &App, payment: PaymentId) -> QueryResult<Option<InvoiceRow>> {
    let issued = transact(app, async |tx| {
        if let Some(made) = repo::of_payments(tx, &[payment]).await?.pop() {
            return Ok(Some(made));
        }
        let paid = payments::service::find(tx, payment).await?;
        let Some(paid) = paid.filter(|paid| paid.status == PaymentStatus::Succeeded) else { return Ok(None) };
        make(app, tx, paid).await.map(Some)
    })
    .await;
    match issued {
        // Somebody else made it at the same moment; the number that was taken here was given back.
        Err(error) if constraint::broken(&error) == Some("invoices_payment") => {
            Ok(repo::of_payments(&mut *app.conn().await?, &[payment]).await?.pop())
        }
        other => other,
    }
}

/// The credit note of a refund, made now if it was not before; and before it the invoice that it corrects. `None` for a
/// refund that did not succeed.
///
/// # Errors
/// Only if the database fails.
pub async fn credit(app: &App, refund: RefundId) -> QueryResult<Option<InvoiceRow>> {
    let refund = payments::service::find_refund(&mut *app.conn().await?, refund).await?;
    let Some(refund) = refund.filter(|refund| refund.status == RefundStatus::Succeeded) else {
        return Ok(None);
    };
    let Some(invoice) = issue(app, refund.payment_id).await? else { return Ok(None) };
    let issued = transact(app, async |tx| match repo::of_refund(tx, refund.id).await? {
        Some(made) => Ok(made),
        None => correct(tx, &invoice, &refund).await,
    })
    .await;
    match issued {
        // Somebody else made it at the same moment.
        Err(error) if constraint::broken(&error) == Some("invoices_refund") => {
            repo::of_refund(&mut *app.conn().await?, refund.id).await
        }
        other => other.map(Some),
    }
}

/// Seller and buyer are called what the invoice calls them.
async fn correct(tx: &mut Tx, invoice: &InvoiceRow, refund: &RefundRow) -> QueryResult<InvoiceRow> {
    let now = tx.now();
    let credits = Amount { minor: refund.credits, asset: Asset::credit() };
    let series = InvoiceKind::CreditNote.series(now);
    let number = repo::next_number(tx, &series).await?;
    let note = InvoiceRow {
        id: InvoiceId::new(),
        kind: InvoiceKind::CreditNote,
        series,
        number,
        corrects_id: Some(invoice.id),
        refund_id: Some(refund.id.uuid()),
        description: format!("{} credits taken back", credits.number()),
        amount: refund.amount,
        paid_at: refund.settled_at.unwrap_or(now),
        issued_at: now,
        ..invoice.clone()
    };
    repo::insert(tx, &note).await?;
    Ok(note)
}

async fn make(app: &App, tx: &mut Tx, payment: PaymentRow) -> QueryResult<InvoiceRow> {
    let buyer = accounts::service::addressee(tx, payment.member_id).await?;
    let buyer = buyer.ok_or(diesel::result::Error::NotFound)?;
    let seller = &app.config.invoices;
    let now = tx.now();
    let credits = Amount { minor: payment.credits, asset: Asset::credit() };
    // Last of all: whoever else takes a number waits until this transaction ends.
    let series = InvoiceKind::Invoice.series(now);
    let number = repo::next_number(tx, &series).await?;
    let invoice = InvoiceRow {
        id: InvoiceId::new(),
        kind: InvoiceKind::Invoice,
        series,
        number,
        member_id: payment.member_id,
        payment_id: payment.id,
        corrects_id: None,
        refund_id: None,
        seller_name: seller.seller_name.clone(),
        seller_address: seller.seller_address.join("\n"),
        seller_tax_id: seller.seller_tax_id.clone(),
        buyer_name: buyer.member.name,
        buyer_email: buyer.email,
        description: format!("{} credits for sessions on this platform", credits.number()),
        provider: payment.provider.to_string(),
        amount: payment.amount,
        currency: payment.currency,
        paid_at: payment.settled_at.unwrap_or(now),
        issued_at: now,
    };
    repo::insert(tx, &invoice).await?;
    Ok(invoice)
}
