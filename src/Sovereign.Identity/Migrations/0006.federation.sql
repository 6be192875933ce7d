CREATE TABLE identity_providers (
  id TEXT PRIMARY KEY, domain_id TEXT NOT NULL, enabled BIGINT NOT NULL, description TEXT, authorization_ttl BIGINT, remote_ids TEXT NOT NULL);
CREATE INDEX identity_providers_by_domain ON identity_providers (domain_id);
CREATE INDEX identity_providers_by_enabled ON identity_providers (enabled, id);
CREATE TABLE identity_provider_remote_ids (remote_id TEXT PRIMARY KEY, idp_id TEXT NOT NULL);
CREATE INDEX identity_provider_remote_ids_by_idp ON identity_provider_remote_ids (idp_id);
CREATE TABLE federation_protocols (
  idp_id TEXT NOT NULL, protocol_id TEXT NOT NULL, mapping_id TEXT NOT NULL, remote_id_attribute TEXT, PRIMARY KEY (idp_id, protocol_id));
CREATE TABLE federation_mappings (id TEXT PRIMARY KEY, rules TEXT NOT NULL, schema_version TEXT NOT NULL);
CREATE TABLE service_providers (
  id TEXT PRIMARY KEY, enabled BIGINT NOT NULL, description TEXT, auth_url TEXT NOT NULL, sp_url TEXT NOT NULL, relay_state_prefix TEXT);
CREATE INDEX service_providers_by_enabled ON service_providers (enabled, id);
