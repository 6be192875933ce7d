CREATE INDEX projects_by_domain ON projects (domain_id, id);
