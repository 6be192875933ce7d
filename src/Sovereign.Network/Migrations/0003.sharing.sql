CREATE TABLE rbac_policies (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, object_type TEXT NOT NULL, object_id TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL,
  revision BIGINT NOT NULL, UNIQUE (object_type, object_id, action, target));
CREATE INDEX rbac_policies_by_target ON rbac_policies (object_type, target, action, object_id);
CREATE INDEX rbac_policies_by_project ON rbac_policies (project_id, id);
CREATE TABLE address_scopes (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, ip_version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE INDEX address_scopes_by_project ON address_scopes (project_id, id);
CREATE INDEX address_scopes_by_name ON address_scopes (name);
CREATE TABLE subnetpools (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, ip_version BIGINT NOT NULL, prefixes TEXT NOT NULL,
  default_prefixlen BIGINT NOT NULL, min_prefixlen BIGINT NOT NULL, max_prefixlen BIGINT NOT NULL, default_quota BIGINT, is_default BIGINT NOT NULL,
  address_scope_id TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX subnetpools_by_project ON subnetpools (project_id, id);
CREATE INDEX subnetpools_by_name ON subnetpools (name);
CREATE INDEX subnetpools_by_scope ON subnetpools (address_scope_id);
CREATE UNIQUE INDEX subnetpools_default ON subnetpools (ip_version) WHERE is_default = 1;
CREATE TABLE address_groups (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, addresses TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX address_groups_by_project ON address_groups (project_id, id);
CREATE INDEX address_groups_by_name ON address_groups (name);
CREATE TABLE default_rules (
  id TEXT PRIMARY KEY, direction TEXT NOT NULL, ethertype TEXT NOT NULL, protocol TEXT, port_min BIGINT, port_max BIGINT, remote_cidr TEXT,
  normalized_cidr TEXT, remote_group_id TEXT, remote_address_group_id TEXT, description TEXT, in_default BIGINT NOT NULL, in_others BIGINT NOT NULL,
  signature TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
ALTER TABLE security_group_rules ADD COLUMN remote_address_group_id TEXT;
CREATE INDEX security_group_rules_by_address_group ON security_group_rules (remote_address_group_id);
INSERT INTO default_rules VALUES ('00000000-0000-4000-8000-000000000001', 'egress', 'IPv4', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 1,
  'egress|IPv4|||||', 0, 0, 1);
INSERT INTO default_rules VALUES ('00000000-0000-4000-8000-000000000002', 'egress', 'IPv6', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', 1, 1,
  'egress|IPv6|||||', 0, 0, 1);
INSERT INTO default_rules VALUES ('00000000-0000-4000-8000-000000000003', 'ingress', 'IPv4', NULL, NULL, NULL, NULL, NULL, 'PARENT', NULL, '', 1, 0,
  'ingress|IPv4|||||PARENT', 0, 0, 1);
INSERT INTO default_rules VALUES ('00000000-0000-4000-8000-000000000004', 'ingress', 'IPv6', NULL, NULL, NULL, NULL, NULL, 'PARENT', NULL, '', 1, 0,
  'ingress|IPv6|||||PARENT', 0, 0, 1);
INSERT INTO rbac_policies (id, project_id, object_type, object_id, action, target, revision)
  SELECT substr(id, 1, 35) || CASE WHEN substr(id, 36) = '0' THEN '1' ELSE '0' END, project_id, 'network', id, 'access_as_shared', '*', 1
  FROM networks WHERE shared = 1;
INSERT INTO rbac_policies (id, project_id, object_type, object_id, action, target, revision)
  SELECT substr(id, 1, 35) || CASE WHEN substr(id, 36) = '2' THEN '3' ELSE '2' END, project_id, 'network', id, 'access_as_external', '*', 1
  FROM networks WHERE external = 1;
ALTER TABLE networks ADD COLUMN zone_hints TEXT NOT NULL DEFAULT '[]';
ALTER TABLE networks ADD COLUMN qos_policy_id TEXT;
CREATE INDEX networks_by_policy ON networks (qos_policy_id);
