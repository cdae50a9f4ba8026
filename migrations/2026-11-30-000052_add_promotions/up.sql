-- Credits that were given, told apart from those that were bought: they are used first, and end if they are not.
-- Of a wallet or escrow: how much of the balance is promotional. Nothing takes it unnoticed: what a wallet pays otherwise
-- comes from the bought part.
alter table ledger_accounts add promotional bigint not null default 0 check (promotional >= 0);
alter table ledger_accounts add constraint ledger_accounts_promotional_kind_check
  check (promotional = 0 or kind in ('WALLET', 'ESCROW'));
alter table ledger_accounts add constraint ledger_accounts_bought_check
  check (kind <> 'WALLET' or promotional <= balance);

create table promotions (
  id         uuid primary key,
  wallet_id  uuid        not null references ledger_accounts,
  member_id  uuid        not null,
  -- In minor units of the wallet's asset: what was given, what is still in the wallet, and what was not used in time.
  granted    bigint      not null check (granted > 0),
  remaining  bigint      not null check (remaining between 0 and granted),
  expired    bigint      not null default 0 check (expired between 0 and granted),
  reason     text        not null,
  granted_at timestamptz not null,
  expires_at timestamptz not null
);
create index promotions_left on promotions (wallet_id, expires_at, id) where remaining > 0;
create index promotions_due on promotions (expires_at) where remaining > 0;

-- What a booking's price took of each promotion, and what came back of it.
create table promotion_uses (
  booking_id   uuid   not null,
  promotion_id uuid   not null references promotions,
  amount       bigint not null check (amount > 0),
  returned     bigint not null default 0 check (returned between 0 and amount),
  primary key (booking_id, promotion_id)
);
create index promotion_uses_promotion on promotion_uses (promotion_id);
