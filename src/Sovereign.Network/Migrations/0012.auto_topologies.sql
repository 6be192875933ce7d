CREATE TABLE auto_topologies (project_id TEXT PRIMARY KEY, network_id TEXT NOT NULL, router_id TEXT NOT NULL);
CREATE INDEX networks_default ON networks (external, is_default);
