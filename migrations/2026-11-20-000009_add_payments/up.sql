create table credit_packages (
  id       uuid primary key,
  name     text    not null,
  -- Credits received, in hundredths of a credit.
  credits  bigint  not null check (credits > 0),
  -- In minor units of `currency`.
  price    bigint  not null check (price > 0),
  currency text    not null check (currency ~ '^[A-Z]{3}$'),
  position integer not null,
  active   boolean not null default true
);

-- What a member pays through a provider. States only move forward: PENDING → SUCCEEDED | FAILED | EXPIRED, and a late
-- success still wins over FAILED and EXPIRED, because the money did arrive.
create table payments (
  id                 uuid primary key,
  member_id          uuid        not null references members,
  package_id         uuid        not null references credit_packages,
  provider           text        not null,
  -- The provider's name for it; null until the provider has answered or its first webhook came.
  provider_reference text,
  status             text        not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED')),
  amount             bigint      not null check (amount > 0),
  currency           text        not null check (currency ~ '^[A-Z]{3}$'),
  credits            bigint      not null check (credits > 0),
  -- Where the provider sends the member afterwards.
  return_url         text,
  checkout_url       text,
  created_at         timestamptz not null,
  settled_at         timestamptz,
  check ((status = 'PENDING') = (settled_at is null)),
  unique (provider, provider_reference)
);
create index payments_member on payments (member_id, id desc);
create index payments_pending on payments (created_at) where status = 'PENDING';

-- Every webhook is stored before it is looked at; a worker applies it.
create table webhook_events (
  provider    text        not null,
  event_id    text        not null,
  kind        text        not null,
  payload     jsonb       not null,
  received_at timestamptz not null,
  applied_at  timestamptz,
  outcome     text,
  primary key (provider, event_id),
  check ((applied_at is null) = (outcome is null))
);

-- The sandbox provider's own side: what its hosted page knows.
create table sandbox_checkouts (
  -- Random: whoever knows it may decide.
  id         text primary key,
  payment_id uuid        not null unique,
  amount     bigint      not null,
  currency   text        not null,
  -- The amount for people, such as `12.50 USD`.
  price      text        not null,
  title      text        not null,
  return_url text,
  status     text        not null check (status in ('OPEN', 'PAID', 'FAILED', 'ABANDONED')),
  created_at timestamptz not null
);
