drop table mentors, member_skills, skills, skill_categories;
