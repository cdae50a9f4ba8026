-- A live meeting of a host with one or more learners.
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
  created_at   timestamptz not null
);
create index sessions_host on sessions (host_id, starts_at);

-- One learner's seat. The price is in escrow from the booking until it is completed or cancelled.
create table bookings (
  id             uuid primary key,
  session_id     uuid        not null references sessions,
  learner_id     uuid        not null references members,
  mentor_id      uuid        not null references members,
  status         text        not null check (status in ('CONFIRMED', 'COMPLETED', 'CANCELLED')),
  payment_status text        not null check (payment_status in ('HELD', 'RELEASED', 'REFUNDED')),
  starts_at      timestamptz not null,
  price          bigint      not null check (price >= 0),
  currency       text        not null,
  created_at     timestamptz not null,
  completed_at   timestamptz,
  cancelled_at   timestamptz,
  cancelled_by   uuid,
  version        bigint      not null default 1,
  unique (session_id, learner_id)
);
create index bookings_learner on bookings (learner_id, starts_at, id);
create index bookings_mentor on bookings (mentor_id, starts_at, id);
