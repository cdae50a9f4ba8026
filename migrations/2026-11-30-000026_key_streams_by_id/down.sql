create function stream_name(id uuid) returns text language sql stable as $$
  select case
    when id = '00000000-0000-0000-0000-000000000000' then 'admin:all'
    when exists (select from members m where m.id = $1) then 'user:' || id
    when exists (select from sessions s where s.id = $1) then 'session:' || id
    else 'conversation:' || id
  end
$$;
alter table streams alter column stream type text using stream_name(stream);
alter table events alter column stream type text using stream_name(stream);
drop function stream_name(uuid);
