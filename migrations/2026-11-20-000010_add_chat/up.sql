create table conversations (
  id              uuid primary key,
  kind            text        not null check (kind in ('DIRECT', 'SESSION')),
  session_id      uuid        unique references sessions,
  -- The two members of a DIRECT conversation in id order, so that a pair has one.
  pair            uuid[]      unique,
  -- Number of the last message; the lock on this row makes numbers dense.
  last_seq        bigint      not null default 0,
  last_message_at timestamptz,
  created_at      timestamptz not null,
  check ((kind = 'SESSION') = (session_id is not null)),
  check ((kind = 'DIRECT') = (pair is not null))
);

create table conversation_members (
  conversation_id uuid        not null references conversations,
  member_id       uuid        not null references members,
  last_read_seq   bigint      not null default 0,
  -- Messages of others after `last_read_seq`; changed in the transaction of the message.
  unread_count    integer     not null default 0 check (unread_count >= 0),
  -- Copy of the conversation's, so that one index orders a member's list.
  last_message_at timestamptz,
  joined_at       timestamptz not null,
  primary key (conversation_id, member_id)
);
create index conversation_members_member on conversation_members (member_id, last_message_at desc nulls last, conversation_id);

create table messages (
  id              uuid primary key,
  conversation_id uuid        not null references conversations,
  seq             bigint      not null,
  sender_id       uuid        not null references members,
  -- Chosen by the sender's device: sending again with the same one returns the first message.
  client_id       text        not null,
  body            text        not null check (char_length(body) between 1 and 4000),
  created_at      timestamptz not null,
  unique (conversation_id, seq),
  unique (conversation_id, sender_id, client_id)
);
