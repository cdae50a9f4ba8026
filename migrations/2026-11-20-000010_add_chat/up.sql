-- Rows of conversations and seats change with every message: the free space keeps those changes on their page, and no
-- index holds a column that a message changes.
create table conversations (
  id              uuid primary key,
  kind            text        not null check (kind in ('DIRECT', 'SESSION')),
  session_id      uuid        unique references sessions,
  -- The two members of a DIRECT conversation in id order, so that a pair has one.
  pair            uuid[]      unique check (cardinality(pair) = 2 and pair[1] < pair[2]),
  -- Number of the last message; the lock on this row makes numbers dense.
  last_seq        bigint      not null default 0 check (last_seq >= 0),
  last_message_at timestamptz,
  created_at      timestamptz not null,
  check ((kind = 'SESSION') = (session_id is not null)),
  check ((kind = 'DIRECT') = (pair is not null))
) with (fillfactor = 80);

create table conversation_members (
  conversation_id uuid        not null references conversations,
  member_id       uuid        not null references members,
  last_read_seq   bigint      not null default 0 check (last_read_seq >= 0),
  -- DIRECT: messages of the other after `last_read_seq`, changed in the transaction of the message. SESSION: always 0,
  -- because a message in a large room must not write a row per member; there it is counted when it is read.
  unread_count    integer     not null default 0 check (unread_count >= 0),
  joined_at       timestamptz not null,
  primary key (conversation_id, member_id)
) with (fillfactor = 80);
create index conversation_members_member on conversation_members (member_id, conversation_id);

create table messages (
  id              uuid primary key,
  conversation_id uuid        not null references conversations,
  seq             bigint      not null check (seq > 0),
  sender_id       uuid        not null references members,
  -- Chosen by the sender's device: sending again with the same one returns the first message.
  client_id       text        not null check (char_length(client_id) between 1 and 128),
  body            text        not null check (char_length(body) between 1 and 4000),
  -- Never before the message in front of it.
  created_at      timestamptz not null,
  unique (conversation_id, seq),
  unique (conversation_id, sender_id, client_id)
);
