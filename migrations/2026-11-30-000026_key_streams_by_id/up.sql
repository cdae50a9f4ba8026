-- A stream is named by the id of the member, session or conversation that it is about; `admin:all` by the nil id. Every
-- message and booking writes several events: a third of the bytes in rows, indexes and log, and faster to compare.
alter table streams alter column stream type uuid
  using (case stream when 'admin:all' then '00000000-0000-0000-0000-000000000000' else split_part(stream, ':', 2) end)::uuid;
alter table events alter column stream type uuid
  using (case stream when 'admin:all' then '00000000-0000-0000-0000-000000000000' else split_part(stream, ':', 2) end)::uuid;
