drop table sandbox_payouts, sandbox_payout_accounts, payout_events, payouts, payout_accounts;
