CREATE TABLE balancers (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, enabled BIGINT NOT NULL,
  provisioning TEXT NOT NULL, operating TEXT NOT NULL, tags TEXT NOT NULL, provider TEXT NOT NULL, flavor_id TEXT, zone TEXT, qos_policy_id TEXT,
  vip_port_id TEXT NOT NULL, vip_subnet_id TEXT NOT NULL, vip_network_id TEXT NOT NULL, vip_address TEXT NOT NULL, vip_made BIGINT NOT NULL,
  vip_groups TEXT NOT NULL, node_id TEXT NOT NULL, generation BIGINT NOT NULL, moved BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT);
CREATE INDEX balancers_by_project ON balancers (project_id, id);
CREATE INDEX balancers_by_name ON balancers (name);
CREATE INDEX balancers_by_node ON balancers (node_id);
CREATE TABLE balancer_parts (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, balancer_id TEXT NOT NULL, parent_id TEXT, reference_id TEXT, project_id TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL, enabled BIGINT NOT NULL, provisioning TEXT NOT NULL, operating TEXT NOT NULL, tags TEXT NOT NULL, type TEXT NOT NULL,
  address TEXT, port BIGINT, position BIGINT NOT NULL, spec TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT);
CREATE INDEX balancer_parts_by_balancer ON balancer_parts (balancer_id, id);
CREATE INDEX balancer_parts_by_parent ON balancer_parts (parent_id, id);
CREATE INDEX balancer_parts_by_project ON balancer_parts (project_id, kind, id);
CREATE INDEX balancer_parts_by_kind ON balancer_parts (kind, id);
CREATE INDEX balancer_parts_by_name ON balancer_parts (name);
CREATE TABLE balancer_flavor_profiles (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, provider TEXT NOT NULL, data TEXT NOT NULL);
CREATE TABLE balancer_flavors (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL, profile_id TEXT NOT NULL, enabled BIGINT NOT NULL);
CREATE INDEX balancer_flavors_by_profile ON balancer_flavors (profile_id);
