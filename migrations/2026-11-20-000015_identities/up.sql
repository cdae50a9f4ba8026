-- Who signs in through others has no password.
alter table credentials alter column password_hash drop not null;
