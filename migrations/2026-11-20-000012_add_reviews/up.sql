create table reviews (
  id         uuid primary key,
  booking_id uuid        not null references bookings,
  author_id  uuid        not null references members,
  mentor_id  uuid        not null references members,
  rating     smallint    not null check (rating between 1 and 5),
  body       text        not null default '' check (char_length(body) <= 2000),
  created_at timestamptz not null,
  unique (booking_id, author_id)
);
create index reviews_mentor on reviews (mentor_id, created_at desc, id desc);
