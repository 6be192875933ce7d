CREATE TABLE networks (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, admin_state_up BIGINT NOT NULL,
  shared BIGINT NOT NULL, external BIGINT NOT NULL, is_default BIGINT NOT NULL, mtu BIGINT NOT NULL, network_type TEXT NOT NULL,
  physical_network TEXT, vni BIGINT NOT NULL UNIQUE, port_security BIGINT NOT NULL, dns_domain TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX networks_by_project ON networks (project_id, id);
CREATE INDEX networks_by_name ON networks (name);
CREATE INDEX networks_seen_by_all ON networks (shared, external);
CREATE TABLE subnets (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, network_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, cidr TEXT NOT NULL,
  first_address BIGINT NOT NULL, last_address BIGINT NOT NULL, gateway_ip TEXT, enable_dhcp BIGINT NOT NULL, pools TEXT NOT NULL,
  dns TEXT NOT NULL, host_routes TEXT NOT NULL, next_address BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE INDEX subnets_by_network ON subnets (network_id, id);
CREATE INDEX subnets_by_project ON subnets (project_id, id);
CREATE INDEX subnets_by_name ON subnets (name);
CREATE TABLE ports (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, network_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, mac TEXT NOT NULL,
  admin_state_up BIGINT NOT NULL, device_id TEXT NOT NULL, device_owner TEXT NOT NULL, port_security BIGINT NOT NULL, status TEXT NOT NULL,
  node_id TEXT NOT NULL, host_id TEXT NOT NULL, vnic_type TEXT NOT NULL, nic_order BIGINT NOT NULL, created_for_server BIGINT NOT NULL,
  nic_tag TEXT, dns_name TEXT NOT NULL, host_name TEXT NOT NULL, allowed_pairs TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, revision BIGINT NOT NULL, UNIQUE (network_id, mac));
CREATE INDEX ports_by_project ON ports (project_id, id);
CREATE INDEX ports_by_device ON ports (device_id, nic_order);
CREATE INDEX ports_by_name ON ports (name);
CREATE INDEX ports_by_owner ON ports (network_id, device_owner);
CREATE INDEX ports_by_network_node ON ports (network_id, node_id);
CREATE INDEX ports_by_node ON ports (node_id);
CREATE TABLE addresses (
  network_id TEXT NOT NULL, address BIGINT NOT NULL, subnet_id TEXT NOT NULL, port_id TEXT NOT NULL, position BIGINT NOT NULL,
  PRIMARY KEY (network_id, address));
CREATE INDEX addresses_by_port ON addresses (port_id, position);
CREATE INDEX addresses_by_subnet ON addresses (subnet_id);
CREATE TABLE port_groups (port_id TEXT NOT NULL, group_id TEXT NOT NULL, PRIMARY KEY (port_id, group_id));
CREATE INDEX port_groups_by_group ON port_groups (group_id, port_id);
CREATE TABLE routers (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, admin_state_up BIGINT NOT NULL,
  gateway_port_id TEXT, gateway_network_id TEXT, enable_snat BIGINT NOT NULL, routes TEXT NOT NULL, node_id TEXT NOT NULL, status TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE INDEX routers_by_project ON routers (project_id, id);
CREATE INDEX routers_by_name ON routers (name);
CREATE INDEX routers_by_gateway ON routers (gateway_network_id);
CREATE INDEX routers_by_node ON routers (node_id);
CREATE TABLE floating_ips (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, description TEXT NOT NULL, network_id TEXT NOT NULL, address TEXT NOT NULL, outer_port_id TEXT NOT NULL,
  port_id TEXT, fixed_address TEXT, router_id TEXT, status TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  revision BIGINT NOT NULL, UNIQUE (network_id, address));
CREATE INDEX floating_ips_by_project ON floating_ips (project_id, id);
CREATE INDEX floating_ips_by_port ON floating_ips (port_id);
CREATE INDEX floating_ips_by_router ON floating_ips (router_id);
CREATE UNIQUE INDEX floating_ips_by_fixed ON floating_ips (port_id, fixed_address, network_id) WHERE port_id IS NOT NULL;
CREATE TABLE security_groups (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, stateful BIGINT NOT NULL, is_default BIGINT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL);
CREATE UNIQUE INDEX security_groups_default ON security_groups (project_id) WHERE is_default = 1;
CREATE INDEX security_groups_by_project ON security_groups (project_id, id);
CREATE INDEX security_groups_by_name ON security_groups (name);
CREATE TABLE security_group_rules (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, group_id TEXT NOT NULL, direction TEXT NOT NULL, ethertype TEXT NOT NULL, protocol TEXT,
  port_min BIGINT, port_max BIGINT, remote_cidr TEXT, normalized_cidr TEXT, remote_group_id TEXT, description TEXT, signature TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, revision BIGINT NOT NULL, UNIQUE (group_id, signature));
CREATE INDEX security_group_rules_by_project ON security_group_rules (project_id, id);
CREATE INDEX security_group_rules_by_remote ON security_group_rules (remote_group_id);
CREATE TABLE network_tags (kind TEXT NOT NULL, resource_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (kind, resource_id, tag));
