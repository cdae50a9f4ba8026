drop table chargebacks;
