DROP INDEX ports_by_name;
CREATE INDEX ports_by_name_and_id ON ports (name, id);
CREATE INDEX ports_by_creation ON ports (created_at, id);
CREATE INDEX ports_by_change ON ports (updated_at, id);
CREATE INDEX ports_by_network ON ports (network_id, id);
CREATE INDEX ports_by_network_and_project ON ports (network_id, project_id);
CREATE INDEX ports_by_project_and_name ON ports (project_id, name, id);
CREATE INDEX ports_by_project_and_creation ON ports (project_id, created_at, id);
CREATE INDEX ports_by_project_and_change ON ports (project_id, updated_at, id);
