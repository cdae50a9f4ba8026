drop table adjustments;
