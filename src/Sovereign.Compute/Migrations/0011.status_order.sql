CREATE INDEX compute_servers_by_status_of_all ON compute_servers (status, created_at, id);
