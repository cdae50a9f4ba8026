//! The root query of the policies.

use std::ops::RangeInclusive;

use async_graphql::{Context, Object};

use super::types::{
    AccountPolicies, ApiPolicies, AuditPolicies, BookingPolicies, ChatPolicies, DisputePolicies, IntRange,
    MentorPolicies, PayoutPolicies, Policies, UploadKindPolicy, UploadPolicies, WalletPolicies,
};
use crate::{
    config::Config,
    domains::{
        accounts, audit, disputes, mentorship, oversight, payouts, profiles, reviews, scheduling,
        second_factor,
        sessions::{self, model::rules},
        uploads,
        wallet::{self, types::credits},
    },
    engine::scan,
    graphql::{
        ContextExt, Field, connection, field,
        scalars::{BigInt, Money},
    },
    jobs::retention,
    limits::{self, Limits},
    schema,
};

/// The policies.
#[derive(Debug, Default)]
pub struct PoliciesQuery;

/// The policies.
#[Object]
impl PoliciesQuery {
    /// The limits and policies of the house, as the code goes by them. `null` if they cannot be read.
    async fn policies(&self, ctx: &Context<'_>) -> Field<Policies> {
        field(async {
            let published = if ctx.look_ahead().field("audit").field("publishedHead").exists() {
                audit::service::published_head(&mut *ctx.conn().await?).await?
            } else {
                None
            };
            Ok(Some(Policies {
                accounts: accounts(),
                bookings: bookings(&ctx.app().config),
                disputes: disputes(),
                mentors: MentorPolicies {
                    statement_length: range(&mentorship::model::STATEMENT_LENGTH),
                    reapply_days: int(mentorship::model::REAPPLY_WAIT.num_days()),
                },
                payouts: payouts(&ctx.app().config),
                wallet: WalletPolicies {
                    promotion_days: int(wallet::model::promotion::PROMOTION_LIFE.num_days()),
                    adjustment_limit: wallet::types::credits(ctx.app().config.adjustment_limit),
                    seal_seconds: int(wallet::jobs::SEALING.as_secs()),
                },
                chat: ChatPolicies {
                    oversight_notice: ctx.app().config.oversight_notice.into(),
                    oversight_minutes: int(oversight::model::ACCESS_LIFE.num_minutes()),
                    oversight_reason_length: range(&oversight::model::REASON_LENGTH),
                },
                uploads: uploads(),
                api: api(&ctx.app().limits),
                audit: AuditPolicies {
                    seal_seconds: int(audit::jobs::SEALING.as_secs()),
                    published_head: published.map(Into::into),
                },
            }))
        })
        .await
    }
}

fn accounts() -> AccountPolicies {
    use accounts::model::{ACCESS_TOKEN_LIFE, AUTH_SESSION_LIFE, PASSWORD_LENGTH};
    AccountPolicies {
        access_token_minutes: int(ACCESS_TOKEN_LIFE.num_minutes()),
        device_days: int(AUTH_SESSION_LIFE.num_days()),
        password_length: range(&PASSWORD_LENGTH),
        most_skills: int(profiles::model::MOST_SKILLS),
    }
}

fn bookings(config: &Config) -> BookingPolicies {
    use profiles::model::{CancellationPolicy, FREE_CANCELLATION_HOURS, LATE_FEE_PERCENT};
    use sessions::model::quote::QUOTE_LIFE;
    BookingPolicies {
        hold_minutes: int(scheduling::model::HOLD_LIFE.num_minutes()),
        most_holds: int(scheduling::model::MOST_HOLDS),
        session_minutes: range(&rules::BOOKABLE_MINUTES),
        room_opens_minutes_before: int(rules::OPENS_BEFORE.num_minutes()),
        overrun_minutes: int(rules::OVERRUN.num_minutes()),
        given_up_after_hours: int(rules::GIVEN_UP_AFTER.num_hours()),
        confirm_hours: int(rules::CONFIRM_WINDOW.num_hours()),
        fee_basis_points: config.fee_basis_points.into(),
        free_cancellation_hours: FREE_CANCELLATION_HOURS.map(i32::from).into(),
        late_fee_percent: range(&LATE_FEE_PERCENT),
        default_cancellation_policy: CancellationPolicy::DEFAULT.into(),
        quote_minutes: int(QUOTE_LIFE.num_minutes()),
        review_stars: range(&reviews::model::STARS),
    }
}

fn disputes() -> DisputePolicies {
    use disputes::model::rules as own;
    DisputePolicies {
        window_hours: int(rules::CONFIRM_WINDOW.num_hours()),
        answer_days: int(own::ANSWER_TIME.num_days()),
        silence_rule: own::SILENCE_RULE,
        evidence_days: int(own::EVIDENCE_TIME.num_days()),
        most_evidence: int(own::MOST_EVIDENCE),
        statement_length: range(&own::STATEMENT_LENGTH),
        evidence_length: range(&own::EVIDENCE_LENGTH),
    }
}

fn payouts(config: &Config) -> PayoutPolicies {
    let terms = payouts::service::terms(config);
    PayoutPolicies {
        minimum: credits(terms.least()),
        per_hundred_credits: Money::new(terms.per_100_credits, terms.currency),
        step_up_minutes: int(second_factor::model::STEP_UP_LIFE.num_minutes()),
    }
}

fn uploads() -> UploadPolicies {
    use uploads::model;
    let kind = |&kind: &model::UploadKind| UploadKindPolicy {
        kind: kind.into(),
        max_bytes: int(kind.max_bytes()),
        mime_types: kind.types().iter().map(|known| known.mime()).collect(),
        public: kind.is_public(),
    };
    UploadPolicies {
        kinds: model::UploadKind::ALL.iter().map(kind).collect(),
        put_minutes: int(model::PUT_LIFE.num_minutes()),
        link_minutes: int(model::GET_LIFE.num_minutes()),
        most_pending: int(model::MOST_PENDING),
        most_pending_bytes: BigInt(model::MOST_PENDING_BYTES),
        most_bytes: BigInt(model::MOST_BYTES),
    }
}

fn api(limits: &Limits) -> ApiPolicies {
    ApiPolicies {
        depth: int(schema::MAX_DEPTH),
        aliases: int(schema::MAX_ALIASES),
        document_bytes: int(scan::MAX_BYTES),
        default_page: connection::DEFAULT_PAGE,
        largest_page: connection::LARGEST_PAGE,
        events_kept_days: int(retention::EVENTS_KEPT.num_days()),
        idempotency_days: int(retention::KEYS_KEPT.num_days()),
        budget_minutes: int(limits::WINDOW.num_minutes()),
        anonymous_requests: int(limits.anonymous_requests),
        member_points: int(limits.member_points),
        anonymous_cost: int(limits.anonymous_cost),
        member_cost: int(limits.member_cost),
    }
}

fn range<T: Copy>(range: &RangeInclusive<T>) -> IntRange
where
    i32: TryFrom<T>,
{
    IntRange { min: int(*range.start()), max: int(*range.end()) }
}

fn int<T>(number: T) -> i32
where
    i32: TryFrom<T>,
{
    i32::try_from(number).unwrap_or(i32::MAX)
}
