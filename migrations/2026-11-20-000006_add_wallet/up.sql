-- Double-entry ledger. Amounts are minor units of `asset` (`CREDIT/2`, `USD/2`, `JPY/0`): code and number of decimals.
create table ledger_accounts (
  id       uuid primary key,
  kind     text not null check (kind in ('WALLET', 'EARNINGS', 'ESCROW', 'GATEWAY', 'SALES', 'ISSUED', 'FEES')),
  -- The member (WALLET, EARNINGS), the booking (ESCROW), or null for the platform's own accounts.
  owner_id uuid,
  asset    text not null check (asset ~ '^[A-Z]{3,10}/[0-4]$'),
  -- Kept for accounts with one owner; accounts that everybody touches are summed instead, so they are no hot row.
  balance  bigint check (balance >= 0),
  -- ESCROW: the member whose money it is until the booking ends.
  payer_id uuid,
  -- WALLET: what the owner has in escrow, the sum of the balances of the escrows that name the owner as payer.
  held     bigint check (held >= 0),
  unique (id, asset),
  unique nulls not distinct (kind, owner_id, asset),
  check ((kind in ('GATEWAY', 'SALES', 'ISSUED', 'FEES')) = (owner_id is null)),
  check ((owner_id is null) = (balance is null)),
  check ((kind = 'ESCROW') = (payer_id is not null)),
  check ((kind = 'WALLET') = (held is not null))
);

create table ledger_transactions (
  id         uuid primary key,
  kind       text        not null check (kind in ('PURCHASE', 'HOLD', 'RELEASE', 'REFUND')),
  -- The booking or payment it belongs to.
  subject_id uuid        not null,
  created_at timestamptz not null,
  -- Money of one subject moves once in each way, whatever the code above does.
  unique (subject_id, kind)
);

create table ledger_postings (
  transaction_id uuid   not null references ledger_transactions,
  account_id     uuid   not null,
  asset          text   not null,
  amount         bigint not null check (amount <> 0),
  primary key (transaction_id, account_id),
  foreign key (account_id, asset) references ledger_accounts (id, asset)
);
create index ledger_postings_account on ledger_postings (account_id, transaction_id desc);

-- At commit every transaction sums to zero per asset.
create function check_postings_balance() returns trigger language plpgsql as $$
begin
  if exists (select from ledger_postings where transaction_id = new.transaction_id group by asset having sum(amount) <> 0) then
    raise exception 'ledger transaction % does not sum to zero', new.transaction_id using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end $$;
create constraint trigger ledger_postings_balance after insert on ledger_postings
  deferrable initially deferred for each row execute function check_postings_balance();

create trigger ledger_postings_append_only before update or delete on ledger_postings
  for each row execute function refuse_change();
create trigger ledger_postings_no_truncate before truncate on ledger_postings
  for each statement execute function refuse_change();
create trigger ledger_transactions_append_only before update or delete on ledger_transactions
  for each row execute function refuse_change();
create trigger ledger_transactions_no_truncate before truncate on ledger_transactions
  for each statement execute function refuse_change();
