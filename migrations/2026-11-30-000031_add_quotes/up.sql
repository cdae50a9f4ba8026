-- What an act would move, as it was shown to a member: the act names the quote and moves exactly that, or nothing. They
-- are thrown away a while after they expired.
create table cancellation_quotes (
  id              uuid primary key,
  member_id       uuid        not null,
  booking_id      uuid        not null references bookings,
  -- The booking as it was.
  booking_version bigint      not null,
  late            boolean     not null,
  to_learner      bigint      not null check (to_learner >= 0),
  to_mentor       bigint      not null check (to_mentor >= 0),
  fee             bigint      not null check (fee >= 0),
  currency        text        not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null
);
create index cancellation_quotes_expiry on cancellation_quotes (expires_at);

create table price_quotes (
  id                      uuid primary key,
  member_id               uuid        not null,
  mentor_id               uuid        not null,
  skill_id                uuid,
  starts_at               timestamptz not null,
  ends_at                 timestamptz not null check (ends_at > starts_at),
  price                   bigint      not null check (price >= 0),
  -- The platform's part of the price.
  fee                     bigint      not null check (fee >= 0 and fee <= price),
  currency                text        not null,
  free_cancellation_hours smallint    not null,
  late_fee_percent        smallint    not null,
  created_at              timestamptz not null,
  expires_at              timestamptz not null
);
create index price_quotes_expiry on price_quotes (expires_at);
