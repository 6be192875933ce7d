CREATE TABLE agent_settings (
  agent_id TEXT PRIMARY KEY, node_id TEXT NOT NULL, agent_type TEXT NOT NULL, admin_state_up BIGINT NOT NULL, description TEXT);
CREATE INDEX agent_settings_by_node ON agent_settings (node_id);
CREATE INDEX agent_settings_down ON agent_settings (agent_type, admin_state_up);
CREATE TABLE dhcp_placements (network_id TEXT NOT NULL, node_id TEXT NOT NULL, wish TEXT NOT NULL, PRIMARY KEY (network_id, node_id));
CREATE INDEX dhcp_placements_by_node ON dhcp_placements (node_id, network_id);
ALTER TABLE routers ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
UPDATE routers SET node_id = '' WHERE NOT EXISTS (SELECT 1 FROM ports p WHERE p.device_id = routers.id);
