CREATE TABLE fixed_addresses (
  network_id TEXT NOT NULL, address TEXT NOT NULL, subnet_id TEXT NOT NULL, port_id TEXT NOT NULL, position BIGINT NOT NULL,
  PRIMARY KEY (network_id, address));
CREATE INDEX fixed_addresses_by_port ON fixed_addresses (port_id, position);
CREATE INDEX fixed_addresses_by_subnet ON fixed_addresses (subnet_id);
ALTER TABLE subnets ADD COLUMN ip_version BIGINT NOT NULL DEFAULT 4;
ALTER TABLE subnets ADD COLUMN range_start TEXT NOT NULL DEFAULT '';
ALTER TABLE subnets ADD COLUMN range_end TEXT NOT NULL DEFAULT '';
ALTER TABLE subnets ADD COLUMN next_free TEXT NOT NULL DEFAULT '';
ALTER TABLE subnets ADD COLUMN ra_mode TEXT;
ALTER TABLE subnets ADD COLUMN address_mode TEXT;
ALTER TABLE subnets ADD COLUMN subnetpool_id TEXT;
ALTER TABLE subnets ADD COLUMN service_types TEXT NOT NULL DEFAULT '[]';
ALTER TABLE subnets ADD COLUMN dns_publish BIGINT NOT NULL DEFAULT 0;
CREATE INDEX subnets_by_range ON subnets (network_id, range_start);
CREATE INDEX subnets_by_pool ON subnets (subnetpool_id, range_start);
INSERT INTO fixed_addresses (network_id, address, subnet_id, port_id, position)
  SELECT network_id, printf('4%08x', address), subnet_id, port_id, position FROM addresses;
UPDATE subnets SET range_start = printf('4%08x', first_address), range_end = printf('4%08x', last_address), next_free = printf('4%08x', next_address);
