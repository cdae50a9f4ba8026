-- Documents of our own apps. In production only these run.
create table documents (
  -- SHA-256 of the text, in hexadecimal.
  hash          text primary key check (hash ~ '^[0-9a-f]{64}$'),
  body          text        not null,
  -- Its operations, such as `query Home, mutation Book`.
  operations    text        not null,
  -- At most, whatever its variables.
  cost          bigint      not null check (cost >= 0),
  registered_at timestamptz not null
);

-- Other names by which apps ask for a document, as their build tools make them.
create table document_ids (
  id   text primary key check (char_length(id) between 1 and 256),
  hash text not null references documents
);
create index document_ids_hash on document_ids (hash);

-- Which version of which app needs it. A document is trusted as long as one of them does.
create table document_clients (
  hash           text        not null references documents,
  client_name    text        not null,
  client_version text        not null,
  registered_at  timestamptz not null,
  retired_at     timestamptz,
  primary key (hash, client_name, client_version)
);
create index document_clients_client on document_clients (client_name, client_version);

-- Rises with every change of the above, in its transaction: a server that knows the number knows all of it.
create table documents_version (
  one     boolean primary key default true check (one),
  version bigint  not null
);
insert into documents_version (version) values (0);

-- How often which version of which app ran what, per day.
create table api_usage (
  day            date        not null,
  client_name    text        not null,
  client_version text        not null,
  kind           text        not null check (kind in ('DOCUMENT', 'UNREGISTERED', 'DEPRECATED', 'REMOVED')),
  -- The hash of a document, or the coordinate of a member of the schema, such as `Slot.offset`.
  subject        text        not null,
  count          bigint      not null check (count > 0),
  last_at        timestamptz not null,
  primary key (day, kind, subject, client_name, client_version)
);
