ALTER TABLE floating_ips ADD COLUMN leaves_router_id TEXT;
CREATE INDEX floating_ips_leaving ON floating_ips (leaves_router_id);
