drop table job_schedules, dead_jobs, jobs, idempotency_keys, events, streams;
drop function refuse_change();
