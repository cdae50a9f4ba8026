drop table api_usage, documents_version, document_clients, document_ids, documents;
