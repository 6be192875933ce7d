CREATE TABLE router_flavors (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT, service_type TEXT NOT NULL, enabled BIGINT NOT NULL, created_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE INDEX router_flavors_by_name ON router_flavors (name);
CREATE TABLE service_profiles (
  id TEXT PRIMARY KEY, description TEXT, driver TEXT NOT NULL, metainfo TEXT NOT NULL, enabled BIGINT NOT NULL, created_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE TABLE flavor_profiles (flavor_id TEXT NOT NULL, profile_id TEXT NOT NULL, PRIMARY KEY (flavor_id, profile_id));
CREATE INDEX flavor_profiles_by_profile ON flavor_profiles (profile_id);
ALTER TABLE routers ADD COLUMN flavor_id TEXT;
CREATE INDEX routers_by_flavor ON routers (flavor_id);
