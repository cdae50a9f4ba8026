//! What the two sides do once a dispute is open: answer, accept the answer, bring evidence.

use super::{
    super::{
        model::{
            Command, DisputeOutcome, DisputeRow, DisputeStatus, EvidenceRow,
            events::{DisputeAnswered, DisputeEvidenceAdded},
            rules::{EVIDENCE_TIME, MOST_EVIDENCE},
        },
        repo,
    },
    DisputeError, Done,
    close::settle,
    lock_for, tell,
};
use crate::{
    app::App,
    db::{
        idempotency::Attempt,
        ids::{DisputeId, EvidenceId, MemberId},
        transact,
    },
};

/// What the respondent answers.
#[derive(Clone, Debug)]
pub enum Answer {
    /// As asked.
    Accept,
    /// Not so.
    Refuse {
        /// What shall go to the learner instead.
        offered: i64,
        /// Why; checked.
        statement: String,
    },
}

/// The respondent answers, in time: accepts, which settles the dispute, or refuses with an offer, after which both have
/// some days to bring evidence.
///
/// # Errors
/// See [`DisputeError`].
pub async fn respond(
    app: &App,
    by: MemberId,
    id: DisputeId,
    answer: Answer,
    attempt: Attempt,
) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let done = lock_for(tx, by, id, Command::Respond, &attempt).await?;
        if done.replayed {
            return Ok(done);
        }
        let now = tx.now();
        let Answer::Refuse { offered, statement } = &answer else {
            let dispute = DisputeRow { answered_at: Some(now), ..done.dispute };
            let back = dispute.asked;
            return settle(app, tx, Done { dispute, ..done }, back, DisputeOutcome::Accepted).await;
        };
        let dispute = done.dispute;
        if !(0..=dispute.held).contains(offered) {
            return Err(DisputeError::Amount { least: 0, most: dispute.held });
        }
        if *offered == dispute.asked {
            return Err(DisputeError::SameOffer);
        }
        let dispute = DisputeRow {
            status: DisputeStatus::Answered,
            answered_at: Some(now),
            answer: Some(statement.clone()),
            offered: Some(*offered),
            evidence_until: Some(now + EVIDENCE_TIME),
            version: dispute.version + 1,
            ..dispute
        };
        repo::save(tx, &dispute).await?;
        let answered = DisputeAnswered { dispute };
        tell(tx, &answered.dispute, &answered);
        Ok(Done { dispute: answered.dispute, ..done })
    })
    .await
}

/// The opener accepts the offer, which settles the dispute.
///
/// # Errors
/// See [`DisputeError`].
pub async fn accept_offer(
    app: &App,
    by: MemberId,
    id: DisputeId,
    attempt: Attempt,
) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let done = lock_for(tx, by, id, Command::AcceptOffer, &attempt).await?;
        if done.replayed {
            return Ok(done);
        }
        // What was answered has an offer.
        let back = done.dispute.offered.unwrap_or(done.dispute.asked);
        settle(app, tx, done, back, DisputeOutcome::OfferAccepted).await
    })
    .await
}

/// One side brings evidence.
///
/// # Errors
/// See [`DisputeError`].
pub async fn add_evidence(
    app: &App,
    by: MemberId,
    id: DisputeId,
    body: &str,
    attempt: Attempt,
) -> Result<Done, DisputeError> {
    transact(app, async |tx| {
        tx.acting(by);
        let done = lock_for(tx, by, id, Command::AddEvidence, &attempt).await?;
        if done.replayed {
            return Ok(done);
        }
        if repo::count_evidence(tx, id, by).await? >= MOST_EVIDENCE {
            return Err(DisputeError::TooMuchEvidence);
        }
        let evidence = EvidenceRow {
            id: EvidenceId::new(),
            dispute_id: id,
            member_id: by,
            body: body.to_owned(),
            created_at: tx.now(),
        };
        repo::insert_evidence(tx, &evidence).await?;
        let added = DisputeEvidenceAdded { dispute: done.dispute.clone(), evidence };
        tell(tx, &added.dispute, &added);
        Ok(done)
    })
    .await
}
