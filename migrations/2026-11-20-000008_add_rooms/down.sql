drop table presence_intervals;
