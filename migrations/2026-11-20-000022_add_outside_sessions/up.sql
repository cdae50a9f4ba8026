-- A device whose tokens an outside issuer makes: the hash of the issuer's name for the person and their session there.
alter table auth_sessions add column outside_key bytea;
-- A session elsewhere is one device here. A signed-out one is kept: its further tokens are refused by it.
create unique index auth_sessions_outside_open on auth_sessions (outside_key, member_id) where revoked_at is null;
create index auth_sessions_outside on auth_sessions (outside_key, created_at desc) where outside_key is not null;
