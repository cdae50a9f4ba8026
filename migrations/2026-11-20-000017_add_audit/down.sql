drop table audit_unsealed, audit_seals, audit_log;
drop function queue_for_sealing();
