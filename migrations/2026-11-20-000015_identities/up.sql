-- Who signs in through others has no password.
alter table credentials alter column password_hash drop not null;

-- Who a member is elsewhere. A person elsewhere is one member here.
create table oauth_identities (
  id           uuid primary key,
  member_id    uuid        not null references members,
  provider     text        not null check (provider in ('GOOGLE', 'FACEBOOK', 'OIDC')),
  issuer       text        not null,
  subject      text        not null,
  -- The address as the provider proved it when the link was made, for the member to recognise it by.
  email        text        not null,
  linked_at    timestamptz not null,
  last_used_at timestamptz not null,
  unique (issuer, subject)
);
create index oauth_identities_member on oauth_identities (member_id);

-- Sign-ins on their way through a provider. Only the hash of the state is kept; a state is taken by the one statement that
-- deletes it.
create table oauth_states (
  state_hash   bytea primary key,
  provider     text        not null,
  redirect_uri text        not null,
  -- Who began it, if they were signed in: it then adds a way to sign in to that account.
  member_id    uuid references members on delete cascade,
  -- What the client that began it has to show again.
  binding_hash bytea,
  -- Whom the provider confirmed, while the second factor is awaited, and with which code.
  proven_id    uuid references oauth_identities on delete cascade,
  code_hash    bytea,
  expires_at   timestamptz not null
);
create index oauth_states_expiry on oauth_states (expires_at);

-- People of the issuer, as its webhooks tell; linked to a member once their address is proven. Nothing older overwrites
-- what is newer, and who is gone stays gone.
create table external_users (
  issuer         text        not null,
  subject        text        not null,
  verified_email text,
  name           text,
  updated_at     timestamptz not null,
  deleted_at     timestamptz,
  primary key (issuer, subject)
);

-- Deliveries of the issuer's webhooks: each is applied once.
create table external_deliveries (
  delivery_id text primary key,
  kind        text        not null,
  received_at timestamptz not null
);
create index external_deliveries_age on external_deliveries (received_at);
