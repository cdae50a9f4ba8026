-- When an administrator opened a conversation to read it: why, and until when. What was read is in the audit log.
create table conversation_accesses (
  id              uuid primary key,
  conversation_id uuid        not null references conversations,
  admin_id        uuid        not null references members,
  reason          text        not null check (char_length(reason) between 10 and 500),
  opened_at       timestamptz not null,
  ends_at         timestamptz not null check (ends_at > opened_at),
  -- When the members of the conversation were told; null = they will be, once it has ended.
  told_at         timestamptz
);
create index conversation_accesses_admin on conversation_accesses (admin_id, conversation_id, ends_at);
create index conversation_accesses_told on conversation_accesses (conversation_id, opened_at desc) where told_at is not null;
create index conversation_accesses_untold on conversation_accesses (ends_at) where told_at is null;
