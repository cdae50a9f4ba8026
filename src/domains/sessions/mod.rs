//! Sessions: live meetings of a host with learners, and the learners' bookings.
//!
//! Vocabulary: a *session* is the meeting, with one *host* (the mentor); a *booking* is one learner's seat in it. A
//! *phase* is a session's status at an instant; what may be done is decided by the phase alone (see [`model::rules`]). A
//! *quote* is what an act would move, as a member was shown it: the act names it, and moves exactly that or nothing.
//!
//! Who decides what: the learner or the mentor cancels before the start; the host starts (from 10 minutes before the
//! start until the planned end) and ends; the learner confirms after the end, which pays the mentor. The clock decides
//! whatever nobody decided, so that no money is stuck: a live session is ended an hour after its planned end, a session
//! that nobody started is cancelled with a full refund a day after its planned end, and a booking that nobody confirmed
//! is completed 72 hours after the end (see [`jobs`]). Until then either side can contest where the price goes: while it is
//! disputed nothing else moves it, and no deadline of the booking runs (see [`service::dispute`]).
//!
//! Cancelling: until the free time of the policy that the booking was made under is over, everything goes back to the
//! learner; later the mentor earns a part of the price, of which the platform keeps its fee. A mentor who cancels gives
//! everything back at any time, and late ones are counted.
//!
//! Invariants: whoever changes a session or its bookings holds the lock on the session's row; a booking's payment status
//! follows its status; money and slot move in the transaction that changes the status.

pub mod jobs;
pub mod loaders;
pub mod model;
pub mod mutation;
pub mod query;
pub mod repo;
pub mod service;
pub mod types;
pub mod viewer;
