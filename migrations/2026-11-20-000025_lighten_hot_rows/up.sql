-- Each check of a foreign key locks the row it points to: every message, booking and notification wrote to the rows of
-- its members, and bookings of one skill met at the skill's. Members and skills are never deleted, which these triggers
-- keep, and the use-cases write only ids that they have read: what points to such a row from a busy table cannot dangle.
create function refuse_delete() returns trigger language plpgsql as $$
begin
  raise exception '% keeps its rows: DELETE refused', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger members_are_kept before delete on members for each row execute function refuse_delete();
create trigger skills_are_kept before delete on skills for each row execute function refuse_delete();

alter table messages drop constraint messages_sender_id_fkey;
alter table notifications drop constraint notifications_member_id_fkey;
alter table inboxes drop constraint inboxes_member_id_fkey;
alter table claims drop constraint claims_mentor_id_fkey, drop constraint claims_learner_id_fkey;
alter table sessions drop constraint sessions_host_id_fkey, drop constraint sessions_skill_id_fkey;
alter table bookings drop constraint bookings_learner_id_fkey, drop constraint bookings_mentor_id_fkey;

-- Rows that change with every event: the free space keeps the changes on their page and out of the index.
alter table streams set (fillfactor = 80);
alter table ledger_accounts set (fillfactor = 80);
