alter table idempotency_keys drop column input_parts;
