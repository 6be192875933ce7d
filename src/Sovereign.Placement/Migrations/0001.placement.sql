CREATE TABLE placement_providers (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, parent_id TEXT NOT NULL, root_id TEXT NOT NULL, generation BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX placement_providers_by_root ON placement_providers (root_id);
CREATE INDEX placement_providers_by_parent ON placement_providers (parent_id);
CREATE TABLE placement_inventories (
  provider_id TEXT NOT NULL, resource_class TEXT NOT NULL, total BIGINT NOT NULL, reserved BIGINT NOT NULL, min_unit BIGINT NOT NULL,
  max_unit BIGINT NOT NULL, step_size BIGINT NOT NULL, allocation_ratio TEXT NOT NULL, capacity BIGINT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (resource_class, provider_id));
CREATE INDEX placement_inventories_by_provider ON placement_inventories (provider_id);
CREATE TABLE placement_consumers (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, user_id TEXT NOT NULL, generation BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX placement_consumers_by_project ON placement_consumers (project_id, user_id);
CREATE TABLE placement_allocations (
  consumer_id TEXT NOT NULL, provider_id TEXT NOT NULL, resource_class TEXT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (consumer_id, provider_id, resource_class));
CREATE INDEX placement_allocations_by_provider ON placement_allocations (provider_id, consumer_id);
CREATE TABLE placement_names (kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE placement_provider_traits (provider_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (provider_id, name));
CREATE INDEX placement_provider_traits_by_name ON placement_provider_traits (name);
CREATE TABLE placement_provider_aggregates (provider_id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (provider_id, name));
CREATE INDEX placement_provider_aggregates_by_name ON placement_provider_aggregates (name);
