-- While a booking is disputed its price is in escrow, whether it was completed before or not; when the dispute ends the
-- booking is completed, and the price with one side or divided.
alter table bookings drop constraint bookings_status_check;
alter table bookings add constraint bookings_status_check
  check (status in ('CONFIRMED', 'COMPLETED', 'CANCELLED', 'DISPUTED'));
alter table bookings drop constraint bookings_payment_status_check;
alter table bookings add constraint bookings_payment_status_check
  check (payment_status in ('HELD', 'RELEASED', 'REFUNDED', 'SPLIT'));
alter table bookings drop constraint if exists bookings_check1;
alter table bookings drop constraint if exists bookings_money_follows_status;
alter table bookings add constraint bookings_money_follows_status check (
  case
    when status in ('CONFIRMED', 'DISPUTED') then payment_status = 'HELD'
    else payment_status in ('RELEASED', 'REFUNDED', 'SPLIT')
  end);
alter table bookings drop constraint bookings_check2;
alter table bookings add constraint bookings_completed_at check (
  case status when 'COMPLETED' then completed_at is not null when 'DISPUTED' then true else completed_at is null end);

-- One side of a booking contests where its price goes. Whoever changes a dispute holds the lock on the session's row.
create table disputes (
  id            uuid primary key,
  booking_id    uuid        not null references bookings,
  session_id    uuid        not null,
  learner_id    uuid        not null,
  mentor_id     uuid        not null,
  opened_by     uuid        not null check (opened_by in (learner_id, mentor_id)),
  status        text        not null check (status in ('OPEN', 'ANSWERED', 'RESOLVED', 'WITHDRAWN')),
  reason        text        not null check (char_length(reason) between 10 and 2000),
  -- What is disputed, and what of it shall go to the learner, in minor units of `currency`.
  held          bigint      not null check (held > 0),
  asked         bigint      not null check (asked between 0 and held),
  currency      text        not null,
  opened_at     timestamptz not null,
  -- Silence until then settles it as asked.
  answer_by     timestamptz not null,
  answered_at   timestamptz,
  answer        text        check (char_length(answer) between 10 and 2000),
  -- What the other side would have go to the learner instead.
  offered       bigint      check (offered between 0 and held),
  evidence_until timestamptz,
  closed_at     timestamptz,
  outcome       text        check (outcome in ('ACCEPTED', 'SILENCE', 'OFFER_ACCEPTED', 'DECIDED')),
  to_learner    bigint      check (to_learner >= 0),
  to_mentor     bigint      check (to_mentor >= 0),
  fee           bigint      check (fee >= 0),
  decided_by    uuid,
  decision      text        check (char_length(decision) between 10 and 2000),
  -- The messages of the session's conversation when the dispute was opened: how many, and a hash over them.
  messages      bigint      not null check (messages >= 0),
  messages_hash bytea       not null check (octet_length(messages_hash) = 32),
  version       bigint      not null default 1,
  check ((status in ('RESOLVED', 'WITHDRAWN')) = (closed_at is not null)),
  check ((status = 'RESOLVED') = (outcome is not null)),
  check (case status when 'RESOLVED' then to_learner + to_mentor + fee = held
         else coalesce(to_learner, to_mentor, fee) is null end),
  check (status <> 'ANSWERED' or (answered_at is not null and offered is not null and evidence_until is not null)),
  check ((outcome is not distinct from 'DECIDED') = (decided_by is not null and decision is not null)),
  -- Each side contests a booking once, so that nobody keeps its price frozen by opening and withdrawing.
  constraint disputes_once_each unique (booking_id, opened_by)
);
create unique index disputes_one_per_booking on disputes (booking_id) where status <> 'WITHDRAWN';
create index disputes_learner on disputes (learner_id, opened_at desc, id desc);
create index disputes_mentor on disputes (mentor_id, opened_at desc, id desc);
create index disputes_unanswered on disputes (answer_by, id) where status = 'OPEN';
create index disputes_queue on disputes (status, opened_at, id);

create table dispute_evidence (
  id         uuid primary key,
  dispute_id uuid        not null references disputes,
  member_id  uuid        not null,
  body       text        not null check (char_length(body) between 1 and 4000),
  created_at timestamptz not null
);
create index dispute_evidence_dispute on dispute_evidence (dispute_id, id);
create trigger dispute_evidence_append_only before update or delete on dispute_evidence
  for each row execute function refuse_change();
