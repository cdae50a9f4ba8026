-- Name of the file that came along with a kept mail; the file itself is in the store.
alter table mailbox add column attachment text;
