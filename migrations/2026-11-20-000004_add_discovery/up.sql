-- The search index over listed mentors: written by discovery only, rebuilt from the other tables at any time.
create table mentor_index (
  mentor_id    uuid primary key references members on delete cascade,
  -- Rating with a prior, in thousandths of a star (see discovery::model::rating_score).
  score        integer  not null,
  hourly_rate  bigint   not null,
  languages    text[]   not null,
  -- Start of the soonest free slot known; null = none in the booking window.
  next_slot_at timestamptz,
  document     tsvector not null
);
create index mentor_index_score on mentor_index (score desc, mentor_id);
create index mentor_index_price on mentor_index (hourly_rate, mentor_id);
create index mentor_index_soonest on mentor_index (next_slot_at, mentor_id);
create index mentor_index_document on mentor_index using gin (document);

-- Mentors of a skill, best first: the card list reads the first page of it and nothing else.
create table mentor_index_skills (
  skill_id  uuid    not null references skills on delete cascade,
  score     integer not null,
  mentor_id uuid    not null references mentor_index on delete cascade,
  primary key (skill_id, score, mentor_id)
);
create index mentor_index_skills_mentor on mentor_index_skills (mentor_id);
