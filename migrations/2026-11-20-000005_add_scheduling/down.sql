drop table claims, availability_overrides, availability_rules, schedules;
