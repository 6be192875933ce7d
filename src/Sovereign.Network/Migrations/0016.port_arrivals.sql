CREATE TABLE port_arrivals (port_id TEXT PRIMARY KEY, node_id TEXT NOT NULL);
CREATE INDEX port_arrivals_by_node ON port_arrivals (node_id);
