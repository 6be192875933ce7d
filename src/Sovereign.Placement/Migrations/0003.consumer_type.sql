-- What a consumer is (INSTANCE, MIGRATION, …), from microversion 1.38 on.
ALTER TABLE placement_consumers ADD COLUMN type TEXT NOT NULL DEFAULT 'unknown';
