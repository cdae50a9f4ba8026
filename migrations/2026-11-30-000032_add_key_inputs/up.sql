-- Eight bytes of hash for each field of the input, in their order: enough to say which one differs when a key comes again
-- with another input, and nothing of what was sent.
alter table idempotency_keys add column input_parts bytea not null default '';
