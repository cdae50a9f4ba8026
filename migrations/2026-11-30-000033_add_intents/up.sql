-- Idempotency keys that the server made for a form, each good for one member and one mutation.
create table intents (
  id         uuid primary key,
  member_id  uuid        not null,
  operation  text        not null check (operation in ('bookSession', 'createCheckout')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index intents_expiry on intents (expires_at);
