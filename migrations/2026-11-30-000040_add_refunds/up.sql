-- What a provider and a client need besides a page, what arrived, and what went back.
alter table payments
  -- HOSTED: on the provider's page. IN_APP: in the client, by the provider's library.
  add column flow text not null default 'HOSTED' check (flow in ('HOSTED', 'IN_APP')),
  add column client_secret text,
  -- The provider's name for the money that arrived: a checkout can be tried several times.
  add column provider_capture text,
  -- In minor units of `currency`: what arrived, what went back, and what is on its way back.
  add column captured bigint not null default 0,
  add column refunded bigint not null default 0 check (refunded >= 0),
  add column refund_pending bigint not null default 0 check (refund_pending >= 0),
  -- In hundredths of a credit: what left the wallet for `refunded` and `refund_pending`.
  add column refunded_credits bigint not null default 0,
  -- When the provider was last asked, because it did not tell.
  add column asked_at timestamptz;

update payments set captured = amount where status = 'SUCCEEDED';

alter table payments
  drop constraint payments_status_check,
  drop constraint payments_check,
  add constraint payments_status_check
    check (status in ('PENDING', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'EXPIRED')),
  add constraint payments_settled_check
    check ((status in ('PENDING', 'REQUIRES_ACTION')) = (settled_at is null)),
  add constraint payments_captured_amount check (captured = case when status = 'SUCCEEDED' then amount else 0 end),
  -- No race can give back more than arrived.
  add constraint payments_refunded_captured check (refunded + refund_pending <= captured),
  add constraint payments_refunded_credits_bought check (refunded_credits between 0 and credits),
  add constraint payments_capture_key unique (provider, provider_capture);

drop index payments_pending;
create index payments_open on payments (created_at) where status in ('PENDING', 'REQUIRES_ACTION');

-- Money on its way back. REQUESTED → PENDING → SUCCEEDED | FAILED, with steps left out; a refund that succeeded may
-- still fail, because a bank may send it back days later. FAILED is the end.
create table payment_refunds (
  id                 uuid        primary key,
  payment_id         uuid        not null references payments,
  -- What was agreed to: each quote is good once.
  quote_id           uuid        not null unique,
  status             text        not null check (status in ('REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED')),
  -- In minor units of the payment's currency.
  amount             bigint      not null check (amount > 0),
  -- In hundredths of a credit: what left the wallet.
  credits            bigint      not null check (credits >= 0),
  reason             text        not null,
  requested_by       uuid        references members,
  -- The provider's name for it, once it has one.
  provider_reference text,
  -- Why it failed, in the provider's words.
  failure            text,
  created_at         timestamptz not null,
  settled_at         timestamptz,
  check ((status in ('REQUESTED', 'PENDING')) = (settled_at is null)),
  check ((status = 'FAILED') = (failure is not null))
);
create index payment_refunds_payment on payment_refunds (payment_id, id);
create index payment_refunds_open on payment_refunds (created_at) where status in ('REQUESTED', 'PENDING');

-- The sandbox's own side of it.
create table sandbox_refunds (
  id          text        primary key,
  refund_id   uuid        not null unique,
  checkout_id text        not null references sandbox_checkouts,
  amount      bigint      not null check (amount > 0),
  created_at  timestamptz not null
);
create index sandbox_refunds_checkout on sandbox_refunds (checkout_id);
