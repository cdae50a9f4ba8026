-- The payer's bank takes a payment back, until the provider has decided who is right. What it took of the buyer's credits
-- comes back if the chargeback is won.
create table chargebacks (
  id         uuid primary key,
  payment_id uuid        not null references payments,
  member_id  uuid        not null,
  provider   text        not null,
  -- The provider's name for it.
  reference  text        not null,
  status     text        not null check (status in ('OPEN', 'WON', 'LOST')),
  amount     bigint      not null check (amount > 0),
  currency   text        not null,
  -- Credits that it took, and how many of them the wallet did not have: those are owed.
  credits    bigint      not null check (credits >= 0),
  owed       bigint      not null check (owed between 0 and credits),
  opened_at  timestamptz not null,
  closed_at  timestamptz,
  unique (provider, reference),
  check ((status = 'OPEN') = (closed_at is null))
);
create index chargebacks_payment on chargebacks (payment_id, opened_at);
