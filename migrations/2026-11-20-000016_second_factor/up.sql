-- A member's authenticator app. The secret is sealed with a key of the installation, so that a copy of the database alone
-- makes no codes.
create table second_factors (
  member_id     uuid primary key references members,
  sealed_secret bytea       not null,
  enrolled_at   timestamptz not null,
  -- It counts only once a code was shown.
  confirmed_at  timestamptz,
  -- The 30 seconds of the last code taken: no code is taken twice, and none older than it.
  last_step     bigint      not null default 0
);

-- Only keyed hashes are kept. A code is spent by the one update that sets `used_at`.
create table recovery_codes (
  member_id uuid  not null references second_factors on delete cascade,
  code_hash bytea not null,
  used_at   timestamptz,
  primary key (member_id, code_hash)
);

-- Signed-in devices whose holder has proven again who they are.
create table step_ups (
  auth_session_id uuid primary key references auth_sessions on delete cascade,
  stepped_up_at   timestamptz not null
);

-- Tries since the last success. A try is counted, and committed, before it is looked at.
create table proof_tries (
  member_id  uuid primary key references members,
  started_at timestamptz not null,
  tries      integer     not null check (tries between 1 and 5)
);
