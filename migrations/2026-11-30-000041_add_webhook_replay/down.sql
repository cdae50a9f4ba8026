drop index webhook_events_received;
alter table webhook_events drop column id;
