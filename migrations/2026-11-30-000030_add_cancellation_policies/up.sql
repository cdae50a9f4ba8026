-- What a mentor promises to those who book: until so many hours before the start a learner cancels for nothing, later the
-- fee is so much of the price. A mentor who cancels later than that is counted.
alter table mentors
  add column free_cancellation_hours smallint not null default 12 check (free_cancellation_hours in (0, 12, 24, 36)),
  add column late_fee_percent        smallint not null default 100 check (late_fee_percent between 0 and 100),
  add column late_cancellations      integer  not null default 0;

-- The promise as it was when the seat was booked. Bookings made before, and those of a server of the last version, were
-- promised everything back until the start: free until 0 hours before it.
alter table bookings
  add column free_cancellation_hours smallint not null default 0 check (free_cancellation_hours between 0 and 36),
  add column late_fee_percent        smallint not null default 0 check (late_fee_percent between 0 and 100);

-- A late cancellation pays a part of the price, or all of it, to the mentor.
alter table bookings drop constraint bookings_payment_status_check, drop constraint bookings_check1;
alter table bookings
  add constraint bookings_payment_status_check check (payment_status in ('HELD', 'RELEASED', 'REFUNDED', 'SPLIT')),
  add constraint bookings_money_follows_status check ((status, payment_status) in (
    ('CONFIRMED', 'HELD'), ('COMPLETED', 'RELEASED'),
    ('CANCELLED', 'REFUNDED'), ('CANCELLED', 'SPLIT'), ('CANCELLED', 'RELEASED')));

