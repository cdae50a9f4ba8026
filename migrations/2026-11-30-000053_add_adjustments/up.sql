-- Corrections of wallets by administrators. Above a limit a second administrator approves.
create table adjustments (
  id           uuid primary key,
  member_id    uuid        not null references members,
  asset        text        not null,
  -- Given if positive, taken if negative.
  amount       bigint      not null check (amount <> 0),
  promotional  boolean     not null check (not promotional or amount > 0),
  reason       text        not null,
  status       text        not null check (status in ('WAITING', 'POSTED', 'REJECTED')),
  requested_by uuid        not null references members,
  -- The second administrator; null if none was needed, or while it waits.
  decided_by   uuid references members,
  created_at   timestamptz not null,
  decided_at   timestamptz,
  check ((status = 'WAITING') = (decided_at is null)),
  -- Nobody approves what they asked for; they may take it back.
  constraint adjustments_two_people check (status <> 'POSTED' or decided_by is null or decided_by <> requested_by)
);
create index adjustments_newest on adjustments (created_at desc, id desc);
create index adjustments_waiting on adjustments (created_at, id) where status = 'WAITING';
create index adjustments_requested on adjustments (requested_by, created_at);
