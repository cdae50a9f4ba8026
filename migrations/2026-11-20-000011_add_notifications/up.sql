create table notifications (
  id         uuid primary key,
  member_id  uuid        not null references members,
  kind       text        not null,
  body       text        not null,
  -- Global id of what it is about.
  subject    text,
  -- Who did it; null for the system.
  actor_id   uuid,
  -- The event that made it, with the member: the same event makes no second one.
  source     text        unique,
  created_at timestamptz not null,
  read_at    timestamptz
);
create index notifications_member on notifications (member_id, created_at desc, id desc);
create index notifications_unread on notifications (member_id, created_at desc, id desc) where read_at is null;

-- One row per member who ever got a notification. Its lock orders what happens to an inbox, so that the number told in
-- an event is the number of unread rows at that place of the stream.
create table inboxes (
  member_id uuid    primary key references members,
  unread    integer not null default 0 check (unread >= 0)
) with (fillfactor = 80);
