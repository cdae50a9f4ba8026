drop table promotion_uses, promotions;
alter table ledger_accounts drop column promotional;
