-- How a mentor may be booked. Wall time is in `time_zone` (IANA).
create table schedules (
  mentor_id           uuid primary key references members,
  time_zone           text    not null,
  slot_step_minutes   integer not null default 30 check (slot_step_minutes between 5 and 240),
  min_notice_minutes  integer not null default 120 check (min_notice_minutes between 0 and 43200),
  booking_window_days integer not null default 60 check (booking_window_days between 1 and 730),
  version             bigint  not null default 1
);

-- Weekly opening hours. Weekday 1 = Monday … 7 = Sunday (ISO 8601). `end_minute` 1440 = midnight at the end of the day.
create table availability_rules (
  mentor_id    uuid     not null references schedules on delete cascade,
  weekday      smallint not null check (weekday between 1 and 7),
  start_minute smallint not null check (start_minute between 0 and 1439),
  end_minute   smallint not null check (end_minute between 1 and 1440 and end_minute > start_minute),
  primary key (mentor_id, weekday, start_minute)
);

-- Replaces the weekly rules on one date. Empty arrays = closed.
create table availability_overrides (
  mentor_id     uuid       not null references schedules on delete cascade,
  date          date       not null,
  start_minutes smallint[] not null,
  end_minutes   smallint[] not null,
  primary key (mentor_id, date),
  check (cardinality(start_minutes) = cardinality(end_minutes))
);

-- Every piece of taken time: holds, pending and confirmed sessions compete here, so that no two of them overlap for a
-- mentor, nor two booked ones for a learner. An expired hold is deleted by whoever wants its place.
create table claims (
  id         uuid primary key,
  mentor_id  uuid        not null references members,
  learner_id uuid        not null references members,
  kind       text        not null check (kind in ('HOLD', 'PENDING', 'CONFIRMED')),
  during     tstzrange   not null check (lower_inc(during) and not upper_inc(during) and not isempty(during)
                                         and lower(during) is not null and upper(during) is not null),
  expires_at timestamptz,
  created_at timestamptz not null,
  check ((kind = 'HOLD') = (expires_at is not null)),
  check (mentor_id <> learner_id),
  constraint claims_mentor_free exclude using gist (mentor_id with =, during with &&),
  constraint claims_learner_free exclude using gist (learner_id with =, during with &&) where (kind <> 'HOLD')
);
create index claims_expiry on claims (expires_at) where kind = 'HOLD';
create index claims_mentor_holds on claims (mentor_id) where kind = 'HOLD';
create index claims_learner_holds on claims (learner_id) where kind = 'HOLD';
