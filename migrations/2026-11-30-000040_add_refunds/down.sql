drop table sandbox_refunds, payment_refunds;
update payments set status = 'PENDING' where status = 'REQUIRES_ACTION';
drop index payments_open;
alter table payments
  drop constraint payments_status_check,
  drop constraint payments_settled_check,
  drop constraint payments_captured_amount,
  drop column flow,
  drop column client_secret,
  drop column provider_capture,
  drop column captured,
  drop column refunded,
  drop column refund_pending,
  drop column refunded_credits,
  drop column asked_at,
  add constraint payments_status_check check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED')),
  add constraint payments_check check ((status = 'PENDING') = (settled_at is null));
create index payments_pending on payments (created_at) where status = 'PENDING';
