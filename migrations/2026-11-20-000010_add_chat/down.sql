drop table messages, conversation_members, conversations;
