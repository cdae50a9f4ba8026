drop table dispute_evidence;
drop table disputes;

alter table bookings drop constraint bookings_completed_at;
alter table bookings add constraint bookings_check2 check ((status = 'COMPLETED') = (completed_at is not null));
alter table bookings drop constraint bookings_money_follows_status;
alter table bookings add constraint bookings_money_follows_status check ((status, payment_status) in (
  ('CONFIRMED', 'HELD'), ('COMPLETED', 'RELEASED'),
  ('CANCELLED', 'REFUNDED'), ('CANCELLED', 'SPLIT'), ('CANCELLED', 'RELEASED')));
alter table bookings drop constraint bookings_status_check;
alter table bookings add constraint bookings_status_check check (status in ('CONFIRMED', 'COMPLETED', 'CANCELLED'));
