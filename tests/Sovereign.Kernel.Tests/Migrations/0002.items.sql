CREATE TABLE items (
  id TEXT PRIMARY KEY, project_id TEXT NOT NULL, name TEXT NOT NULL, size BIGINT, flag BIGINT NOT NULL, note TEXT);
CREATE INDEX items_by_name ON items (name, id);
