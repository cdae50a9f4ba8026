-- More reasons for which money moves, and the accounts it moves between.
alter table ledger_accounts drop constraint ledger_accounts_kind_check;
alter table ledger_accounts add constraint ledger_accounts_kind_check check (kind in (
  'WALLET', 'EARNINGS', 'ESCROW', 'RECEIVABLE',
  'GATEWAY', 'SALES', 'ISSUED', 'FEES', 'EQUITY', 'PROMOTIONS', 'PAYOUTS'));
alter table ledger_accounts drop constraint ledger_accounts_check;
alter table ledger_accounts add constraint ledger_accounts_owner_check check (
  (kind in ('GATEWAY', 'SALES', 'ISSUED', 'FEES', 'EQUITY', 'PROMOTIONS', 'PAYOUTS')) = (owner_id is null));
-- A receivable is what a member owes: zero or less. Everything else that is kept is zero or more.
alter table ledger_accounts drop constraint ledger_accounts_balance_check;
alter table ledger_accounts add constraint ledger_accounts_balance_check check (
  case when kind = 'RECEIVABLE' then balance <= 0 else balance >= 0 end);

alter table ledger_transactions drop constraint ledger_transactions_kind_check;
alter table ledger_transactions add constraint ledger_transactions_kind_check check (kind in (
  'PURCHASE', 'HOLD', 'RELEASE', 'REFUND',
  'CANCELLATION', 'DISPUTE', 'ADJUSTMENT', 'PROMOTION', 'PROMOTION_EXPIRY',
  'PAYMENT_REFUND', 'PAYMENT_REFUND_FAILED', 'CHARGEBACK', 'CHARGEBACK_REVERSAL',
  'PAYOUT', 'PAYOUT_FAILED', 'SUBSCRIPTION'));
-- What of the subject it belongs to, where that can be several: one of a payment's refunds, a month of a subscription.
alter table ledger_transactions add reference_id uuid;
-- Money of one subject moves once in each way for each reference, whatever the code above does.
alter table ledger_transactions add constraint ledger_transactions_once
  unique nulls not distinct (subject_id, kind, reference_id);
alter table ledger_transactions drop constraint ledger_transactions_subject_id_kind_key;
