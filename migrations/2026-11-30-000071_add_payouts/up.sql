-- Where a member's earnings are paid out to: an account at the provider, which knows the member's bank. One per provider.
create table payout_accounts (
  member_id   uuid        not null references members,
  provider    text        not null,
  -- The provider's name for it.
  reference   text        not null,
  status      text        not null check (status in ('PENDING', 'VERIFIED', 'RESTRICTED')),
  -- What the provider still wants to know, or why it pays nothing out.
  requirement text,
  -- The provider was asked at this instant: what was asked for earlier never overwrites it.
  as_of       timestamptz not null,
  created_at  timestamptz not null,
  primary key (member_id, provider),
  unique (provider, reference)
);

-- Earnings on their way out. States only move forward: REQUESTED → IN_TRANSIT → PAID → FAILED, any of them left out;
-- FAILED is last, because banks send back what counted as paid.
create table payouts (
  id                 uuid        primary key,
  member_id          uuid        not null references members,
  provider           text        not null,
  -- The account that it goes to, as the provider calls it.
  account_reference  text        not null,
  -- The provider's name for the payout, once it has answered or told.
  provider_reference text,
  status             text        not null check (status in ('REQUESTED', 'IN_TRANSIT', 'PAID', 'FAILED')),
  -- Taken from the earnings, in hundredths of a credit.
  credits            bigint      not null check (credits > 0),
  -- Paid out, in minor units of `currency`.
  amount             bigint      not null check (amount > 0),
  currency           text        not null check (currency ~ '^[A-Z]{3}$'),
  -- Why it failed, in the provider's words.
  failure            text,
  created_at         timestamptz not null,
  settled_at         timestamptz,
  check ((status in ('PAID', 'FAILED')) = (settled_at is not null)),
  check (failure is null or status = 'FAILED')
);
create index payouts_member on payouts (member_id, id desc);
create index payouts_open on payouts (created_at) where status in ('REQUESTED', 'IN_TRANSIT');

-- What the provider tells about accounts and payouts: stored before it is looked at; a worker applies it.
create table payout_events (
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

-- The sandbox provider's own side: accounts with what its page decided of them, and the payouts it was asked for.
create table sandbox_payout_accounts (
  -- Random: whoever knows it may decide.
  id          text        primary key,
  member_id   uuid        not null unique,
  status      text        not null check (status in ('PENDING', 'VERIFIED', 'RESTRICTED')),
  -- What it does with payouts.
  behaviour   text        not null check (behaviour in ('PAYS', 'FAILS', 'REFUSES', 'LOSES_REPLIES')),
  return_url  text,
  created_at  timestamptz not null
);
create table sandbox_payouts (
  id         text        primary key,
  -- The shop's name for it: asked for again, it is the same payout.
  payout_id  uuid        not null unique,
  account_id text        not null references sandbox_payout_accounts,
  amount     bigint      not null,
  currency   text        not null,
  status     text        not null check (status in ('IN_TRANSIT', 'PAID', 'FAILED')),
  created_at timestamptz not null
);
