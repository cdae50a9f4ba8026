drop table invoice_files, invoices, invoice_series;
drop function check_invoice_series();
