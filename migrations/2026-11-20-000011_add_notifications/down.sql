drop table inboxes, notifications;
