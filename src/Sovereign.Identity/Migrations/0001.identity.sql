CREATE TABLE domains (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, enabled BIGINT NOT NULL, tags TEXT NOT NULL, options TEXT NOT NULL,
  extra TEXT NOT NULL, revoked_before BIGINT NOT NULL);
CREATE UNIQUE INDEX domains_by_name ON domains (name);
CREATE TABLE projects (
  id TEXT PRIMARY KEY, domain_id TEXT NOT NULL, parent_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, enabled BIGINT NOT NULL,
  tags TEXT NOT NULL, options TEXT NOT NULL, extra TEXT NOT NULL, revoked_before BIGINT NOT NULL);
CREATE UNIQUE INDEX projects_by_name ON projects (domain_id, name);
CREATE INDEX projects_by_bare_name ON projects (name);
CREATE INDEX projects_by_parent ON projects (parent_id);
CREATE TABLE users (
  id TEXT PRIMARY KEY, domain_id TEXT NOT NULL, name TEXT NOT NULL, enabled BIGINT NOT NULL, default_project_id TEXT, password TEXT,
  options TEXT NOT NULL, extra TEXT NOT NULL, revoked_before BIGINT NOT NULL);
CREATE UNIQUE INDEX users_by_name ON users (domain_id, name);
CREATE INDEX users_by_bare_name ON users (name);
CREATE INDEX users_by_default_project ON users (default_project_id);
CREATE TABLE user_groups (id TEXT PRIMARY KEY, domain_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, extra TEXT NOT NULL);
CREATE UNIQUE INDEX user_groups_by_name ON user_groups (domain_id, name);
CREATE INDEX user_groups_by_bare_name ON user_groups (name);
CREATE TABLE group_members (group_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (group_id, user_id));
CREATE INDEX group_members_by_user ON group_members (user_id);
CREATE TABLE roles (
  id TEXT PRIMARY KEY, domain_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, options TEXT NOT NULL, extra TEXT NOT NULL);
CREATE UNIQUE INDEX roles_by_name ON roles (domain_id, name);
CREATE TABLE role_inferences (prior_role_id TEXT NOT NULL, implied_role_id TEXT NOT NULL, PRIMARY KEY (prior_role_id, implied_role_id));
CREATE TABLE role_assignments (
  actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, target_kind TEXT NOT NULL, target_id TEXT NOT NULL, role_id TEXT NOT NULL,
  PRIMARY KEY (actor_id, actor_kind, target_kind, target_id, role_id));
CREATE INDEX role_assignments_by_target ON role_assignments (target_id, target_kind);
CREATE INDEX role_assignments_by_role ON role_assignments (role_id);
CREATE TABLE application_credentials (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT, secret BYTES NOT NULL,
  expires_at BIGINT NOT NULL, unrestricted BIGINT NOT NULL);
CREATE UNIQUE INDEX application_credentials_by_name ON application_credentials (user_id, name);
CREATE INDEX application_credentials_by_project ON application_credentials (project_id);
CREATE TABLE application_credential_roles (credential_id TEXT NOT NULL, role_id TEXT NOT NULL, PRIMARY KEY (credential_id, role_id));
CREATE TABLE catalog_regions (id TEXT PRIMARY KEY, description TEXT NOT NULL, parent_region_id TEXT, extra TEXT NOT NULL);
CREATE TABLE catalog_services (
  id TEXT PRIMARY KEY, type TEXT NOT NULL, name TEXT, description TEXT, enabled BIGINT NOT NULL, extra TEXT NOT NULL);
CREATE INDEX catalog_services_by_type ON catalog_services (type, name);
CREATE TABLE catalog_endpoints (
  id TEXT PRIMARY KEY, service_id TEXT NOT NULL, region_id TEXT, interface TEXT NOT NULL, url TEXT NOT NULL, enabled BIGINT NOT NULL, extra TEXT NOT NULL);
CREATE INDEX catalog_endpoints_by_service ON catalog_endpoints (service_id);
CREATE TABLE revoked_tokens (audit_id TEXT PRIMARY KEY, expires_at BIGINT NOT NULL);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
