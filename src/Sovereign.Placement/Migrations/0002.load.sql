-- The fullest class of a provider in millionths, so that a claim looks at the least loaded providers first and at no others.
ALTER TABLE placement_providers ADD COLUMN load BIGINT NOT NULL DEFAULT 0;
UPDATE placement_providers SET load = COALESCE(
  (SELECT MAX(i.used * 1000000 / NULLIF(i.capacity, 0)) FROM placement_inventories i WHERE i.provider_id = placement_providers.id), 0);
CREATE INDEX placement_providers_by_load ON placement_providers (load, id);
