drop table price_quotes;
drop table cancellation_quotes;
