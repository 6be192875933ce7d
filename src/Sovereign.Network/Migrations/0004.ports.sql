ALTER TABLE ports ADD COLUMN dhcp_options TEXT NOT NULL DEFAULT '[]';
ALTER TABLE ports ADD COLUMN binding_profile TEXT NOT NULL DEFAULT '{}';
ALTER TABLE ports ADD COLUMN dns_domain TEXT NOT NULL DEFAULT '';
ALTER TABLE ports ADD COLUMN qos_policy_id TEXT;
CREATE INDEX ports_by_policy ON ports (qos_policy_id);
