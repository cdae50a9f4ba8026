drop table ledger_postings, ledger_transactions, ledger_accounts;
drop function check_postings_balance();
