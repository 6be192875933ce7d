CREATE TABLE registered_limits (
  id TEXT PRIMARY KEY, service_id TEXT NOT NULL, region_id TEXT NOT NULL, resource_name TEXT NOT NULL, default_limit BIGINT NOT NULL, description TEXT);
CREATE UNIQUE INDEX registered_limits_by_resource ON registered_limits (service_id, region_id, resource_name);
CREATE TABLE project_limits (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, domain_id TEXT NOT NULL, service_id TEXT NOT NULL, region_id TEXT NOT NULL, resource_name TEXT NOT NULL,
  resource_limit BIGINT NOT NULL, description TEXT);
CREATE UNIQUE INDEX project_limits_by_owner ON project_limits (project_id, domain_id, service_id, region_id, resource_name);
CREATE INDEX project_limits_by_resource ON project_limits (service_id, region_id, resource_name);
CREATE INDEX project_limits_by_domain ON project_limits (domain_id);
CREATE TABLE access_rules (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, service TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL);
CREATE UNIQUE INDEX access_rules_by_user ON access_rules (user_id, service, method, path);
CREATE TABLE application_credential_rules (credential_id TEXT NOT NULL, rule_id TEXT NOT NULL, PRIMARY KEY (credential_id, rule_id));
CREATE INDEX application_credential_rules_by_rule ON application_credential_rules (rule_id);
CREATE TABLE user_credentials (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, project_id TEXT, type TEXT NOT NULL, key_owner TEXT NOT NULL, sealed BYTES NOT NULL, trust_id TEXT,
  application_credential_id TEXT);
CREATE INDEX user_credentials_by_user ON user_credentials (user_id, type);
CREATE INDEX user_credentials_by_project ON user_credentials (project_id);
