-- The search index over listed mentors: written by discovery only, rebuilt from the other tables at any time.
create table mentor_index (
  mentor_id    uuid primary key references members on delete cascade,
  -- Rating with a prior, in thousandths of a star (see discovery::model::rating_score).
  score        integer  not null,
  -- Mean rating in hundredths of a star, rounded as it is shown; 0 = none yet.
  rating       integer  not null,
  hourly_rate  bigint   not null,
  -- Tags in lower case, each also without its subtags: `pt-br` and `pt`.
  languages    text[]   not null,
  -- Start of the soonest slot that no booking takes, as far as known; null = none in the booking window.
  next_slot_at timestamptz,
  -- Names and headline (A), skills and their other names (B), own words (C); each word as it is and as its English stem.
  document     tsvector not null
);
create index mentor_index_score on mentor_index (score, mentor_id);
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
