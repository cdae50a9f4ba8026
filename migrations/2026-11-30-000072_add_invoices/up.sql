-- How many documents each series has. Whoever takes a number holds the row until the commit: no number is given twice, and
-- none is lost, because a transaction that is rolled back gives its number back.
create table invoice_series (
  series      text   primary key,
  last_number bigint not null check (last_number > 0)
);

-- Invoices, and the credit notes that correct them. A document says what seller and buyer were called when it was made, and
-- never changes.
create table invoices (
  id             uuid        primary key,
  kind           text        not null check (kind in ('INVOICE', 'CREDIT_NOTE')),
  series         text        not null references invoice_series,
  number         bigint      not null check (number > 0),
  member_id      uuid        not null references members,
  payment_id     uuid        not null references payments,
  -- CREDIT_NOTE: the invoice, and the refund that it documents.
  corrects_id    uuid        references invoices,
  refund_id      uuid,
  seller_name    text        not null,
  -- Lines; and so on.
  seller_address text        not null,
  seller_tax_id  text,
  buyer_name     text        not null,
  buyer_email    text        not null,
  -- What was sold, in one line.
  description    text        not null,
  provider       text        not null,
  -- In minor units of `currency`; what a credit note gives back is positive too.
  amount         bigint      not null check (amount > 0),
  currency       text        not null check (currency ~ '^[A-Z]{3}$'),
  -- When the money moved.
  paid_at        timestamptz not null,
  issued_at      timestamptz not null,
  unique (series, number),
  check ((kind = 'CREDIT_NOTE') = (corrects_id is not null)),
  check ((kind = 'CREDIT_NOTE') = (refund_id is not null))
);
create unique index invoices_payment on invoices (payment_id) where kind = 'INVOICE';
create unique index invoices_refund on invoices (refund_id) where kind = 'CREDIT_NOTE';
create index invoices_corrects on invoices (corrects_id) where kind = 'CREDIT_NOTE';
create index invoices_member on invoices (member_id, id desc);

-- The files of documents: what was handed out is handed out again, byte for byte.
create table invoice_files (
  invoice_id uuid        primary key references invoices,
  object_key text        not null,
  bytes      bigint      not null check (bytes > 0),
  sha256     bytea       not null check (length(sha256) = 32),
  made_at    timestamptz not null
);

create trigger invoices_append_only before update or delete on invoices
  for each row execute function refuse_change();
create trigger invoices_no_truncate before truncate on invoices
  for each statement execute function refuse_change();
create trigger invoice_files_append_only before update or delete on invoice_files
  for each row execute function refuse_change();
create trigger invoice_files_no_truncate before truncate on invoice_files
  for each statement execute function refuse_change();

-- A series only grows, one by one.
create function check_invoice_series() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or new.series <> old.series or new.last_number <> old.last_number + 1 then
    raise exception 'a series of invoices only grows by one' using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;
create trigger invoice_series_grows before update or delete on invoice_series
  for each row execute function check_invoice_series();
create trigger invoice_series_no_truncate before truncate on invoice_series
  for each statement execute function refuse_change();
