alter table bookings drop constraint bookings_money_follows_status, drop constraint bookings_payment_status_check;
alter table bookings
  add constraint bookings_payment_status_check check (payment_status in ('HELD', 'RELEASED', 'REFUNDED')),
  add constraint bookings_check1 check ((status, payment_status) in
    (('CONFIRMED', 'HELD'), ('COMPLETED', 'RELEASED'), ('CANCELLED', 'REFUNDED')));
alter table bookings drop column free_cancellation_hours, drop column late_fee_percent;
alter table mentors drop column free_cancellation_hours, drop column late_fee_percent, drop column late_cancellations;
