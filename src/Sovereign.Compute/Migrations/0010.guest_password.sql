ALTER TABLE compute_servers ADD COLUMN guest_password BYTES;
