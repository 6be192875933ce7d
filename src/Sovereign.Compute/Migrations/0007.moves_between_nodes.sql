ALTER TABLE compute_migrations ADD COLUMN dest_host TEXT NOT NULL DEFAULT '';
ALTER TABLE compute_migrations ADD COLUMN kind TEXT NOT NULL DEFAULT 'resize';
UPDATE compute_migrations SET dest_host = host_name;
