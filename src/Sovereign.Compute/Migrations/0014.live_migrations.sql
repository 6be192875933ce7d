ALTER TABLE compute_migrations ADD COLUMN source_id TEXT NOT NULL DEFAULT '';
ALTER TABLE compute_migrations ADD COLUMN dest_id TEXT NOT NULL DEFAULT '';
ALTER TABLE compute_migrations ADD COLUMN wish TEXT NOT NULL DEFAULT '';
ALTER TABLE compute_migrations ADD COLUMN told TEXT NOT NULL DEFAULT '';
ALTER TABLE compute_migrations ADD COLUMN message TEXT;
