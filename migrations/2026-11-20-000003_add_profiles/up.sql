create table skill_categories (
  id       uuid primary key,
  slug     text    not null unique,
  name     text    not null,
  position integer not null
);

create table skills (
  id          uuid primary key,
  category_id uuid   not null references skill_categories,
  slug        text   not null unique,
  name        text   not null,
  synonyms    text[] not null default '{}'
);
create index skills_category on skills (category_id, name);

create table member_skills (
  member_id uuid     not null references members,
  skill_id  uuid     not null references skills,
  intent    text     not null check (intent in ('OFFERED', 'DESIRED')),
  level     text     not null check (level in ('BEGINNER', 'INTERMEDIATE', 'ADVANCED', 'EXPERT')),
  position  smallint not null,
  primary key (member_id, intent, skill_id)
);
create index member_skills_skill on member_skills (skill_id, intent);

-- What a member with the role MENTOR offers. Prices are minor units of `currency` per hour.
create table mentors (
  member_id          uuid primary key references members,
  headline           text    not null check (char_length(headline) <= 160),
  hourly_rate        bigint  not null check (hourly_rate >= 0),
  currency           text    not null default 'CREDIT',
  listed             boolean not null default true,
  rating_sum         bigint  not null default 0,
  rating_count       integer not null default 0,
  sessions_completed integer not null default 0,
  version            bigint  not null default 1
);
