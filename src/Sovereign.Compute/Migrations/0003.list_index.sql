-- Lists of one project read ids and revisions from this index alone.
CREATE INDEX compute_servers_as_listed ON compute_servers (project_id, created_at, id, revision, name);
DROP INDEX compute_servers_by_project;
