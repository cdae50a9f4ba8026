create table credit_packages (
  id       uuid primary key,
  name     text    not null,
  -- Credits received, in hundredths of a credit.
  credits  bigint  not null check (credits > 0),
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
  provider_reference text        not null,
  status             text        not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED')),
  amount             bigint      not null check (amount > 0),
  currency           text        not null,
  credits            bigint      not null check (credits > 0),
  checkout_url       text        not null,
  created_at         timestamptz not null,
  settled_at         timestamptz,
  unique (provider, provider_reference)
);
create index payments_member on payments (member_id, created_at desc, id);

-- Every webhook is stored before it is looked at; a worker applies it.
create table webhook_events (
  provider    text        not null,
  event_id    text        not null,
  kind        text        not null,
  payload     jsonb       not null,
  received_at timestamptz not null,
  applied_at  timestamptz,
  outcome     text,
  primary key (provider, event_id)
);

-- The sandbox provider's own side: what its hosted page knows.
create table sandbox_checkouts (
  id         text primary key,
  payment_id uuid        not null,
  amount     bigint      not null,
  currency   text        not null,
  title      text        not null,
  return_url text,
  status     text        not null check (status in ('OPEN', 'PAID', 'FAILED', 'ABANDONED')),
  created_at timestamptz not null
);
