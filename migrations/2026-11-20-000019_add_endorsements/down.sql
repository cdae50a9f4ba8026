drop table skill_endorsements;
