-- Shared by every domain: extensions, durable streams, idempotency keys and the job queue.
create extension if not exists btree_gist;
create extension if not exists pg_trgm;

-- Refuses any change of a row: attached to the tables that are append-only.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

-- A stream is `user:<uuid>`, `session:<uuid>`, `conversation:<uuid>`, … Its row lock makes the numbers dense and
-- ordered by commit, so that a reader who has seen `seq` has seen everything before it.
create table streams (
  stream   text primary key,
  last_seq bigint not null check (last_seq > 0),
  -- Everything up to and including this number was removed by retention.
  trimmed_seq bigint not null default 0
);

create table events (
  stream      text        not null,
  seq         bigint      not null,
  kind        text        not null,
  payload     jsonb       not null,
  actor_id    uuid,
  occurred_at timestamptz not null,
  primary key (stream, seq)
);
create index events_occurred_at on events using brin (occurred_at);

-- One row per (member, operation, key): the same input is answered with the first result, another input is refused.
create table idempotency_keys (
  member_id  uuid        not null,
  operation  text        not null,
  key        text        not null,
  input_hash bytea       not null,
  -- What the first call made; read again to answer a repeat.
  result_id  uuid        not null,
  created_at timestamptz not null,
  primary key (member_id, operation, key)
);
create index idempotency_keys_created_at on idempotency_keys (created_at);

create table jobs (
  id           uuid primary key,
  kind         text        not null,
  payload      jsonb       not null,
  -- At most one waiting job per key; null = no limit.
  unique_key   text        unique,
  run_at       timestamptz not null,
  attempts     integer     not null default 0,
  locked_until timestamptz,
  last_error   text,
  created_at   timestamptz not null
);
create index jobs_due on jobs (run_at);

create table dead_jobs (
  id         uuid primary key,
  kind       text        not null,
  payload    jsonb       not null,
  attempts   integer     not null,
  last_error text        not null,
  created_at timestamptz not null,
  died_at    timestamptz not null
);

-- When each schedule ran last, so that several workers run it once.
create table job_schedules (
  kind        text primary key,
  last_run_at timestamptz not null
);
