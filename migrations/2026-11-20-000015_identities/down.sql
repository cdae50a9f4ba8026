drop table external_deliveries;
drop table external_users;
drop table oauth_states;
drop table oauth_identities;
-- No password has this hash.
update credentials set password_hash = '!' where password_hash is null;
alter table credentials alter column password_hash set not null;
