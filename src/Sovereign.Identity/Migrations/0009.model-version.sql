-- Grows with every change of what is kept in memory: how another control plane on this database learns that it must read again.
CREATE TABLE identity_model (id BIGINT PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO identity_model (id, version) VALUES (1, 0);
