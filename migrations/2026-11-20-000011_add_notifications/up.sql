create table notifications (
  id         uuid primary key,
  member_id  uuid        not null references members,
  kind       text        not null,
  body       text        not null,
  -- Global id of what it is about.
  subject    text,
  created_at timestamptz not null,
  read_at    timestamptz
);
create index notifications_member on notifications (member_id, created_at desc, id desc);
create index notifications_unread on notifications (member_id) where read_at is null;
