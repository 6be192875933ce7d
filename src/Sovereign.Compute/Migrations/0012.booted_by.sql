ALTER TABLE compute_servers ADD COLUMN booted_by TEXT;
ALTER TABLE compute_servers ADD COLUMN files TEXT;
