ALTER TABLE compute_servers ADD COLUMN nic_tags TEXT NOT NULL DEFAULT '{}';
