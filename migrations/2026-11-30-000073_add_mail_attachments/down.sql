alter table mailbox drop column attachment;
