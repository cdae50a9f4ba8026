drop table proof_tries;
drop table step_ups;
drop table recovery_codes;
drop table second_factors;
