drop table conversation_accesses;
