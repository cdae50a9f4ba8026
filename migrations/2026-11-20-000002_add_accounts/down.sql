drop table refresh_tokens, auth_sessions, credentials, members;
