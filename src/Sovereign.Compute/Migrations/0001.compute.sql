CREATE TABLE compute_flavors (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, vcpus BIGINT NOT NULL, ram_mib BIGINT NOT NULL, disk_gib BIGINT NOT NULL, ephemeral_gib BIGINT NOT NULL,
  swap_mib BIGINT NOT NULL, rxtx_factor TEXT NOT NULL, is_public BIGINT NOT NULL, disabled BIGINT NOT NULL, description TEXT, extra_specs TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE compute_flavor_access (flavor_id TEXT NOT NULL, project_id TEXT NOT NULL, PRIMARY KEY (flavor_id, project_id));
CREATE TABLE compute_keypairs (
  user_id TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, public_key TEXT NOT NULL, fingerprint TEXT NOT NULL, created_at BIGINT NOT NULL,
  number BIGINT NOT NULL, PRIMARY KEY (user_id, name));
CREATE TABLE compute_hosts (
  node_id TEXT PRIMARY KEY, number BIGINT NOT NULL UNIQUE, service_id TEXT NOT NULL, host_name TEXT NOT NULL, disabled BIGINT NOT NULL, disabled_reason TEXT,
  forced_down BIGINT NOT NULL);
CREATE TABLE compute_servers (
  id TEXT PRIMARY KEY, number BIGINT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, hostname TEXT NOT NULL, description TEXT,
  status TEXT NOT NULL, vm_state TEXT NOT NULL, task_state TEXT, power_state BIGINT NOT NULL, power_target TEXT NOT NULL, reboot_count BIGINT NOT NULL,
  reboot_hard BIGINT NOT NULL, deleting BIGINT NOT NULL, flavor_id TEXT NOT NULL, vcpus BIGINT NOT NULL, ram_mib BIGINT NOT NULL, flavor TEXT NOT NULL,
  image_id TEXT NOT NULL, image TEXT NOT NULL, key_name TEXT, public_key TEXT, metadata TEXT NOT NULL, tags TEXT NOT NULL, access_ipv4 TEXT NOT NULL,
  access_ipv6 TEXT NOT NULL, addresses TEXT NOT NULL, config_drive BIGINT NOT NULL, user_data TEXT, admin_pass BYTES, zone TEXT, scheduler_hints TEXT, wanted_node TEXT,
  node_id TEXT, reservation_id TEXT NOT NULL, launch_index BIGINT NOT NULL, locked_by TEXT, locked_reason TEXT, disk_config TEXT NOT NULL,
  fault_code BIGINT NOT NULL, fault_message TEXT, fault_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, launched_at BIGINT NOT NULL,
  revision BIGINT NOT NULL);
CREATE INDEX compute_servers_by_project ON compute_servers (project_id, created_at, id);
CREATE INDEX compute_servers_by_time ON compute_servers (created_at, id);
CREATE INDEX compute_servers_by_name ON compute_servers (project_id, name, id);
CREATE INDEX compute_servers_by_status ON compute_servers (project_id, status, created_at, id);
CREATE INDEX compute_servers_by_change ON compute_servers (project_id, updated_at);
CREATE INDEX compute_servers_by_node ON compute_servers (node_id);
CREATE TABLE compute_server_tags (server_id TEXT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (server_id, tag));
CREATE INDEX compute_server_tags_by_tag ON compute_server_tags (tag, server_id);
CREATE TABLE compute_server_number (id BIGINT PRIMARY KEY, last BIGINT NOT NULL);
INSERT INTO compute_server_number (id, last) VALUES (1, 0);
CREATE TABLE compute_server_actions (
  server_id TEXT NOT NULL, request_id TEXT NOT NULL, action TEXT NOT NULL, project_id TEXT NOT NULL, user_id TEXT NOT NULL, actor_project_id TEXT,
  event TEXT NOT NULL, node_id TEXT, message TEXT, result TEXT, details TEXT, started_at BIGINT NOT NULL, finished_at BIGINT NOT NULL,
  PRIMARY KEY (server_id, request_id, action));
CREATE INDEX compute_server_actions_by_time ON compute_server_actions (started_at);
