drop table sandbox_checkouts, webhook_events, payments, credit_packages;
