drop table bookings, sessions;
