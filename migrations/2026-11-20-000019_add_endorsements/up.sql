-- Who vouches for whose skill: once per pair and skill. It outlives the member's list, which is replaced as a whole.
create table skill_endorsements (
  member_id   uuid        not null references members,
  skill_id    uuid        not null references skills,
  endorser_id uuid        not null references members,
  created_at  timestamptz not null,
  primary key (member_id, skill_id, endorser_id),
  check (member_id <> endorser_id)
);
