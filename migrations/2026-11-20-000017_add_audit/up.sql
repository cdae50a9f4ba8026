-- Who did what to whom, and why: every act of administration and security, written in the transaction of the act.
create table audit_log (
  id              uuid primary key,
  -- Null for the system and the operator's command line.
  actor_id        uuid,
  -- The device that the actor used.
  auth_session_id uuid,
  action          text        not null check (action ~ '^[A-Z][A-Z_]{2,49}$'),
  -- Global id of what it was done to, such as `usr_…`.
  subject         text,
  reason          text        not null check (char_length(reason) <= 2000),
  -- JSON, kept as the text that was written: its bytes are sealed, and jsonb would change them.
  details         text        not null check (details::jsonb is not null),
  occurred_at     timestamptz not null
);
create index audit_log_newest on audit_log (occurred_at desc, id desc);
create index audit_log_actor on audit_log (actor_id, occurred_at desc, id desc);
create index audit_log_subject on audit_log (subject, occurred_at desc, id desc);

-- The chain: each hash covers a row of the log and the hash before it. Sealing is a job, so that no act waits for the
-- one before it.
create table audit_seals (
  seq    bigint primary key check (seq > 0),
  act_id uuid   not null unique references audit_log,
  hash   bytea  not null check (octet_length(hash) = 32)
);

-- Rows of the log that are not sealed yet.
create table audit_unsealed (
  act_id uuid primary key references audit_log
);

create function queue_for_sealing() returns trigger language plpgsql as $$
begin
  insert into audit_unsealed values (new.id);
  return null;
end $$;
create trigger audit_log_queue after insert on audit_log for each row execute function queue_for_sealing();

create trigger audit_log_append_only before update or delete on audit_log
  for each row execute function refuse_change();
create trigger audit_log_no_truncate before truncate on audit_log
  for each statement execute function refuse_change();
create trigger audit_seals_append_only before update or delete on audit_seals
  for each row execute function refuse_change();
create trigger audit_seals_no_truncate before truncate on audit_seals
  for each statement execute function refuse_change();
