-- Everything that the store of files may hold. The row is written before the object, so that whatever a crash leaves
-- behind is known here and thrown away in time.
create table stored_objects (
  key          text primary key,
  -- When it is thrown away; null = it is a finalised upload's.
  remove_after timestamptz,
  -- It is being thrown away: nobody may keep it any more.
  doomed       boolean not null default false,
  check (not doomed or remove_after is not null)
);
create index stored_objects_due on stored_objects (remove_after) where remove_after is not null;

-- Files of members: announced, then put into the store by the client, then looked at and kept under a key that no
-- client can write to.
create table uploads (
  id           uuid primary key,
  owner_id     uuid        not null references members,
  kind         text        not null check (kind in ('AVATAR', 'CHAT_ATTACHMENT', 'COURSE_VIDEO', 'COURSE_MATERIAL', 'VERIFICATION_DOCUMENT')),
  status       text        not null default 'PENDING' check (status in ('PENDING', 'READY')),
  mime         text        not null,
  bytes        bigint      not null check (bytes > 0),
  file_name    text        check (char_length(file_name) between 1 and 200),
  -- Announced by the client, if at all, while PENDING; what the file has once READY.
  sha256       bytea       check (octet_length(sha256) = 32),
  object_key   text        unique references stored_objects,
  -- Whether something shows it, such as a profile.
  used         boolean     not null default false,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  finalized_at timestamptz,
  check ((status = 'READY') = (object_key is not null)),
  check ((status = 'READY') = (finalized_at is not null)),
  check (status = 'PENDING' or sha256 is not null)
);
create index uploads_pending on uploads (owner_id, expires_at) where status = 'PENDING';
create index uploads_expiring on uploads (expires_at) where status = 'PENDING';
create index uploads_avatars on uploads (owner_id) where status = 'READY' and kind = 'AVATAR';
create index uploads_unused on uploads (finalized_at) where status = 'READY' and kind = 'AVATAR' and not used;
