-- What callers asked for in their present quarter of an hour: the processes add to it about once a second. Logged, so that
-- a crash does not reset it; the free space lets a row be updated where it stands.
create table request_counts (
  caller  text        primary key,
  used    bigint      not null check (used >= 0),
  ends_at timestamptz not null
) with (fillfactor = 70);
