create table members (
  id         uuid primary key,
  handle     text        not null unique check (handle ~ '^[a-z][a-z0-9_]{2,29}$'),
  name       text        not null check (char_length(name) between 1 and 80),
  avatar_url text,
  bio        text        not null default '' check (char_length(bio) <= 4000),
  time_zone  text        not null default 'UTC',
  -- BCP 47 language tags the member speaks, best first.
  languages  text[]      not null default '{}',
  roles      text[]      not null default '{LEARNER}'
             check (roles <@ array['LEARNER', 'MENTOR', 'EXCHANGER', 'ADMIN']),
  status     text        not null default 'ACTIVE' check (status in ('ACTIVE', 'INACTIVE', 'SUSPENDED', 'BANNED')),
  version    bigint      not null default 1,
  created_at timestamptz not null
);

create table credentials (
  member_id         uuid primary key references members,
  email             text        not null unique check (email = lower(email)),
  email_verified_at timestamptz,
  password_hash     text        not null,
  changed_at        timestamptz not null
);

-- A signed-in device.
create table auth_sessions (
  id           uuid primary key,
  member_id    uuid        not null references members,
  user_agent   text,
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz
);
create index auth_sessions_member on auth_sessions (member_id, created_at desc);
create index auth_sessions_revoked on auth_sessions (revoked_at) where revoked_at is not null;

-- Only the hash of a refresh token is kept. A token is spent by the one update that sets `spent_at`.
create table refresh_tokens (
  token_hash      bytea primary key,
  auth_session_id uuid        not null references auth_sessions on delete cascade,
  issued_at       timestamptz not null,
  expires_at      timestamptz not null,
  spent_at        timestamptz
);
create index refresh_tokens_session on refresh_tokens (auth_session_id);
