alter table ledger_transactions add constraint ledger_transactions_subject_id_kind_key unique (subject_id, kind);
alter table ledger_transactions drop constraint ledger_transactions_once;
alter table ledger_transactions drop column reference_id;
alter table ledger_transactions drop constraint ledger_transactions_kind_check;
alter table ledger_transactions add constraint ledger_transactions_kind_check
  check (kind in ('PURCHASE', 'HOLD', 'RELEASE', 'REFUND'));

alter table ledger_accounts drop constraint ledger_accounts_balance_check;
alter table ledger_accounts add constraint ledger_accounts_balance_check check (balance >= 0);
alter table ledger_accounts drop constraint ledger_accounts_owner_check;
alter table ledger_accounts add constraint ledger_accounts_check
  check ((kind in ('GATEWAY', 'SALES', 'ISSUED', 'FEES')) = (owner_id is null));
alter table ledger_accounts drop constraint ledger_accounts_kind_check;
alter table ledger_accounts add constraint ledger_accounts_kind_check
  check (kind in ('WALLET', 'EARNINGS', 'ESCROW', 'GATEWAY', 'SALES', 'ISSUED', 'FEES'));
