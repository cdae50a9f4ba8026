-- A webhook gets a name of ours, so that an operator can point to it, and a time after which it is forgotten.
alter table webhook_events add column id uuid not null default gen_random_uuid();
alter table webhook_events add constraint webhook_events_id_key unique (id);
create index webhook_events_received on webhook_events (received_at);
