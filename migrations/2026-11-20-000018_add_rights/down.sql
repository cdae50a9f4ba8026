drop table mentor_applications;
alter table members drop column rights_changed_at, drop column suspended_until;
