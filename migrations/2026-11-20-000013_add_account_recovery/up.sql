-- Where a device signed in from: shown to its owner, and the owner's usual places are not locked by strangers.
alter table auth_sessions add column ip_address text;

-- What a mailed link stands for. The link's token is derived from the installation's secret and the row's id; only its
-- hash is kept. A token is used by the one update that sets `used_at`.
create table account_tokens (
  id         uuid primary key,
  purpose    text        not null check (purpose in ('VERIFY_EMAIL', 'RESET_PASSWORD', 'CHANGE_EMAIL')),
  member_id  uuid        not null references members,
  -- The address that gets the link, and that it is good for.
  email      text        not null check (email = lower(email)),
  token_hash bytea       not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at    timestamptz
);
create index account_tokens_member on account_tokens (member_id);
create index account_tokens_expired on account_tokens (expires_at);

-- Tries within a window, by the hash of what is counted (an address with a place, a place, …), shared by all processes.
create table attempts (
  key   bytea primary key,
  tries integer     not null check (tries >= 0),
  since timestamptz not null
) with (fillfactor = 80);
create index attempts_since on attempts (since);

-- Mail that nobody delivers: what `/dev/mail` shows when no SMTP server is set. Bounded by the newest.
create table mailbox (
  id        uuid primary key,
  recipient text        not null,
  subject   text        not null,
  text_body text        not null,
  html_body text        not null,
  sent_at   timestamptz not null
);
