drop table mentor_index_skills, mentor_index;
