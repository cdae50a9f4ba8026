drop table mailbox, attempts, account_tokens;
alter table auth_sessions drop column ip_address;
