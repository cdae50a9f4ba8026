//! Every job, schedule, listener and kept row of the product: the one place here that names domains.

use std::time::Duration;

use super::{
    Registry,
    retention::{self, Retention},
};
use crate::{
    domains::{
        accounts, admin, audit, chat, discovery, disputes, documents, identities, intents, invoices,
        notifications, oversight, payments, payouts, profiles, rooms, scheduling, sessions, uploads, wallet,
    },
    integrations::{mail, payments::sandbox, payouts::sandbox as payout_sandbox},
};

const MINUTE: Duration = Duration::from_mins(1);

/// The whole product.
#[must_use]
pub fn registry() -> Registry {
    Registry::default()
        // Rows kept in the process.
        .hot::<accounts::loaders::MemberById>()
        .hot::<accounts::loaders::VerifiedToken>()
        .hot::<profiles::loaders::SkillById>()
        .hot::<profiles::loaders::CategoryById>()
        .hot::<profiles::loaders::SkillsOf>()
        .hot::<profiles::loaders::MentorById>()
        .hot::<profiles::loaders::EndorsementsOf>()
        .hot::<scheduling::loaders::ScheduleOf>()
        .hot::<payments::loaders::PackageById>()
        .hot::<wallet::loaders::LastRecount>()
        // What reacts in the transaction of an event.
        .listener(discovery::listener::MentorIndex)
        .listener(rooms::listener::EmptyRooms)
        .listener(chat::listener::SessionConversations)
        .listener(notifications::listener::Notifier)
        .listener(invoices::listener::Invoicing)
        // Jobs and schedules.
        .job::<mail::SendMail>()
        .job::<payments::jobs::ApplyWebhook>()
        .job::<payments::jobs::LookAtPayment>()
        .job::<payments::jobs::SendRefund>()
        .job::<sandbox::webhook::DeliverWebhook>()
        .job::<invoices::jobs::IssueInvoice>()
        .job::<invoices::jobs::IssueCreditNote>()
        .job::<payouts::jobs::SendPayout>()
        .job::<payouts::jobs::ApplyPayoutEvent>()
        .job::<payout_sandbox::webhook::DeliverWebhook>()
        .job::<accounts::jobs::BeginReset>()
        .every(60 * MINUTE, &accounts::jobs::ForgetEnded {})
        .every(5 * MINUTE, &identities::jobs::ForgetOld {})
        .every(MINUTE, &scheduling::jobs::ExpireHolds {})
        .every(MINUTE, &discovery::jobs::RefreshSoonest {})
        .every(5 * MINUTE, &payments::jobs::ExpirePayments {})
        .every(5 * MINUTE, &payouts::jobs::ChasePayouts {})
        .every(5 * MINUTE, &payments::jobs::AskSilent {})
        .every(60 * MINUTE, &payments::jobs::FollowRefunds {})
        .every(24 * 60 * MINUTE, &payments::jobs::ForgetWebhooks {})
        .every(MINUTE, &sessions::jobs::SettleSessions {})
        .every(MINUTE, &sessions::jobs::ConfirmBookings {})
        .every(MINUTE, &disputes::jobs::SettleSilent {})
        .every(60 * MINUTE, &sessions::jobs::ForgetQuotes {})
        .every(60 * MINUTE, &intents::jobs::ForgetIntents {})
        .every(5 * MINUTE, &uploads::jobs::RemoveAbandoned {})
        .every(MINUTE, &oversight::jobs::TellEnded {})
        .every(MINUTE, &admin::jobs::EndSuspensions {})
        .every(audit::jobs::SEALING, &audit::jobs::SealActs {})
        .every(24 * 60 * MINUTE, &audit::jobs::PublishHead {})
        .every(60 * MINUTE, &wallet::jobs::ExpirePromotions {})
        .every(wallet::jobs::SEALING, &wallet::jobs::SealTransactions {})
        .every(24 * 60 * MINUTE, &documents::jobs::ForgetUsage {})
        .every(Duration::from_secs(15), &rooms::jobs::CloseLostPresences {})
        .every(retention::PERIOD, &Retention)
}
