-- A suspension ends by itself at `suspended_until`; without it, it lasts until somebody lifts it.
alter table members add column suspended_until timestamptz;
alter table members add constraint members_suspended_until check (suspended_until is null or status = 'SUSPENDED');
-- When roles or status changed last. Every process looks for recent ones, and forgets what it kept of those members.
alter table members add column rights_changed_at timestamptz;
create index members_rights_changed on members (rights_changed_at) where rights_changed_at is not null;
create index members_suspended on members (suspended_until) where suspended_until is not null;

-- Who asked to become a mentor, and what came of it.
create table mentor_applications (
  id            uuid primary key,
  member_id     uuid        not null references members,
  statement     text        not null check (char_length(statement) between 1 and 2000),
  status        text        not null default 'PENDING' check (status in ('PENDING', 'APPROVED', 'REJECTED')),
  reason        text        not null default '',
  reviewed_by   uuid        references members,
  reviewed_at   timestamptz,
  -- After a rejection: when the member may try again.
  reapply_after timestamptz,
  created_at    timestamptz not null,
  check ((status = 'PENDING') = (reviewed_at is null)),
  check ((status = 'REJECTED') = (reapply_after is not null))
);
create unique index mentor_applications_pending on mentor_applications (member_id) where status = 'PENDING';
create index mentor_applications_member on mentor_applications (member_id, created_at desc);
create index mentor_applications_queue on mentor_applications (status, created_at, id);
