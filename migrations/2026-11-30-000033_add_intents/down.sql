drop table intents;
