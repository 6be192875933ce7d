CREATE TABLE volume_default_types (project_id TEXT PRIMARY KEY, type_id TEXT NOT NULL);
CREATE INDEX volume_default_types_by_type ON volume_default_types (type_id);
