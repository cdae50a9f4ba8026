-- A live meeting of a host with one or more learners. Whoever changes a session, its bookings or its presence intervals
-- locks this row first.
create table sessions (
  id           uuid primary key,
  kind         text        not null check (kind in ('ONE_ON_ONE', 'GROUP', 'INSTANT', 'EXCHANGE')),
  status       text        not null check (status in ('SCHEDULED', 'LIVE', 'ENDED', 'CANCELLED')),
  host_id      uuid        not null references members,
  skill_id     uuid        references skills,
  starts_at    timestamptz not null,
  ends_at      timestamptz not null check (ends_at > starts_at),
  started_at   timestamptz,
  ended_at     timestamptz,
  cancelled_at timestamptz,
  version      bigint      not null default 1,
  created_at   timestamptz not null,
  check ((status in ('LIVE', 'ENDED')) = (started_at is not null)),
  check ((status = 'ENDED') = (ended_at is not null)),
  check ((status = 'CANCELLED') = (cancelled_at is not null))
);
create index sessions_host on sessions (host_id, starts_at);
-- What the clean-up of forgotten sessions looks through.
create index sessions_open on sessions (ends_at, id) where status in ('SCHEDULED', 'LIVE');

-- One learner's seat. The price is in escrow from the booking until it is completed or cancelled.
create table bookings (
  id               uuid primary key,
  session_id       uuid        not null references sessions,
  learner_id       uuid        not null references members,
  mentor_id        uuid        not null references members,
  status           text        not null check (status in ('CONFIRMED', 'COMPLETED', 'CANCELLED')),
  payment_status   text        not null check (payment_status in ('HELD', 'RELEASED', 'REFUNDED')),
  starts_at        timestamptz not null,
  price            bigint      not null check (price >= 0),
  currency         text        not null,
  created_at       timestamptz not null,
  -- Set when the session ends: from then on it completes by itself.
  auto_confirms_at timestamptz,
  completed_at     timestamptz,
  cancelled_at     timestamptz,
  cancelled_by     uuid,
  version          bigint      not null default 1,
  unique (session_id, learner_id),
  check (learner_id <> mentor_id),
  check ((status, payment_status) in (('CONFIRMED', 'HELD'), ('COMPLETED', 'RELEASED'), ('CANCELLED', 'REFUNDED'))),
  check ((status = 'COMPLETED') = (completed_at is not null)),
  check ((status = 'CANCELLED') = (cancelled_at is not null))
);
create index bookings_learner on bookings (learner_id, starts_at, id);
create index bookings_mentor on bookings (mentor_id, starts_at, id);
create index bookings_due on bookings (auto_confirms_at, id) where status = 'CONFIRMED' and auto_confirms_at is not null;
