//! What a notification says, in English. Clients that speak another language, or know the reader's time zone, write their
//! own text from the kind and the subject.

use chrono::{DateTime, Utc};

/// The part that the reader has in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Gives it.
    Mentor,
    /// Has a seat in it.
    Learner,
}

/// An amount in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount<'a> {
    /// Minor units.
    pub minor: i64,
    /// `CREDIT` or a code of ISO 4217.
    pub currency: &'a str,
}

/// What happened, as far as the text tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story<'a> {
    /// A seat was booked.
    Booked(Part, DateTime<Utc>, Amount<'a>),
    /// A booking was cancelled; this much went to the reader.
    Cancelled(Part, DateTime<Utc>, Amount<'a>),
    /// A session went live.
    Started(Part),
    /// A session is over.
    Ended(Part),
    /// A booking was completed.
    Completed {
        /// Of the reader.
        part: Part,
        /// When the session was planned.
        starts_at: DateTime<Utc>,
        /// What the learner paid.
        price: Amount<'a>,
        /// What the mentor got.
        earnings: i64,
        /// What the platform kept.
        fee: i64,
    },
    /// A payment succeeded: the amount and the credits bought.
    Paid(Amount<'a>, i64),
    /// A payment failed.
    PaymentFailed(Amount<'a>),
    /// A payout arrived.
    PaidOut(Amount<'a>),
    /// A payout of these credits failed: why.
    PayoutFailed(i64, &'a str),
    /// A payment that waits for its payer.
    PaymentRequiresAction(Amount<'a>),
    /// A payment that went back, and the credits that went with it.
    PaymentRefunded(Amount<'a>, i64),
    /// A review was written: its stars.
    Reviewed(i16),
    /// The application to become a mentor was approved.
    MentorNow,
    /// It was rejected: why, and when the next one can be made.
    NotMentor(&'a str, DateTime<Utc>),
    /// An administrator may, or could, read a conversation: from when until when.
    Overseen(DateTime<Utc>, DateTime<Utc>),
    /// A price or a payment is contested.
    Contest(Contest<'a>),
    /// An administrator gave or took this much: why.
    Adjusted(Amount<'a>, &'a str),
    /// Promotional credits were given: why, and until when they can be used.
    Granted(Amount<'a>, &'a str, DateTime<Utc>),
    /// Promotional credits were not used in time.
    NotUsed(Amount<'a>),
}

/// What happened to a dispute or a chargeback, as far as the text tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contest<'a> {
    /// The reader's bank takes a payment back: the credits that it took, and how many of them are owed.
    ChargedBack(Amount<'a>, i64, i64),
    /// A chargeback was decided: whether the reader has the credits again.
    ChargebackClosed(Amount<'a>, bool),
    /// The reader has to answer a dispute: what is held, what of it shall go to the learner, until when.
    Disputed(Amount<'a>, i64, DateTime<Utc>),
    /// The reader's dispute was answered: what of it is offered to the learner, until when evidence can be brought.
    DisputeAnswered(Amount<'a>, i64, DateTime<Utc>),
    /// The other side brought evidence.
    EvidenceAdded,
    /// A dispute was resolved: the learner got this, the mentor that.
    DisputeResolved(Amount<'a>, i64, i64),
    /// The other side withdrew its dispute.
    DisputeWithdrawn,
}

fn paid(amount: Amount<'_>, credits: i64) -> String {
    let credits = money(Amount { minor: credits, currency: CREDIT });
    format!("Your payment of {} succeeded: {credits} were added to your wallet.", money(amount))
}

fn not_paid(amount: Amount<'_>) -> String {
    format!("Your payment of {} did not succeed. Your wallet is unchanged.", money(amount))
}

fn waiting(amount: Amount<'_>) -> String {
    format!(
        "Your bank wants to hear from you about your payment of {}. Open the payment to go on.",
        money(amount)
    )
}

fn went_back(amount: Amount<'_>, credits: i64) -> String {
    let credits = money(Amount { minor: credits, currency: CREDIT });
    format!("{} went back to you: {credits} were taken out of your wallet.", money(amount))
}

/// The text of a notification.
#[must_use]
pub fn body(story: Story<'_>) -> String {
    match story {
        Story::Booked(Part::Learner, at, price) => {
            format!("Your session on {} is booked for {}.", time(at), money(price))
        }
        Story::Booked(Part::Mentor, at, price) => {
            format!("A learner booked your session on {} for {}.", time(at), money(price))
        }
        Story::Cancelled(part, at, amount) => cancelled(part, at, amount),
        Story::Started(Part::Learner) => "Your session has started. Join it now.".to_owned(),
        Story::Started(Part::Mentor) => "The session that you lead has started.".to_owned(),
        Story::Ended(Part::Learner) => {
            "Your session has ended. Confirm it, and then tell others how it was.".to_owned()
        }
        Story::Ended(Part::Mentor) => {
            "The session that you led has ended. You are paid once it is confirmed.".to_owned()
        }
        Story::Completed { part: Part::Mentor, price, earnings, fee, .. } => {
            let part = |minor| money(Amount { minor, ..price });
            format!("You earned {}: {} less a fee of {}.", part(earnings), money(price), part(fee))
        }
        Story::Completed { part: Part::Learner, starts_at, price, .. } => {
            format!("Receipt: you paid {} for your session on {}.", money(price), time(starts_at))
        }
        Story::Paid(amount, credits) => paid(amount, credits),
        Story::PaymentFailed(amount) => not_paid(amount),
        Story::PaymentRequiresAction(amount) => waiting(amount),
        Story::PaymentRefunded(amount, credits) => went_back(amount, credits),
        Story::PaidOut(amount) => format!("Your payout of {} is at your bank.", money(amount)),
        Story::PayoutFailed(credits, why) => {
            let credits = money(Amount { minor: credits, currency: CREDIT });
            format!("Your payout failed: {why} {credits} are back in your earnings.")
        }
        Story::Reviewed(1) => "You received a review with 1 star.".to_owned(),
        Story::Reviewed(stars) => format!("You received a review with {stars} stars."),
        Story::MentorNow => "You are a mentor now. Set your offer and your hours.".to_owned(),
        Story::NotMentor(reason, after) => format!(
            "Your application to become a mentor was rejected: “{reason}” You can apply again after {}.",
            time(after)
        ),
        Story::Overseen(from, until) => format!(
            "An administrator was given leave to read one of your conversations from {} until {}.",
            time(from),
            time(until)
        ),
        Story::Adjusted(amount, reason) => adjusted(amount, reason),
        Story::Granted(amount, reason, until) => {
            format!("You got {}: “{reason}” Use them before {}.", money(amount), time(until))
        }
        Story::NotUsed(left) => format!("{} of your promotional credits were not used in time.", money(left)),
        Story::Contest(contest) => of_contest(contest),
    }
}

fn of_contest(contest: Contest<'_>) -> String {
    match contest {
        Contest::ChargedBack(amount, taken, owed) => {
            let credits = |minor| money(Amount { minor, currency: CREDIT });
            let debt = if owed == 0 {
                String::new()
            } else {
                format!(" You owe {} of them; what you earn or buy next pays that first.", credits(owed))
            };
            format!(
                "Your bank takes your payment of {} back: {} were taken.{debt}",
                money(amount),
                credits(taken)
            )
        }
        Contest::ChargebackClosed(amount, true) => {
            format!("Your payment of {} came again: its credits are yours again.", money(amount))
        }
        Contest::ChargebackClosed(amount, false) => {
            format!("Your bank has taken your payment of {} back for good.", money(amount))
        }
        Contest::Disputed(held, asked, by) => format!(
            "The other side opened a dispute about {}: {} shall go to the learner. Answer until {}; if you do not, it is \
             settled so.",
            money(held),
            money(Amount { minor: asked, ..held }),
            time(by)
        ),
        Contest::DisputeAnswered(held, offered, until) => format!(
            "Your dispute about {} was answered: {} for the learner. Accept the offer, or bring evidence until {}; then it is \
             decided.",
            money(held),
            money(Amount { minor: offered, ..held }),
            time(until)
        ),
        Contest::EvidenceAdded => "The other side brought evidence to your dispute.".to_owned(),
        Contest::DisputeResolved(held, learner, mentor) => format!(
            "The dispute about {} is resolved: {} for the learner, {} for the mentor.",
            money(held),
            money(Amount { minor: learner, ..held }),
            money(Amount { minor: mentor, ..held })
        ),
        Contest::DisputeWithdrawn => {
            "The other side withdrew its dispute. The booking is as it was before.".to_owned()
        }
    }
}

/// What a cancellation brought: the learner money back, the mentor a fee, or nothing.
fn cancelled(part: Part, at: DateTime<Utc>, amount: Amount<'_>) -> String {
    let (at, brought) = (time(at), money(amount));
    match (part, amount.minor) {
        (Part::Learner, 0) => format!("Your session on {at} was cancelled."),
        (Part::Mentor, 0) => format!("The booking of your session on {at} was cancelled."),
        (Part::Learner, _) => {
            format!("Your session on {at} was cancelled. {brought} went back to your wallet.")
        }
        (Part::Mentor, _) => {
            format!("The booking of your session on {at} was cancelled late. You earned {brought}.")
        }
    }
}

/// What an administrator gave or took.
fn adjusted(amount: Amount<'_>, reason: &str) -> String {
    let taken = Amount { minor: amount.minor.saturating_neg(), ..amount };
    let (money, done) =
        if amount.minor < 0 { (money(taken), "taken from") } else { (money(amount), "added to") };
    format!("{money} were {done} your wallet by an administrator: “{reason}”")
}

const CREDIT: &str = "CREDIT";

/// Currencies without, and with three, decimal places (ISO 4217); the others have two.
const WHOLE: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

fn money(Amount { minor, currency }: Amount<'_>) -> String {
    let places = match currency {
        code if WHOLE.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    };
    let unit = if currency == CREDIT { "credits" } else { currency };
    let digits = format!("{:0width$}", minor.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction} {unit}")
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y at %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(minor: i64) -> Amount<'static> {
        Amount { minor, currency: CREDIT }
    }

    #[test]
    fn every_step_is_told_to_both_sides() {
        let at: DateTime<Utc> = "2027-03-03T14:05:00Z".parse().unwrap();
        let completed =
            |part| Story::Completed { part, starts_at: at, price: credits(6000), earnings: 5100, fee: 900 };
        let table = [
            (
                Story::Booked(Part::Learner, at, credits(6000)),
                "Your session on 3 March 2027 at 14:05 UTC is booked for 60.00 credits.",
            ),
            (
                Story::Booked(Part::Mentor, at, credits(6000)),
                "A learner booked your session on 3 March 2027 at 14:05 UTC for 60.00 credits.",
            ),
            (
                Story::Cancelled(Part::Learner, at, credits(6000)),
                "Your session on 3 March 2027 at 14:05 UTC was cancelled. 60.00 credits went back to your wallet.",
            ),
            (
                Story::Cancelled(Part::Learner, at, credits(0)),
                "Your session on 3 March 2027 at 14:05 UTC was cancelled.",
            ),
            (
                Story::Cancelled(Part::Mentor, at, credits(0)),
                "The booking of your session on 3 March 2027 at 14:05 UTC was cancelled.",
            ),
            (
                Story::Cancelled(Part::Mentor, at, credits(5100)),
                "The booking of your session on 3 March 2027 at 14:05 UTC was cancelled late. You earned 51.00 credits.",
            ),
            (Story::Started(Part::Learner), "Your session has started. Join it now."),
            (Story::Started(Part::Mentor), "The session that you lead has started."),
            (
                Story::Ended(Part::Learner),
                "Your session has ended. Confirm it, and then tell others how it was.",
            ),
            (
                Story::Ended(Part::Mentor),
                "The session that you led has ended. You are paid once it is confirmed.",
            ),
            (completed(Part::Mentor), "You earned 51.00 credits: 60.00 credits less a fee of 9.00 credits."),
            (
                completed(Part::Learner),
                "Receipt: you paid 60.00 credits for your session on 3 March 2027 at 14:05 UTC.",
            ),
            (Story::Reviewed(1), "You received a review with 1 star."),
            (Story::Reviewed(5), "You received a review with 5 stars."),
            (Story::MentorNow, "You are a mentor now. Set your offer and your hours."),
            (
                Story::NotMentor("Say more.", at),
                "Your application to become a mentor was rejected: “Say more.” You can apply again after 3 March 2027 at 14:05 UTC.",
            ),
        ];
        for (story, text) in table {
            assert_eq!(body(story), text);
        }
    }

    #[test]
    fn what_is_contested_is_told_with_the_amounts_and_the_next_step() {
        let at: DateTime<Utc> = "2027-03-03T14:05:00Z".parse().unwrap();
        let table = [
            (
                Contest::ChargedBack(Amount { minor: 1250, currency: "USD" }, 10_000, 6000),
                "Your bank takes your payment of 12.50 USD back: 100.00 credits were taken. You owe 60.00 credits of them; what you earn or buy next pays that first.",
            ),
            (
                Contest::ChargebackClosed(Amount { minor: 1250, currency: "USD" }, false),
                "Your bank has taken your payment of 12.50 USD back for good.",
            ),
            (
                Contest::Disputed(credits(6000), 4000, at),
                "The other side opened a dispute about 60.00 credits: 40.00 credits shall go to the learner. Answer until 3 March 2027 at 14:05 UTC; if you do not, it is settled so.",
            ),
            (
                Contest::DisputeAnswered(credits(6000), 1000, at),
                "Your dispute about 60.00 credits was answered: 10.00 credits for the learner. Accept the offer, or bring evidence until 3 March 2027 at 14:05 UTC; then it is decided.",
            ),
            (
                Contest::DisputeResolved(credits(6000), 1000, 4250),
                "The dispute about 60.00 credits is resolved: 10.00 credits for the learner, 42.50 credits for the mentor.",
            ),
        ];
        for (contest, text) in table {
            assert_eq!(body(Story::Contest(contest)), text);
        }
    }

    #[test]
    fn the_end_of_a_payout_is_told() {
        let table = [
            (
                Story::PaidOut(Amount { minor: 4000, currency: "USD" }),
                "Your payout of 40.00 USD is at your bank.",
            ),
            (
                Story::PayoutFailed(40_000, "The bank account is closed."),
                "Your payout failed: The bank account is closed. 400.00 credits are back in your earnings.",
            ),
        ];
        for (story, text) in table {
            assert_eq!(body(story), text);
        }
    }

    #[test]
    fn what_became_of_a_payment_is_told() {
        for (story, text) in [
            (
                Story::Paid(Amount { minor: 1999, currency: "EUR" }, 20_000),
                "Your payment of 19.99 EUR succeeded: 200.00 credits were added to your wallet.",
            ),
            (
                Story::PaymentFailed(Amount { minor: 500, currency: "JPY" }),
                "Your payment of 500 JPY did not succeed. Your wallet is unchanged.",
            ),
            (
                Story::PaymentRequiresAction(Amount { minor: 500, currency: "JPY" }),
                "Your bank wants to hear from you about your payment of 500 JPY. Open the payment to go on.",
            ),
            (
                Story::PaymentRefunded(Amount { minor: 999, currency: "EUR" }, 10_000),
                "9.99 EUR went back to you: 100.00 credits were taken out of your wallet.",
            ),
        ] {
            assert_eq!(body(story), text);
        }
    }

    #[test]
    fn amounts_have_the_places_of_their_currency() {
        let table = [
            (0, CREDIT, "0.00 credits"),
            (5, CREDIT, "0.05 credits"),
            (-5, "EUR", "-0.05 EUR"),
            (123_456, "USD", "1234.56 USD"),
            (0, "JPY", "0 JPY"),
            (1234, "KWD", "1.234 KWD"),
            (i64::MIN, "JPY", "-9223372036854775808 JPY"),
        ];
        for (minor, currency, text) in table {
            assert_eq!(money(Amount { minor, currency }), text);
        }
    }
}
