ALTER TABLE compute_servers ADD COLUMN block_devices TEXT NOT NULL DEFAULT '[]';
