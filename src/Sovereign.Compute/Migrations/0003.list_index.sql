-- contract: 1
-- Lists of one project read numbers and revisions from this index alone.
CREATE INDEX compute_servers_as_listed ON compute_servers (project_id, created_at, id, revision, number, name);
DROP INDEX compute_servers_by_project;
CREATE UNIQUE INDEX compute_servers_by_number ON compute_servers (number);
