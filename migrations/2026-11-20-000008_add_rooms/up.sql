-- One interval per connection: from joining to leaving, or to the last beat when the connection was lost.
create table presence_intervals (
  id           uuid primary key,
  session_id   uuid        not null references sessions,
  member_id    uuid        not null references members,
  joined_at    timestamptz not null,
  -- Since when the member has been present without a break: the same for all open intervals of a member.
  stay_since   timestamptz not null,
  last_seen_at timestamptz not null,
  left_at      timestamptz,
  check (stay_since <= joined_at),
  check (last_seen_at >= joined_at and (left_at is null or left_at >= joined_at))
);
create index presence_intervals_session on presence_intervals (session_id, joined_at);
create index presence_intervals_open on presence_intervals (last_seen_at, id) where left_at is null;
