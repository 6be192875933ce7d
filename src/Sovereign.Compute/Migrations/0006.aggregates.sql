CREATE TABLE compute_aggregates (
  number BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, metadata TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE compute_aggregate_hosts (aggregate BIGINT NOT NULL, node_id TEXT NOT NULL, PRIMARY KEY (aggregate, node_id));
CREATE TABLE compute_aggregate_number (id BIGINT PRIMARY KEY, last BIGINT NOT NULL);
INSERT INTO compute_aggregate_number (id, last) VALUES (1, 0);
