drop index auth_sessions_outside;
drop index auth_sessions_outside_open;
alter table auth_sessions drop column outside_key;
