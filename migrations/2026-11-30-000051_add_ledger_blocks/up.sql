-- The chain over the ledger: each block covers transactions and the block before it. Sealing is a job, so that nobody who
-- moves money waits for it.
create table ledger_blocks (
  seq          bigint      primary key check (seq > 0),
  transactions bigint      not null check (transactions > 0),
  hash         bytea       not null check (octet_length(hash) = 32),
  sealed_at    timestamptz not null
);

-- The place of a transaction, and the hash over it, its postings and their accounts. No foreign keys: a check finds what
-- is missing, and each would lock the row it points to.
create table ledger_seals (
  transaction_id uuid    primary key,
  block_seq      bigint  not null,
  place          integer not null check (place >= 0),
  hash           bytea   not null check (octet_length(hash) = 32),
  unique (block_seq, place)
);

-- Transactions that are not sealed yet. Whoever writes a transaction puts it here in the same statement.
create table ledger_unsealed (
  transaction_id uuid primary key
);
insert into ledger_unsealed select id from ledger_transactions;

create trigger ledger_blocks_append_only before update or delete on ledger_blocks
  for each row execute function refuse_change();
create trigger ledger_blocks_no_truncate before truncate on ledger_blocks
  for each statement execute function refuse_change();
create trigger ledger_seals_append_only before update or delete on ledger_seals
  for each row execute function refuse_change();
create trigger ledger_seals_no_truncate before truncate on ledger_seals
  for each statement execute function refuse_change();
