//! The Node interface: every entity by its global id, in one match over all kinds of id.

use std::collections::HashSet;

use async_graphql::{Context, ID, Interface, Object};
use uuid::Uuid;

use crate::{
    db::ids::{
        self, ActId, AdjustmentId, AuthSessionId, BookingId, CancellationQuoteId, ClaimId, ConversationId,
        CreditPackageId, DisputeId, EntityId, InvoiceId, MemberId, MentorApplicationId, MentorId, MessageId,
        NotificationId, OAuthIdentityId, PaymentId, PayoutId, PriceQuoteId, RefundId, ReviewId, SessionId,
        SkillCategoryId, SkillId, UploadId, WebhookId,
    },
    domains::{
        access,
        accounts::{
            loaders::MemberById,
            model::Permission,
            types::{AuthSession, own_auth_session},
        },
        audit::{loaders::ActById, types::AuditEntry},
        chat::{
            loaders::MessageById,
            types::{Conversation, Message, conversation_of_viewer},
        },
        disputes::types::{Dispute, dispute_of_caller},
        identities::{types::OAuthIdentity, viewer::identity_of_caller},
        invoices::types::{Invoice, invoice_of_caller},
        mentorship::types::{MentorApplication, application_of_caller},
        notifications::{loaders::NotificationFor, types::Notification},
        payments::{
            loaders::{PackageById, PaymentById, RefundById, WebhookById},
            types::{CreditPackage, Payment, PaymentRefund, Webhook},
        },
        payouts::{loaders::PayoutById, types::Payout},
        profiles::{
            loaders::{CategoryById, MentorById, SkillById},
            types::{Member, Mentor, Skill, SkillCategory},
        },
        reviews::{loaders::ReviewById, types::Review},
        scheduling::types::{Hold, hold_of_caller},
        sessions::{
            loaders::{BookingSeenBy, SessionSeenBy},
            types::{
                Booking, CancellationQuote, PriceQuote, Session,
                quote::{cancellation_quote_of_caller, price_quote_of_caller},
            },
        },
        uploads::types::{Upload, upload_of_caller},
        wallet::types::adjustment::{CreditAdjustment, adjustment_of_caller},
    },
    graphql::{ApiError, ContextExt, Field, error::ApiCode, field},
};

/// Anything with a global id.
#[derive(Clone, Debug, Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id: opaque, the same for ever."))]
pub enum Node {
    /// A member.
    Member(Member),
    /// A mentor.
    Mentor(Mentor),
    /// A skill.
    Skill(Skill),
    /// A category of skills.
    SkillCategory(SkillCategory),
    /// A session, for its participants.
    Session(Session),
    /// A booking, for its learner and mentor.
    Booking(Booking),
    /// A dispute, for its sides and for those who decide.
    Dispute(Dispute),
    /// A review.
    Review(Review),
    /// One of the caller's own holds.
    Hold(Hold),
    /// A conversation of the caller.
    Conversation(Conversation),
    /// A message in a conversation of the caller.
    Message(Message),
    /// A notification of the caller.
    Notification(Notification),
    /// A package of credits.
    CreditPackage(CreditPackage),
    /// A payment of the caller.
    Payment(Payment),
    /// An invoice or credit note of the caller.
    Invoice(Invoice),
    /// A payout of the caller.
    Payout(Payout),
    /// A refund of a payment.
    PaymentRefund(PaymentRefund),
    /// Something that a payment provider told, for operators.
    Webhook(Webhook),
    /// A signed-in device of the caller.
    AuthSession(AuthSession),
    /// One of the caller's own outside identities.
    OAuthIdentity(OAuthIdentity),
    /// A row of the audit log, for those who may read it.
    AuditEntry(AuditEntry),
    /// An application to become a mentor, for the applicant and for reviewers.
    MentorApplication(MentorApplication),
    /// What a cancellation by the caller would move.
    CancellationQuote(CancellationQuote),
    /// What a booking would cost the caller.
    PriceQuote(PriceQuote),
    /// A file of the caller, or a document for those who review mentors.
    Upload(Upload),
    /// A correction of a wallet, for those who may make them.
    CreditAdjustment(CreditAdjustment),
}

/// Ids in one `nodes` call.
const MOST_NODES: usize = 50;

/// Look-ups by global id.
#[derive(Debug, Default)]
pub struct NodeQuery;

/// Look-ups by global id.
#[Object]
impl NodeQuery {
    /// Anything by its global id. `null` if it does not exist or the caller may not see it.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Field<Node> {
        field(find(ctx, &id)).await
    }

    /// Several at once, in the order of `ids`, at most 50, none of them twice. An entry is `null` if it does not exist or the caller may not see it.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids.")] ids: Vec<ID>,
    ) -> Field<Vec<Option<Node>>> {
        field(async {
            if ids.len() > MOST_NODES {
                return Err(ApiError::told(
                    ApiCode::Validation,
                    format!("`ids` may have at most {MOST_NODES} entries."),
                ));
            }
            if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
                return Err(ApiError::told(
                    ApiCode::Validation,
                    "`ids` may have each id only once.".to_owned(),
                ));
            }
            futures_util::future::try_join_all(ids.iter().map(|id| find(ctx, id))).await.map(Some)
        })
        .await
    }
}

/// Anything by its global id, as the caller may see it.
pub(crate) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ApiError> {
    let Ok((prefix, uuid)) = ids::decode(id) else { return Ok(None) };
    Ok(match prefix {
        MemberId::PREFIX => ctx.hot(MemberById(of(uuid))).await?.map(|row| Node::Member(Member(row))),
        MentorId::PREFIX => ctx.hot(MentorById(of(uuid))).await?.map(|row| Node::Mentor(Mentor(row))),
        SkillId::PREFIX => ctx.hot(SkillById(of(uuid))).await?.map(|row| Node::Skill(Skill(row))),
        SkillCategoryId::PREFIX => {
            ctx.hot(CategoryById(of(uuid))).await?.map(|row| Node::SkillCategory(SkillCategory(row)))
        }
        SessionId::PREFIX => {
            let Some(viewer) = ctx.viewer() else { return Ok(None) };
            ctx.one(SessionSeenBy(of(uuid), viewer.member_id)).await?.map(|at| Node::Session(at.into()))
        }
        BookingId::PREFIX => {
            let Some(viewer) = ctx.viewer() else { return Ok(None) };
            let row = ctx.one(BookingSeenBy(of(uuid), viewer.member_id)).await?;
            row.map(|row| Node::Booking(Booking { row, session: None }))
        }
        DisputeId::PREFIX => dispute_of_caller(ctx, of(uuid)).await?.map(Node::Dispute),
        ConversationId::PREFIX => conversation_of_viewer(ctx, of(uuid)).await?.map(Node::Conversation),
        MessageId::PREFIX => message(ctx, of(uuid)).await?.map(Node::Message),
        NotificationId::PREFIX => notification(ctx, of(uuid)).await?.map(Node::Notification),
        CreditPackageId::PREFIX => {
            ctx.hot(PackageById(of(uuid))).await?.map(|row| Node::CreditPackage(CreditPackage(row)))
        }
        OAuthIdentityId::PREFIX => identity_of_caller(ctx, of(uuid)).await?.map(Node::OAuthIdentity),
        WebhookId::PREFIX => webhook(ctx, of(uuid)).await?.map(Node::Webhook),
        RefundId::PREFIX => own_refund(ctx, of(uuid)).await?.map(Node::PaymentRefund),
        PaymentId::PREFIX => own_payment(ctx, of(uuid)).await?.map(Node::Payment),
        InvoiceId::PREFIX => invoice_of_caller(ctx, of(uuid)).await?.map(Node::Invoice),
        PayoutId::PREFIX => own_payout(ctx, of(uuid)).await?.map(Node::Payout),
        MentorApplicationId::PREFIX => {
            application_of_caller(ctx, of(uuid)).await?.map(Node::MentorApplication)
        }
        ActId::PREFIX => audit_entry(ctx, of(uuid)).await?.map(Node::AuditEntry),
        AdjustmentId::PREFIX => adjustment_of_caller(ctx, of(uuid)).await?.map(Node::CreditAdjustment),
        CancellationQuoteId::PREFIX => {
            cancellation_quote_of_caller(ctx, of(uuid)).await?.map(Node::CancellationQuote)
        }
        PriceQuoteId::PREFIX => price_quote_of_caller(ctx, of(uuid)).await?.map(Node::PriceQuote),
        UploadId::PREFIX => upload_of_caller(ctx, of(uuid)).await?.map(Node::Upload),
        ReviewId::PREFIX => ctx.one(ReviewById(of(uuid))).await?.map(|row| Node::Review(Review(row))),
        ClaimId::PREFIX => hold_of_caller(ctx, of(uuid)).await?.map(Node::Hold),
        AuthSessionId::PREFIX => own_auth_session(ctx, of(uuid)).await?.map(Node::AuthSession),
        _ => None,
    })
}

async fn message(ctx: &Context<'_>, id: MessageId) -> Result<Option<Message>, ApiError> {
    let Some(row) = ctx.one(MessageById(id)).await? else { return Ok(None) };
    Ok(conversation_of_viewer(ctx, row.conversation_id).await?.map(|_| Message(row)))
}

async fn notification(
    ctx: &Context<'_>,
    notification: NotificationId,
) -> Result<Option<Notification>, ApiError> {
    let Some(member) = ctx.viewer().map(|viewer| viewer.member_id) else { return Ok(None) };
    Ok(ctx.one(NotificationFor { notification, member }).await?.map(Notification))
}

/// Absent for those who may not read the log.
async fn audit_entry(ctx: &Context<'_>, id: ActId) -> Result<Option<AuditEntry>, ApiError> {
    match access::guard::privileged(ctx, Permission::ReadAudit).await {
        Ok(()) => {}
        Err(ApiError::Told { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(ctx.one(ActById(id)).await?.map(AuditEntry))
}

/// A payment is nobody's business but the payer's.
async fn own_payment(ctx: &Context<'_>, id: PaymentId) -> Result<Option<Payment>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let row = ctx.one(PaymentById(id)).await?;
    Ok(row.filter(|row| row.member_id == viewer.member_id).map(Payment))
}

/// So is a payout.
async fn own_payout(ctx: &Context<'_>, id: PayoutId) -> Result<Option<Payout>, ApiError> {
    let Some(viewer) = ctx.viewer() else { return Ok(None) };
    let row = ctx.one(PayoutById(id)).await?;
    Ok(row.filter(|row| row.member_id == viewer.member_id).map(Payout))
}

/// Absent for those who may not see what providers tell.
async fn webhook(ctx: &Context<'_>, id: WebhookId) -> Result<Option<Webhook>, ApiError> {
    match access::guard::privileged(ctx, Permission::ManageMoney).await {
        Ok(()) => {}
        Err(ApiError::Told { .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(ctx.one(WebhookById(id)).await?.map(Webhook))
}

async fn own_refund(ctx: &Context<'_>, id: RefundId) -> Result<Option<PaymentRefund>, ApiError> {
    let Some(row) = ctx.one(RefundById(id)).await? else { return Ok(None) };
    let payment = own_payment(ctx, row.payment_id).await?;
    Ok(payment.map(|Payment(payment)| PaymentRefund { row, payment }))
}

fn of<T: EntityId>(uuid: Uuid) -> T {
    T::from_uuid(uuid)
}
