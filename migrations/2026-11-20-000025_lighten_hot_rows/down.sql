alter table ledger_accounts reset (fillfactor);
alter table streams reset (fillfactor);
alter table bookings
  add constraint bookings_learner_id_fkey foreign key (learner_id) references members,
  add constraint bookings_mentor_id_fkey foreign key (mentor_id) references members;
alter table sessions
  add constraint sessions_host_id_fkey foreign key (host_id) references members,
  add constraint sessions_skill_id_fkey foreign key (skill_id) references skills;
alter table claims
  add constraint claims_mentor_id_fkey foreign key (mentor_id) references members,
  add constraint claims_learner_id_fkey foreign key (learner_id) references members;
alter table inboxes add constraint inboxes_member_id_fkey foreign key (member_id) references members;
alter table notifications add constraint notifications_member_id_fkey foreign key (member_id) references members;
alter table messages add constraint messages_sender_id_fkey foreign key (sender_id) references members;
drop trigger skills_are_kept on skills;
drop trigger members_are_kept on members;
drop function refuse_delete();
