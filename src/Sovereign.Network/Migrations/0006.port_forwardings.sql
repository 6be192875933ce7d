CREATE TABLE port_forwardings (
  id TEXT PRIMARY KEY, floatingip_id TEXT NOT NULL, protocol TEXT NOT NULL, external_first BIGINT NOT NULL, external_last BIGINT NOT NULL,
  port_id TEXT NOT NULL, fixed_address TEXT NOT NULL, internal_first BIGINT NOT NULL, internal_last BIGINT NOT NULL, description TEXT NOT NULL,
  created_at BIGINT NOT NULL);
CREATE INDEX port_forwardings_by_floatingip ON port_forwardings (floatingip_id, id);
CREATE INDEX port_forwardings_by_port ON port_forwardings (port_id);
